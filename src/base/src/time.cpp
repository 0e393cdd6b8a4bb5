#include "ziggy/base/time.hpp"

#include <fmt/format.h>

#include <cstring>

namespace ziggy {

namespace {

char* write_digits(char* out, std::uint64_t value, int width) noexcept {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

int digits_for(Subsecond digits, std::uint64_t nanos) noexcept {
  switch (digits) {
    case Subsecond::None:
      return 0;
    case Subsecond::Millis:
      return 3;
    case Subsecond::Micros:
      return 6;
    case Subsecond::Nanos:
      return 9;
    case Subsecond::Auto:
      break;
  }
  if (nanos == 0) return 0;
  if (nanos % 1'000'000 == 0) return 3;
  if (nanos % 1'000 == 0) return 6;
  return 9;
}

/// Reads exactly `width` digits; -1 if they are not all digits.
int read_digits(std::string_view& text, std::size_t width) noexcept {
  if (text.size() < width) return -1;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool skip(std::string_view& text, char expected) noexcept {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

char* write_rfc3339(char* out, Timestamp time, Subsecond digits) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto of_day = static_cast<std::uint64_t>((time - day).count());
  const std::uint64_t seconds = of_day / 1'000'000'000;
  const std::uint64_t nanos = of_day % 1'000'000'000;
  out = write_digits(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  *out++ = '-';
  out = write_digits(out, static_cast<unsigned>(date.month()), 2);
  *out++ = '-';
  out = write_digits(out, static_cast<unsigned>(date.day()), 2);
  *out++ = 'T';
  out = write_digits(out, seconds / 3600, 2);
  *out++ = ':';
  out = write_digits(out, seconds / 60 % 60, 2);
  *out++ = ':';
  out = write_digits(out, seconds % 60, 2);
  const int width = digits_for(digits, nanos);
  if (width > 0) {
    *out++ = '.';
    static constexpr std::uint64_t kScale[] = {1'000'000'000, 0, 0, 1'000'000, 0, 0,
                                               1'000,         0, 0, 1};
    out = write_digits(out, nanos / kScale[width], width);
  }
  *out++ = 'Z';
  return out;
}

std::string to_rfc3339(Timestamp time, Subsecond digits) {
  char buffer[kRfc3339Size];
  return {buffer, write_rfc3339(buffer, time, digits)};
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  const std::string_view whole = text;
  const auto wrong = [&] {
    // What is long is not repeated, not even in part: a part of a secret is not known as one.
    return fail(ErrorCode::ValidationFailed, "{} is neither a date nor an RFC 3339 time",
                whole.size() > 64 ? "that" : fmt::format("'{}'", whole));
  };
  const int year = read_digits(text, 4);
  if (year < 0 || !skip(text, '-')) return wrong();
  const int month = read_digits(text, 2);
  if (month < 0 || !skip(text, '-')) return wrong();
  const int day = read_digits(text, 2);
  const std::chrono::year_month_day date{
      std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month < 0 ? 0 : month)},
      std::chrono::day{static_cast<unsigned>(day < 0 ? 0 : day)}};
  // Nanoseconds in 64 bits reach from 1677-09-21 to 2262-04-11.
  if (!date.ok() || year < 1678 || year > 2261) return wrong();
  Timestamp time{std::chrono::sys_days{date}};
  if (text.empty()) return time;
  if (!skip(text, 'T') && !skip(text, 't') && !skip(text, ' ')) return wrong();
  const int hour = read_digits(text, 2);
  if (hour < 0 || hour > 23 || !skip(text, ':')) return wrong();
  const int minute = read_digits(text, 2);
  if (minute < 0 || minute > 59 || !skip(text, ':')) return wrong();
  const int second = read_digits(text, 2);
  if (second < 0 || second > 60) return wrong();
  time += std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
  if (skip(text, '.')) {
    std::int64_t scale = 100'000'000;
    std::size_t count = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      time += std::chrono::nanoseconds{(text.front() - '0') * scale};
      scale /= 10;
      text.remove_prefix(1);
      if (++count > 9) return wrong();
    }
    if (count == 0) return wrong();
  }
  if (text == "Z" || text == "z") return time;
  const bool east = skip(text, '+');
  if (!east && !skip(text, '-')) return wrong();
  const int offset_hour = read_digits(text, 2);
  if (offset_hour < 0 || offset_hour > 23 || !skip(text, ':')) return wrong();
  const int offset_minute = read_digits(text, 2);
  if (offset_minute < 0 || offset_minute > 59 || !text.empty()) return wrong();
  const auto offset = std::chrono::hours{offset_hour} + std::chrono::minutes{offset_minute};
  return east ? time - offset : time + offset;
}

}  // namespace ziggy
