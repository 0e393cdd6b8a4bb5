#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"

namespace ziggy {

/// `raw`, `split`, `all`: as the query parameter and the option spell it.
[[nodiscard]] std::string_view adjustment_name(Adjustment adjustment) noexcept;
[[nodiscard]] std::optional<Adjustment> parse_adjustment(std::string_view name) noexcept;

/// What bars before an instant are multiplied with.
struct AdjustmentStep {
  /// Bars that start before this, and not before the step ahead of it, take the factors.
  Timestamp before;
  double price_factor = 1;
  double volume_factor = 1;
  friend bool operator==(const AdjustmentStep&, const AdjustmentStep&) = default;
};

/// The factors of all actions, folded from the latest to the earliest, ascending by `before`; bars
/// from the last step on stay as they are. A split of ratio r divides earlier prices by r and
/// multiplies their volume with r; a dividend D (only with Adjustment::All) multiplies earlier
/// prices with 1 - D / C, where C is the last close before the ex-date in `closes` (the method of
/// CRSP and Yahoo; Quandl took the close of the ex-date). A dividend that is not smaller than C, or
/// without a close before it, changes nothing.
///
/// `closes` must reach from before the first ex-date to after the last one: factors of a window
/// come from the whole history, its bars alone do not know later dividends. `interval` is that of
/// the bars that will be adjusted: below a day the ex-date begins at New York's midnight. Linear in
/// actions times log of bars.
[[nodiscard]] std::vector<AdjustmentStep> adjustment_steps(const BarColumns& closes,
                                                           std::span<const CorporateAction> actions,
                                                           Adjustment adjustment,
                                                           Interval interval);

/// Multiplies bars, which ascend by time, in place. Linear.
void apply_adjustment(BarColumns& bars, std::span<const AdjustmentStep> steps);

/// Both at once, for bars that are the whole history.
[[nodiscard]] BarColumns adjust(const BarColumns& bars, std::span<const CorporateAction> actions,
                                Adjustment adjustment, Interval interval = Interval::Day);

}  // namespace ziggy
