// LEAN's test data: SPY with columns computed by charting sites and libraries, printed to two to
// seven significant places.
#include <gtest/gtest.h>

#include "reference_files.hpp"
#include "ziggy/quant/bands.hpp"
#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/oscillators.hpp"
#include "ziggy/quant/trend.hpp"
#include "ziggy/quant/volatility.hpp"
#include "ziggy/quant/volume.hpp"

namespace ziggy::quant {
namespace {

using testing::Column;

class Lean : public ::testing::Test {
 protected:
  void SetUp() override {
    if (ziggy::testing::reference_data().empty()) {
      GTEST_SKIP() << "no reference data beside this checkout";
    }
  }

  testing::Table read(const std::string& name) {
    testing::Table table{"references/lean-indicators/" + name};
    bars_.clear();
    const Column open = table.numbers("Open");
    const Column high = table.numbers("High");
    const Column low = table.numbers("Low");
    const Column close = table.numbers("Close");
    for (std::size_t i = 0; i < table.size(); ++i) {
      bars_.push_back({{}, open[i], high[i], low[i], close[i], 0});
    }
    out_.assign(3, Column(bars_.size()));
    return table;
  }

  /// Every printed value from bar `from` on, to half a unit of its last place plus `noise`, since
  /// the sites computed most of these columns in single precision (seven digits of the numbers
  /// inside).
  static void compare(const testing::Table& table, const char* key, const Column& ours,
                      std::size_t from, double noise) {
    const auto cells = table.cells(key);
    int compared = 0;
    for (std::size_t i = from; i < cells.size(); ++i) {
      const auto theirs = text::parse_double(cells[i]);
      if (!theirs || !std::isfinite(*theirs)) continue;
      const int decimals = testing::printed_decimals(cells[i]);
      EXPECT_NEAR(ours[i], *theirs, testing::rounding(*theirs, decimals) + noise)
          << key << " " << i;
      ++compared;
    }
    EXPECT_GT(compared, 150) << key;
    EXPECT_TRUE(from == 0 || std::isnan(ours[from - 1])) << key << " starts too early";
  }

  BarColumns bars_;
  std::vector<Column> out_;
};

TEST_F(Lean, AverageTrueRange) {
  const auto table = read("spy_atr_wilder.csv");
  atr(bars_, 14, out_[0], FirstRange::HighLow);
  compare(table, "Average True Range 14", out_[0], 13, 0);
}

TEST_F(Lean, BollingerBands) {
  const auto table = read("spy_bollinger_bands.csv");
  bollinger(bars_.close, {}, {out_[0], out_[1], out_[2]});
  compare(table, "Bollinger Bands® 20 2 Top", out_[0], 19, 2e-5);
  compare(table, "Moving Average 20", out_[1], 19, 0);
  compare(table, "Bollinger Bands® 20 2 Bottom", out_[2], 19, 2e-5);
}

TEST_F(Lean, ExponentialAverage) {
  const testing::Table table{"references/lean-indicators/spy_ema.csv"};
  const Column close = table.numbers("close");
  Column ours(close.size());
  ema(close, 14, ours);
  compare(table, "EMA14", ours, 13, 1e-3);
}

TEST_F(Lean, Adx) {
  const auto table = read("spy_with_adx.csv");
  adx(bars_, 14, {out_[0], out_[1], out_[2]}, AdxSeed::Wilder);
  compare(table, "+DI14", out_[1], 14, 0);
  compare(table, "-DI14", out_[2], 14, 0);
  compare(table, "ADX 14", out_[0], 27, 0);
}

TEST_F(Lean, Cci) {
  const auto table = read("spy_with_cci.csv");
  cci(bars_, 14, out_[0]);
  compare(table, "Commodity Channel Index (CCI) 14", out_[0], 13, 1e-2);
}

TEST_F(Lean, Donchian) {
  const auto table = read("spy_with_don50.csv");
  donchian(bars_, 50, {out_[0], out_[1], out_[2]});
  compare(table, "Donchian Channels 50 Top", out_[0], 49, 0);
  compare(table, "Donchian Channels 50 Mean", out_[1], 49, 0);
  compare(table, "Donchian Channels 50 Bottom", out_[2], 49, 0);
}

TEST_F(Lean, SeveralOfTheClose) {
  const testing::Table table{"references/lean-indicators/spy_with_indicators.csv"};
  const Column close = table.numbers("Close");
  Column ours(close.size());
  Column signal(close.size());
  Column histogram(close.size());
  sma(close, 14, ours);
  compare(table, "SMA14", ours, 13, 1e-3);
  ema(close, 14, ours);
  compare(table, "EMA14", ours, 13, 1e-3);
  macd(close, 12, 26, 9, {ours, signal, histogram}, MacdSeed::Own);
  compare(table, "MACD 12 26", ours, 25, 3e-3);
  rsi(close, 14, ours);
  compare(table, "RSI 14 Wilder", ours, 14, 0);
  rsi(close, 14, ours, RsiMethod::Simple);
  compare(table, "RSI 14", ours, 14, 4e-4);
}

TEST_F(Lean, Macd) {
  const auto table = read("spy_with_macd.csv");
  macd(bars_.close, 12, 26, 9, {out_[0], out_[1], out_[2]}, MacdSeed::Own);
  compare(table, "MACD", out_[0], 25, 2e-5);
  compare(table, "Signal", out_[1], 33, 2e-5);
  compare(table, "Histogram", out_[2], 33, 2e-5);
}

TEST_F(Lean, Obv) {
  const auto table = read("spy_with_obv.csv");
  bars_.volume = table.numbers("Volume");
  obv(bars_, out_[0]);
  compare(table, "OBV", out_[0], 0, 2000);
}

// spy_with_roc50.csv holds momentum (price minus price), which is no indicator of ours.

TEST_F(Lean, Stochastic) {
  const auto table = read("spy_with_stoch12k3.csv");
  stochastic(bars_, 12, 3, 5, {out_[0], out_[1]});
  compare(table, "Stochastics 12 %K 3", out_[0], 13, 5e-4);
  compare(table, "%D 5", out_[1], 17, 5e-4);
}

TEST_F(Lean, RollingVwap) {
  const auto table = read("spy_with_vwap.csv");
  bars_.volume = table.numbers("Volume");
  rolling_vwap(bars_, 50, out_[0], VwapPrice::OpenHighLowClose);
  compare(table, "Moving VWAP 50", out_[0], 49, 1e-5);
}

}  // namespace
}  // namespace ziggy::quant
