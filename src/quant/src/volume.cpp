#include "ziggy/quant/volume.hpp"

#include "sums.hpp"

namespace ziggy::quant {

void obv(BarView bars, std::span<double> out, ObvStart start) {
  ZIGGY_ASSERT(out.size() == bars.size());
  Obv balance{start};
  for (std::size_t i = 0; i < bars.size(); ++i)
    out[i] = balance.push(bars.close[i], bars.volume[i]);
}

void vwap(BarView bars, std::span<double> out, VwapPrice price) {
  ZIGGY_ASSERT(out.size() == bars.size());
  Vwap mean{price};
  for (std::size_t i = 0; i < bars.size(); ++i) out[i] = mean.push(bars.at(i));
}

double RollingVwap::push(const Bar& bar) noexcept {
  values_.push(vwap_price(price_, bar.open, bar.high, bar.low, bar.close) * bar.volume);
  volumes_.push(bar.volume);
  if (!values_.full()) return kNone;
  const auto plain = [](double value, std::size_t) { return value; };
  const double volumes = sum_of(volumes_.values(), plain);
  return volumes > 0 ? sum_of(values_.values(), plain) / volumes : kNone;
}

void rolling_vwap(BarView bars, std::size_t period, std::span<double> out, VwapPrice price) {
  ZIGGY_ASSERT(out.size() == bars.size());
  RollingVwap mean{period, price};
  for (std::size_t i = 0; i < bars.size(); ++i) out[i] = mean.push(bars.at(i));
}

}  // namespace ziggy::quant
