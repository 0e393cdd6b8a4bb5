#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "ziggy/base/time.hpp"

namespace ziggy {

/// The length of a bar's period.
enum class Interval : std::uint8_t {
  Second,
  Minute,
  Minute5,
  Minute15,
  Minute30,
  Hour,
  Hour4,
  Day,
  Week,
  Month
};

inline constexpr std::array kIntervals = {
    Interval::Second, Interval::Minute, Interval::Minute5, Interval::Minute15, Interval::Minute30,
    Interval::Hour,   Interval::Hour4,  Interval::Day,     Interval::Week,     Interval::Month};

/// `1s`, `1m`, `5m`, `15m`, `30m`, `1h`, `4h`, `1d`, `1w`, `1mo`.
[[nodiscard]] std::string_view interval_name(Interval interval) noexcept;
/// Errors: ValidationFailed, naming the known ones.
[[nodiscard]] Result<Interval> parse_interval(std::string_view text);

/// The nominal length; a month counts 30 days. For ordering and for sizes, not for date arithmetic.
[[nodiscard]] std::chrono::seconds nominal_length(Interval interval) noexcept;
/// True below a day: a bar's `t` is then an instant, otherwise the session date at 00:00Z.
[[nodiscard]] constexpr bool is_intraday(Interval interval) noexcept {
  return interval < Interval::Day;
}

}  // namespace ziggy
