#include "ziggy/matching/fills.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ziggy::matching {
namespace {

void check(Side side, Protection protection, BarRange bar, Exit exit, double price,
           bool ambiguous) {
  const ProtectiveFill fill = protective_fill(side, protection, bar);
  EXPECT_EQ(fill.exit, exit);
  if (exit != Exit::None) EXPECT_EQ(fill.price, price);
  EXPECT_EQ(fill.ambiguous, ambiguous);
}

TEST(Fills, NothingHappensInsideTheRange) {
  check(Side::Long, {90, 110}, {100, 109, 91}, Exit::None, 0, false);
  check(Side::Short, {110, 90}, {100, 109, 91}, Exit::None, 0, false);
  check(Side::Long, {}, {100, 1000, 1}, Exit::None, 0, false);
}

TEST(Fills, AStopFillsAtItsPriceAndAGapAtTheWorseOpen) {
  check(Side::Long, {90, kNoPrice}, {100, 105, 90}, Exit::Stop, 90, false);
  check(Side::Long, {90, kNoPrice}, {85, 95, 80}, Exit::Stop, 85, false);
  check(Side::Short, {110, kNoPrice}, {100, 111, 95}, Exit::Stop, 110, false);
  check(Side::Short, {110, kNoPrice}, {115, 116, 95}, Exit::Stop, 115, false);
}

TEST(Fills, ATargetFillsAtItsPriceAndAGapAtTheBetterOpen) {
  check(Side::Long, {kNoPrice, 110}, {100, 110, 95}, Exit::Target, 110, false);
  check(Side::Long, {kNoPrice, 110}, {112, 115, 111}, Exit::Target, 112, false);
  check(Side::Short, {kNoPrice, 90}, {100, 105, 90}, Exit::Target, 90, false);
  check(Side::Short, {kNoPrice, 90}, {88, 89, 80}, Exit::Target, 88, false);
}

TEST(Fills, WhenABarReachesBothTheStopIsAssumedAndCounted) {
  check(Side::Long, {90, 110}, {100, 110, 90}, Exit::Stop, 90, true);
  check(Side::Short, {110, 90}, {100, 110, 90}, Exit::Stop, 110, true);
}

TEST(Fills, AnOpenBeyondTheStopLeavesNoDoubt) {
  check(Side::Long, {90, 110}, {89, 111, 88}, Exit::Stop, 89, false);
  check(Side::Short, {110, 90}, {111, 112, 80}, Exit::Stop, 111, false);
}

RC_GTEST_PROP(Fills, ALongAndItsMirroredShortExitAtMirroredPrices, ()) {
  const auto price = [] { return *rc::gen::inRange(1, 200) - 100.0; };
  const double open = price();
  const double high = std::max(open, price());
  const double low = std::min(open, price());
  const Protection protection{price(), price()};
  const ProtectiveFill a = protective_fill(Side::Long, protection, {open, high, low});
  const ProtectiveFill b =
      protective_fill(Side::Short, {-protection.stop, -protection.target}, {-open, -low, -high});
  RC_ASSERT(a.exit == b.exit && a.ambiguous == b.ambiguous);
  RC_ASSERT(a.exit == Exit::None || a.price == -b.price);
}

}  // namespace
}  // namespace ziggy::matching
