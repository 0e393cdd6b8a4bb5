#include "ziggy/domain/expected_bars.hpp"

#include <gtest/gtest.h>

#include <rapidcheck.h>

#include <algorithm>

#include "ziggy/domain/resample.hpp"

namespace ziggy {
namespace {

Timestamp at(const char* text) { return *parse_rfc3339(text); }
const Symbol kApple = *Symbol::parse("AAPL");
const Symbol kBitcoin = *Symbol::parse("BTC-USD");

std::vector<std::int64_t> nanos(const std::vector<Timestamp>& times) {
  std::vector<std::int64_t> counts;
  for (const Timestamp time : times) counts.push_back(time.time_since_epoch().count());
  return counts;
}

TEST(ExpectedBars, DaysAreSessions) {
  // Independence Day 2024 was a Thursday, with an early close the day before.
  const TimeRange week{at("2024-07-01T00:00:00Z"), at("2024-07-08T00:00:00Z")};
  EXPECT_EQ(expected_bars(Interval::Day, kApple, week),
            (std::vector{at("2024-07-01T00:00:00Z"), at("2024-07-02T00:00:00Z"),
                         at("2024-07-03T00:00:00Z"), at("2024-07-05T00:00:00Z")}));
  EXPECT_EQ(expected_bars(Interval::Day, kBitcoin, week).size(), 7U);
}

TEST(ExpectedBars, IntradayFollowsTheSession) {
  const TimeRange day{at("2024-07-03T00:00:00Z"), at("2024-07-04T00:00:00Z")};
  const auto minutes = expected_bars(Interval::Minute, kApple, day);
  EXPECT_EQ(minutes.size(), 210U) << "closed at 13:00 New York";
  EXPECT_EQ(minutes.front(), at("2024-07-03T13:30:00Z"));
  const auto hours = expected_bars(Interval::Hour, kApple, day);
  EXPECT_EQ(hours, (std::vector{at("2024-07-03T13:00:00Z"), at("2024-07-03T14:00:00Z"),
                                at("2024-07-03T15:00:00Z"), at("2024-07-03T16:00:00Z")}));
  EXPECT_EQ(expected_bars(Interval::Minute, kBitcoin, day).size(), 1'440U);
  EXPECT_EQ(expected_bars(Interval::Hour4, kBitcoin, day).size(), 6U);
  EXPECT_TRUE(expected_bars(Interval::Second, kApple, day).empty());
}

TEST(ExpectedBars, ARangeMayBeginInsideASession) {
  const TimeRange part{at("2024-07-02T19:57:30Z"), at("2024-07-03T13:32:00Z")};
  EXPECT_EQ(expected_bars(Interval::Minute, kApple, part),
            (std::vector{at("2024-07-02T19:58:00Z"), at("2024-07-02T19:59:00Z"),
                         at("2024-07-03T13:30:00Z"), at("2024-07-03T13:31:00Z")}));
}

TEST(ExpectedBars, WeeksAndMonthsAreNamedByTheirFirstDay) {
  const TimeRange range{at("2024-06-01T00:00:00Z"), at("2024-08-01T00:00:00Z")};
  EXPECT_EQ(expected_bars(Interval::Month, kApple, range),
            (std::vector{at("2024-06-01T00:00:00Z"), at("2024-07-01T00:00:00Z")}));
  const auto weeks = expected_bars(Interval::Week, kApple, range);
  EXPECT_EQ(weeks.front(), at("2024-06-03T00:00:00Z"));
  EXPECT_EQ(weeks.size(), 9U);
}

TEST(MissingBars, NightsDoNotCutARange) {
  const TimeRange range{at("2024-07-01T00:00:00Z"), at("2024-07-13T00:00:00Z")};
  const auto there = nanos({at("2024-07-01T00:00:00Z"), at("2024-07-09T00:00:00Z")});
  EXPECT_EQ(missing_bars(there, Interval::Day, kApple, range),
            (std::vector<TimeRange>{{at("2024-07-02T00:00:00Z"), at("2024-07-09T00:00:00Z")},
                                    {at("2024-07-10T00:00:00Z"), at("2024-07-13T00:00:00Z")}}));
}

TEST(MissingBars, AreTheExpectedOnesThatAreNotThere) {
  EXPECT_TRUE(rc::check([] {
    const auto interval = *rc::gen::elementOf(
        std::vector{Interval::Minute30, Interval::Hour, Interval::Day, Interval::Week});
    const Symbol symbol = *rc::gen::element(kApple, kBitcoin);
    const Timestamp start =
        at("2020-01-01T00:00:00Z") + std::chrono::minutes{*rc::gen::inRange(0, 1'000'000)};
    const TimeRange range{start, start + std::chrono::hours{*rc::gen::inRange(1, 2'000)}};
    const auto expected = expected_bars(interval, symbol, range);
    RC_ASSERT(std::ranges::adjacent_find(expected, std::ranges::greater_equal{}) == expected.end());
    std::vector<Timestamp> there;
    for (const Timestamp time : expected) {
      if (*rc::gen::arbitrary<bool>()) there.push_back(time);
    }
    const auto gaps = missing_bars(nanos(there), interval, symbol, range);
    for (const Timestamp time : expected) {
      const bool is_there = std::ranges::find(there, time) != there.end();
      const bool in_gap = std::ranges::any_of(
          gaps, [&](const TimeRange& gap) { return gap.start <= time && time < gap.end; });
      RC_ASSERT(is_there != in_gap);
    }
  }));
}

}  // namespace
}  // namespace ziggy
