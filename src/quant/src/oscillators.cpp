#include "ziggy/quant/oscillators.hpp"

#include <algorithm>
#include <cmath>

#include "sums.hpp"
#include "ziggy/quant/volume.hpp"

namespace ziggy::quant {

Rsi::Rsi(std::size_t period, RsiMethod method)
    : period_{period},
      method_{method},
      gain_{period},
      loss_{period},
      mean_gain_{method == RsiMethod::Simple ? period : 1},
      mean_loss_{method == RsiMethod::Simple ? period : 1} {}

double Rsi::of(double gain, double loss) noexcept {
  const double both = gain + loss;
  return both != 0.0 ? 100.0 * (gain / both) : 0.0;
}

double Rsi::push(double price) noexcept {
  const double change = price - previous_;
  previous_ = price;
  const bool first = count_ == 0;
  count_ += count_ < period_ ? 1 : 0;
  if (first) return method_ == RsiMethod::Metastock && period_ == 1 ? 0.0 : kNone;
  const double up = change > 0 ? change : 0.0;
  const double down = change < 0 ? -change : 0.0;
  if (method_ == RsiMethod::Simple) {
    const double gain = mean_gain_.push(up);
    const double loss = mean_loss_.push(down);
    return gain == gain ? of(gain, loss) : kNone;
  }
  const double gain = gain_.push(up);
  const double loss = loss_.push(down);
  if (gain == gain) return of(gain, loss);
  if (method_ != RsiMethod::Metastock) return kNone;
  gains_ += up;
  losses_ += down;
  return count_ == period_ ? of(gains_, losses_) : kNone;
}

void rsi(std::span<const double> prices, std::size_t period, std::span<double> out,
         RsiMethod method) {
  ZIGGY_ASSERT(out.size() == prices.size());
  Rsi index{period, method};
  for (std::size_t i = 0; i < prices.size(); ++i) out[i] = index.push(prices[i]);
}

Macd::Macd(std::size_t fast, std::size_t slow, std::size_t signal, MacdSeed seed)
    : fast_{fast},
      slow_{slow},
      signal_{signal},
      skip_{seed == MacdSeed::Aligned && slow > fast ? slow - fast : 0} {}

MacdValue Macd::push(double price) noexcept {
  const double slow = slow_.push(price);
  const double fast = count_ >= skip_ ? fast_.push(price) : kNone;
  count_ += count_ < skip_ ? 1 : 0;
  MacdValue value;
  value.macd = fast - slow;
  if (value.macd != value.macd) return value;
  value.signal = signal_.push(value.macd);
  value.histogram = value.macd - value.signal;
  return value;
}

void macd(std::span<const double> prices, std::size_t fast, std::size_t slow, std::size_t signal,
          MacdColumns out, MacdSeed seed) {
  ZIGGY_ASSERT(out.macd.size() == prices.size() && out.signal.size() == prices.size() &&
               out.histogram.size() == prices.size());
  Macd lines{fast, slow, signal, seed};
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const MacdValue value = lines.push(prices[i]);
    out.macd[i] = value.macd;
    out.signal[i] = value.signal;
    out.histogram[i] = value.histogram;
  }
}

void roc(std::span<const double> prices, std::size_t period, std::span<double> out) {
  ZIGGY_ASSERT(period > 0 && out.size() == prices.size());
  std::fill_n(out.begin(), std::min(period, prices.size()), kNone);
  for (std::size_t i = period; i < prices.size(); ++i) {
    out[i] = Roc::of(prices[i], prices[i - period]);
  }
}

StochasticValue Stochastic::push(double high, double low, double close) noexcept {
  const double highest = highest_.push(high);
  const double lowest = lowest_.push(low);
  if (!highest_.ready()) return {};
  const double unit = (highest - lowest) / 100.0;
  StochasticValue value;
  value.k = k_.push(unit != 0.0 ? (close - lowest) / unit : 0.0);
  if (value.k == value.k) value.d = d_.push(value.k);
  return value;
}

void stochastic(BarView bars, std::size_t period, std::size_t slowing, std::size_t signal,
                StochasticColumns out) {
  ZIGGY_ASSERT(out.k.size() == bars.size() && out.d.size() == bars.size());
  Stochastic oscillator{period, slowing, signal};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const StochasticValue value = oscillator.push(bars.high[i], bars.low[i], bars.close[i]);
    out.k[i] = value.k;
    out.d[i] = value.d;
  }
}

Cci::Cci(std::size_t period, CciDeviation deviation)
    : kind_{deviation}, window_{period}, deviation_{period} {}

double Cci::push(double high, double low, double close) noexcept {
  const double price = typical_price(high, low, close);
  if (window_.full()) sum_.remove(window_.oldest());
  sum_.add(price);
  window_.push(price);
  if (!window_.full()) return kNone;
  const double mean = sum_.mean(static_cast<std::int64_t>(window_.capacity()));
  const double off = price - mean;
  const double deviation =
      kind_ == CciDeviation::FromMean
          ? sum_of_distances(window_.values(), mean) / static_cast<double>(window_.capacity())
          : deviation_.push(std::abs(off));
  if (deviation != deviation) return kNone;
  return deviation != 0.0 ? off / (0.015 * deviation) : 0.0;
}

void cci(BarView bars, std::size_t period, std::span<double> out, CciDeviation deviation) {
  ZIGGY_ASSERT(out.size() == bars.size());
  Cci index{period, deviation};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    out[i] = index.push(bars.high[i], bars.low[i], bars.close[i]);
  }
}

}  // namespace ziggy::quant
