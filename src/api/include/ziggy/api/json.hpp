#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ziggy/base/time.hpp"
#include "ziggy/domain/bar.hpp"

namespace ziggy::api {

/// Room for any number that write_number prints.
inline constexpr std::size_t kNumberSize = 32;

/// Writes the shortest decimal that reads back as `value`, without an exponent between 1e-7 and
/// 1e21 (98, not 9.8E1); `null` for NaN and infinities, which JSON cannot say. `out` has at least
/// kNumberSize bytes; returns the end. About 10 ns for prices of up to four decimals.
char* write_number(char* out, double value) noexcept;
char* write_number(char* out, std::int64_t value) noexcept;

/// Writes JSON straight into a string: no tree, no allocation but the string's own growth. The
/// caller keeps the nesting right; commas are put by themselves.
class JsonOut {
 public:
  /// Appends to `out`, which outlives this.
  explicit JsonOut(std::string& out) : out_{out} {}

  JsonOut& begin_object();
  JsonOut& end_object();
  JsonOut& begin_array();
  JsonOut& end_array();
  /// The name of the next value.
  JsonOut& key(std::string_view name);

  JsonOut& value(std::string_view text);
  JsonOut& value(const char* text) { return value(std::string_view{text}); }
  JsonOut& value(bool flag);
  JsonOut& value(double number);
  JsonOut& value(std::int64_t number);
  JsonOut& value(std::uint64_t number);
  JsonOut& value(int number) { return value(static_cast<std::int64_t>(number)); }
  /// To the microsecond, which is as fine as most languages' own times are.
  JsonOut& value(Timestamp time);
  JsonOut& null();
  /// JSON that is ready, as it is.
  JsonOut& raw(std::string_view json);
  template <class T>
  JsonOut& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  template <class T>
  JsonOut& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }

 private:
  void separate();
  std::string& out_;
};

/// Appends rows [0, size) as `[{"t":…,"o":…,"h":…,"l":…,"c":…,"v":…},…]`.
void append_bars(std::string& out, const BarColumns& bars);
/// Appends `t,o,h,l,c,v` lines under a header line.
void append_bars_csv(std::string& out, const BarColumns& bars);

}  // namespace ziggy::api
