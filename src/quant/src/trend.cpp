#include "ziggy/quant/trend.hpp"

#include <cmath>

#include "ziggy/quant/volatility.hpp"

namespace ziggy::quant {

Adx::Adx(std::size_t period, AdxSeed seed)
    : period_{period}, summed_{seed == AdxSeed::TaLib ? period - 1 : period} {
  ZIGGY_ASSERT(period > 0);
}

void Adx::accumulate(double plus, double minus, double range) noexcept {
  if (moves_ > summed_) {
    const auto n = static_cast<double>(period_);
    plus_ -= plus_ / n;
    minus_ -= minus_ / n;
    range_ -= range_ / n;
  }
  plus_ += plus;
  minus_ += minus;
  range_ += range;
}

/// `dx` is NaN where both directional indicators are 0.
double Adx::advance(double dx) noexcept {
  const auto n = static_cast<double>(period_);
  const bool has_dx = dx == dx;
  if (moves_ < 2 * period_) {
    adx_ += has_dx ? dx : 0.0;
    if (moves_ < 2 * period_ - 1) return kNone;
    adx_ /= n;
    return adx_;
  }
  if (has_dx) adx_ = (adx_ * (n - 1.0) + dx) / n;
  return adx_;
}

AdxValue Adx::push(double high, double low, double close) noexcept {
  const double up = high - high_before_;
  const double down = low_before_ - low;
  const double close_before = close_before_;
  high_before_ = high;
  low_before_ = low;
  close_before_ = close;
  if (close_before != close_before) return {};

  ++moves_;
  accumulate(up > 0 && up > down ? up : 0.0, down > 0 && down > up ? down : 0.0,
             true_range(high, low, close_before));
  if (moves_ < period_) return {};
  AdxValue value;
  value.plus_di = range_ > 0 ? 100.0 * (plus_ / range_) : 0.0;
  value.minus_di = range_ > 0 ? 100.0 * (minus_ / range_) : 0.0;
  const double both = value.plus_di + value.minus_di;
  value.adx = advance(both > 0 ? 100.0 * (std::abs(value.plus_di - value.minus_di) / both) : kNone);
  return value;
}

void adx(BarView bars, std::size_t period, AdxColumns out, AdxSeed seed) {
  ZIGGY_ASSERT(out.adx.size() == bars.size() && out.plus_di.size() == bars.size() &&
               out.minus_di.size() == bars.size());
  Adx index{period, seed};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const AdxValue value = index.push(bars.high[i], bars.low[i], bars.close[i]);
    out.adx[i] = value.adx;
    out.plus_di[i] = value.plus_di;
    out.minus_di[i] = value.minus_di;
  }
}

}  // namespace ziggy::quant
