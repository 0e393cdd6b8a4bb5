#include <algorithm>
#include <cmath>

#include "figures.hpp"

namespace ziggy::backtest::detail {
namespace {

/// The geometric mean return a period. The product of the ratios is the last equity over the first,
/// so no logarithm a period is needed. Zero once the equity is gone; NaN for a single period.
double geometric_mean(std::span<const double> equity, const Timeline& timeline) {
  if (timeline.period_ends.size() < 2) return kNaN;
  const double first = equity[timeline.period_ends.front()];
  const double last = equity[timeline.period_ends.back()];
  if (!(last > 0)) return 0;
  const auto returns = static_cast<double>(timeline.period_ends.size() - 1);
  return std::exp(std::log(last / first) / returns) - 1.0;
}

/// Sums over the returns that have a value (all but those from nothing to nothing).
struct Moments {
  double count = 0;
  double variance = kNaN;       // over count - 1
  double losing_square = kNaN;  // mean of min(return, 0) squared
};

Moments moments_of(std::span<const double> returns) {
  double count = 0;
  double sum = 0;
  double losing = 0;
  for (const double value : returns) {
    const bool known = value == value;
    const double loss = value < 0 ? value : 0.0;
    count += known ? 1.0 : 0.0;
    sum += known ? value : 0.0;
    losing += loss * loss;
  }
  Moments moments{.count = count};
  if (count == 0) return moments;
  moments.losing_square = losing / count;
  if (count < 2) return moments;
  const double mean = sum / count;
  double squares = 0;
  for (const double value : returns) {
    const double off = value == value ? value - mean : 0.0;
    squares += off * off;
  }
  moments.variance = squares / (count - 1);
  return moments;
}

}  // namespace

void period_returns(std::span<const double> equity, const Timeline& timeline,
                    std::vector<double>& out) {
  const std::vector<std::uint32_t>& ends = timeline.period_ends;
  out.resize(ends.size() - 1);
  if (ends.size() == equity.size()) {  // every bar is a period: straight through, several at once
    for (std::size_t i = 1; i < equity.size(); ++i) out[i - 1] = equity[i] / equity[i - 1] - 1.0;
    return;
  }
  for (std::size_t i = 1; i < ends.size(); ++i) {
    out[i - 1] = equity[ends[i]] / equity[ends[i - 1]] - 1.0;
  }
}

void measure_returns(std::span<const double> returns, std::span<const double> equity,
                     const Timeline& timeline, Metrics& metrics) {
  const double year = timeline.periods_per_year;
  const double growth = 1.0 + geometric_mean(equity, timeline);
  const Moments moments = moments_of(returns);
  const double annual = std::pow(growth, year) - 1.0;
  metrics.return_ann_pct = annual * 100;
  metrics.volatility_ann_pct =
      std::sqrt(std::pow(moments.variance + growth * growth, year) - std::pow(growth, 2 * year)) *
      100;
  metrics.sharpe = metrics.return_ann_pct / nonzero(metrics.volatility_ann_pct);
  metrics.sortino = annual / (std::sqrt(moments.losing_square) * std::sqrt(year));
}

double quantile(std::span<double> values, double share) {
  const auto known = std::partition(values.begin(), values.end(), [](double v) { return v == v; });
  const auto count = static_cast<std::size_t>(known - values.begin());
  if (count == 0) return kNaN;
  const double place = share * static_cast<double>(count - 1);
  const auto below = static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), values.begin() + below, known);
  const double lower = values[static_cast<std::size_t>(below)];
  if (below + 1 >= static_cast<std::ptrdiff_t>(count)) return lower;
  const double upper = *std::min_element(values.begin() + below + 1, known);
  return lower + (upper - lower) * (place - static_cast<double>(below));
}

}  // namespace ziggy::backtest::detail
