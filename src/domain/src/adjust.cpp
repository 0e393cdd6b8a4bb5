#include "ziggy/domain/adjust.hpp"

#include <algorithm>
#include <cmath>

#include "ziggy/domain/new_york.hpp"

namespace ziggy {

namespace {

using std::chrono::nanoseconds;

struct Factors {
  double price = 1;
  double volume = 1;
};

Timestamp start_of(const CorporateAction& action, Interval interval) {
  if (!is_intraday(interval)) return action.ex_date;
  return from_new_york(date_of(action.ex_date), nanoseconds{0});
}

/// `ex_instant` is when the ex-date begins on the time line of `closes`.
Factors factors_of(const CorporateAction& action, const BarColumns& closes, Timestamp ex_instant,
                   Adjustment adjustment) {
  if (!std::isfinite(action.value) || action.value <= 0) return {};
  if (action.kind == CorporateAction::Kind::Split) return {1 / action.value, action.value};
  if (adjustment != Adjustment::All) return {};
  const std::size_t row = closes.lower_bound(ex_instant);
  if (row == 0) return {};
  const double close = closes.close[row - 1];
  if (!(action.value < close)) return {};
  return {1 - action.value / close, 1};
}

}  // namespace

std::vector<AdjustmentStep> adjustment_steps(const BarColumns& closes,
                                             std::span<const CorporateAction> actions,
                                             Adjustment adjustment, Interval interval) {
  std::vector<AdjustmentStep> steps;
  if (adjustment == Adjustment::Raw) return steps;
  std::vector<CorporateAction> latest_first{actions.begin(), actions.end()};
  std::ranges::sort(latest_first, std::ranges::greater{}, &CorporateAction::ex_date);
  double price = 1;
  double volume = 1;
  for (const CorporateAction& action : latest_first) {
    const Timestamp before = start_of(action, interval);
    const Factors factors = factors_of(action, closes, before, adjustment);
    if (factors.price == 1 && factors.volume == 1) continue;
    price *= factors.price;
    volume *= factors.volume;
    if (!steps.empty() && steps.back().before == before) {
      steps.back() = {before, price, volume};
    } else {
      steps.push_back({before, price, volume});
    }
  }
  std::ranges::reverse(steps);
  return steps;
}

void apply_adjustment(BarColumns& bars, std::span<const AdjustmentStep> steps) {
  std::size_t from = 0;
  for (const AdjustmentStep& step : steps) {
    const std::size_t to = std::max(from, bars.lower_bound(step.before));
    for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) {
      for (std::size_t i = from; i < to; ++i) (*column)[i] *= step.price_factor;
    }
    for (std::size_t i = from; i < to; ++i) bars.volume[i] *= step.volume_factor;
    from = to;
  }
}

BarColumns adjust(const BarColumns& bars, std::span<const CorporateAction> actions,
                  Adjustment adjustment, Interval interval) {
  BarColumns adjusted = bars;
  apply_adjustment(adjusted, adjustment_steps(bars, actions, adjustment, interval));
  return adjusted;
}

std::string_view adjustment_name(Adjustment adjustment) noexcept {
  switch (adjustment) {
    case Adjustment::Raw:
      return "raw";
    case Adjustment::Split:
      return "split";
    case Adjustment::All:
      break;
  }
  return "all";
}

std::optional<Adjustment> parse_adjustment(std::string_view name) noexcept {
  for (const Adjustment each : {Adjustment::Raw, Adjustment::Split, Adjustment::All}) {
    if (adjustment_name(each) == name) return each;
  }
  return std::nullopt;
}

}  // namespace ziggy
