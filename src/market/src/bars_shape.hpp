#pragma once

#include <cstddef>
#include <vector>

#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/market/market.hpp"

namespace ziggy::market {

/// Bars as a source has them, on the way to an answer.
struct RawBars {
  BarColumns bars;  // unadjusted
  /// What `bars` are: the interval asked for, or a shorter one that makes it.
  Interval base = Interval::Day;
  std::vector<CorporateAction> actions;
  /// Daily closes around all dividends; empty when no dividend has to be applied.
  BarColumns closes;
  /// The source cut its bars at the limit of the request.
  bool is_cut = false;
};

/// What to ask a source for, so that bars of `base` make the answer to `query` that ends at `end`.
struct BaseRequest {
  TimeRange range;
  std::size_t limit = 0;
};
[[nodiscard]] BaseRequest base_request(const BarsQuery& query, Interval base, Timestamp end);

/// True when dividends matter to the answer, so that `closes` are needed.
[[nodiscard]] bool needs_closes(const BarsQuery& query,
                                const std::vector<CorporateAction>& actions);
/// The range of days in which those closes lie.
[[nodiscard]] TimeRange closes_range(const std::vector<CorporateAction>& actions);

/// True when the closes (or `bars`, where there are none) tell the last close before each dividend
/// that changes a bar.
[[nodiscard]] bool has_closes(const RawBars& raw, const Symbol& symbol);
/// Takes splits out of bars that a vendor adjusted for them.
void unfold_splits(BarColumns& bars, const std::vector<CorporateAction>& actions,
                   Interval interval);

/// When the period of a bar is over: for days of symbols that an exchange trades, at the close of
/// its session; `is_always_open` makes every UTC day one.
[[nodiscard]] Timestamp bar_end(Timestamp time, Interval interval, const Symbol& symbol,
                                bool is_always_open);

/// True when the calendar expects a bar in the range whose period is over at `now`. Of an open
/// start, or a long range, the weeks before its end, or after its start, are looked at: no market
/// rests that long. Never for seconds, since most symbols trade in few of them.
[[nodiscard]] bool expects_bars(const feed::BarsRequest& request, Timestamp now,
                                bool is_always_open);

/// Removes bars at the end whose period is not over at `now` (bar_end).
void drop_running(BarColumns& bars, Interval interval, const Symbol& symbol, Timestamp now,
                  bool is_always_open);

struct Page {
  BarColumns bars;
  bool more = false;
};
/// Adjusts, makes the interval asked for, and cuts to range and limit.
[[nodiscard]] Page shape_page(RawBars raw, const BarsQuery& query);

}  // namespace ziggy::market
