#include "period.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ziggy::store {
namespace {

TEST(Period, StartsAtTheEpochAndCountsDownBefore) {
  EXPECT_EQ(period_of(Interval::Day, 0), 0);
  EXPECT_EQ(period_of(Interval::Day, -1), -1);
  EXPECT_EQ(period_of(Interval::Day, period_nanos(Interval::Day)), 1);
  EXPECT_EQ(period_of(Interval::Day, -period_nanos(Interval::Day)), -1);
}

RC_GTEST_PROP(Period, HoldsItsTime, (std::int64_t time)) {
  for (const Interval interval : kIntervals) {
    const auto length = static_cast<__int128>(period_nanos(interval));
    const auto period = static_cast<__int128>(period_of(interval, time));
    RC_ASSERT(period * length <= time);
    RC_ASSERT(time < (period + 1) * length);
  }
}

TEST(Period, HoldsThousandsOfBars) {
  for (const Interval interval : kIntervals) {
    const auto bars =
        period_nanos(interval) / std::chrono::nanoseconds{nominal_length(interval)}.count();
    EXPECT_GE(bars, 1000) << interval_name(interval);
    EXPECT_LE(bars, 11'000) << interval_name(interval);
  }
}

}  // namespace
}  // namespace ziggy::store
