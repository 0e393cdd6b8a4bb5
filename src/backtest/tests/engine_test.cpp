#include "ziggy/backtest/engine.hpp"

#include <gtest/gtest.h>

#include "small_bars.hpp"

namespace ziggy::backtest {
namespace {

using testing::bars_of;
using testing::run_of;

// Opens and closes of a small market: up, then down.
const BarColumns kHill = bars_of({{10, 10}, {10, 12}, {12, 14}, {15, 13}, {12, 9}, {8, 6}});

void expect_trade(const Trade& trade, double units, std::size_t entry_bar, double entry,
                  std::size_t exit_bar, double exit, ExitReason reason = ExitReason::Signal) {
  EXPECT_EQ(trade.units, units);
  EXPECT_EQ(trade.entry_bar, entry_bar);
  EXPECT_DOUBLE_EQ(trade.entry_price, entry);
  EXPECT_EQ(trade.exit_bar, exit_bar);
  EXPECT_DOUBLE_EQ(trade.exit_price, exit);
  EXPECT_EQ(trade.reason, reason);
}

TEST(Engine, DecidesOnACloseAndFillsAtTheNextOpen) {
  const History run = run_of({.cash = 100}, ".L.S..", kHill);
  // 100 buys 8 at 12 (4 left), sold at 12 for 100; then 8 short at 12.
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 8, 2, 12, 4, 12);
  EXPECT_EQ(run.trades[0].pnl, 0);
  EXPECT_EQ(run.equity, (std::vector<double>{100, 100, 116, 108, 124, 148}));
  ASSERT_TRUE(run.open.has_value());
  EXPECT_EQ(run.open->units, -8);
  EXPECT_EQ(run.open->entry_bar, 4U);
}

TEST(Engine, FillsAtTheDecidingCloseOnlyWhenTold) {
  const History run = run_of({.cash = 100, .trade_on_close = true}, ".L.S..", kHill);
  // 8 at 12 on bar 1, sold at 13 on bar 3 for 108; then 8 short at 13. The equity of a bar is
  // marked before what is decided on its close.
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 8, 1, 12, 3, 13);
  EXPECT_EQ(run.equity, (std::vector<double>{100, 100, 116, 108, 140, 164}));
}

TEST(Engine, WhatIsDecidedOnTheLastCloseNeverFills) {
  for (const bool trade_on_close : {false, true}) {
    for (const bool finalize : {false, true}) {
      const History run = run_of(
          {.cash = 100, .trade_on_close = trade_on_close, .finalize = finalize}, ".....L", kHill);
      EXPECT_TRUE(run.trades.empty());
      EXPECT_FALSE(run.open.has_value());
      EXPECT_EQ(run.equity.back(), 100);
    }
  }
}

TEST(Engine, FinalizeClosesAsIfOrderedBeforeTheLastBar) {
  const History at_open = run_of({.cash = 100, .finalize = true}, ".L....", kHill);
  ASSERT_EQ(at_open.trades.size(), 1U);
  expect_trade(at_open.trades[0], 8, 2, 12, 5, 8, ExitReason::Finalize);
  EXPECT_EQ(at_open.equity.back(), 68);
  EXPECT_FALSE(at_open.open.has_value());

  const History at_close =
      run_of({.cash = 100, .trade_on_close = true, .finalize = true}, ".L....", kHill);
  ASSERT_EQ(at_close.trades.size(), 1U);
  expect_trade(at_close.trades[0], 8, 1, 12, 4, 9, ExitReason::Finalize);
  EXPECT_EQ(at_close.equity.back(), 76);
}

TEST(Engine, LongOnlyNeverGoesShortAndKeepsWhatItHas) {
  const History run = run_of({.cash = 100, .long_only = true}, "LL.S..", kHill);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 9, 1, 10, 4, 12);
  EXPECT_FALSE(run.open.has_value());
  EXPECT_EQ(run.equity.back(), 118);
}

TEST(Engine, ARepeatedSignalClosesAndEntersAnew) {
  const History run = run_of({.cash = 100}, "L.L...", kHill);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 9, 1, 10, 3, 15);
  ASSERT_TRUE(run.open.has_value());
  EXPECT_EQ(run.open->units, 9);  // 145 at 15
}

TEST(Engine, FlatClosesAndStaysOut) {
  const History run = run_of({.cash = 100}, "S.F...", kHill);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], -9, 1, 10, 3, 15);
  EXPECT_EQ(run.equity.back(), 55);
}

TEST(Engine, CommissionIsPaidOnBothSidesAndSpreadOnEntryOnly) {
  const Rules rules{
      .cash = 1000,
      .costs = {
          .commission = 0.01, .commission_per_unit = 0.5, .commission_fixed = 2, .spread = 0.1}};
  const History run = run_of(rules, "L.F...", kHill);
  // A unit costs 10 * 1.1 + 10 * 0.01 + 0.5 = 11.6; (1000 - 2) / 11.6 = 86.03.
  ASSERT_EQ(run.trades.size(), 1U);
  const Trade& trade = run.trades[0];
  expect_trade(trade, 86, 1, 11, 3, 15);
  const double entry_commission = 2 + 86 * 0.5 + 86 * 11 * 0.01;
  const double exit_commission = 2 + 86 * 0.5 + 86 * 15 * 0.01;
  EXPECT_NEAR(trade.commission, entry_commission + exit_commission, 1e-9);
  EXPECT_NEAR(trade.pnl, 86 * 4 - trade.commission, 1e-9);
  EXPECT_NEAR(trade.return_fraction, trade.pnl / (86 * 11), 1e-12);
  EXPECT_NEAR(run.equity[1], 1000 - entry_commission + 86 * (12 - 11), 1e-9);
  EXPECT_NEAR(run.equity.back(), 1000 + trade.pnl, 1e-9);
  EXPECT_NEAR(run.traded_value, 86 * 11 + 86 * 15, 1e-9);
}

TEST(Engine, MarginLeversThePosition) {
  const History run = run_of({.cash = 101, .margin = 0.25}, "L.F...", kHill);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 40, 1, 10, 3, 15);
  EXPECT_EQ(run.equity.back(), 301);
}

TEST(Engine, BankruptcyClosesEverythingAndEndsAtZero) {
  // Short 40 at 10: at 12 equity is 21, at 14 it is gone.
  const History run = run_of({.cash = 101, .margin = 0.25}, "S..L..", kHill);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], -40, 1, 10, 2, 14, ExitReason::Bankruptcy);
  EXPECT_TRUE(run.bankrupt);
  EXPECT_EQ(run.equity, (std::vector<double>{101, 21, 0, 0, 0, 0}));
}

TEST(Engine, AnExitThatLeavesNothingIsABankruptcyToo) {
  const BarColumns gap = bars_of({{10, 10}, {10, 10}, {20, 20}, {20, 20}});
  const History run = run_of({.cash = 101, .margin = 0.5}, "SF..", gap);
  EXPECT_TRUE(run.bankrupt);
  EXPECT_EQ(run.equity, (std::vector<double>{101, 101, 0, 0}));
}

TEST(Engine, TooLittleMoneyMeansNoOrder) {
  EXPECT_TRUE(run_of({.cash = 5}, "L.S...", kHill).trades.empty());
  const History fixed = run_of({.cash = 100, .size = Units{11}}, "L.....", kHill);
  EXPECT_FALSE(fixed.open.has_value());
}

TEST(Engine, FixedUnitsAreBoughtAsOrdered) {
  const History run = run_of({.cash = 100, .size = Units{3}}, "L.S...", kHill);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 3, 1, 10, 3, 15);
  EXPECT_EQ(run.open->units, -3);
}

TEST(Engine, HalfTheEquityBuysHalfTheUnits) {
  const History run = run_of({.cash = 100, .size = EquityShare{0.5}}, "L.....", kHill);
  EXPECT_EQ(run.open->units, 5);
}

TEST(Engine, AStopIsMeasuredFromTheDecidingCloseAndWorksOnTheEntryBar) {
  BarColumns bars = kHill;
  bars.low[1] = 8.9;
  const History run = run_of({.cash = 100, .stop_loss = 0.1}, "L.....", bars);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 9, 1, 10, 1, 9, ExitReason::Stop);
  EXPECT_EQ(run.equity[1], 91);
  EXPECT_EQ(run.equity.back(), 91);
}

TEST(Engine, AGapThroughTheStopFillsAtTheOpen) {
  const History run = run_of({.cash = 100, .stop_loss = 0.1}, "..L...", kHill);
  // Decided at 14: stop 12.6; in at 15, the next open is 12.
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 6, 3, 15, 4, 12, ExitReason::Stop);
}

TEST(Engine, ATargetTakesTheProfitAndAStopGoesFirstInOneBar) {
  const History target = run_of({.cash = 100, .take_profit = 0.3}, "L.....", kHill);
  ASSERT_EQ(target.trades.size(), 1U);
  expect_trade(target.trades[0], 9, 1, 10, 2, 13, ExitReason::Target);

  BarColumns wild = kHill;
  wild.low[2] = 1;
  const History both = run_of({.cash = 100, .stop_loss = 0.5, .take_profit = 0.3}, "L.....", wild);
  ASSERT_EQ(both.trades.size(), 1U);
  expect_trade(both.trades[0], 9, 1, 10, 2, 5, ExitReason::Stop);
  EXPECT_EQ(both.ambiguous_fills, 1U);
}

TEST(Engine, ASignalAtTheOpenGoesBeforeTheStopOfThatBar) {
  const History run = run_of({.cash = 100, .stop_loss = 0.3}, "L..F..", kHill);
  ASSERT_EQ(run.trades.size(), 1U);
  expect_trade(run.trades[0], 9, 1, 10, 4, 12);
}

TEST(Engine, OneBarAndNoBarsAreNoTrouble) {
  const History one = run_of({.cash = 100}, "L", bars_of({{10, 10}}));
  EXPECT_EQ(one.equity, std::vector<double>{100});
  const History none = run_of({.cash = 100}, "", {});
  EXPECT_TRUE(none.equity.empty());
}

TEST(Rules, EachOneOutOfItsRangeIsNamed) {
  const auto wrong = check({.cash = -1,
                            .margin = 0,
                            .costs = {.commission = 0.5, .spread = 1},
                            .size = Units{1.5},
                            .stop_loss = 1,
                            .take_profit = std::numeric_limits<double>::quiet_NaN()});
  ASSERT_FALSE(wrong.has_value());
  std::vector<std::string> fields;
  for (const FieldError& fault : wrong.error().fields()) fields.push_back(fault.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"cash", "margin", "commission", "spread", "stop_loss",
                                              "take_profit", "size"}));
  EXPECT_TRUE(check({}).has_value());
}

}  // namespace
}  // namespace ziggy::backtest
