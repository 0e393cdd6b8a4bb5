#include "scan.hpp"

#include <chrono>

namespace ziggy::scan {

namespace {

/// `count` digits at the front of `text`, taken away; -1 if they are not all digits.
int take_digits(std::string_view& text, std::size_t count) noexcept {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

/// One or two digits, as in `1/3/2017`.
int take_one_or_two(std::string_view& text) noexcept {
  if (text.size() > 1 && is_digit(text[0]) && is_digit(text[1])) return take_digits(text, 2);
  return take_digits(text, 1);
}

bool take(std::string_view& text, char expected) noexcept {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::size_t leading_digits(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

/// Digits after the point of a second as nanoseconds, taken away; -1 if there are none or too many.
std::int64_t take_fraction(std::string_view& text) noexcept {
  std::int64_t scale = kSecond / 10;
  std::int64_t nanos = 0;
  std::size_t count = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), scale /= 10) {
    if (++count > 9) return -1;
    nanos += (text.front() - '0') * scale;
  }
  return count == 0 ? -1 : nanos;
}

/// The time of day at the front of `text`, taken away.
std::optional<std::int64_t> take_time_of_day(std::string_view& text) noexcept {
  const bool compact = leading_digits(text) >= 4;
  const int hour = compact ? take_digits(text, 2) : take_one_or_two(text);
  if (hour < 0 || hour > 23 || (!compact && !take(text, ':'))) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59) return std::nullopt;
  int second = 0;
  if (compact ? leading_digits(text) >= 2 : take(text, ':')) {
    second = take_digits(text, 2);
    if (second < 0 || second > 59) return std::nullopt;
  }
  std::int64_t nanos = (std::int64_t{hour} * 3600 + minute * 60 + second) * kSecond;
  if (take(text, '.')) {
    const std::int64_t fraction = take_fraction(text);
    if (fraction < 0) return std::nullopt;
    nanos += fraction;
  }
  return nanos;
}

/// `Z`, ` UTC`, `+09:00`, `+0900`, `+09`, or nothing, as seconds ahead of UTC.
std::optional<std::int32_t> offset_of(std::string_view text) noexcept {
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty() || text == "Z" || text == "z" || text == "UTC" || text == "GMT") return 0;
  const bool east = take(text, '+');
  if (!east && !take(text, '-')) return std::nullopt;
  const int hours = take_digits(text, 2);
  if (hours < 0 || hours > 23) return std::nullopt;
  int minutes = 0;
  if (!text.empty()) {
    take(text, ':');
    minutes = take_digits(text, 2);
  }
  if (minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  const std::int32_t seconds = hours * 3600 + minutes * 60;
  return east ? seconds : -seconds;
}

/// Counts since 1970 by how many digits they have: 9 or 10 seconds (from 1973), 12 or 13
/// milliseconds, 15 or 16 microseconds, 18 or 19 nanoseconds. A fraction of `.0` is what
/// spreadsheets add.
std::optional<WallTime> epoch_of(std::string_view text, std::size_t digits) noexcept {
  std::int64_t scale = 0;
  if (digits == 9 || digits == 10) scale = kSecond;
  if (digits == 12 || digits == 13) scale = 1'000'000;
  if (digits == 15 || digits == 16) scale = 1'000;
  if (digits == 18 || digits == 19) scale = 1;
  if (scale == 0) return std::nullopt;
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || stop != text.data() + digits) return std::nullopt;
  if (value > INT64_MAX / scale) return std::nullopt;
  std::int64_t nanos = value * scale;
  std::string_view rest = text.substr(digits);
  if (take(rest, '.')) {
    const std::int64_t fraction = take_fraction(rest);
    if (fraction < 0 || !rest.empty() || (scale != kSecond && fraction != 0)) return std::nullopt;
    nanos += fraction;
  } else if (!rest.empty()) {
    return std::nullopt;
  }
  if (nanos > INT64_MAX - kDay) return std::nullopt;
  return WallTime{nanos, 0, true};
}

/// The date at the front of `text`, taken away, as days since 1970.
std::optional<std::int32_t> take_date(std::string_view& text) noexcept {
  const std::size_t digits = leading_digits(text);
  if (digits == 4 && text.size() > 4) {
    const int year = take_digits(text, 4);
    const char separator = text.front();
    if (separator != '-' && separator != '/' && separator != '.') return std::nullopt;
    take(text, separator);
    const int month = take_one_or_two(text);
    if (!take(text, separator)) return std::nullopt;
    const int day = take_one_or_two(text);
    return day_number(year, month, day);
  }
  if (digits == 8 || digits == 12 || digits == 14) {
    const int year = take_digits(text, 4);
    const int month = take_digits(text, 2);
    const int day = take_digits(text, 2);
    return day_number(year, month, day);
  }
  if (digits == 1 || digits == 2) {
    const int month = take_one_or_two(text);
    if (!take(text, '/')) return std::nullopt;
    const int day = take_one_or_two(text);
    if (!take(text, '/')) return std::nullopt;
    return day_number(take_digits(text, 4), month, day);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int32_t> day_number(int year, int month, int day) noexcept {
  if (year < 1678 || year > 2261 || month < 1 || day < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days{date}.time_since_epoch().count());
}

std::optional<WallTime> wall_time(std::string_view text) noexcept {
  const std::size_t digits = leading_digits(text);
  // Twelve digits are a year with minutes only if they make a date (200001030930), else
  // milliseconds before 2001, which no exchange file holds in that form.
  if (digits >= 9 && digits != 14 && digits != 12) return epoch_of(text, digits);
  const std::string_view whole = text;
  const std::optional<std::int32_t> day = take_date(text);
  if (!day) return digits == 12 ? epoch_of(whole, digits) : std::nullopt;
  WallTime time{std::int64_t{*day} * kDay, 0, false};
  if (text.empty()) return time;
  if (!is_digit(text.front())) {
    if (!take(text, ' ') && !take(text, 'T') && !take(text, 't')) return std::nullopt;
  } else if (digits != 12 && digits != 14) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> of_day = take_time_of_day(text);
  if (!of_day) return std::nullopt;
  const std::optional<std::int32_t> offset = offset_of(text);
  if (!offset) return std::nullopt;
  return WallTime{time.nanos + *of_day, *offset, true};
}

std::optional<std::int64_t> time_of_day(std::string_view text) noexcept {
  const std::optional<std::int64_t> nanos = take_time_of_day(text);
  return text.empty() ? nanos : std::nullopt;
}

}  // namespace ziggy::scan
