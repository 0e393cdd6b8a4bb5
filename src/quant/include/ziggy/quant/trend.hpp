#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ziggy/domain/bar.hpp"
#include "ziggy/quant/bar_view.hpp"
#include "ziggy/quant/window.hpp"

/// How directed a move is. The agreements of moving_averages.hpp hold here too.
namespace ziggy::quant {

/// How the smoothed sums of an ADX start.
enum class AdxSeed : std::uint8_t {
  TaLib,   // the first period - 1 bars summed, the next one smoothed in
  Wilder,  // the first `period` bars summed: Wilder's book, LEAN, Stock.Indicators
};

struct AdxValue {
  double adx = kNone;
  double plus_di = kNone;
  double minus_di = kNone;
};
struct AdxColumns {
  std::span<double> adx;
  std::span<double> plus_di;
  std::span<double> minus_di;
};

/// Average directional index with +DI and -DI, 0 to 100. DI from bar `period`, ADX from bar
/// 2 x period - 1. Bars without any range add nothing to the ADX, as in TA-Lib.
class Adx {
 public:
  explicit Adx(std::size_t period = 14, AdxSeed seed = AdxSeed::TaLib);
  AdxValue push(const Bar& bar) noexcept { return push(bar.high, bar.low, bar.close); }
  AdxValue push(double high, double low, double close) noexcept;

 private:
  void accumulate(double plus, double minus, double range) noexcept;
  double advance(double dx) noexcept;

  std::size_t period_;
  std::size_t summed_;     // how many moves are summed before smoothing starts
  std::size_t moves_ = 0;  // bars that had one before them
  double high_before_ = 0;
  double low_before_ = 0;
  double close_before_ = kNone;
  double plus_ = 0;
  double minus_ = 0;
  double range_ = 0;
  double adx_ = 0;
};

void adx(BarView bars, std::size_t period, AdxColumns out, AdxSeed seed = AdxSeed::TaLib);

}  // namespace ziggy::quant
