#pragma once

#include <string_view>
#include <vector>

#include "ziggy/feed/provider.hpp"

/// Which charts have to be asked for a request of bars. Pure.
namespace ziggy::feed {

/// Yahoo keeps minutes for 30 days and gives 7 of them at once.
inline constexpr std::chrono::days kMinutesAtOnce{7};
inline constexpr std::size_t kPagesMax = 6;

struct YahooPlan {
  /// What the parts ask for in Yahoo's own times, in the order in which they are asked until there
  /// are enough: the latest first for "the last". Bars are cut to `range` afterwards.
  std::vector<TimeRange> pages;
  /// What is kept of the answers: the request's range, from the beginning of time for "the last".
  TimeRange range;
  /// How many bars are wanted, and from which end.
  std::size_t limit = 0;
  bool from_the_end = false;
};

/// `1m`, `1h`, `1d`, `1wk`, …; empty for what Yahoo has not.
[[nodiscard]] std::string_view yahoo_interval(Interval interval) noexcept;

/// For "the last N bars" it begins where N bars of that interval should fit with a margin for
/// holidays, times `widened` (1, or more for a second try), but not before Yahoo's oldest.
/// Errors: NotSupported for an interval that Yahoo has not, and for more minutes than it keeps.
[[nodiscard]] Result<YahooPlan> plan_chart(const BarsRequest& request, Timestamp now,
                                           int widened = 1);

/// What remains of all pages' bars, which ascend.
[[nodiscard]] BarColumns cut_to(const YahooPlan& plan, const BarColumns& bars);

}  // namespace ziggy::feed
