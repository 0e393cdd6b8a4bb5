#include "ziggy/lab/sweep.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "walk.hpp"

namespace ziggy::lab {
namespace {

Grid some_grid() { return {{"fast", {2, 5, 10, 50}}, {"slow", {5, 20, 100, 2000}}}; }

/// Equal, or both without a value.
void expect_same(double a, double b) {
  EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0) << a << " and " << b;
}

TEST(Sweep, PointsAreTheCombinationsThatMakeSense) {
  const auto points = points_of("sma_cross", some_grid());
  ASSERT_TRUE(points.has_value());
  EXPECT_EQ(points->size(), 12U);  // of 16, without 5/5, 10/5, 50/5 and 50/20
  for (const auto& call : *points) EXPECT_LT(call.value("fast"), call.value("slow"));
  EXPECT_FALSE(points_of("sma_cross", {{"quick", {1}}}).has_value());
  EXPECT_FALSE(points_of("sma_cross", {{"fast", {}}}).has_value());
  EXPECT_FALSE(points_of("no_such", {}).has_value());
}

TEST(Sweep, EveryRowIsWhatARunAloneGives) {
  const BarColumns bars = testing::walk(600);  // shorter than the longest average
  const backtest::Rules rules{.costs = {.commission = 0.001}};
  auto calls = *points_of("sma_cross", some_grid());
  calls.push_back(*quant::check_parameters("rsi_reversion"));
  for (const Cores cores : {Cores::One, Cores::All}) {
    std::atomic<std::size_t> told{0};
    const auto rows = sweep(rules, calls, bars, cores, [&](std::size_t) { ++told; });
    ASSERT_EQ(rows.size(), calls.size());
    EXPECT_GT(told.load(), 0U);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const backtest::Metrics alone = backtest::run({calls[i], rules}, bars).metrics;
      EXPECT_EQ(rows[i].metrics.num_trades, alone.num_trades) << i;
      expect_same(rows[i].metrics.equity_final, alone.equity_final);
      expect_same(rows[i].metrics.sharpe, alone.sharpe);
      expect_same(rows[i].metrics.alpha_pct, alone.alpha_pct);
      expect_same(rows[i].metrics.max_drawdown_pct, alone.max_drawdown_pct);
      expect_same(rows[i].metrics.buy_hold_return_pct, alone.buy_hold_return_pct);
    }
  }
}

}  // namespace
}  // namespace ziggy::lab
