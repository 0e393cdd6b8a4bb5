#include "bars_shape.hpp"

#include <gtest/gtest.h>

namespace ziggy::market {
namespace {

Timestamp at(std::string_view text) { return *parse_rfc3339(text); }
const Symbol kShare = *Symbol::parse("ABC");
const Symbol kCoin = *Symbol::parse("BTC-USD");

BarColumns days_from(std::string_view first, std::size_t count, double price = 10) {
  BarColumns bars;
  for (std::size_t i = 0; i < count; ++i) {
    bars.push_back({at(first) + std::chrono::days{i}, price, price + 1, price - 1, price, 100});
  }
  return bars;
}

BarsQuery query(Interval interval, TimeRange range, std::size_t limit) {
  BarsQuery wanted;
  wanted.symbol = kShare;
  wanted.interval = interval;
  wanted.range = range;
  wanted.limit = limit;
  return wanted;
}

TEST(DropRunning, ADayIsOverWithItsSession) {
  const auto kept = [](const Symbol& symbol, std::string_view now, bool is_always_open) {
    BarColumns bars = days_from("2026-11-19", 2);  // Thursday, Friday
    drop_running(bars, Interval::Day, symbol, at(now), is_always_open);
    return bars.size();
  };
  EXPECT_EQ(kept(kShare, "2026-11-20T20:59:59Z", false), 1U);
  EXPECT_EQ(kept(kShare, "2026-11-20T21:00:00Z", false), 2U);
  EXPECT_EQ(kept(kShare, "2026-11-20T21:00:00Z", true), 1U);
  EXPECT_EQ(kept(kCoin, "2026-11-20T23:59:59Z", false), 1U);
  EXPECT_EQ(kept(kCoin, "2026-11-21T00:00:00Z", false), 2U);
  EXPECT_EQ(kept(kShare, "2026-11-18T00:00:00Z", false), 0U);
}

TEST(DropRunning, WeeksAreOverOnMondayWhateverDayNamesThem) {
  BarColumns bars;
  bars.push_back({at("2026-11-13"), 1, 1, 1, 1, 1});  // named by its Friday
  bars.push_back({at("2026-11-20"), 1, 1, 1, 1, 1});
  drop_running(bars, Interval::Week, kShare, at("2026-11-22T12:00:00Z"), false);
  EXPECT_EQ(bars.size(), 1U);
}

TEST(BaseRequest, LongerPeriodsAreReadWhole) {
  const TimeRange range{at("2026-10-02"), at("2026-11-10")};
  const auto request = base_request(query(Interval::Month, range, 5), Interval::Day, range.end);
  EXPECT_EQ(request.range.start, at("2026-11-01"));
  EXPECT_EQ(request.range.end, at("2026-12-01"));
  EXPECT_EQ(request.limit, 6U * 31);
}

TEST(ShapePage, KeepsTheFirstFromAStartAndTheLastWithoutOne) {
  RawBars raw;
  raw.bars = days_from("2026-11-02", 5);
  const auto first = shape_page(raw, query(Interval::Day, {at("2026-11-02"), kNoEnd}, 4));
  EXPECT_EQ(first.bars.size(), 4U);
  EXPECT_TRUE(first.more);
  const auto last = shape_page(raw, query(Interval::Day, {kNoStart, kNoEnd}, 4));
  EXPECT_EQ(last.bars.time_at(0), at("2026-11-03"));
  EXPECT_FALSE(last.more);
  EXPECT_FALSE(shape_page(raw, query(Interval::Day, {at("2026-11-02"), kNoEnd}, 5)).more);
}

TEST(ShapePage, TheFirstPeriodIsLeftOutWhenItsDaysWereCutOff) {
  RawBars raw;
  raw.bars = days_from("2026-11-04", 10);  // from a Wednesday
  const auto wanted = query(Interval::Week, {kNoStart, kNoEnd}, 5);
  EXPECT_EQ(shape_page(raw, wanted).bars.size(), 2U);
  raw.is_cut = true;
  const auto page = shape_page(raw, wanted);
  ASSERT_EQ(page.bars.size(), 1U);
  EXPECT_EQ(page.bars.time_at(0), at("2026-11-09"));
}

TEST(ShapePage, ASplitInsideAMonthIsAdjustedByItsDays) {
  RawBars raw;
  raw.bars = days_from("2026-11-02", 3, 40);
  raw.bars.append(days_from("2026-11-05", 3, 10));
  raw.actions = {{CorporateAction::Kind::Split, at("2026-11-05"), 4}};
  const auto wanted = query(Interval::Month, {kNoStart, kNoEnd}, 5);
  const auto page = shape_page(raw, wanted);
  ASSERT_EQ(page.bars.size(), 1U);
  EXPECT_EQ(page.bars.at(0), (Bar{at("2026-11-01"), 10, 11, 9, 10, 3 * 400 + 3 * 100}));
}

}  // namespace
}  // namespace ziggy::market
