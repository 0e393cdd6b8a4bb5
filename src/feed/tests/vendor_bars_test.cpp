#include "vendor_bars.hpp"

#include <gtest/gtest.h>

#include "vendor_history.hpp"
#include "ziggy/domain/adjust.hpp"

namespace ziggy::feed {
namespace {

Timestamp at(std::string_view text) { return *parse_rfc3339(text); }

BarColumns bars_at(std::initializer_list<std::string_view> times) {
  BarColumns bars;
  for (const std::string_view time : times) bars.push_back({at(time), 1, 2, 0.5, 1.5, 10});
  return bars;
}

TEST(VendorBars, UnitsOfTimeShowThemselves) {
  EXPECT_EQ(instant_from_epoch(1651251948), at("2022-04-29T17:05:48Z"));
  EXPECT_EQ(instant_from_epoch(1651251948407), at("2022-04-29T17:05:48.407Z"));
  EXPECT_EQ(instant_from_epoch(1651251948407646), at("2022-04-29T17:05:48.407646Z"));
  EXPECT_EQ(instant_from_epoch(1651251948407646487), at("2022-04-29T17:05:48.407646487Z"));
  EXPECT_FALSE(instant_from_epoch(0));
  EXPECT_FALSE(instant_from_epoch(-5));
  EXPECT_FALSE(instant_from_epoch(99'999'999'999));  // seconds in the year 5138
}

TEST(VendorBars, PagesJoinAtTheirSeam) {
  const BarColumns first = bars_at({"2020-01-02", "2020-01-03"});
  const BarColumns second = bars_at({"2020-01-03", "2020-01-06"});
  EXPECT_EQ(join_pages(first, second), bars_at({"2020-01-02", "2020-01-03", "2020-01-06"}));
  EXPECT_EQ(join_pages(second, first), bars_at({"2020-01-02", "2020-01-03", "2020-01-06"}));
  BarColumns other = second;
  other.close[0] = 1.25;
  // Another bar of the same time is not the same bar: left for the contracts to find.
  EXPECT_EQ(join_pages(first, other).size(), 4U);
}

TEST(VendorBars, WiderAnswersAreCut) {
  const BarColumns bars = bars_at({"2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"});
  const TimeRange range{at("2020-01-03"), at("2020-01-07")};
  EXPECT_EQ(cut_to(bars, range, 9), bars_at({"2020-01-03", "2020-01-06"}));
  EXPECT_EQ(cut_to(bars, range, 1), bars_at({"2020-01-03"}));
  EXPECT_EQ(cut_to(bars, {kNoStart, range.end}, 1), bars_at({"2020-01-06"}));
}

TEST(VendorBars, UndoingASplitIsTheInverseOfFoldingItIn) {
  const BarColumns raw = bars_at({"2020-08-27", "2020-08-28", "2020-08-31"});
  const std::vector<CorporateAction> actions = {
      {CorporateAction::Kind::Split, at("2020-08-28"), 0.5},
      {CorporateAction::Kind::Dividend, at("2020-08-28"), 0.1},
      {CorporateAction::Kind::Split, at("2020-08-31"), 4}};
  BarColumns bars = adjust(raw, actions, Adjustment::Split);
  EXPECT_NE(bars, raw);
  undo_splits(bars, actions, Interval::Day);
  EXPECT_EQ(bars, raw);
}

TEST(VendorBars, TheStartReachesFarEnoughBack) {
  // 250 sessions before the end of 2024 begin in January 2024, also on both sides of long weekends.
  EXPECT_LE(start_for_last(at("2024-12-31"), 250, Interval::Day, AssetKind::Share),
            at("2024-01-02"));
  EXPECT_GE(start_for_last(at("2024-12-31"), 250, Interval::Day, AssetKind::Share),
            at("2023-11-01"));
  // One session on Tuesday after a long weekend.
  EXPECT_LE(start_for_last(at("2024-09-03"), 1, Interval::Day, AssetKind::Share), at("2024-08-30"));
  // 390 minutes after a weekend.
  EXPECT_LE(start_for_last(at("2024-09-03T13:30:00Z"), 390, Interval::Minute, AssetKind::Share),
            at("2024-08-30T13:30:00Z"));
  EXPECT_LE(start_for_last(at("2024-09-03"), 100, Interval::Hour, AssetKind::Crypto),
            at("2024-08-29T20:00:00Z"));
  EXPECT_EQ(start_for_last(at("2024-09-03"), SIZE_MAX, Interval::Month, AssetKind::Share),
            at("1990-01-01"));
}

TEST(VendorBars, SizesAreShares) {
  EXPECT_EQ(quote_size_in_shares(3, at("2025-10-31T15:00:00Z")), 300);
  EXPECT_EQ(quote_size_in_shares(300, at("2025-11-03T15:00:00Z")), 300);
}

TEST(VendorHistory, ActionsAreSettled) {
  using Kind = CorporateAction::Kind;
  const auto settled = settle_actions({{Kind::Dividend, at("2020-08-07"), 0.82},
                                       {Kind::Split, at("2020-08-31"), 4},
                                       {Kind::Split, at("2014-06-09"), 7},
                                       {Kind::Split, at("2020-08-31"), 4},
                                       {Kind::Split, at("2030-01-01"), 2}},
                                      at("2020-08-31T12:00:00Z"));
  const std::vector<CorporateAction> expected = {{Kind::Split, at("2014-06-09"), 7},
                                                 {Kind::Dividend, at("2020-08-07"), 0.82},
                                                 {Kind::Split, at("2020-08-31"), 4}};
  EXPECT_EQ(settled, expected);
}

TEST(VendorHistory, TheCacheForgets) {
  ManualClock clock{at("2024-01-01")};
  ActionCache cache;
  const Symbol symbol = *Symbol::parse("ACME");
  EXPECT_FALSE(cache.find(symbol, clock));
  cache.keep(symbol, {}, clock);
  EXPECT_TRUE(cache.find(symbol, clock));
  clock.advance(ActionCache::kKept);
  EXPECT_FALSE(cache.find(symbol, clock));
  cache.keep(symbol, {.actions = {}, .is_whole = false}, clock);
  EXPECT_FALSE(cache.find(symbol, clock)->is_whole);
  clock.advance(kRefusalKept);
  EXPECT_FALSE(cache.find(symbol, clock));
  Refusal refusal;
  EXPECT_FALSE(refusal.holds(clock));
  refusal.note(clock);
  EXPECT_TRUE(refusal.holds(clock));
  clock.advance(kRefusalKept);
  EXPECT_FALSE(refusal.holds(clock));
}

}  // namespace
}  // namespace ziggy::feed
