#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"

/// MessagePack, https://github.com/msgpack/msgpack/blob/master/spec.md as of 2017-08.
namespace ziggy::net {

enum class MsgPackType : std::uint8_t {
  Nil,
  Bool,
  Int,    ///< fits std::int64_t
  UInt,   ///< above the largest std::int64_t only
  Float,  ///< 32 or 64 bits
  Str,
  Bin,
  Array,
  Map,
  Ext,
};

/// One value as it stands in the bytes; of an array or a map only its head, the members follow.
struct MsgPackToken {
  MsgPackType type = MsgPackType::Nil;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint64_t unsigned_integer = 0;
  double number = 0;
  /// The inside of Str (not checked to be UTF-8), Bin and Ext; a view into the reader's bytes.
  std::string_view bytes = {};
  /// Elements of an Array, pairs of a Map.
  std::uint32_t count = 0;
  std::int8_t ext_type = 0;

  [[nodiscard]] bool is_number() const noexcept {
    return type == MsgPackType::Int || type == MsgPackType::UInt || type == MsgPackType::Float;
  }
  /// The nearest double of any number.
  [[nodiscard]] double as_double() const noexcept;
  /// The timestamp extension (type -1, 4, 8 or 12 bytes); nullopt when it is none, is malformed or
  /// lies outside 1677 to 2262.
  [[nodiscard]] std::optional<Timestamp> timestamp() const noexcept;
};

/// Reads one value after the other from bytes that a stranger has sent. Allocates nothing but the
/// text of an error; a head that promises more members than bytes are left is refused at once.
class MsgPackReader {
 public:
  /// Vendors nest three deep.
  static constexpr std::size_t kDepthMax = 32;

  /// `bytes` outlive the reader and what it returns.
  explicit MsgPackReader(std::string_view bytes) noexcept : bytes_{bytes} {}

  /// The next value or head. Errors: BadPayload at the end of the bytes, when they break off, on
  /// the reserved byte 0xc1 and when nested deeper than kDepthMax.
  [[nodiscard]] Result<MsgPackToken> next();
  /// Passes over the next value with all its members. Errors: as next().
  [[nodiscard]] Result<> skip();

  /// How many arrays and maps are open here; an array closes with its last member.
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
  /// All bytes have been read.
  [[nodiscard]] bool at_end() const noexcept { return at_ == bytes_.size(); }

 private:
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }
  [[nodiscard]] std::optional<std::uint64_t> read_big_endian(std::size_t size) noexcept;
  [[nodiscard]] std::optional<std::string_view> read_bytes(std::size_t size) noexcept;
  [[nodiscard]] bool read_sized(MsgPackToken& token, std::size_t size_bytes);
  [[nodiscard]] bool read_ext(MsgPackToken& token, std::size_t size);
  [[nodiscard]] bool read_head(MsgPackToken& token, MsgPackType type, std::size_t size_bytes);
  [[nodiscard]] bool read_marked(MsgPackToken& token, std::uint8_t mark);
  [[nodiscard]] Result<> count_member(const MsgPackToken& token);

  std::string_view bytes_;
  std::size_t at_ = 0;
  /// Members still to come of each open array and map.
  std::array<std::uint64_t, kDepthMax> open_{};
  std::size_t depth_ = 0;
};

/// Appends values to a string, each in its shortest form. The caller keeps the counts right.
class MsgPackWriter {
 public:
  MsgPackWriter& nil();
  MsgPackWriter& boolean(bool value);
  MsgPackWriter& integer(std::int64_t value);
  MsgPackWriter& unsigned_integer(std::uint64_t value);
  /// Always 64 bits.
  MsgPackWriter& number(double value);
  /// At most 4 GB, as are binaries; `text` is UTF-8.
  MsgPackWriter& text(std::string_view text);
  MsgPackWriter& binary(std::string_view bytes);
  /// `count` elements follow.
  MsgPackWriter& array(std::uint32_t count);
  /// `pairs` keys and values follow.
  MsgPackWriter& map(std::uint32_t pairs);
  /// The timestamp extension.
  MsgPackWriter& timestamp(Timestamp time);

  [[nodiscard]] const std::string& bytes() const noexcept { return out_; }
  [[nodiscard]] std::string take() noexcept { return std::move(out_); }

 private:
  void mark(unsigned value) { out_ += static_cast<char>(value); }
  void big_endian(std::uint64_t value, std::size_t size);

  std::string out_;
};

}  // namespace ziggy::net
