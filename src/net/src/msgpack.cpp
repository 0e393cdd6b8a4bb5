#include "ziggy/net/msgpack.hpp"

#include <bit>
#include <chrono>
#include <limits>

namespace ziggy::net {

namespace {

constexpr std::int8_t kTimestampType = -1;
constexpr std::int64_t kNanosInSecond = 1'000'000'000;

std::uint64_t from_big_endian(std::string_view bytes) noexcept {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::int64_t sign_extend(std::uint64_t value, std::size_t size) noexcept {
  const auto shift = static_cast<unsigned>(64 - 8 * size);
  return static_cast<std::int64_t>(value << shift) >> shift;
}

std::optional<Timestamp> make_time(std::int64_t seconds, std::uint64_t nanos) noexcept {
  constexpr std::int64_t kSecondsMax =
      std::numeric_limits<std::int64_t>::max() / kNanosInSecond - 1;
  if (nanos >= static_cast<std::uint64_t>(kNanosInSecond) || seconds > kSecondsMax ||
      seconds < -kSecondsMax) {
    return std::nullopt;
  }
  return Timestamp{
      std::chrono::nanoseconds{seconds * kNanosInSecond + static_cast<std::int64_t>(nanos)}};
}

}  // namespace

double MsgPackToken::as_double() const noexcept {
  if (type == MsgPackType::Int) return static_cast<double>(integer);
  if (type == MsgPackType::UInt) return static_cast<double>(unsigned_integer);
  return number;
}

std::optional<Timestamp> MsgPackToken::timestamp() const noexcept {
  if (type != MsgPackType::Ext || ext_type != kTimestampType) return std::nullopt;
  if (bytes.size() == 4) return make_time(static_cast<std::int64_t>(from_big_endian(bytes)), 0);
  if (bytes.size() == 8) {
    const std::uint64_t both = from_big_endian(bytes);
    return make_time(static_cast<std::int64_t>(both & ((1ULL << 34U) - 1)), both >> 34U);
  }
  if (bytes.size() == 12) {
    return make_time(static_cast<std::int64_t>(from_big_endian(bytes.substr(4))),
                     from_big_endian(bytes.substr(0, 4)));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> MsgPackReader::read_big_endian(std::size_t size) noexcept {
  const auto bytes = read_bytes(size);
  if (!bytes) return std::nullopt;
  return from_big_endian(*bytes);
}

std::optional<std::string_view> MsgPackReader::read_bytes(std::size_t size) noexcept {
  if (left() < size) return std::nullopt;
  const std::string_view bytes = bytes_.substr(at_, size);
  at_ += size;
  return bytes;
}

bool MsgPackReader::read_sized(MsgPackToken& token, std::size_t size_bytes) {
  const auto size = read_big_endian(size_bytes);
  if (!size) return false;
  const auto bytes = read_bytes(*size);
  if (bytes) token.bytes = *bytes;
  return bytes.has_value();
}

bool MsgPackReader::read_ext(MsgPackToken& token, std::size_t size) {
  const auto type = read_big_endian(1);
  const auto bytes = read_bytes(size);
  if (!type || !bytes) return false;
  token.type = MsgPackType::Ext;
  token.ext_type = static_cast<std::int8_t>(*type);
  token.bytes = *bytes;
  return true;
}

bool MsgPackReader::read_head(MsgPackToken& token, MsgPackType type, std::size_t size_bytes) {
  const auto count = read_big_endian(size_bytes);
  if (!count) return false;
  token.type = type;
  token.count = static_cast<std::uint32_t>(*count);
  return true;
}

bool MsgPackReader::read_marked(MsgPackToken& token, std::uint8_t mark) {
  const auto read_number = [&](std::size_t size, bool is_signed) {
    const auto bits = read_big_endian(size);
    if (!bits) return false;
    if (!is_signed && *bits > std::numeric_limits<std::int64_t>::max()) {
      token.type = MsgPackType::UInt;
      token.unsigned_integer = *bits;
    } else {
      token.type = MsgPackType::Int;
      token.integer = is_signed ? sign_extend(*bits, size) : static_cast<std::int64_t>(*bits);
    }
    return true;
  };
  switch (mark) {
    case 0xc0:
      return true;
    case 0xc2:
    case 0xc3:
      token.type = MsgPackType::Bool;
      token.boolean = mark == 0xc3;
      return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      token.type = MsgPackType::Bin;
      return read_sized(token, std::size_t{1} << (mark - 0xc4U));
    case 0xc7:
    case 0xc8:
    case 0xc9: {
      const auto size = read_big_endian(std::size_t{1} << (mark - 0xc7U));
      return size && read_ext(token, *size);
    }
    case 0xca:
    case 0xcb: {
      const auto bits = read_big_endian(mark == 0xca ? 4 : 8);
      if (!bits) return false;
      token.type = MsgPackType::Float;
      token.number =
          mark == 0xca
              ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(*bits)))
              : std::bit_cast<double>(*bits);
      return true;
    }
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return read_number(std::size_t{1} << (mark - 0xccU), false);
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return read_number(std::size_t{1} << (mark - 0xd0U), true);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return read_ext(token, std::size_t{1} << (mark - 0xd4U));
    case 0xd9:
    case 0xda:
    case 0xdb:
      token.type = MsgPackType::Str;
      return read_sized(token, std::size_t{1} << (mark - 0xd9U));
    case 0xdc:
    case 0xdd:
      return read_head(token, MsgPackType::Array, mark == 0xdc ? 2 : 4);
    case 0xde:
    case 0xdf:
      return read_head(token, MsgPackType::Map, mark == 0xde ? 2 : 4);
    default:
      return false;  // 0xc1 is never used
  }
}

Result<> MsgPackReader::count_member(const MsgPackToken& token) {
  if (depth_ > 0) --open_[depth_ - 1];
  const std::uint64_t members =
      std::uint64_t{token.count} * (token.type == MsgPackType::Map ? 2U : 1U);
  if (members > left()) {
    return fail(ErrorCode::BadPayload, "MessagePack: {} members promised, {} bytes left", members,
                left());
  }
  if (members > 0) {
    if (depth_ == kDepthMax) {
      return fail(ErrorCode::BadPayload, "MessagePack: nested deeper than {}", kDepthMax);
    }
    open_[depth_++] = members;
  }
  while (depth_ > 0 && open_[depth_ - 1] == 0) --depth_;
  return {};
}

Result<MsgPackToken> MsgPackReader::next() {
  const auto mark_bits = read_big_endian(1);
  if (!mark_bits) return fail(ErrorCode::BadPayload, "MessagePack: no more bytes");
  const auto mark = static_cast<std::uint8_t>(*mark_bits);
  MsgPackToken token;
  bool is_whole = true;
  if (mark <= 0x7f || mark >= 0xe0) {
    token.type = MsgPackType::Int;
    token.integer = static_cast<std::int8_t>(mark);
  } else if (mark <= 0x8f) {
    token.type = MsgPackType::Map;
    token.count = mark & 0x0fU;
  } else if (mark <= 0x9f) {
    token.type = MsgPackType::Array;
    token.count = mark & 0x0fU;
  } else if (mark <= 0xbf) {
    token.type = MsgPackType::Str;
    const auto bytes = read_bytes(mark & 0x1fU);
    is_whole = bytes.has_value();
    token.bytes = bytes.value_or("");
  } else {
    is_whole = read_marked(token, mark);
  }
  if (!is_whole) {
    return fail(ErrorCode::BadPayload, "MessagePack: the value of mark {:#x} before byte {} {}",
                mark, at_, mark == 0xc1 ? "does not exist" : "breaks off");
  }
  if (auto counted = count_member(token); !counted) return fail(std::move(counted).error());
  return token;
}

Result<> MsgPackReader::skip() {
  const std::size_t before = depth_;
  do {
    ZIGGY_TRY(token, next());
    static_cast<void>(token);
  } while (depth_ > before);
  return {};
}

void MsgPackWriter::big_endian(std::uint64_t value, std::size_t size) {
  for (std::size_t i = size; i > 0; --i)
    mark(static_cast<unsigned>(value >> (8 * (i - 1)) & 0xffU));
}

MsgPackWriter& MsgPackWriter::nil() {
  mark(0xc0);
  return *this;
}

MsgPackWriter& MsgPackWriter::boolean(bool value) {
  mark(value ? 0xc3 : 0xc2);
  return *this;
}

MsgPackWriter& MsgPackWriter::integer(std::int64_t value) {
  if (value >= 0) return unsigned_integer(static_cast<std::uint64_t>(value));
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= -32) {
    mark(static_cast<unsigned>(bits & 0xffU));
  } else if (value >= std::numeric_limits<std::int8_t>::min()) {
    mark(0xd0);
    big_endian(bits, 1);
  } else if (value >= std::numeric_limits<std::int16_t>::min()) {
    mark(0xd1);
    big_endian(bits, 2);
  } else if (value >= std::numeric_limits<std::int32_t>::min()) {
    mark(0xd2);
    big_endian(bits, 4);
  } else {
    mark(0xd3);
    big_endian(bits, 8);
  }
  return *this;
}

MsgPackWriter& MsgPackWriter::unsigned_integer(std::uint64_t value) {
  if (value <= 0x7f) {
    mark(static_cast<unsigned>(value));
  } else if (value <= 0xff) {
    mark(0xcc);
    big_endian(value, 1);
  } else if (value <= 0xffff) {
    mark(0xcd);
    big_endian(value, 2);
  } else if (value <= 0xffff'ffff) {
    mark(0xce);
    big_endian(value, 4);
  } else {
    mark(0xcf);
    big_endian(value, 8);
  }
  return *this;
}

MsgPackWriter& MsgPackWriter::number(double value) {
  mark(0xcb);
  big_endian(std::bit_cast<std::uint64_t>(value), 8);
  return *this;
}

MsgPackWriter& MsgPackWriter::text(std::string_view text) {
  if (text.size() <= 31) {
    mark(0xa0U | static_cast<unsigned>(text.size()));
  } else if (text.size() <= 0xff) {
    mark(0xd9);
    big_endian(text.size(), 1);
  } else if (text.size() <= 0xffff) {
    mark(0xda);
    big_endian(text.size(), 2);
  } else {
    mark(0xdb);
    big_endian(text.size(), 4);
  }
  out_ += text;
  return *this;
}

MsgPackWriter& MsgPackWriter::binary(std::string_view bytes) {
  if (bytes.size() <= 0xff) {
    mark(0xc4);
    big_endian(bytes.size(), 1);
  } else if (bytes.size() <= 0xffff) {
    mark(0xc5);
    big_endian(bytes.size(), 2);
  } else {
    mark(0xc6);
    big_endian(bytes.size(), 4);
  }
  out_ += bytes;
  return *this;
}

MsgPackWriter& MsgPackWriter::array(std::uint32_t count) {
  if (count <= 15) {
    mark(0x90U | count);
  } else if (count <= 0xffff) {
    mark(0xdc);
    big_endian(count, 2);
  } else {
    mark(0xdd);
    big_endian(count, 4);
  }
  return *this;
}

MsgPackWriter& MsgPackWriter::map(std::uint32_t pairs) {
  if (pairs <= 15) {
    mark(0x80U | pairs);
  } else if (pairs <= 0xffff) {
    mark(0xde);
    big_endian(pairs, 2);
  } else {
    mark(0xdf);
    big_endian(pairs, 4);
  }
  return *this;
}

MsgPackWriter& MsgPackWriter::timestamp(Timestamp time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const std::int64_t seconds = whole.time_since_epoch().count();
  const auto nanos = static_cast<std::uint64_t>((time - whole).count());
  if (seconds < 0 || seconds >= std::int64_t{1} << 34U) {
    mark(0xc7);
    mark(12);
    mark(0xff);
    big_endian(nanos, 4);
    big_endian(static_cast<std::uint64_t>(seconds), 8);
  } else if (nanos == 0 && seconds <= 0xffff'ffff) {
    mark(0xd6);
    mark(0xff);
    big_endian(static_cast<std::uint64_t>(seconds), 4);
  } else {
    mark(0xd7);
    mark(0xff);
    big_endian(nanos << 34U | static_cast<std::uint64_t>(seconds), 8);
  }
  return *this;
}

}  // namespace ziggy::net
