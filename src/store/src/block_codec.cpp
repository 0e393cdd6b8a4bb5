#include "block_codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>

namespace ziggy::store {
namespace {

static_assert(std::endian::native == std::endian::little, "blocks are little-endian in memory too");
static_assert(std::numeric_limits<double>::is_iec559);

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kRunSize = 8;
constexpr std::size_t kColumnHeaderSize = 24;

// Ten digits after the point cover what markets quote; every power is exact in a double.
constexpr std::array kPowers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10};
// Adding and taking away 1.5 * 2^52 rounds to a whole number without a call, below 2^51 in size;
// whole numbers of that size are exact in a double.
constexpr double kRounder = 0x1.8p52;
constexpr double kExactMax = 0x1p51;

enum class Kind : std::uint8_t { Raw = 0, Offsets = 1 };

struct ColumnHeader {
  Kind kind = Kind::Raw;
  std::uint8_t width = 8;
  std::uint8_t exponent = 0;
  std::uint8_t zero = 0;
  std::uint32_t zeros = 0;
  std::int64_t base = 0;
  std::int64_t step = 1;
};
static_assert(sizeof(ColumnHeader) == kColumnHeaderSize);

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T get(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

double round_whole(double value) { return (value + kRounder) - kRounder; }

std::uint8_t width_for(std::uint64_t span) {
  if (span == 0) return 0;
  if (span <= 0xFF) return 1;
  if (span <= 0xFFFF) return 2;
  if (span <= 0xFFFF'FFFF) return 4;
  return 8;
}

template <class Offset>
void put_offsets(std::string& out, std::span<const std::int64_t> values, std::int64_t base,
                 std::int64_t step) {
  const std::size_t at = out.size();
  out.resize(at + values.size() * sizeof(Offset));
  char* to = out.data() + at;
  const auto unit = static_cast<std::uint64_t>(step);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t distance =
        static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(base);
    const auto offset = static_cast<Offset>(unit == 1 ? distance : distance / unit);
    std::memcpy(to + i * sizeof(Offset), &offset, sizeof offset);
  }
}

void put_column(std::string& out, std::span<const std::int64_t> values, ColumnHeader header,
                std::int64_t largest) {
  header.kind = Kind::Offsets;
  const std::uint64_t span =
      static_cast<std::uint64_t>(largest) - static_cast<std::uint64_t>(header.base);
  header.width = width_for(span / static_cast<std::uint64_t>(header.step));
  put(out, header);
  switch (header.width) {
    case 1:
      put_offsets<std::uint8_t>(out, values, header.base, header.step);
      break;
    case 2:
      put_offsets<std::uint16_t>(out, values, header.base, header.step);
      break;
    case 4:
      put_offsets<std::uint32_t>(out, values, header.base, header.step);
      break;
    case 8:
      put_offsets<std::uint64_t>(out, values, header.base, header.step);
      break;
    default:
      break;  // all equal: the base says it
  }
}

void put_times(std::string& out, std::span<const std::int64_t> times) {
  std::uint64_t step = 0;
  for (std::size_t i = 1; i < times.size() && step != 1; ++i) {
    step = std::gcd(
        step, static_cast<std::uint64_t>(times[i]) - static_cast<std::uint64_t>(times[i - 1]));
  }
  ColumnHeader header;
  header.base = times.front();
  header.step = step == 0 ? 1 : static_cast<std::int64_t>(step);
  put_column(out, times, header, times.back());
}

/// The values as whole multiples of 10^-exponent, if each comes back equal from it.
std::optional<std::uint8_t> find_exponent(std::span<const double> values,
                                          std::vector<std::int64_t>& scaled) {
  scaled.resize(values.size());
  std::uint8_t exponent = 0;
  std::size_t verified_from = 0;
  for (std::size_t i = 0; i < values.size();) {
    const double whole = round_whole(values[i] * kPowers[exponent]);
    if (!(std::abs(whole) < kExactMax)) return std::nullopt;
    if (whole / kPowers[exponent] == values[i]) {
      scaled[i++] = static_cast<std::int64_t>(whole);
      continue;
    }
    if (++exponent == kPowers.size()) return std::nullopt;
    verified_from = i;
  }
  // What was scaled before the last change of exponent has to be done again.
  for (std::size_t i = 0; i < verified_from; ++i) {
    const double whole = round_whole(values[i] * kPowers[exponent]);
    if (!(std::abs(whole) < kExactMax) || whole / kPowers[exponent] != values[i]) {
      return std::nullopt;
    }
    scaled[i] = static_cast<std::int64_t>(whole);
  }
  return exponent;
}

void put_values(std::string& out, std::span<const double> values,
                std::vector<std::int64_t>& scratch) {
  if (const auto exponent = find_exponent(values, scratch)) {
    const auto [least, most] = std::ranges::minmax(scratch);
    ColumnHeader header;
    header.exponent = *exponent;
    header.base = least;
    if (width_for(static_cast<std::uint64_t>(most - least)) < sizeof(double)) {
      put_column(out, scratch, header, most);
      return;
    }
  }
  put(out, ColumnHeader{});
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

template <class Offset>
void get_times(const char* from, const ColumnHeader& header, std::span<std::int64_t> out) {
  const auto base = static_cast<std::uint64_t>(header.base);
  const auto step = static_cast<std::uint64_t>(header.step);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::int64_t>(base + step * get<Offset>(from + i * sizeof(Offset)));
  }
}

template <class Offset>
void get_values(const char* from, const ColumnHeader& header, std::span<double> out) {
  // Base and offset are whole and below 2^52, so their sum is exact, and one division by an exact
  // power rounds to the double that was packed.
  const auto base = static_cast<double>(header.base);
  const double power = kPowers[header.exponent];
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = (base + static_cast<double>(get<Offset>(from + i * sizeof(Offset)))) / power;
  }
}

bool get_time_column(const char* from, const ColumnHeader& header, std::span<std::int64_t> out) {
  if (header.kind != Kind::Offsets || header.step <= 0) return false;
  switch (header.width) {
    case 0:
      std::ranges::fill(out, header.base);
      return true;
    case 1:
      get_times<std::uint8_t>(from, header, out);
      return true;
    case 2:
      get_times<std::uint16_t>(from, header, out);
      return true;
    case 4:
      get_times<std::uint32_t>(from, header, out);
      return true;
    case 8:
      get_times<std::uint64_t>(from, header, out);
      return true;
    default:
      return false;
  }
}

bool get_value_column(const char* from, const ColumnHeader& header, std::span<double> out) {
  if (header.kind == Kind::Raw) {
    if (header.width != sizeof(double)) return false;
    std::memcpy(out.data(), from, out.size_bytes());
    return true;
  }
  if (header.kind != Kind::Offsets || header.exponent >= kPowers.size()) return false;
  switch (header.width) {
    case 0:
      std::ranges::fill(out, static_cast<double>(header.base) / kPowers[header.exponent]);
      return true;
    case 1:
      get_values<std::uint8_t>(from, header, out);
      return true;
    case 2:
      get_values<std::uint16_t>(from, header, out);
      return true;
    case 4:
      get_values<std::uint32_t>(from, header, out);
      return true;
    default:
      return false;
  }
}

void resize(BarColumns& bars, std::size_t count) {
  bars.time.resize(count);
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
    column->resize(count);
  }
}

/// Fills rows [at, end) of `bars`; false when the payload's columns are broken or do not end there.
bool get_columns(std::string_view columns, BarColumns& bars, std::size_t at) {
  const std::size_t count = bars.size() - at;
  const auto next = [&](auto fill, auto& column) {
    if (columns.size() < kColumnHeaderSize) return false;
    const auto header = get<ColumnHeader>(columns.data());
    columns.remove_prefix(kColumnHeaderSize);
    const std::size_t size = count * header.width;
    if (columns.size() < size) return false;
    const char* from = columns.data();
    columns.remove_prefix(size);
    return fill(from, header, std::span{column}.subspan(at));
  };
  return next(get_time_column, bars.time) && next(get_value_column, bars.open) &&
         next(get_value_column, bars.high) && next(get_value_column, bars.low) &&
         next(get_value_column, bars.close) && next(get_value_column, bars.volume) &&
         columns.empty();
}

}  // namespace

std::string pack_block(const BarColumns& bars, std::size_t from, std::size_t to,
                       std::span<const SourceRun> runs, std::span<const std::string> names) {
  const std::size_t count = to - from;
  std::string out;
  out.reserve(kHeaderSize + runs.size() * kRunSize + 6 * kColumnHeaderSize + count * 28);
  put(out, kFormat);
  put(out, std::uint8_t{0});
  put(out, std::uint16_t{0});
  put(out, static_cast<std::uint32_t>(count));
  put(out, static_cast<std::uint32_t>(runs.size()));
  for (const SourceRun& run : runs) {
    put(out, static_cast<std::uint32_t>(run.begin));
    put(out, static_cast<std::uint32_t>(std::ranges::find(names, run.source) - names.begin()));
  }
  put_times(out, std::span{bars.time}.subspan(from, count));
  std::vector<std::int64_t> scratch;
  for (const auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
    put_values(out, std::span{*column}.subspan(from, count), scratch);
  }
  return out;
}

Result<> unpack_block(std::string_view payload, std::span<const std::string> names,
                      BarColumns& bars, std::vector<SourceRun>& runs) {
  if (payload.size() < kHeaderSize || static_cast<std::uint8_t>(payload[0]) != kFormat) {
    return fail(ErrorCode::Internal, "a block of bars has an unknown format");
  }
  const auto count = get<std::uint32_t>(payload.data() + 4);
  const auto run_count = get<std::uint32_t>(payload.data() + 8);
  const std::string_view rest = payload.substr(kHeaderSize);
  if (count == 0 || count > kBlockBarsMax || run_count == 0 || run_count > count ||
      rest.size() < run_count * kRunSize) {
    return fail(ErrorCode::Internal, "a block of bars has a broken header");
  }
  const std::size_t at = bars.size();
  std::vector<SourceRun> added;
  for (std::size_t i = 0; i < run_count; ++i) {
    const auto begin = get<std::uint32_t>(rest.data() + i * kRunSize);
    const auto name = get<std::uint32_t>(rest.data() + i * kRunSize + 4);
    const bool ascends = i == 0 ? begin == 0 : begin < count && at + begin > added.back().begin;
    if (!ascends || name >= names.size()) {
      return fail(ErrorCode::Internal, "a block of bars has broken sources");
    }
    added.push_back({at + begin, names[name]});
  }
  resize(bars, at + count);
  if (!get_columns(rest.substr(run_count * kRunSize), bars, at)) {
    resize(bars, at);
    return fail(ErrorCode::Internal, "a block of bars has broken columns");
  }
  for (SourceRun& run : added) {
    if (runs.empty() || runs.back().source != run.source) runs.push_back(std::move(run));
  }
  return {};
}

}  // namespace ziggy::store
