#include "ziggy/domain/interval.hpp"

#include <fmt/format.h>

namespace ziggy {

std::string_view interval_name(Interval interval) noexcept {
  switch (interval) {
    case Interval::Second:
      return "1s";
    case Interval::Minute:
      return "1m";
    case Interval::Minute5:
      return "5m";
    case Interval::Minute15:
      return "15m";
    case Interval::Minute30:
      return "30m";
    case Interval::Hour:
      return "1h";
    case Interval::Hour4:
      return "4h";
    case Interval::Day:
      return "1d";
    case Interval::Week:
      return "1w";
    case Interval::Month:
      return "1mo";
  }
  return "1d";
}

Result<Interval> parse_interval(std::string_view text) {
  for (const Interval interval : kIntervals) {
    if (interval_name(interval) == text) return interval;
  }
  // What is long is not repeated, not even in part: a part of a secret is not known as one.
  return fail(ErrorCode::ValidationFailed,
              "{} is no interval: one of 1s, 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, 1mo",
              text.size() > 32 ? "that" : fmt::format("'{}'", text));
}

std::chrono::seconds nominal_length(Interval interval) noexcept {
  using std::chrono::days;
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  switch (interval) {
    case Interval::Second:
      return seconds{1};
    case Interval::Minute:
      return minutes{1};
    case Interval::Minute5:
      return minutes{5};
    case Interval::Minute15:
      return minutes{15};
    case Interval::Minute30:
      return minutes{30};
    case Interval::Hour:
      return hours{1};
    case Interval::Hour4:
      return hours{4};
    case Interval::Day:
      return days{1};
    case Interval::Week:
      return days{7};
    case Interval::Month:
      return days{30};
  }
  return days{1};
}

}  // namespace ziggy
