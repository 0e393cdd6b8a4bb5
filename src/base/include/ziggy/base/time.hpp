#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"

namespace ziggy {

/// An instant in UTC, to the nanosecond.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// A half-open stretch of time: `start` is inside, `end` is not.
struct TimeRange {
  Timestamp start;
  Timestamp end;
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

/// How many digits of the second are written; Auto writes as many groups of three as are not zero.
enum class Subsecond { None, Millis, Micros, Nanos, Auto };

/// Room for the longest form, `2004-08-19T13:30:00.123456789Z`.
inline constexpr std::size_t kRfc3339Size = 30;

/// Writes RFC 3339 UTC with `Z` to `out` (at least kRfc3339Size bytes) and returns the end.
/// Years 0000 to 9999.
char* write_rfc3339(char* out, Timestamp time, Subsecond digits = Subsecond::Auto) noexcept;
[[nodiscard]] std::string to_rfc3339(Timestamp time, Subsecond digits = Subsecond::Auto);

/// Reads RFC 3339 with any offset (`2004-08-19T13:30:00Z`, `…+02:00`, a space for the T), or a bare
/// date, which means its 00:00Z. Errors: ValidationFailed for anything else.
[[nodiscard]] Result<Timestamp> parse_rfc3339(std::string_view text);

/// The UTC date of an instant, as days since 1970-01-01.
[[nodiscard]] constexpr std::chrono::sys_days date_of(Timestamp time) noexcept {
  return std::chrono::floor<std::chrono::days>(time);
}

}  // namespace ziggy
