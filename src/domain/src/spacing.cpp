#include "spacing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "scan.hpp"

namespace ziggy {

namespace {

/// Daily stamps move by an hour when the clocks change, so a day has 23 to 25 hours.
constexpr std::int64_t kHour = 3600 * scan::kSecond;
/// Longer series look alike in every part; this much settles it.
constexpr std::size_t kGapsMax = 20'000;
/// Different gaps remembered: a market has few, noise would fill memory.
constexpr std::size_t kKindsMax = 4096;

struct Gaps {
  std::unordered_map<std::int64_t, std::size_t> counts;
  std::size_t total = 0;

  [[nodiscard]] double share_of_multiples(std::int64_t unit) const {
    std::size_t matching = 0;
    for (const auto& [gap, count] : counts) matching += gap % unit == 0 ? count : 0;
    return static_cast<double>(matching) / static_cast<double>(total);
  }
};

Gaps count_gaps(std::span<const std::int64_t> times) {
  Gaps gaps;
  for (std::size_t i = 1; i < times.size() && gaps.total < kGapsMax; ++i) {
    std::int64_t gap = times[i] - times[i - 1];
    if (gap <= 0) continue;
    if (gap >= 20 * kHour) gap = (gap + scan::kDay / 2) / scan::kDay * scan::kDay;
    if (gaps.counts.size() < kKindsMax || gaps.counts.contains(gap)) {
      ++gaps.counts[gap];
      ++gaps.total;
    }
  }
  return gaps;
}

Spacing known(Interval interval) { return {true, interval, {}}; }
Spacing unknown(std::string reason) { return {false, Interval::Day, std::move(reason)}; }

/// A day and longer: 1 to 4 days are daily bars with gaps, holidays move a weekly bar by a day or
/// three, months have 28 to 31 days and end on a trading day.
Spacing from_days(std::int64_t days) {
  if (days <= 4) return known(Interval::Day);
  if (days <= 10) return known(Interval::Week);
  if (days >= 26 && days <= 35) return known(Interval::Month);
  return unknown(fmt::format("bars are {} days apart, which is none of the intervals", days));
}

constexpr std::array kIntraday = {Interval::Hour4,    Interval::Hour,    Interval::Minute30,
                                  Interval::Minute15, Interval::Minute5, Interval::Minute,
                                  Interval::Second};

std::int64_t nanos_of(Interval interval) {
  return nominal_length(interval).count() * scan::kSecond;
}

}  // namespace

Spacing infer_interval(std::span<const std::int64_t> times, bool has_time_of_day) {
  const Gaps gaps = count_gaps(times);
  if (gaps.total == 0) {
    if (!has_time_of_day) return known(Interval::Day);
    return unknown("one time of day alone does not tell the interval");
  }
  const auto mode = std::ranges::max_element(gaps.counts, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second < b.second : a.first > b.first;
  });
  if (mode->first >= scan::kDay) return from_days(mode->first / scan::kDay);
  for (const Interval interval : kIntraday) {
    const std::int64_t length = nanos_of(interval);
    if (mode->first == length && gaps.share_of_multiples(length) >= 0.9) return known(interval);
  }
  const bool is_regular =
      mode->second * 2 >= gaps.total && gaps.share_of_multiples(mode->first) >= 0.95;
  for (const Interval interval : kIntraday) {
    if (is_regular) break;
    if (gaps.share_of_multiples(nanos_of(interval)) >= 0.95) return known(interval);
  }
  return unknown(
      fmt::format("bars are {} s apart, which is none of the intervals",
                  static_cast<double>(mode->first) / static_cast<double>(scan::kSecond)));
}

}  // namespace ziggy
