#include "ziggy/quant/oscillators.hpp"

#include <algorithm>

namespace ziggy::quant {

Rsi::Rsi(std::size_t period, RsiMethod method)
    : period_{period},
      method_{method},
      gain_{period},
      loss_{period},
      mean_gain_{period},
      mean_loss_{period} {}

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

}  // namespace ziggy::quant
