#include <gtest/gtest.h>

#include <span>

#include "reference_data.hpp"
#include "ziggy/backtest/engine.hpp"
#include "ziggy/backtest/series.hpp"
#include "ziggy/domain/csv.hpp"
#include "ziggy/quant/moving_averages.hpp"

namespace ziggy::backtest {
namespace {

/// One run of backtesting.py 0.6.6 over its GOOG file, and the same in our words.
struct Reference {
  const char* name;
  double fast;
  double slow;
  Rules rules;
};

void PrintTo(const Reference& reference, std::ostream* out) { *out << reference.name; }

const Reference kReferences[] = {
    {"A_unit_test_sma_10_30", 10, 30, {.finalize = true}},
    {"B_readme_sma_10_20_commission", 10, 20, {.costs = {.commission = 0.002}}},
    {"C_long_only_10_20",
     10,
     20,
     {.costs = {.commission = 0.001}, .long_only = true, .finalize = true}},
    {"K_readme_as_spread_entry_only", 10, 20, {.costs = {.spread = 0.002}}},
};

class BacktestingPy : public ::testing::TestWithParam<Reference> {
 protected:
  void SetUp() override {
    ZIGGY_NEEDS_REFERENCE_DATA();
    const auto root = ziggy::testing::reference_data();
    generated_ = root / "references/backtestingpy/generated";
    const std::string csv = ziggy::testing::read_file(root / "ohlcv/backtestingpy/GOOG.csv");
    const BarFile file = read_csv_bars(csv);
    ASSERT_TRUE(file.is_clean());
    bars_ = file.bars;
    const Spec spec{*quant::check_parameters(
                        "sma_cross", {{"fast", GetParam().fast}, {"slow", GetParam().slow}}),
                    GetParam().rules};
    report_ = run(spec, bars_);
  }

  std::filesystem::path generated_;
  BarColumns bars_;
  Report report_;
};

INSTANTIATE_TEST_SUITE_P(Runs, BacktestingPy, ::testing::ValuesIn(kReferences),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST_P(BacktestingPy, TradesAreTheSameToTheLastBit) {
  const auto expected =
      testing::read_trades(generated_ / (std::string{GetParam().name} + ".trades.csv"));
  ASSERT_EQ(report_.history.trades.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Trade& trade = report_.history.trades[i];
    EXPECT_EQ(trade.units, expected[i].size) << i;
    EXPECT_EQ(trade.entry_bar, expected[i].entry_bar) << i;
    EXPECT_EQ(trade.exit_bar, expected[i].exit_bar) << i;
    EXPECT_EQ(trade.entry_price, expected[i].entry_price) << i;
    EXPECT_EQ(trade.exit_price, expected[i].exit_price) << i;
    EXPECT_EQ(trade.pnl, expected[i].pnl) << i;
    EXPECT_EQ(trade.commission, expected[i].commission) << i;
    EXPECT_EQ(trade.return_fraction, expected[i].return_fraction) << i;
  }
}

TEST_P(BacktestingPy, EquityAndDrawdownAreTheSameOnEveryBar) {
  const auto rows =
      testing::read_cells(generated_ / (std::string{GetParam().name} + ".equity.csv"));
  ASSERT_EQ(report_.history.equity.size(), rows.size());
  const std::vector<double> drawdown = drawdown_series(report_.history.equity);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double equity = testing::number(rows[i][1]);
    EXPECT_NEAR(report_.history.equity[i], equity, 1e-12 * equity) << i;
    EXPECT_NEAR(drawdown[i], testing::number(rows[i][2]), 1e-12) << i;
  }
}

TEST_P(BacktestingPy, EveryMetricIsTheSame) {
  const auto expected = testing::read_stats(
      ziggy::testing::read_file(generated_ / "index-give.json"), GetParam().name);
  const Metrics& m = report_.metrics;
  const std::pair<const char*, double> actual[] = {
      {"Duration", m.duration_s},
      {"Exposure Time [%]", m.exposure_pct},
      {"Equity Final [$]", m.equity_final},
      {"Equity Peak [$]", m.equity_peak},
      {"Return [%]", m.return_pct},
      {"Buy & Hold Return [%]", m.buy_hold_return_pct},
      {"Return (Ann.) [%]", m.return_ann_pct},
      {"Volatility (Ann.) [%]", m.volatility_ann_pct},
      {"CAGR [%]", m.cagr_pct},
      {"Sharpe Ratio", m.sharpe},
      {"Sortino Ratio", m.sortino},
      {"Calmar Ratio", m.calmar},
      {"Alpha [%]", m.alpha_pct},
      {"Beta", m.beta},
      {"Max. Drawdown [%]", m.max_drawdown_pct},
      {"Avg. Drawdown [%]", m.avg_drawdown_pct},
      {"Max. Drawdown Duration", m.max_drawdown_duration_s},
      {"Avg. Drawdown Duration", m.avg_drawdown_duration_s},
      {"# Trades", static_cast<double>(m.num_trades)},
      {"Win Rate [%]", m.win_rate_pct},
      {"Best Trade [%]", m.best_trade_pct},
      {"Worst Trade [%]", m.worst_trade_pct},
      {"Avg. Trade [%]", m.avg_trade_pct},
      {"Max. Trade Duration", m.max_trade_duration_s},
      {"Avg. Trade Duration", m.avg_trade_duration_s},
      {"Profit Factor", m.profit_factor},
      {"Expectancy [%]", m.expectancy_pct},
      {"SQN", m.sqn},
      {"Kelly Criterion", m.kelly}};
  for (const auto& [name, value] : actual) {
    ASSERT_TRUE(expected.contains(name)) << name;
    // The issue asks for 1e-6; anything looser than 1e-10 would hide another definition.
    EXPECT_NEAR(value, expected.at(name), 1e-10 * std::abs(expected.at(name))) << name;
  }
  if (expected.contains("Commissions [$]")) {
    EXPECT_NEAR(m.costs, expected.at("Commissions [$]"), 1e-8);
  }
}

// Another engine's published run (backtrader, its unoptimised SMA test): the close crossing
// SMA(15), one unit, long only.
TEST(Backtrader, OneUnitOnTheCrossOfTheCloseFillsAtItsPrices) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto root = ziggy::testing::reference_data();
  const BarFile file =
      read_csv_bars(ziggy::testing::read_file(root / "ohlcv/backtrader/2006-day-001.csv"));
  ASSERT_TRUE(file.is_clean());
  const std::string expected =
      ziggy::testing::read_file(root / "references/backtrader/strategy-sma15-crossover.json");
  std::vector<double> average(file.bars.size());
  std::vector<quant::Target> targets(file.bars.size());
  quant::sma(file.bars.close, 15, average);
  quant::crosses(file.bars.close, average, targets);
  History history;
  simulate({.size = Units{1}, .long_only = true}, targets, file.bars, history);

  const std::vector<double> bought = testing::read_list(expected, "buy_executed");
  const std::vector<double> sold = testing::read_list(expected, "sell_executed");
  ASSERT_EQ(sold.size(), 11U);
  ASSERT_EQ(history.trades.size(), sold.size());
  for (std::size_t i = 0; i < sold.size(); ++i) {
    EXPECT_NEAR(history.trades[i].entry_price, bought[i], 1e-9) << i;
    EXPECT_NEAR(history.trades[i].exit_price, sold[i], 1e-9) << i;
  }
  ASSERT_TRUE(history.open.has_value());
  EXPECT_NEAR(history.open->entry_price, bought.back(), 1e-9);
  EXPECT_NEAR(history.equity.back(), 10284.10, 0.005);
}

}  // namespace
}  // namespace ziggy::backtest
