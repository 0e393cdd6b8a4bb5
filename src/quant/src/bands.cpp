#include "ziggy/quant/bands.hpp"

#include <utility>

namespace ziggy::quant {
namespace {

void check_sizes(const BandColumns& out, std::size_t size) {
  ZIGGY_ASSERT(out.upper.size() == size && out.middle.size() == size && out.lower.size() == size);
}

}  // namespace

Bollinger::Bollinger(BollingerParameters parameters)
    : parameters_{parameters},
      deviation_{parameters.period},
      middle_{parameters.period, parameters.seed} {}

Bands Bollinger::push(double price) noexcept {
  const double deviation = deviation_.push(price);
  const double exponential = middle_.push(price);
  Bands bands;
  bands.middle = parameters_.middle == BandMiddle::Simple ? deviation_.mean() : exponential;
  bands.upper = bands.middle + parameters_.up * deviation;
  bands.lower = bands.middle - parameters_.down * deviation;
  return bands;
}

void bollinger(std::span<const double> prices, BollingerParameters parameters, BandColumns out) {
  check_sizes(out, prices.size());
  Bollinger bands{parameters};
  for (std::size_t i = 0; i < prices.size(); ++i) out.set(i, bands.push(prices[i]));
}

Bands Donchian::push(double high, double low) noexcept {
  Bands now;
  now.upper = highest_.push(high);
  now.lower = lowest_.push(low);
  now.middle = (now.upper + now.lower) / 2.0;
  if (span_ == DonchianSpan::WithCurrent) return now;
  return std::exchange(before_, now);
}

void donchian(BarView bars, std::size_t period, BandColumns out, DonchianSpan span) {
  check_sizes(out, bars.size());
  Donchian channel{period, span};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    out.set(i, channel.push(bars.high[i], bars.low[i]));
  }
}

Bands Keltner::push(double high, double low, double close) noexcept {
  const double middle = middle_.push(close);
  const double range = range_.push(high, low, close);
  if (middle != middle || range != range) return {};
  return {
      .upper = middle + multiple_ * range, .middle = middle, .lower = middle - multiple_ * range};
}

void keltner(BarView bars, std::size_t period, double multiple, std::size_t atr_period,
             BandColumns out) {
  check_sizes(out, bars.size());
  Keltner channel{period, multiple, atr_period};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    out.set(i, channel.push(bars.high[i], bars.low[i], bars.close[i]));
  }
}

SupertrendValue Supertrend::push(double high, double low, double close) noexcept {
  const double range = range_.push(high, low, close);
  const double close_before = std::exchange(close_before_, close);
  if (range != range) return {};
  const double middle = (high + low) / 2.0;
  const double upper = middle + multiple_ * range;
  const double lower = middle - multiple_ * range;
  if (upper_ != upper_) {
    up_ = close >= middle;
    upper_ = upper;
    lower_ = lower;
  }
  if (upper < upper_ || close_before > upper_) upper_ = upper;
  if (lower > lower_ || close_before < lower_) lower_ = lower;
  up_ = close > (up_ ? lower_ : upper_);
  return {.line = up_ ? lower_ : upper_, .direction = up_ ? 1.0 : -1.0};
}

void supertrend(BarView bars, std::size_t period, double multiple, SupertrendColumns out) {
  ZIGGY_ASSERT(out.line.size() == bars.size() && out.direction.size() == bars.size());
  Supertrend trend{period, multiple};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const SupertrendValue value = trend.push(bars.high[i], bars.low[i], bars.close[i]);
    out.line[i] = value.line;
    out.direction[i] = value.direction;
  }
}

}  // namespace ziggy::quant
