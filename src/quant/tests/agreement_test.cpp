// Batch and incremental forms give the same bits; nothing is known before its time, and nothing
// that comes later changes it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "bars_testing.hpp"
#include "ziggy/quant/bands.hpp"
#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/oscillators.hpp"
#include "ziggy/quant/trend.hpp"
#include "ziggy/quant/volatility.hpp"
#include "ziggy/quant/volume.hpp"

namespace ziggy::quant {
namespace {

using testing::any_bars;
using testing::any_period;
using testing::same_bits;

using Columns = std::vector<std::vector<double>>;
using Row = std::vector<double>;

/// One indicator with drawn parameters, in both forms.
struct Indicator {
  std::size_t lines = 1;
  /// How many leading bars have no value on the first line, if there are enough bars.
  std::size_t lookback = 0;
  std::function<void(BarView, Columns&)> batch;
  std::function<Row(const Bar&)> push;
};

/// From a batch function and a class over closes.
template <class Batch, class Class>
Indicator of_closes(std::size_t lookback, Batch batch, Class one) {
  return {1, lookback, [batch](BarView bars, Columns& out) { batch(bars.close, out[0]); },
          [one](const Bar& bar) mutable { return Row{one.push(bar.close)}; }};
}

template <class Class>
auto pusher(Class one) {
  return [one](const Bar& bar) mutable { return Row{one.push(bar)}; };
}

template <class Class>
auto band_pusher(Class one) {
  return [one](const Bar& bar) mutable {
    const Bands bands = one.push(bar);
    return Row{bands.upper, bands.middle, bands.lower};
  };
}

using Maker = std::function<Indicator()>;

const std::map<std::string, Maker>& indicators() {
  static const std::map<std::string, Maker> kAll = {
      {"sma",
       [] {
         const auto n = any_period();
         return of_closes(n - 1, [n](auto in, auto& out) { sma(in, n, out); }, Sma{n});
       }},
      {"ema",
       [] {
         const auto n = any_period();
         const auto seed = *rc::gen::element(EmaSeed::Average, EmaSeed::FirstValue);
         return of_closes(n - 1, [=](auto in, auto& out) { ema(in, n, out, seed); }, Ema{n, seed});
       }},
      {"wma",
       [] {
         const auto n = any_period();
         return of_closes(n - 1, [n](auto in, auto& out) { wma(in, n, out); }, Wma{n});
       }},
      {"wilder",
       [] {
         const auto n = any_period();
         return of_closes(
             n - 1, [n](auto in, auto& out) { wilder_average(in, n, out); }, WilderAverage{n});
       }},
      {"rsi",
       [] {
         const auto n = any_period();
         const auto method =
             *rc::gen::element(RsiMethod::Wilder, RsiMethod::Metastock, RsiMethod::Simple);
         return of_closes(
             method == RsiMethod::Metastock ? n - 1 : n,
             [=](auto in, auto& out) { rsi(in, n, out, method); }, Rsi{n, method});
       }},
      {"roc",
       [] {
         const auto n = any_period();
         return of_closes(n, [n](auto in, auto& out) { roc(in, n, out); }, Roc{n});
       }},
      {"standard_deviation",
       [] {
         const auto n = any_period();
         return of_closes(
             n - 1, [n](auto in, auto& out) { standard_deviation(in, n, out); },
             StandardDeviation{n});
       }},
      {"realised_volatility",
       [] {
         const auto n = any_period(2);
         return of_closes(
             n, [n](auto in, auto& out) { realised_volatility(in, n, 252, out); },
             RealisedVolatility{n, 252});
       }},
      {"macd",
       [] {
         const auto fast = any_period();
         const auto slow = fast + any_period();
         const auto signal = any_period();
         const auto seed = *rc::gen::element(MacdSeed::Aligned, MacdSeed::Own);
         return Indicator{3, slow - 1,
                          [=](BarView bars, Columns& out) {
                            macd(bars.close, fast, slow, signal, {out[0], out[1], out[2]}, seed);
                          },
                          [one = Macd{fast, slow, signal, seed}](const Bar& bar) mutable {
                            const MacdValue value = one.push(bar.close);
                            return Row{value.macd, value.signal, value.histogram};
                          }};
       }},
      {"bollinger",
       [] {
         BollingerParameters p;
         p.period = any_period();
         p.middle = *rc::gen::element(BandMiddle::Simple, BandMiddle::Exponential);
         return Indicator{3, p.period - 1,
                          [p](BarView bars, Columns& out) {
                            bollinger(bars.close, p, {out[0], out[1], out[2]});
                          },
                          [one = Bollinger{p}](const Bar& bar) mutable {
                            const Bands bands = one.push(bar.close);
                            return Row{bands.upper, bands.middle, bands.lower};
                          }};
       }},
      {"donchian",
       [] {
         const auto n = any_period();
         const auto span = *rc::gen::element(DonchianSpan::WithCurrent, DonchianSpan::Previous);
         return Indicator{
             3, span == DonchianSpan::Previous ? n : n - 1,
             [=](BarView bars, Columns& out) { donchian(bars, n, {out[0], out[1], out[2]}, span); },
             band_pusher(Donchian{n, span})};
       }},
      {"keltner",
       [] {
         const auto n = any_period();
         const auto m = any_period();
         return Indicator{3, std::max(n - 1, m),
                          [=](BarView bars, Columns& out) {
                            keltner(bars, n, 2.0, m, {out[0], out[1], out[2]});
                          },
                          band_pusher(Keltner{n, 2.0, m})};
       }},
      {"supertrend",
       [] {
         const auto n = any_period();
         return Indicator{
             2, n, [=](BarView bars, Columns& out) { supertrend(bars, n, 1.5, {out[0], out[1]}); },
             [one = Supertrend{n, 1.5}](const Bar& bar) mutable {
               const SupertrendValue value = one.push(bar);
               return Row{value.line, value.direction};
             }};
       }},
      {"atr",
       [] {
         const auto n = any_period();
         const auto first = *rc::gen::element(FirstRange::Skip, FirstRange::HighLow);
         return Indicator{1, first == FirstRange::Skip ? n : n - 1,
                          [=](BarView bars, Columns& out) { atr(bars, n, out[0], first); },
                          pusher(Atr{n, first})};
       }},
      {"adx",
       [] {
         const auto n = any_period();
         const auto seed = *rc::gen::element(AdxSeed::TaLib, AdxSeed::Wilder);
         return Indicator{
             3, 2 * n - 1,
             [=](BarView bars, Columns& out) { adx(bars, n, {out[0], out[1], out[2]}, seed); },
             [one = Adx{n, seed}](const Bar& bar) mutable {
               const AdxValue value = one.push(bar);
               return Row{value.adx, value.plus_di, value.minus_di};
             }};
       }},
      {"stochastic",
       [] {
         const auto n = any_period();
         const auto k = any_period();
         const auto d = any_period();
         return Indicator{
             2, n + k - 2,
             [=](BarView bars, Columns& out) { stochastic(bars, n, k, d, {out[0], out[1]}); },
             [one = Stochastic{n, k, d}](const Bar& bar) mutable {
               const StochasticValue value = one.push(bar);
               return Row{value.k, value.d};
             }};
       }},
      {"cci",
       [] {
         const auto n = any_period();
         const auto kind = *rc::gen::element(CciDeviation::FromMean, CciDeviation::FromOwnMeans);
         return Indicator{1, kind == CciDeviation::FromMean ? n - 1 : 2 * n - 2,
                          [=](BarView bars, Columns& out) { cci(bars, n, out[0], kind); },
                          pusher(Cci{n, kind})};
       }},
      {"obv",
       [] {
         const auto start = *rc::gen::element(ObvStart::FirstVolume, ObvStart::Zero);
         return Indicator{1, 0, [=](BarView bars, Columns& out) { obv(bars, out[0], start); },
                          pusher(Obv{start})};
       }},
  };
  return kAll;
}

/// These have no value where a window has no spread or no volume, whatever the history.
const std::map<std::string, Maker>& indicators_with_gaps() {
  static const std::map<std::string, Maker> kAll = {
      {"z_score",
       [] {
         const auto n = any_period();
         return of_closes(n - 1, [n](auto in, auto& out) { z_score(in, n, out); }, ZScore{n});
       }},
      {"vwap",
       [] {
         return Indicator{1, 0, [](BarView bars, Columns& out) { vwap(bars, out[0]); },
                          pusher(Vwap{})};
       }},
      {"rolling_vwap",
       [] {
         const auto n = any_period();
         return Indicator{1, n - 1,
                          [n](BarView bars, Columns& out) { rolling_vwap(bars, n, out[0]); },
                          pusher(RollingVwap{n})};
       }},
  };
  return kAll;
}

Columns run_batch(const Indicator& indicator, BarView bars) {
  Columns out(indicator.lines, std::vector<double>(bars.size(), -1.0));
  indicator.batch(bars, out);
  return out;
}

void expect_agreement(const std::string& name, const Maker& make, bool has_gaps) {
  EXPECT_TRUE(rc::check(name, [&] {
    const BarColumns bars = any_bars();
    const Indicator indicator = make();
    const Columns whole = run_batch(indicator, bars);
    for (std::size_t i = 0; i < bars.size(); ++i) {
      const Row row = indicator.push(bars.at(i));
      for (std::size_t line = 0; line < indicator.lines; ++line) {
        RC_ASSERT(same_bits(row[line], whole[line][i]));
      }
      if (i < indicator.lookback || !has_gaps) {
        RC_ASSERT(std::isnan(whole[0][i]) == (i < indicator.lookback));
      }
    }
    const auto cut = *rc::gen::inRange<std::size_t>(0, bars.size() + 1);
    const Columns part = run_batch(indicator, BarView{bars}.cut(0, cut));
    for (std::size_t line = 0; line < indicator.lines; ++line) {
      for (std::size_t i = 0; i < cut; ++i) RC_ASSERT(same_bits(part[line][i], whole[line][i]));
    }
  }));
}

TEST(Agreement, BatchAndIncrementalGiveTheSameBits) {
  for (const auto& [name, make] : indicators()) expect_agreement(name, make, false);
  for (const auto& [name, make] : indicators_with_gaps()) expect_agreement(name, make, true);
}

TEST(Agreement, EveryPromisedIndicatorIsThere) {
  // TRADING.md's list, and the parts that stand alone.
  EXPECT_EQ(indicators().size() + indicators_with_gaps().size(), 21u);
}

TEST(Agreement, ExtremesAreTheExtremesOfTheWindow) {
  EXPECT_TRUE(rc::check([] {
    const auto values = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 9));
    const auto period = any_period();
    RollingMaximum maximum{period};
    RollingMinimum minimum{period};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double high = maximum.push(values[i]);
      const double low = minimum.push(values[i]);
      if (i + 1 < period) {
        RC_ASSERT(std::isnan(high) && std::isnan(low));
        continue;
      }
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(i + 1 - period);
      const auto to = values.begin() + static_cast<std::ptrdiff_t>(i + 1);
      RC_ASSERT(high == *std::max_element(from, to));
      RC_ASSERT(low == *std::min_element(from, to));
    }
  }));
}

TEST(Agreement, ARollingMeanDoesNotDrift) {
  // A million cents there and back: the sum of each window is known exactly, as an integer.
  constexpr std::size_t kPeriod = 30;
  std::vector<std::int64_t> cents;
  std::vector<double> prices;
  std::int64_t cent = 10'000;
  for (std::int64_t i = 0; i < 1'000'000; ++i) {
    cent = std::max<std::int64_t>(1, cent + (i * 7919 % 2003) - 1001);
    cents.push_back(cent);
    prices.push_back(static_cast<double>(cent) / 100.0);
  }
  std::vector<double> means(prices.size());
  sma(prices, kPeriod, means);
  std::int64_t sum = 0;
  double worst = 0;
  for (std::size_t i = 0; i < cents.size(); ++i) {
    sum += cents[i] - (i >= kPeriod ? cents[i - kPeriod] : 0);
    if (i + 1 < kPeriod) continue;
    const double exact = static_cast<double>(sum) / (100.0 * kPeriod);
    worst = std::max(worst, std::abs(means[i] - exact) / exact);
  }
  EXPECT_LT(worst, 1e-15);
}

}  // namespace
}  // namespace ziggy::quant
