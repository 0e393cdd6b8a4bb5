#include "ziggy/quant/moving_averages.hpp"

#include <algorithm>

#include "sums.hpp"

namespace ziggy::quant {

void sma(std::span<const double> values, std::size_t period, std::span<double> out) {
  ZIGGY_ASSERT(period > 0 && out.size() == values.size());
  const auto count = static_cast<std::int64_t>(period);
  const std::size_t head = std::min(period - 1, values.size());
  RollingSum sum;
  for (std::size_t i = 0; i < head; ++i) {
    sum.add(values[i]);
    out[i] = kNone;
  }
  if (head == values.size()) return;
  sum.add(values[head]);
  out[head] = sum.mean(count);
  for (std::size_t i = period; i < values.size(); ++i) {
    sum.remove(values[i - period]);
    sum.add(values[i]);
    out[i] = sum.mean(count);
  }
}

void ema(std::span<const double> values, std::size_t period, std::span<double> out, EmaSeed seed) {
  ZIGGY_ASSERT(out.size() == values.size());
  Ema average{period, seed};
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = average.push(values[i]);
}

double Wma::of(std::span<const double> window) noexcept {
  const double weighted = sum_of(
      window, [](double value, std::size_t i) { return value * static_cast<double>(i + 1); });
  const auto n = static_cast<double>(window.size());
  return weighted / (n * (n + 1.0) / 2.0);
}

void wma(std::span<const double> values, std::size_t period, std::span<double> out) {
  ZIGGY_ASSERT(period > 0 && out.size() == values.size());
  std::fill_n(out.begin(), std::min(period - 1, values.size()), kNone);
  for (std::size_t i = period - 1; i < values.size(); ++i) {
    out[i] = Wma::of(values.subspan(i + 1 - period, period));
  }
}

void wilder_average(std::span<const double> values, std::size_t period, std::span<double> out) {
  ZIGGY_ASSERT(out.size() == values.size());
  WilderAverage average{period};
  for (std::size_t i = 0; i < values.size(); ++i) out[i] = average.push(values[i]);
}

}  // namespace ziggy::quant
