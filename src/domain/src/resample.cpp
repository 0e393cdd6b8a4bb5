#include "ziggy/domain/resample.hpp"

#include <algorithm>

namespace ziggy {

using std::chrono::days;
using std::chrono::sys_days;

Timestamp period_start(Timestamp time, Interval interval) noexcept {
  if (interval == Interval::Week) {
    const sys_days date = date_of(time);
    return Timestamp{date - (std::chrono::weekday{date} - std::chrono::Monday)};
  }
  if (interval == Interval::Month) {
    const std::chrono::year_month_day ymd{date_of(time)};
    return Timestamp{sys_days{ymd.year() / ymd.month() / 1}};
  }
  const std::chrono::nanoseconds length = nominal_length(interval);
  const std::chrono::nanoseconds since = time.time_since_epoch();
  const std::chrono::nanoseconds into = since % length;
  return Timestamp{since - into - (into.count() < 0 ? length : std::chrono::nanoseconds::zero())};
}

Timestamp period_end(Timestamp start, Interval interval) noexcept {
  if (interval == Interval::Month) {
    const std::chrono::year_month_day ymd{date_of(start)};
    return Timestamp{sys_days{(ymd.year() / ymd.month() + std::chrono::months{1}) / 1}};
  }
  return start + nominal_length(interval);
}

std::optional<BarColumns> resample(const BarColumns& bars, Interval from, Interval to) {
  if (from == to) return bars;
  const bool is_possible =
      is_intraday(to) ? from < to : from == Interval::Day && to > Interval::Day;
  if (!is_possible) return std::nullopt;
  BarColumns out;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    Bar bar = bars.at(i);
    bar.time = period_start(bar.time, to);
    if (out.empty() || out.time_at(out.size() - 1) != bar.time) {
      out.push_back(bar);
      continue;
    }
    out.high.back() = std::max(out.high.back(), bar.high);
    out.low.back() = std::min(out.low.back(), bar.low);
    out.close.back() = bar.close;
    out.volume.back() += bar.volume;
  }
  return out;
}

}  // namespace ziggy
