#include "ziggy/backtest/spec.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace ziggy::backtest {
namespace {

/// Collects what is out of its range; a NaN is out of every range.
class Faults {
 public:
  void unless(bool fine, std::string field, std::string message) {
    if (!fine) faults_.push_back({std::move(field), "out_of_range", std::move(message)});
  }
  Result<> result() && {
    if (faults_.empty()) return {};
    Error error{ErrorCode::ValidationFailed,
                fmt::format("{} {}", faults_.front().field, faults_.front().message)};
    return fail(std::move(error).with_fields(std::move(faults_)));
  }

 private:
  std::vector<FieldError> faults_;
};

bool finite_from(double value, double least) { return std::isfinite(value) && value >= least; }

void check_sizing(const Sizing& sizing, Faults& faults) {
  if (const auto* part = std::get_if<EquityShare>(&sizing)) {
    faults.unless(part->share > 0 && part->share < 1, "size",
                  "must be above 0 and below 1 as a share of the equity");
    return;
  }
  const double units = std::get<Units>(sizing).units;
  faults.unless(finite_from(units, 1) && units == std::floor(units), "size",
                "must be a whole number of units");
}

}  // namespace

Result<> check(const Rules& rules) {
  Faults faults;
  faults.unless(std::isfinite(rules.cash) && rules.cash > 0, "cash", "must be above 0");
  faults.unless(rules.margin > 0 && rules.margin <= 1, "margin", "must be above 0, at most 1");
  // Wider than any fee list: what lies outside is a percentage given where a share is meant.
  faults.unless(rules.costs.commission >= -0.1 && rules.costs.commission < 0.1, "commission",
                "must be from -0.1 to below 0.1 (a share: 0.002 is 0.2 %)");
  faults.unless(finite_from(rules.costs.commission_per_unit, 0), "commission_per_unit",
                "must be at least 0");
  faults.unless(finite_from(rules.costs.commission_fixed, 0), "commission_fixed",
                "must be at least 0");
  faults.unless(rules.costs.spread >= 0 && rules.costs.spread < 1, "spread",
                "must be from 0 to below 1 (a share: 0.002 is 0.2 %)");
  faults.unless(rules.stop_loss >= 0 && rules.stop_loss < 1, "stop_loss",
                "must be from 0 (none) to below 1");
  faults.unless(finite_from(rules.take_profit, 0) && (rules.take_profit < 1 || rules.long_only),
                "take_profit", "must be from 0 (none) to below 1, or any with long-only");
  check_sizing(rules.size, faults);
  return std::move(faults).result();
}

}  // namespace ziggy::backtest
