#include "ziggy/matching/costs.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ziggy::matching {
namespace {

constexpr double kAll = 1.0 - 0x1p-52;

TEST(Costs, CommissionAddsTheShareTheUnitsAndTheFixedPart) {
  const Costs costs{.commission = 0.002, .commission_per_unit = 0.01, .commission_fixed = 1.5};
  EXPECT_DOUBLE_EQ(commission(costs, -50, 20), 1.5 + 0.5 + 2.0);
  EXPECT_DOUBLE_EQ(commission(costs, 50, 20), commission(costs, -50, 20));
  EXPECT_EQ(commission({}, 50, 20), 0);
}

TEST(Costs, SpreadMakesALongDearerAndAShortCheaper) {
  const Costs costs{.spread = 0.01};
  EXPECT_DOUBLE_EQ(entry_price(costs, Side::Long, 200), 202);
  EXPECT_DOUBLE_EQ(entry_price(costs, Side::Short, 200), 198);
}

TEST(Costs, AllEquityIsAHairLessThanAllSoARoundNumberOfUnitsIsOneLess) {
  EXPECT_EQ(affordable_units({}, Side::Long, 100, 10'000, 1, kAll), 99);
  EXPECT_EQ(affordable_units({}, Side::Long, 100, 10'001, 1, kAll), 100);
  EXPECT_EQ(affordable_units({}, Side::Short, 180.36, 10'000, 1, kAll), 55);
}

TEST(Costs, LeverageMultipliesAndCostsShrinkWhatIsAffordable) {
  EXPECT_EQ(affordable_units({}, Side::Long, 100, 10'001, 4, kAll), 400);
  EXPECT_EQ(affordable_units({.commission = 0.01}, Side::Long, 100, 10'001, 1, kAll), 99);
  EXPECT_EQ(affordable_units({.spread = 0.01}, Side::Short, 100, 10'001, 1, kAll), 101);
  EXPECT_EQ(affordable_units({.commission_fixed = 101}, Side::Long, 100, 10'001, 1, kAll), 98);
}

TEST(Costs, TooLittleForOneUnitIsNone) {
  EXPECT_EQ(affordable_units({}, Side::Long, 100, 99, 1, kAll), 0);
  EXPECT_EQ(affordable_units({}, Side::Long, 100, 0, 1, kAll), 0);
  EXPECT_EQ(affordable_units({}, Side::Long, 100, -5, 10, kAll), 0);
  EXPECT_EQ(affordable_units({.commission_fixed = 200}, Side::Long, 100, 150, 1, kAll), 0);
}

RC_GTEST_PROP(Costs, FloorDivideIsTheFloorOfTheExactQuotient, (std::uint32_t a, std::uint16_t b)) {
  // Products of integers are exact here, so the true floor is known.
  const double divisor = 0.01 + b;
  const double whole = a % 100'000;
  const double quotient = floor_divide(whole * divisor, divisor);
  RC_ASSERT(std::fma(quotient, divisor, -(whole * divisor)) <= 0);
  RC_ASSERT(std::fma(quotient + 1, divisor, -(whole * divisor)) > 0);
}

RC_GTEST_PROP(Costs, WhatIsAffordableCanBePaidAndOneMoreCannot, ()) {
  const double price = *rc::gen::inRange(1, 100'000) / 100.0;
  const double equity = *rc::gen::inRange(1, 10'000'000) / 100.0;
  const double leverage = 1.0 / (*rc::gen::inRange(1, 101) / 100.0);
  const Costs costs{.commission = *rc::gen::inRange(0, 100) / 1e4,
                    .commission_per_unit = *rc::gen::inRange(0, 10) / 1e3,
                    .commission_fixed = *rc::gen::inRange(0, 10) / 1.0,
                    .spread = *rc::gen::inRange(0, 100) / 1e4};
  const Side side = *rc::gen::arbitrary<bool>() ? Side::Long : Side::Short;
  const double units = affordable_units(costs, side, price, equity, leverage, kAll);
  RC_ASSERT(units == std::floor(units));
  const double budget = equity * leverage;
  RC_ASSERT(units == 0 || required_value(costs, side, price, units) <= budget * (1 + 1e-12));
  RC_ASSERT(required_value(costs, side, price, units + 1) > budget * (1 - 1e-9));
}

}  // namespace
}  // namespace ziggy::matching
