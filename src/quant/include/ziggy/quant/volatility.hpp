#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ziggy/domain/bar.hpp"
#include "ziggy/quant/bar_view.hpp"
#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/window.hpp"

/// How much a price moves. The agreements of moving_averages.hpp hold here too.
namespace ziggy::quant {

/// Rolling population standard deviation, TA-Lib's STDDEV; the first value at bar period - 1. Two
/// passes over each window, so that large prices lose no digits (TA-Lib takes the mean of squares,
/// and agrees to about six digits only where prices are large against their spread). Exactly 0 over
/// a window of one repeated value.
class StandardDeviation {
 public:
  explicit StandardDeviation(std::size_t period) : window_{period} {}
  double push(double value) noexcept;
  /// The simple average that belongs to the last value.
  [[nodiscard]] double mean() const noexcept { return mean_; }

 private:
  Window window_;
  RollingSum sum_;
  double mean_ = kNone;
};

void standard_deviation(std::span<const double> values, std::size_t period, std::span<double> out);

/// (value - mean) / population standard deviation over the last `period` values; NaN also where the
/// deviation is 0, as in Stock.Indicators. The first value at bar period - 1.
class ZScore {
 public:
  explicit ZScore(std::size_t period = 20) : deviation_{period} {}
  double push(double value) noexcept;

 private:
  StandardDeviation deviation_;
};

void z_score(std::span<const double> values, std::size_t period, std::span<double> out);

/// Sample standard deviation of the last `period` log returns, times the root of `periods_a_year`
/// (252 for daily bars of an exchange): volatility a year as a fraction. Prices are positive;
/// `period` is at least 2. The first value at bar `period`.
class RealisedVolatility {
 public:
  explicit RealisedVolatility(std::size_t period = 20, double periods_a_year = 252.0);
  double push(double price) noexcept;

 private:
  StandardDeviation deviation_;
  double scale_;
  double before_ = kNone;
};

void realised_volatility(std::span<const double> prices, std::size_t period, double periods_a_year,
                         std::span<double> out);

/// The largest of high - low, |high - close before| and |low - close before|.
[[nodiscard]] inline double true_range(double high, double low, double close_before) noexcept {
  const double up = std::abs(high - close_before);
  const double down = std::abs(low - close_before);
  double range = high - low;
  range = up > range ? up : range;
  return down > range ? down : range;
}

/// Whether the first bar, which has no close before it, counts in an average true range.
enum class FirstRange : std::uint8_t {
  Skip,     // no: TA-Lib, backtrader, Stock.Indicators; the first average at bar `period`
  HighLow,  // yes, with high - low: LEAN's file; the first average at bar period - 1
};

/// Wilder's average true range.
class Atr {
 public:
  explicit Atr(std::size_t period = 14, FirstRange first = FirstRange::Skip)
      : first_{first}, average_{period} {}
  double push(const Bar& bar) noexcept { return push(bar.high, bar.low, bar.close); }
  double push(double high, double low, double close) noexcept {
    const bool has_before = close_before_ == close_before_;
    const double range = has_before ? true_range(high, low, close_before_) : high - low;
    close_before_ = close;
    return has_before || first_ == FirstRange::HighLow ? average_.push(range) : kNone;
  }

 private:
  FirstRange first_;
  WilderAverage average_;
  double close_before_ = kNone;
};

void atr(BarView bars, std::size_t period, std::span<double> out,
         FirstRange first = FirstRange::Skip);

}  // namespace ziggy::quant
