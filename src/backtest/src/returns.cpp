#include <algorithm>
#include <cmath>

#include "figures.hpp"
#include "lanes.hpp"

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
  double variance = kNaN;       // over count - 1
  double losing_square = kNaN;  // mean of min(return, 0) squared
};

Moments moments_of(std::span<const double> returns) {
  // Only an account that is gone goes from nothing to nothing, and it stays gone.
  while (!returns.empty() && std::isnan(returns.back()))
    returns = returns.first(returns.size() - 1);
  const auto count = static_cast<double>(returns.size());
  Moments moments;
  if (returns.empty()) return moments;
  moments.losing_square = sum_of(returns.size(),
                                 [&](std::size_t i) {
                                   const double loss = returns[i] < 0 ? returns[i] : 0.0;
                                   return loss * loss;
                                 }) /
                          count;
  if (returns.size() < 2) return moments;
  const double mean = sum_of(returns.size(), [&](std::size_t i) { return returns[i]; }) / count;
  moments.variance = sum_of(returns.size(),
                            [&](std::size_t i) {
                              const double off = returns[i] - mean;
                              return off * off;
                            }) /
                     (count - 1);
  return moments;
}

ZIGGY_WIDE void neighbour_returns(const double* values, std::size_t count, double* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = values[i + 1] / values[i] - 1.0;
}

}  // namespace

void period_returns(std::span<const double> equity, const Timeline& timeline,
                    std::vector<double>& out) {
  const std::vector<std::uint32_t>& ends = timeline.period_ends;
  out.resize(ends.size() - 1);
  if (ends.size() == equity.size()) {  // every bar is a period: straight through, several at once
    neighbour_returns(equity.data(), out.size(), out.data());
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
