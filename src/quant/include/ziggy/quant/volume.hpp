#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ziggy/domain/bar.hpp"
#include "ziggy/quant/bar_view.hpp"
#include "ziggy/quant/window.hpp"

/// Price and volume together. The agreements of moving_averages.hpp hold here too. Not in TA-Lib
/// but for OBV.
namespace ziggy::quant {

enum class ObvStart : std::uint8_t {
  FirstVolume,  // the first bar's volume: TA-Lib, LEAN
  Zero,         // 0: Stock.Indicators
};

/// On-balance volume: adds the volume of bars that close higher, subtracts that of lower ones. A
/// value from the first bar on.
class Obv {
 public:
  explicit Obv(ObvStart start = ObvStart::FirstVolume) : start_{start} {}
  double push(const Bar& bar) noexcept { return push(bar.close, bar.volume); }
  double push(double close, double volume) noexcept {
    if (close_before_ != close_before_) {
      balance_ = start_ == ObvStart::FirstVolume ? volume : 0.0;
    } else if (close > close_before_) {
      balance_ += volume;
    } else if (close < close_before_) {
      balance_ -= volume;
    }
    close_before_ = close;
    return balance_;
  }

 private:
  ObvStart start_;
  double balance_ = 0;
  double close_before_ = kNone;
};

void obv(BarView bars, std::span<double> out, ObvStart start = ObvStart::FirstVolume);

/// (high + low + close) / 3.
[[nodiscard]] inline double typical_price(double high, double low, double close) noexcept {
  return (high + low + close) / 3.0;
}

/// The one price that stands for a bar in a VWAP.
enum class VwapPrice : std::uint8_t {
  Typical,           // (high + low + close) / 3: the usual one
  OpenHighLowClose,  // (open + high + low + close) / 4: LEAN
};

[[nodiscard]] inline double vwap_price(VwapPrice kind, double open, double high, double low,
                                       double close) noexcept {
  return kind == VwapPrice::Typical ? typical_price(high, low, close)
                                    : (open + high + low + close) / 4.0;
}

/// Volume-weighted mean price since the first bar or the last `reset`, which a caller does at the
/// start of a session: sessions are the calendar's business. NaN until there is volume.
class Vwap {
 public:
  explicit Vwap(VwapPrice price = VwapPrice::Typical) : price_{price} {}
  double push(const Bar& bar) noexcept {
    value_ += vwap_price(price_, bar.open, bar.high, bar.low, bar.close) * bar.volume;
    volume_ += bar.volume;
    return volume_ > 0 ? value_ / volume_ : kNone;
  }
  void reset() noexcept {
    value_ = 0;
    volume_ = 0;
  }

 private:
  VwapPrice price_;
  double value_ = 0;
  double volume_ = 0;
};

/// Over all of `bars`: hand in one session.
void vwap(BarView bars, std::span<double> out, VwapPrice price = VwapPrice::Typical);

/// The same over the last `period` bars; the first value at bar period - 1, NaN where the window
/// has no volume.
class RollingVwap {
 public:
  explicit RollingVwap(std::size_t period, VwapPrice price = VwapPrice::Typical)
      : price_{price}, values_{period}, volumes_{period} {}
  double push(const Bar& bar) noexcept;

 private:
  VwapPrice price_;
  Window values_;
  Window volumes_;
};

void rolling_vwap(BarView bars, std::size_t period, std::span<double> out,
                  VwapPrice price = VwapPrice::Typical);

}  // namespace ziggy::quant
