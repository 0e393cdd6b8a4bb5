#include "period.hpp"

namespace ziggy::store {

// These lengths are part of the stored format: changing one means a migration of the blocks.
std::int64_t period_nanos(Interval interval) noexcept {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  constexpr std::int64_t kDay = 24 * kHour;
  switch (interval) {
    case Interval::Second:
      return kHour;  // at most 3600 bars
    case Interval::Minute:
      return 7 * kDay;  // 1950 of an exchange, at most 10 080
    case Interval::Minute5:
      return 28 * kDay;  // 1560, 8064
    case Interval::Minute15:
      return 84 * kDay;  // 1560, 8064
    case Interval::Minute30:
      return 168 * kDay;  // 1560, 8064
    case Interval::Hour:
      return 364 * kDay;  // 1820, 8736
    case Interval::Hour4:
      return 1456 * kDay;  // 2080, 8736
    case Interval::Day:
      return 2922 * kDay;  // eight years: 2016, 2922
    case Interval::Week:
      return 14'610 * kDay;  // forty years: 2087
    case Interval::Month:
      return 36'525 * kDay;  // a century: 1200
  }
  return kDay;
}

std::int64_t period_of(Interval interval, std::int64_t time) noexcept {
  const std::int64_t length = period_nanos(interval);
  const std::int64_t quotient = time / length;
  return time % length < 0 ? quotient - 1 : quotient;
}

}  // namespace ziggy::store
