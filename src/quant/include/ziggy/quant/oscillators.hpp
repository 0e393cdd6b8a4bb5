#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ziggy/domain/bar.hpp"
#include "ziggy/quant/bar_view.hpp"
#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/window.hpp"

/// Oscillators of a price. The agreements of moving_averages.hpp hold here too: NaN while the
/// history is short, batch and incremental give the same bits, TA-Lib 0.4 unless said.
namespace ziggy::quant {

/// How the mean gain and the mean loss of an RSI are formed.
enum class RsiMethod : std::uint8_t {
  Wilder,     // Wilder's smoothing seeded with a mean: TA-Lib, backtrader, LEAN, Stock.Indicators
  Metastock,  // the same with one value more, at bar period - 1, from period - 1 changes divided by
              // the period: TA-Lib's METASTOCK mode
  Simple,     // plain means of the last `period` changes (Cutler): LEAN's "RSI 14"
};

/// Relative strength index, 0 to 100; the first value at bar `period`. With neither gain nor loss
/// in the history it is 0, as in TA-Lib (Stock.Indicators answers 100 there, backtrader's RSI_Safe
/// 50). The RSI of backtesting.py's examples is another one: pandas' ewm(com = period), which has
/// smoothing 1 / (period + 1), no seed, and values from the second bar on.
class Rsi {
 public:
  explicit Rsi(std::size_t period = 14, RsiMethod method = RsiMethod::Wilder);
  double push(double price) noexcept;

 private:
  static double of(double gain, double loss) noexcept;

  std::size_t period_;
  RsiMethod method_;
  WilderAverage gain_;
  WilderAverage loss_;
  Sma mean_gain_;
  Sma mean_loss_;
  double previous_ = 0;
  double gains_ = 0;
  double losses_ = 0;
  std::size_t count_ = 0;
};

void rsi(std::span<const double> prices, std::size_t period, std::span<double> out,
         RsiMethod method = RsiMethod::Wilder);

/// Where the fast average of a MACD starts.
enum class MacdSeed : std::uint8_t {
  Aligned,  // at the same bar as the slow one, seeded with the `fast` values before it: TA-Lib
  Own,      // at its own bar fast - 1: backtrader, LEAN, Stock.Indicators. The difference fades.
};

struct MacdValue {
  double macd = kNone;
  double signal = kNone;
  double histogram = kNone;
};
struct MacdColumns {
  std::span<double> macd;
  std::span<double> signal;
  std::span<double> histogram;
};

/// Fast minus slow exponential average, and an exponential average of that. The line starts at bar
/// slow - 1; signal and histogram at slow + signal - 2, where TA-Lib starts all three.
class Macd {
 public:
  explicit Macd(std::size_t fast = 12, std::size_t slow = 26, std::size_t signal = 9,
                MacdSeed seed = MacdSeed::Aligned);
  MacdValue push(double price) noexcept;

 private:
  Ema fast_;
  Ema slow_;
  Ema signal_;
  std::size_t skip_;  // prices that the fast average does not see
  std::size_t count_ = 0;
};

void macd(std::span<const double> prices, std::size_t fast, std::size_t slow, std::size_t signal,
          MacdColumns out, MacdSeed seed = MacdSeed::Aligned);

/// Rate of change in percent, (price / price `period` bars ago - 1) x 100; the first value at bar
/// `period`; 0 when the old price is 0.
class Roc {
 public:
  explicit Roc(std::size_t period = 10) : window_{period} {}
  double push(double price) noexcept {
    const double result = window_.full() ? of(price, window_.oldest()) : kNone;
    window_.push(price);
    return result;
  }
  [[nodiscard]] static double of(double price, double before) noexcept {
    return before != 0.0 ? (price / before - 1.0) * 100.0 : 0.0;
  }

 private:
  Window window_;
};

void roc(std::span<const double> prices, std::size_t period, std::span<double> out);

struct StochasticValue {
  double k = kNone;
  double d = kNone;
};
struct StochasticColumns {
  std::span<double> k;
  std::span<double> d;
};

/// Stochastic oscillator, 0 to 100: where the close lies between the lowest low and the highest
/// high of `period` bars, averaged over `slowing` bars (%K) and again over `signal` bars (%D),
/// simple averages both; 0 where the range is 0, as in TA-Lib's STOCH. With `slowing` 1 it is the
/// fast stochastic. %K from bar period + slowing - 2, %D from signal - 1 later, where TA-Lib starts
/// both.
class Stochastic {
 public:
  explicit Stochastic(std::size_t period = 14, std::size_t slowing = 3, std::size_t signal = 3)
      : highest_{period}, lowest_{period}, k_{slowing}, d_{signal} {}
  StochasticValue push(const Bar& bar) noexcept { return push(bar.high, bar.low, bar.close); }
  StochasticValue push(double high, double low, double close) noexcept;

 private:
  RollingMaximum highest_;
  RollingMinimum lowest_;
  Sma k_;
  Sma d_;
};

void stochastic(BarView bars, std::size_t period, std::size_t slowing, std::size_t signal,
                StochasticColumns out);

/// What the mean deviation of a CCI is measured from.
enum class CciDeviation : std::uint8_t {
  FromMean,      // each typical price of the window from the window's mean: Lambert, TA-Lib, LEAN
  FromOwnMeans,  // each from the mean that ended at it: backtrader; the first value at 2 x period -
                 // 2
};

/// Commodity channel index: (typical price - its mean) / (0.015 x mean deviation); 0 where there is
/// no deviation. The first value at bar period - 1.
class Cci {
 public:
  explicit Cci(std::size_t period = 20, CciDeviation deviation = CciDeviation::FromMean);
  double push(const Bar& bar) noexcept { return push(bar.high, bar.low, bar.close); }
  double push(double high, double low, double close) noexcept;

 private:
  CciDeviation kind_;
  Window window_;
  RollingSum sum_;
  Sma deviation_;
};

void cci(BarView bars, std::size_t period, std::span<double> out,
         CciDeviation deviation = CciDeviation::FromMean);

}  // namespace ziggy::quant
