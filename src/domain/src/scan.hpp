#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

/// Numbers and dates of price files, read from views without allocating. Private to domain.
namespace ziggy::scan {

/// Powers of ten that a double holds exactly.
inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The whole text as a decimal number, correctly rounded; nullopt for anything else, infinity and
/// NaN included. Prices have few digits, so both the digits and the power of ten are exact doubles
/// and one division rounds once (Clinger, "How to Read Floating Point Numbers Accurately", 1990);
/// the rest goes to std::from_chars.
[[nodiscard]] inline std::optional<double> number(std::string_view text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  const char* const digits_start = at;
  std::uint64_t digits = 0;
  while (at != end && is_digit(*at)) digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
  std::size_t count = static_cast<std::size_t>(at - digits_start);
  std::size_t decimals = 0;
  if (at != end && *at == '.') {
    const char* const point = at++;
    while (at != end && is_digit(*at))
      digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
    decimals = static_cast<std::size_t>(at - point - 1);
    count += decimals;
  }
  constexpr std::uint64_t kExactMax = std::uint64_t{1} << 53;
  if (at == end && count > 0 && count <= 19 && digits <= kExactMax) {
    const double value = static_cast<double>(digits) / kPowersOfTen[decimals];
    return negative ? -value : value;
  }
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end || !std::isfinite(value))
    return std::nullopt;
  return value;
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; nullopt if there is no such
/// date or nanoseconds in 64 bits do not reach it (1678 to 2261).
[[nodiscard]] std::optional<std::int32_t> day_number(int year, int month, int day) noexcept;

/// A time as it is written: nanoseconds of the clock on the wall since 1970-01-01, and how far that
/// clock is ahead of UTC.
struct WallTime {
  std::int64_t nanos = 0;
  std::int32_t offset_seconds = 0;
  bool has_time_of_day = false;
};

/// Any of the forms that csv.hpp lists.
[[nodiscard]] std::optional<WallTime> wall_time(std::string_view text) noexcept;
/// `09:30`, `09:30:00`, `09:30:00.5`, `093000`: nanoseconds since midnight.
[[nodiscard]] std::optional<std::int64_t> time_of_day(std::string_view text) noexcept;

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kDay = 86'400 * kSecond;

}  // namespace ziggy::scan
