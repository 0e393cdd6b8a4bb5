#include "ziggy/domain/expected_bars.hpp"

#include <algorithm>

#include "ziggy/domain/calendar.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy {
namespace {

using std::chrono::days;

// Periods of one session, as far as they begin inside `range`.
void add_session(std::vector<Timestamp>& starts, const Session& session, Interval interval,
                 TimeRange range) {
  if (!is_intraday(interval)) {
    const Timestamp start = period_start(Timestamp{session.date}, interval);
    const bool is_new = starts.empty() || starts.back() < start;
    if (is_new && start >= range.start && start < range.end) starts.push_back(start);
    return;
  }
  const std::chrono::nanoseconds step = nominal_length(interval);
  Timestamp start = std::max(period_start(session.open, interval), range.start);
  // The range may begin inside a period, which then does not begin inside the range.
  const Timestamp whole = period_start(start, interval);
  if (start != whole) start = period_end(whole, interval);
  // A period of four hours may touch two sessions of a calendar without closing times.
  if (!starts.empty() && start <= starts.back()) start = starts.back() + step;
  for (const Timestamp end = std::min(session.close, range.end); start < end; start += step) {
    starts.push_back(start);
  }
}

}  // namespace

std::vector<Timestamp> expected_bars(Interval interval, const Symbol& symbol, TimeRange range) {
  std::vector<Timestamp> starts;
  if (interval == Interval::Second || range.start >= range.end) return starts;
  // A session's first period may begin before it, and its date may be the day before in UTC; a week
  // or a month begins before all of its sessions.
  const auto margin = interval == Interval::Month ? days{32} : days{8};
  const auto from = std::chrono::floor<days>(range.start) - days{1};
  const auto to = std::chrono::ceil<days>(range.end) + (is_intraday(interval) ? days{1} : margin);
  for (const Session& session : Calendar::of(symbol).sessions(from, to)) {
    add_session(starts, session, interval, range);
  }
  return starts;
}

std::vector<TimeRange> missing_bars(std::span<const std::int64_t> times, Interval interval,
                                    const Symbol& symbol, TimeRange range) {
  std::vector<TimeRange> missing;
  std::size_t next = 0;
  bool is_open = false;  // the last range goes on with the next missing period
  for (const Timestamp start : expected_bars(interval, symbol, range)) {
    const Timestamp end = period_end(start, interval);
    while (next < times.size() && times[next] < start.time_since_epoch().count()) ++next;
    const bool is_there = next < times.size() && times[next] < end.time_since_epoch().count();
    if (is_there) {
      is_open = false;
    } else if (is_open) {
      missing.back().end = end;
    } else {
      missing.push_back({start, end});
      is_open = true;
    }
  }
  return missing;
}

}  // namespace ziggy
