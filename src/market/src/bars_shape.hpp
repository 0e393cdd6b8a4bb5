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

/// Removes bars at the end whose period is not over at `now`: for days of symbols that an exchange
/// trades, its session; `is_always_open` makes every UTC day one.
void drop_running(BarColumns& bars, Interval interval, const Symbol& symbol, Timestamp now,
                  bool is_always_open);

struct Page {
  BarColumns bars;
  bool more = false;
};
/// Adjusts, makes the interval asked for, and cuts to range and limit.
[[nodiscard]] Page shape_page(RawBars raw, const BarsQuery& query);

}  // namespace ziggy::market
