#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace ziggy::backtest {

/// What the metrics need of the bars' times alone; a sweep makes it once. Returns are measured over
/// days of UTC (over weeks, months or years when that is what the bars are), at the last bar of
/// each.
struct Timeline {
  std::vector<std::uint32_t> period_ends;  // the last bar of each period that has any
  /// 52, 12 or 1 for weekly, monthly or yearly bars; else 365 when weekends are traded, or 252.
  double periods_per_year = 252;
  /// What durations are rounded up to: the coarsest of a day, an hour, a minute, a second that the
  /// bars' length (the median distance of the last hundred) is a whole number of, as pandas names
  /// the resolution of a time span; zero when there are fewer than two bars.
  std::chrono::nanoseconds duration_unit{0};
};

/// `times` ascend, in nanoseconds since 1970 UTC.
[[nodiscard]] Timeline make_timeline(std::span<const std::int64_t> times);

}  // namespace ziggy::backtest
