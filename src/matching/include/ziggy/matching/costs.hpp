#pragma once

#include <cmath>

namespace ziggy::matching {

enum class Side { Long, Short };

/// 1 for Long, -1 for Short: the sign of the units held.
[[nodiscard]] constexpr double sign(Side side) noexcept { return side == Side::Long ? 1.0 : -1.0; }

/// What trading costs. Shares are fractions (0.002 is 0.2 %), amounts are in the account's
/// currency.
struct Costs {
  double commission = 0;           // share of the traded value, on every fill; negative is a rebate
  double commission_per_unit = 0;  // amount for each unit, on every fill
  double commission_fixed = 0;     // amount for each fill
  double spread = 0;  // share of the price, paid on entry only: the whole bid-ask spread
  friend bool operator==(const Costs&, const Costs&) = default;
};

/// What one fill of `units` (of either sign) at `price` pays the broker.
[[nodiscard]] inline double commission(const Costs& costs, double units, double price) noexcept {
  const double size = std::abs(units);
  return costs.commission_fixed + size * costs.commission_per_unit +
         size * price * costs.commission;
}

/// The price at which a position is entered when the market trades at `price`: the spread makes a
/// long dearer and a short cheaper. Exits happen at the market's price.
[[nodiscard]] inline double entry_price(const Costs& costs, Side side, double price) noexcept {
  return price * (1.0 + std::copysign(costs.spread, sign(side)));
}

/// floor(dividend / divisor) of the exact quotient, where a rounded division may be one too large.
/// Both positive and finite.
[[nodiscard]] double floor_divide(double dividend, double divisor) noexcept;

/// The largest number of whole units that `share` (above 0, at most 1) of `equity` times `leverage`
/// pays for, entry spread and commission included; 0 when it is not enough for one.
[[nodiscard]] double affordable_units(const Costs& costs, Side side, double price, double equity,
                                      double leverage, double share) noexcept;

/// What `units` of a new position take out of `equity * leverage`; more than that is refused.
[[nodiscard]] double required_value(const Costs& costs, Side side, double price,
                                    double units) noexcept;

}  // namespace ziggy::matching
