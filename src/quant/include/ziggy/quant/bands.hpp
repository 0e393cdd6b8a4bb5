#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ziggy/domain/bar.hpp"
#include "ziggy/quant/bar_view.hpp"
#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/volatility.hpp"
#include "ziggy/quant/window.hpp"

/// Bands around a price. The agreements of moving_averages.hpp hold here too. TA-Lib knows
/// Bollinger's alone; the others are sourced one by one.
namespace ziggy::quant {

struct Bands {
  double upper = kNone;
  double middle = kNone;
  double lower = kNone;
};
struct BandColumns {
  std::span<double> upper;
  std::span<double> middle;
  std::span<double> lower;

  void set(std::size_t i, const Bands& bands) const noexcept {
    upper[i] = bands.upper;
    middle[i] = bands.middle;
    lower[i] = bands.lower;
  }
};

enum class BandMiddle : std::uint8_t { Simple, Exponential };

struct BollingerParameters {
  std::size_t period = 20;
  /// Population standard deviations (around the simple mean, whatever the middle).
  double up = 2.0;
  double down = 2.0;
  /// TA-Lib's optInMAType; `seed` matters to the exponential one only.
  BandMiddle middle = BandMiddle::Simple;
  EmaSeed seed = EmaSeed::Average;
};

/// Bollinger bands; the first values at bar period - 1.
class Bollinger {
 public:
  explicit Bollinger(BollingerParameters parameters = {});
  Bands push(double price) noexcept;

 private:
  BollingerParameters parameters_;
  StandardDeviation deviation_;
  Ema middle_;
};

void bollinger(std::span<const double> prices, BollingerParameters parameters, BandColumns out);

/// Which bars a Donchian channel spans.
enum class DonchianSpan : std::uint8_t {
  WithCurrent,  // the last `period` bars: TA-Lib's MAX and MIN, LEAN; first values at period - 1
  Previous,     // the `period` bars before: Stock.Indicators; first values at bar `period`
};

/// Highest high and lowest low, and the middle between them.
class Donchian {
 public:
  explicit Donchian(std::size_t period = 20, DonchianSpan span = DonchianSpan::WithCurrent)
      : span_{span}, highest_{period}, lowest_{period} {}
  Bands push(const Bar& bar) noexcept { return push(bar.high, bar.low); }
  Bands push(double high, double low) noexcept;

 private:
  DonchianSpan span_;
  RollingMaximum highest_;
  RollingMinimum lowest_;
  Bands before_;
};

void donchian(BarView bars, std::size_t period, BandColumns out,
              DonchianSpan span = DonchianSpan::WithCurrent);

/// Keltner channel in its modern form: an exponential average of the close and `multiple` average
/// true ranges on both sides (StockCharts and Stock.Indicators; Keltner's own was a simple average
/// of the typical price with mean daily ranges). First values when both averages have theirs.
class Keltner {
 public:
  explicit Keltner(std::size_t period = 20, double multiple = 2.0, std::size_t atr_period = 10)
      : multiple_{multiple}, middle_{period}, range_{atr_period} {}
  Bands push(const Bar& bar) noexcept { return push(bar.high, bar.low, bar.close); }
  Bands push(double high, double low, double close) noexcept;

 private:
  double multiple_;
  Ema middle_;
  Atr range_;
};

void keltner(BarView bars, std::size_t period, double multiple, std::size_t atr_period,
             BandColumns out);

struct SupertrendValue {
  double line = kNone;
  /// 1 while the trend is up (the line is the lower band), -1 while it is down.
  double direction = kNone;
};
struct SupertrendColumns {
  std::span<double> line;
  std::span<double> direction;
};

/// Supertrend: bands of `multiple` average true ranges around the bar's middle that only tighten,
/// until a close breaks through and the other band takes over. First value at bar `period`; the
/// first trend is up if that bar closes at its middle or above, as in Stock.Indicators (TradingView
/// starts down; the two agree from the first break of both on).
class Supertrend {
 public:
  explicit Supertrend(std::size_t period = 10, double multiple = 3.0)
      : multiple_{multiple}, range_{period} {}
  SupertrendValue push(const Bar& bar) noexcept { return push(bar.high, bar.low, bar.close); }
  SupertrendValue push(double high, double low, double close) noexcept;

 private:
  double multiple_;
  Atr range_;
  double upper_ = kNone;
  double lower_ = kNone;
  double close_before_ = kNone;
  bool up_ = true;
};

void supertrend(BarView bars, std::size_t period, double multiple, SupertrendColumns out);

}  // namespace ziggy::quant
