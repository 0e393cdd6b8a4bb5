#include "ziggy/backtest/timeline.hpp"

#include <algorithm>
#include <array>

namespace ziggy::backtest {
namespace {

using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::sys_days;

constexpr std::int64_t kDay = nanoseconds{days{1}}.count();

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// 1970-01-01 was a Thursday; Monday is 0.
std::int64_t weekday_of(std::int64_t day) { return (day + 3) - 7 * floor_divide(day + 3, 7); }

std::int64_t week_of(std::int64_t day) { return floor_divide(day + 3, 7); }

std::int64_t year_of(std::int64_t day) {
  const std::chrono::year_month_day date{sys_days{days{day}}};
  return static_cast<int>(date.year());
}

std::int64_t month_of(std::int64_t day) {
  const std::chrono::year_month_day date{sys_days{days{day}}};
  return 12 * static_cast<int>(date.year()) + static_cast<int>(static_cast<unsigned>(date.month()));
}

nanoseconds unit_of(nanoseconds bar_length) {
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  for (const nanoseconds unit : {nanoseconds{days{1}}, nanoseconds{hours{1}},
                                 nanoseconds{minutes{1}}, nanoseconds{seconds{1}}}) {
    if (bar_length % unit == nanoseconds{0}) return std::min(unit, bar_length);
  }
  return nanoseconds{1};
}

nanoseconds median_distance(std::span<const std::int64_t> times) {
  // The last hundred bars tell the length of a bar; a file may begin with coarser history.
  constexpr std::size_t kLooked = 100;
  const auto last = times.last(std::min(times.size(), kLooked));
  if (last.size() < 2) return nanoseconds{0};
  std::array<std::int64_t, kLooked> gaps{};
  const std::size_t count = last.size() - 1;
  for (std::size_t i = 0; i < count; ++i) gaps[i] = last[i + 1] - last[i];
  std::sort(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(count));
  const std::int64_t upper = gaps[count / 2];
  const std::int64_t lower = gaps[(count - 1) / 2];
  return nanoseconds{lower + (upper - lower) / 2};
}

/// The first index from `from` on whose time is at or after `end`, in steps that double: a day of
/// one bar costs one look, a day of minutes a dozen.
std::size_t first_at_or_after(std::span<const std::int64_t> times, std::size_t from,
                              std::int64_t end) {
  std::size_t step = 1;
  std::size_t low = from;
  while (low + step < times.size() && times[low + step] < end) {
    low += step;
    step *= 2;
  }
  const auto begin = times.begin() + static_cast<std::ptrdiff_t>(low);
  const auto stop = times.begin() + static_cast<std::ptrdiff_t>(std::min(low + step, times.size()));
  return static_cast<std::size_t>(std::lower_bound(begin, stop, end) - times.begin());
}

/// The last bar of each run of bars whose days have the same `key`.
template <class Key>
std::vector<std::uint32_t> ends_of(std::span<const std::int64_t> times, Key key) {
  std::vector<std::uint32_t> ends;
  std::int64_t current = 0;
  for (std::size_t i = 0; i < times.size();) {
    const std::int64_t day = floor_divide(times[i], kDay);
    const std::int64_t next = key(day);
    if (ends.empty() || next != current) ends.push_back(0);
    current = next;
    i = first_at_or_after(times, i, (day + 1) * kDay);
    ends.back() = static_cast<std::uint32_t>(i - 1);
  }
  return ends;
}

/// True when clearly more than none of the bars fall on weekends: 60 % of an even spread.
bool trades_on_weekends(std::span<const std::int64_t> times,
                        std::span<const std::uint32_t> day_ends) {
  std::size_t weekend_bars = 0;
  std::size_t first = 0;
  for (const std::size_t last : day_ends) {
    if (weekday_of(floor_divide(times[last], kDay)) >= 5) weekend_bars += last + 1 - first;
    first = last + 1;
  }
  return static_cast<double>(weekend_bars) / static_cast<double>(times.size()) > 2.0 / 7.0 * 0.6;
}

}  // namespace

Timeline make_timeline(std::span<const std::int64_t> times) {
  Timeline timeline;
  if (times.empty()) return timeline;
  const nanoseconds bar_length = median_distance(times);
  timeline.duration_unit = unit_of(bar_length);
  switch (std::chrono::floor<days>(bar_length).count()) {
    case 7:
      timeline.periods_per_year = 52;
      timeline.period_ends = ends_of(times, week_of);
      break;
    case 31:
      timeline.periods_per_year = 12;
      timeline.period_ends = ends_of(times, month_of);
      break;
    case 365:
      timeline.periods_per_year = 1;
      timeline.period_ends = ends_of(times, year_of);
      break;
    default:
      timeline.period_ends = ends_of(times, [](std::int64_t day) { return day; });
      timeline.periods_per_year = trades_on_weekends(times, timeline.period_ends) ? 365 : 252;
  }
  return timeline;
}

}  // namespace ziggy::backtest
