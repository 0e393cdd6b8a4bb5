#include "ziggy/matching/costs.hpp"

namespace ziggy::matching {

double floor_divide(double dividend, double divisor) noexcept {
  const double quotient = std::floor(dividend / divisor);
  // fma rounds once, so its sign is the sign of the exact difference.
  return std::fma(quotient, divisor, -dividend) > 0 ? quotient - 1.0 : quotient;
}

double affordable_units(const Costs& costs, Side side, double price, double equity, double leverage,
                        double share) noexcept {
  if (!(equity > 0)) return 0;
  const double budget = equity * leverage * share - costs.commission_fixed;
  // The order of the operations is part of the contract: a budget that is a whole number of units
  // to the last bit must round as the published formula does.
  const double unit = entry_price(costs, side, price) +
                      (costs.commission_per_unit + share * price * costs.commission);
  return budget >= unit && unit > 0 ? floor_divide(budget, unit) : 0;
}

double required_value(const Costs& costs, Side side, double price, double units) noexcept {
  const double size = std::abs(units);
  return size * entry_price(costs, side, price) + commission(costs, units, price);
}

}  // namespace ziggy::matching
