#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ziggy/quant/window.hpp"

/// Moving averages. Each has a class (`push` a value, get the average, NaN while the history is
/// short) and a batch function over a column; both give the same bits. Inputs hold no NaN and no
/// infinity, and a batch function's `out` has the size of its input and is another piece of memory.
/// Periods are at least 1. Definitions and warm-up as in TA-Lib 0.4 where nothing else is said.
namespace ziggy::quant {

/// The sum behind Sma: additions and removals each carry their own Kahan compensation, and a window
/// of one repeated value answers that value. This is the rolling mean of pandas (1.5 and later),
/// which backtesting.py's strategies use, to the bit: a strict cross of two averages hangs on the
/// last bit when the true averages are equal, so a merely more exact sum would trade differently
/// there.
struct RollingSum {
  double sum = 0;
  double added_lost = 0;
  double removed_lost = 0;
  double last = kNone;
  std::int64_t same = 0;       // how many equal values came last
  std::int64_t negatives = 0;  // in the window, -0 included

  void add(double value) noexcept {
    const double y = value - added_lost;
    const double t = sum + y;
    added_lost = (t - sum) - y;
    sum = t;
    same = value == last ? same + 1 : 1;
    last = value;
    negatives += std::signbit(value) ? 1 : 0;
  }
  void remove(double value) noexcept {
    const double y = -value - removed_lost;
    const double t = sum + y;
    removed_lost = (t - sum) - y;
    sum = t;
    negatives -= std::signbit(value) ? 1 : 0;
  }
  [[nodiscard]] double mean(std::int64_t count) const noexcept {
    double mean = sum / static_cast<double>(count);
    // Rounding may leave a tiny sum of the wrong sign behind.
    mean = (negatives == 0 && mean < 0) || (negatives == count && mean > 0) ? 0.0 : mean;
    return same >= count ? last : mean;
  }
};

/// Simple moving average; the first value at bar period - 1.
class Sma {
 public:
  explicit Sma(std::size_t period) : window_{period} {}

  double push(double value) noexcept {
    if (window_.full()) sum_.remove(window_.oldest());
    sum_.add(value);
    window_.push(value);
    return window_.full() ? sum_.mean(static_cast<std::int64_t>(window_.capacity())) : kNone;
  }

 private:
  Window window_;
  RollingSum sum_;
};

void sma(std::span<const double> values, std::size_t period, std::span<double> out);

/// What an exponential average starts from.
enum class EmaSeed : std::uint8_t {
  Average,     // the mean of the first `period` values: TA-Lib, backtrader, LEAN, Stock.Indicators
  FirstValue,  // the first value: TA-Lib's METASTOCK mode
};

/// Exponential moving average with smoothing 2 / (period + 1); the first value at bar period - 1,
/// whatever the seed.
class Ema {
 public:
  explicit Ema(std::size_t period, EmaSeed seed = EmaSeed::Average)
      : period_{period}, seed_{seed}, smoothing_{2.0 / (static_cast<double>(period) + 1.0)} {
    ZIGGY_ASSERT(period > 0);
  }

  double push(double value) noexcept {
    if (count_ >= period_) [[likely]] {
      average_ = (value - average_) * smoothing_ + average_;
      return average_;
    }
    ++count_;
    if (seed_ == EmaSeed::FirstValue) {
      average_ = count_ == 1 ? value : (value - average_) * smoothing_ + average_;
    } else {
      average_ += value;
      if (count_ == period_) average_ /= static_cast<double>(period_);
    }
    return count_ == period_ ? average_ : kNone;
  }

 private:
  std::size_t period_;
  EmaSeed seed_;
  double smoothing_;
  double average_ = 0;
  std::size_t count_ = 0;
};

void ema(std::span<const double> values, std::size_t period, std::span<double> out,
         EmaSeed seed = EmaSeed::Average);

/// Linearly weighted moving average, the newest value weighing `period` times the oldest; the first
/// value at bar period - 1. Summed anew for each bar: a rolling form drifts.
class Wma {
 public:
  explicit Wma(std::size_t period) : window_{period} {}
  double push(double value) noexcept {
    window_.push(value);
    return window_.full() ? of(window_.values()) : kNone;
  }
  /// The average of one full window, oldest first.
  [[nodiscard]] static double of(std::span<const double> window) noexcept;

 private:
  Window window_;
};

void wma(std::span<const double> values, std::size_t period, std::span<double> out);

/// Wilder's smoothing, an exponential average with smoothing 1 / period seeded with the mean of the
/// first `period` values; what RSI, ATR and ADX are made of. backtrader and Stock.Indicators call
/// it SMMA. The first value at bar period - 1.
class WilderAverage {
 public:
  explicit WilderAverage(std::size_t period) : period_{period} { ZIGGY_ASSERT(period > 0); }

  double push(double value) noexcept {
    const auto n = static_cast<double>(period_);
    if (count_ >= period_) [[likely]] {
      average_ = (average_ * (n - 1.0) + value) / n;
      return average_;
    }
    ++count_;
    average_ += value;
    if (count_ < period_) return kNone;
    average_ /= n;
    return average_;
  }

 private:
  std::size_t period_;
  double average_ = 0;
  std::size_t count_ = 0;
};

void wilder_average(std::span<const double> values, std::size_t period, std::span<double> out);

}  // namespace ziggy::quant
