#include "ziggy/quant/volatility.hpp"

#include <algorithm>
#include <cmath>

#include "sums.hpp"

namespace ziggy::quant {
namespace {

double deviation_of(std::span<const double> window, double mean) noexcept {
  return std::sqrt(sum_of_squares(window, mean) / static_cast<double>(window.size()));
}

double score(double value, double mean, double deviation) noexcept {
  return deviation > 0 ? (value - mean) / deviation : kNone;
}

/// Calls `each(i, mean, deviation)` for every bar with a full window.
template <class Each>
void over_windows(std::span<const double> values, std::size_t period, Each each) {
  const auto count = static_cast<std::int64_t>(period);
  RollingSum sum;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i >= period) sum.remove(values[i - period]);
    sum.add(values[i]);
    if (i + 1 < period) continue;
    const double mean = sum.mean(count);
    each(i, mean, deviation_of(values.subspan(i + 1 - period, period), mean));
  }
}

void fill_head(std::span<double> out, std::size_t count) {
  std::fill_n(out.begin(), std::min(count, out.size()), kNone);
}

}  // namespace

double StandardDeviation::push(double value) noexcept {
  if (window_.full()) sum_.remove(window_.oldest());
  sum_.add(value);
  window_.push(value);
  if (!window_.full()) return kNone;
  mean_ = sum_.mean(static_cast<std::int64_t>(window_.capacity()));
  return deviation_of(window_.values(), mean_);
}

void standard_deviation(std::span<const double> values, std::size_t period, std::span<double> out) {
  ZIGGY_ASSERT(period > 0 && out.size() == values.size());
  fill_head(out, period - 1);
  over_windows(values, period,
               [&](std::size_t i, double, double deviation) { out[i] = deviation; });
}

double ZScore::push(double value) noexcept {
  const double deviation = deviation_.push(value);
  return score(value, deviation_.mean(), deviation);
}

void z_score(std::span<const double> values, std::size_t period, std::span<double> out) {
  ZIGGY_ASSERT(period > 0 && out.size() == values.size());
  fill_head(out, period - 1);
  over_windows(values, period, [&](std::size_t i, double mean, double deviation) {
    out[i] = score(values[i], mean, deviation);
  });
}

RealisedVolatility::RealisedVolatility(std::size_t period, double periods_a_year)
    : deviation_{period} {
  ZIGGY_ASSERT(period >= 2 && periods_a_year > 0);
  const auto n = static_cast<double>(period);
  // From the population's to the sample's deviation, and from a bar to a year.
  scale_ = std::sqrt(n / (n - 1.0)) * std::sqrt(periods_a_year);
}

double RealisedVolatility::push(double price) noexcept {
  const double before = before_;
  before_ = price;
  if (before != before) return kNone;
  return deviation_.push(std::log(price / before)) * scale_;
}

void realised_volatility(std::span<const double> prices, std::size_t period, double periods_a_year,
                         std::span<double> out) {
  ZIGGY_ASSERT(out.size() == prices.size());
  RealisedVolatility volatility{period, periods_a_year};
  for (std::size_t i = 0; i < prices.size(); ++i) out[i] = volatility.push(prices[i]);
}

void atr(BarView bars, std::size_t period, std::span<double> out, FirstRange first) {
  ZIGGY_ASSERT(out.size() == bars.size());
  Atr range{period, first};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    out[i] = range.push(bars.high[i], bars.low[i], bars.close[i]);
  }
}

}  // namespace ziggy::quant
