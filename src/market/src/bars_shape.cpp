#include "bars_shape.hpp"

#include <algorithm>

#include "ziggy/domain/adjust.hpp"
#include "ziggy/domain/calendar.hpp"
#include "ziggy/domain/expected_bars.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::market {
namespace {

using std::chrono::days;

// How many bars of `base` a bar of `interval` has at most.
std::size_t bars_in(Interval interval, Interval base) {
  if (interval == base) return 1;
  if (interval == Interval::Month) return 31;
  return static_cast<std::size_t>(nominal_length(interval) / nominal_length(base));
}

}  // namespace

Timestamp bar_end(Timestamp time, Interval interval, const Symbol& symbol, bool is_always_open) {
  if (interval == Interval::Day && !is_always_open) {
    const auto session = Calendar::of(symbol).session_on(date_of(time));
    if (session) return session->close;
  }
  // A week may be named by another day than its Monday.
  if (interval > Interval::Day) return period_end(period_start(time, interval), interval);
  return period_end(time, interval);
}

bool expects_bars(const feed::BarsRequest& request, Timestamp now, bool is_always_open) {
  // A month's bar and the longest closure of the exchange (eleven days in 2001) fit in.
  constexpr days kLook{70};
  TimeRange range = request.range;
  if (range.start == kNoStart) {
    range.start = range.end - kLook;
  } else if (range.end - range.start > kLook) {
    range.end = range.start + kLook;
  }
  if (range.end <= range.start) return false;
  // Days stand for what is shorter, unless it is less than a few days.
  const bool is_long = range.end - range.start > days{5};
  const Interval step =
      is_long && is_intraday(request.interval) && request.interval != Interval::Second
          ? Interval::Hour
          : request.interval;
  const auto expected = expected_bars(step, request.symbol, range);
  return !expected.empty() &&
         bar_end(expected.front(), step, request.symbol, is_always_open) <= now;
}

BaseRequest base_request(const BarsQuery& query, Interval base, Timestamp end) {
  BaseRequest request{{query.range.start, end}, (query.limit + 1) * bars_in(query.interval, base)};
  if (base == query.interval) return request;
  // Whole periods at both ends: the last one begins before the end, wherever it stops.
  if (query.range.start != kNoStart) {
    const Timestamp start = period_start(query.range.start, query.interval);
    request.range.start = start == query.range.start ? start : period_end(start, query.interval);
  }
  if (query.range.end != kNoEnd) {
    const Timestamp last = period_start(end - std::chrono::nanoseconds{1}, query.interval);
    request.range.end = period_end(last, query.interval);
  }
  request.range.end = std::max(request.range.end, request.range.start);
  return request;
}

bool needs_closes(const BarsQuery& query, const std::vector<CorporateAction>& actions) {
  return query.adjustment == Adjustment::All &&
         std::ranges::any_of(actions, [](const CorporateAction& action) {
           return action.kind == CorporateAction::Kind::Dividend;
         });
}

TimeRange closes_range(const std::vector<CorporateAction>& actions) {
  const auto [first, last] = std::ranges::minmax(
      actions, {}, [](const CorporateAction& action) { return action.ex_date; });
  // The close before an ex-date is at most a long closure of the exchange (eleven days in 2001)
  // old.
  return {first.ex_date - days{20}, last.ex_date + days{1}};
}

bool has_closes(const RawBars& raw, const Symbol& symbol) {
  if (raw.bars.empty()) return true;
  if (raw.closes.empty() && raw.base > Interval::Day) return false;
  const BarColumns& closes = raw.closes.empty() ? raw.bars : raw.closes;
  // Below a day an ex-date begins at New York's midnight.
  const std::chrono::hours late{is_intraday(raw.base) ? 5 : 0};
  return std::ranges::all_of(raw.actions, [&](const CorporateAction& action) {
    if (action.kind != CorporateAction::Kind::Dividend) return true;
    if (raw.bars.time_at(0) >= action.ex_date + late) return true;
    const std::size_t after = closes.lower_bound(action.ex_date);
    if (after == 0) return false;
    const auto sessions =
        expected_bars(Interval::Day, symbol, {action.ex_date - days{20}, action.ex_date});
    const Timestamp last = sessions.empty() ? action.ex_date - days{20} : sessions.back();
    return closes.time_at(after - 1) >= last;
  });
}

void unfold_splits(BarColumns& bars, const std::vector<CorporateAction>& actions,
                   Interval interval) {
  auto steps = adjustment_steps(bars, actions, Adjustment::Split, interval);
  for (AdjustmentStep& step : steps) {
    step.price_factor = 1 / step.price_factor;
    step.volume_factor = 1 / step.volume_factor;
  }
  apply_adjustment(bars, steps);
}

void drop_running(BarColumns& bars, Interval interval, const Symbol& symbol, Timestamp now,
                  bool is_always_open) {
  std::size_t kept = bars.size();
  while (kept > 0 && bar_end(bars.time_at(kept - 1), interval, symbol, is_always_open) > now)
    --kept;
  if (kept == bars.size()) return;
  BarColumns closed;
  closed.append(bars, 0, kept);
  bars = std::move(closed);
}

Page shape_page(RawBars raw, const BarsQuery& query) {
  if (query.adjustment != Adjustment::Raw && !raw.actions.empty()) {
    const auto steps = adjustment_steps(raw.closes.empty() ? raw.bars : raw.closes, raw.actions,
                                        query.adjustment, raw.base);
    apply_adjustment(raw.bars, steps);
  }
  const bool is_from_end = query.range.start == kNoStart;
  BarColumns bars = std::move(raw.bars);
  std::size_t from = 0;
  if (raw.base != query.interval) {
    if (auto longer = resample(bars, raw.base, query.interval)) bars = std::move(*longer);
    // The first period may lack the days that the limit cut off.
    if (is_from_end && raw.is_cut && !bars.empty()) from = 1;
  }
  std::size_t to = bars.size();
  Page page;
  if (is_from_end) {
    from = std::max(from, to - std::min(to, query.limit));
  } else if (to - from > query.limit) {
    to = from + query.limit;
    page.more = true;
  }
  if (from == 0 && to == bars.size()) {
    page.bars = std::move(bars);
  } else {
    page.bars.append(bars, from, to);
  }
  return page;
}

}  // namespace ziggy::market
