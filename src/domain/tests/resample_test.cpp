#include "ziggy/domain/resample.hpp"

#include <gtest/gtest.h>

#include "ziggy/domain/contracts.hpp"

namespace ziggy {
namespace {

Timestamp at(std::string_view text) { return *parse_rfc3339(text); }

TEST(Resample, PeriodsBeginAtWholeUtcHoursMondaysAndMonths) {
  const Timestamp time = at("2026-11-22T15:57:16Z");  // a Sunday
  EXPECT_EQ(period_start(time, Interval::Minute5), at("2026-11-22T15:55:00Z"));
  EXPECT_EQ(period_start(time, Interval::Hour4), at("2026-11-22T12:00:00Z"));
  EXPECT_EQ(period_start(time, Interval::Day), at("2026-11-22"));
  EXPECT_EQ(period_start(time, Interval::Week), at("2026-11-16"));
  EXPECT_EQ(period_start(time, Interval::Month), at("2026-11-01"));
  EXPECT_EQ(period_start(at("1969-12-31T23:59:59Z"), Interval::Hour), at("1969-12-31T23:00:00Z"));
  EXPECT_EQ(period_end(at("2026-12-01"), Interval::Month), at("2027-01-01"));
  EXPECT_EQ(period_end(at("2026-11-16"), Interval::Week), at("2026-11-23"));
}

TEST(Resample, DaysOfAWeekBecomeOneBar) {
  BarColumns days;
  days.push_back({at("2026-11-16"), 10, 12, 9, 11, 100});
  days.push_back({at("2026-11-20"), 11, 15, 10, 14, 50});
  days.push_back({at("2026-11-23"), 14, 16, 13, 15, 30});
  const auto weeks = resample(days, Interval::Day, Interval::Week);
  ASSERT_TRUE(weeks.has_value());
  ASSERT_EQ(weeks->size(), 2U);
  EXPECT_EQ(weeks->at(0), (Bar{at("2026-11-16"), 10, 15, 9, 14, 150}));
  EXPECT_EQ(weeks->at(1), (Bar{at("2026-11-23"), 14, 16, 13, 15, 30}));
}

TEST(Resample, RefusesWhatTheBarsDoNotTell) {
  const BarColumns none;
  EXPECT_FALSE(resample(none, Interval::Day, Interval::Hour));
  EXPECT_FALSE(resample(none, Interval::Hour, Interval::Day));
  EXPECT_FALSE(resample(none, Interval::Week, Interval::Month));
  EXPECT_TRUE(resample(none, Interval::Minute, Interval::Hour4));
}

TEST(Resample, ASplitInsideAMonthExplainsTheJumpOfItsBar) {
  BarColumns months;
  months.push_back({at("2020-07-01"), 380, 440, 370, 420, 1});
  months.push_back({at("2020-08-01"), 425, 500, 100, 104, 1});
  months.push_back({at("2020-09-01"), 105, 110, 20, 21, 1});
  const std::vector<CorporateAction> split{{CorporateAction::Kind::Split, at("2020-08-31"), 4}};
  const auto violations = check_bars(months, Interval::Month, split);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0], (Violation{2, ContractRule::UnexplainedJump}));
}

}  // namespace
}  // namespace ziggy
