#include "sim_market.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim_random.hpp"
#include "ziggy/domain/calendar.hpp"
#include "ziggy/domain/contracts.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::feed::sim {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kAll = 1'000'000;

Timestamp at(std::string_view text) { return *parse_rfc3339(text); }
const Timestamp kNow = at("2026-11-20T18:30:10.6Z");  // a Friday in New York's session
constexpr Timestamp kLast = Timestamp::min();

std::vector<Hours> nyse(std::chrono::sys_days until) {
  std::vector<Hours> list;
  for (const auto& session : Calendar::nyse().sessions(kFirstDay, until + days{1})) {
    list.push_back({session.date, session.open, session.close});
  }
  return list;
}

SimMarket make(bool is_exchange, std::uint64_t seed = 42) {
  return is_exchange ? SimMarket{seed, nyse} : SimMarket{seed};
}

Timestamp random_time() {
  const auto first = at("2001-01-01").time_since_epoch().count();
  const auto last = kNow.time_since_epoch().count();
  return Timestamp{std::chrono::nanoseconds{*rc::gen::inRange<std::int64_t>(first, last)}};
}

std::size_t random_listing() { return *rc::gen::inRange<std::size_t>(0, kListings.size()); }

// What the bars of a coarser interval must be, made from finer ones.
void check_made_of(const BarColumns& coarse, const BarColumns& fine, Interval interval) {
  RC_ASSERT(!fine.empty());
  const auto made = resample(fine, Interval::Second, interval);
  RC_ASSERT(made.has_value());
  RC_ASSERT(made->time == coarse.time);
  RC_ASSERT(made->open == coarse.open);
  RC_ASSERT(made->high == coarse.high);
  RC_ASSERT(made->low == coarse.low);
  RC_ASSERT(made->close == coarse.close);
  for (std::size_t i = 0; i < coarse.size(); ++i) {
    RC_ASSERT(std::abs(made->volume[i] - coarse.volume[i]) <= 1e-9 * coarse.volume[i]);
  }
}

RC_GTEST_PROP(SimMarket, BarsOfAllIntradayIntervalsAgree, ()) {
  const SimMarket market = make(*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<std::uint64_t>());
  const std::size_t listing = random_listing();
  const Timestamp from = period_start(random_time(), Interval::Hour4);
  const TimeRange range{from, from + hours{4}};
  const BarColumns fine = market.bars(listing, Interval::Second, range, kAll, range.end);
  if (fine.empty()) return;  // the exchange is closed
  for (const Interval interval : {Interval::Minute, Interval::Minute5, Interval::Minute15,
                                  Interval::Minute30, Interval::Hour, Interval::Hour4}) {
    check_made_of(market.bars(listing, interval, range, kAll, range.end), fine, interval);
  }
}

RC_GTEST_PROP(SimMarket, ADayIsMadeOfItsMinutes, ()) {
  const SimMarket market = make(*rc::gen::arbitrary<bool>());
  const std::size_t listing = random_listing();
  const Timestamp day{date_of(random_time())};
  const TimeRange range{day, day + days{1}};
  const BarColumns daily = market.bars(listing, Interval::Day, range, kAll, range.end);
  BarColumns fine = market.bars(listing, Interval::Minute, range, kAll, range.end);
  RC_ASSERT(daily.size() <= 1U);
  RC_ASSERT(daily.empty() == fine.empty());
  if (daily.empty()) return;
  for (auto& time : fine.time) time = day.time_since_epoch().count();
  check_made_of(daily, fine, Interval::Hour4);
}

RC_GTEST_PROP(SimMarket, WeeksAndMonthsAreMadeOfTheirDays, ()) {
  const SimMarket market = make(*rc::gen::arbitrary<bool>());
  const std::size_t listing = random_listing();
  for (const Interval interval : {Interval::Week, Interval::Month}) {
    const Timestamp from = period_start(random_time(), interval);
    const TimeRange range{from, period_end(from, interval)};
    const BarColumns fine = market.bars(listing, Interval::Day, range, kAll, kNow);
    const BarColumns coarse = market.bars(listing, interval, range, kAll, kNow);
    if (range.end > kNow) {
      RC_ASSERT(coarse.empty());
      continue;
    }
    RC_ASSERT(coarse.size() == 1U);
    const auto made = resample(fine, Interval::Day, interval);
    RC_ASSERT(made->at(0).high == coarse.at(0).high);
    RC_ASSERT(made->at(0).low == coarse.at(0).low);
    RC_ASSERT(made->at(0).open == coarse.at(0).open);
    RC_ASSERT(made->at(0).close == coarse.at(0).close);
    RC_ASSERT(made->time == coarse.time);
  }
}

RC_GTEST_PROP(SimMarket, TheSecondsQuotesMakeTheSecondsBar, ()) {
  const SimMarket market = make(*rc::gen::arbitrary<bool>());
  const std::size_t listing = random_listing();
  const Timestamp second = period_start(random_time(), Interval::Second);
  const BarColumns bars = market.bars(listing, Interval::Second, {second, second + seconds{1}},
                                      kAll, second + seconds{1});
  if (bars.empty()) return;
  double high = 0;
  double low = 1e300;
  double volume = 0;
  int moves = 0;
  double before = *market.quote(listing, second)->last;
  RC_ASSERT(before == bars.open[0]);
  for (int quarter = 0; quarter < 4; ++quarter) {
    const Timestamp time = second + milliseconds{250} * quarter + milliseconds{3};
    const Quote quote = *market.quote(listing, time);
    RC_ASSERT(quote.as_of == second + milliseconds{250} * quarter);
    RC_ASSERT(quote.market_state == MarketState::Open);
    RC_ASSERT(check_quote(quote).empty());
    RC_ASSERT(*quote.bid <= *quote.last && *quote.last <= *quote.ask && *quote.bid < *quote.ask);
    high = std::max(high, *quote.last);
    low = std::min(low, *quote.last);
    volume += *quote.last_size;
    moves += *quote.last != before ? 1 : 0;
    before = *quote.last;
  }
  RC_ASSERT(high == bars.high[0]);
  RC_ASSERT(low == bars.low[0]);
  RC_ASSERT(before == bars.close[0]);
  RC_ASSERT(std::abs(volume - bars.volume[0]) < 1e-6);
  RC_ASSERT(moves >= 2);
}

RC_GTEST_PROP(SimMarket, AnyPartOfTheHistoryIsTheSame, ()) {
  const bool is_exchange = *rc::gen::arbitrary<bool>();
  const std::size_t listing = random_listing();
  const Interval interval = *rc::gen::elementOf(kIntervals);
  const Timestamp end = random_time();
  const auto count = *rc::gen::inRange<std::size_t>(1, 400);
  const SimMarket market = make(is_exchange);
  const BarColumns last = market.bars(listing, interval, {kLast, end}, count, kNow);
  RC_ASSERT(last.size() <= count);
  if (last.empty()) return;
  // The same again from another process, from the front and in two pages.
  const SimMarket other = make(is_exchange);
  RC_ASSERT(other.bars(listing, interval, {last.time_at(0), end}, count, kNow) == last);
  const std::size_t half = last.size() / 2;
  BarColumns pages = other.bars(listing, interval, {last.time_at(0), end}, half, kNow);
  RC_ASSERT(pages.size() == half);
  pages.append(other.bars(listing, interval, {last.time_at(half), end}, kAll, kNow));
  RC_ASSERT(pages == last);
}

TEST(SimMarket, BarsKeepTheContractsInBothModes) {
  for (const bool is_exchange : {false, true}) {
    const SimMarket market = make(is_exchange);
    for (std::size_t listing = 0; listing < kListings.size(); ++listing) {
      const auto actions = market.actions(listing, kNow);
      for (const Interval interval : kIntervals) {
        const BarColumns bars = market.bars(listing, interval, {kLast, kNow}, 10'000, kNow);
        EXPECT_GT(bars.size(), 200U);
        const auto violations = check_bars(bars, interval, actions);
        EXPECT_TRUE(violations.empty())
            << kListings[listing].symbol << ' ' << interval_name(interval) << ": "
            << describe(violations.front(), bars);
      }
    }
  }
}

TEST(SimMarket, AlwaysMeansNoGapNoHaltNoSplitNoDividend) {
  const SimMarket market = make(false);
  for (std::size_t listing = 0; listing < kListings.size(); ++listing) {
    EXPECT_TRUE(market.actions(listing, kNow).empty());
    const BarColumns daily = market.bars(listing, Interval::Day, {kLast, kNow}, kAll, kNow);
    ASSERT_EQ(daily.time_at(0), Timestamp{kFirstDay});
    for (std::size_t i = 1; i < daily.size(); ++i) {
      ASSERT_EQ(daily.time_at(i) - daily.time_at(i - 1), days{1});
      ASSERT_EQ(daily.open[i], daily.close[i - 1]);
    }
    // A second without a bar would be a halt.
    const TimeRange range{at("2026-11-01"), at("2026-11-03")};
    EXPECT_EQ(market.bars(listing, Interval::Minute, range, kAll, kNow).size(), 2U * 24 * 60);
  }
}

TEST(SimMarket, TheExchangeHasGapsHaltsSplitsAndDividends) {
  const SimMarket market = make(true);
  std::size_t splits = 0;
  std::size_t dividends = 0;
  std::size_t halted_sessions = 0;
  for (std::size_t listing = 0; listing < kListings.size(); ++listing) {
    for (const CorporateAction& action : market.actions(listing, kNow)) {
      ++(action.kind == CorporateAction::Kind::Split ? splits : dividends);
    }
    if (kListings[listing].is_crypto()) continue;
    const BarColumns fives =
        market.bars(listing, Interval::Minute5, {at("2019-01-01"), at("2024-01-01")}, kAll, kNow);
    std::map<std::chrono::sys_days, std::size_t> counts;
    for (std::size_t i = 0; i < fives.size(); ++i) ++counts[date_of(fives.time_at(i))];
    for (const auto& [date, count] : counts) {
      const auto session = Calendar::nyse().session_on(date);
      ASSERT_TRUE(session.has_value());
      const auto full = static_cast<std::size_t>((session->close - session->open) / minutes{5});
      ASSERT_LE(count, full);
      ASSERT_GE(count, full - 3);
      halted_sessions += count < full ? 1 : 0;
    }
  }
  EXPECT_GT(splits, 3U);
  EXPECT_GT(dividends, 100U);
  EXPECT_GT(halted_sessions, 5U);
}

TEST(SimMarket, AHaltShowsInQuotesAndHeadlines) {
  const SimMarket market = make(true);
  const std::size_t tesla = *find_listing(*Symbol::parse("TSLA"));
  for (Timestamp from = at("2000-01-01"); from < at("2026-01-01"); from += days{365}) {
    for (const Story& story : market.stories(tesla, {from, from + days{365}})) {
      if (story.title != "Trading in TSLA is paused") continue;
      const Quote before = *market.quote(tesla, story.time - milliseconds{1});
      const Quote during = *market.quote(tesla, story.time + seconds{200});
      EXPECT_EQ(before.market_state, MarketState::Open);
      EXPECT_EQ(during.market_state, MarketState::Halted);
      EXPECT_EQ(during.last, before.last);
      EXPECT_FALSE(during.bid.has_value());
      EXPECT_EQ(during.as_of, story.time);
      return;
    }
  }
  FAIL() << "no halt in 26 years";
}

TEST(SimMarket, OutsideItsHoursTheLastCloseStands) {
  const SimMarket market = make(true);
  const Quote quote = *market.quote(0, at("2026-11-21T12:00:00Z"));  // a Saturday
  EXPECT_EQ(quote.market_state, MarketState::Closed);
  EXPECT_EQ(quote.as_of, at("2026-11-20T21:00:00Z"));
  const BarColumns daily =
      market.bars(0, Interval::Day, {kLast, at("2026-11-21")}, 2, at("2026-11-21T12:00:00Z"));
  EXPECT_EQ(quote.last, daily.close[1]);
  EXPECT_EQ(quote.prev_close, daily.close[0]);
  EXPECT_FALSE(market.quote(0, at("1999-12-31T23:59:59Z")).has_value());
}

TEST(SimMarket, TheRunningPeriodIsNotABar) {
  const SimMarket market = make(false);
  const auto last = [&](Interval interval) {
    const BarColumns bars = market.bars(0, interval, {kLast, Timestamp::max()}, 1, kNow);
    return bars.time_at(0);
  };
  EXPECT_EQ(last(Interval::Second), at("2026-11-20T18:30:09Z"));
  EXPECT_EQ(last(Interval::Minute), at("2026-11-20T18:29:00Z"));
  EXPECT_EQ(last(Interval::Hour4), at("2026-11-20T12:00:00Z"));
  EXPECT_EQ(last(Interval::Day), at("2026-11-19"));
  EXPECT_EQ(last(Interval::Week), at("2026-11-09"));
  EXPECT_EQ(last(Interval::Month), at("2026-10-01"));
}

TEST(SimMarket, SeedsAndSymbolsDiffer) {
  const TimeRange range{at("2026-01-01"), at("2026-02-01")};
  const auto closes = [&](std::uint64_t seed, std::size_t listing) {
    return make(false, seed).bars(listing, Interval::Day, range, kAll, kNow).close;
  };
  EXPECT_NE(closes(1, 0), closes(2, 0));
  EXPECT_NE(closes(1, 2), closes(1, 3));
}

TEST(SimMarket, ReturnsAreOfTheSizeThatTheListingSays) {
  const SimMarket market = make(false);
  for (std::size_t listing = 0; listing < kListings.size(); ++listing) {
    const BarColumns daily = market.bars(listing, Interval::Day, {kLast, kNow}, 5'000, kNow);
    double squares = 0;
    double range = 0;
    for (std::size_t i = 0; i < daily.size(); ++i) {
      const double move = std::log(daily.close[i] / daily.open[i]);
      squares += move * move;
      range += std::log(daily.high[i] / daily.low[i]);
    }
    const auto count = static_cast<double>(daily.size());
    const double deviation = std::sqrt(squares / count);
    EXPECT_GT(deviation, 0.6 * kListings[listing].deviation);
    EXPECT_LT(deviation, 1.8 * kListings[listing].deviation);
    // A Brownian path's expected range is 1.6 deviations (Feller 1951).
    EXPECT_GT(range / count, 1.2 * deviation);
    EXPECT_LT(range / count, 2.0 * deviation);
    EXPECT_GT(daily.close.back(), kListings[listing].price / 8);
    EXPECT_LT(daily.close.back(), kListings[listing].price * 8);
  }
}

TEST(SimMarket, SecondsDoNotJump) {
  const SimMarket market = make(false);
  const TimeRange range{at("2026-11-18"), at("2026-11-19")};
  const BarColumns fine = market.bars(0, Interval::Second, range, kAll, kNow);
  ASSERT_EQ(fine.size(), 86'400U);
  double squares = 0;
  double widest = 0;
  for (std::size_t i = 0; i < fine.size(); ++i) {
    squares += (fine.close[i] - fine.open[i]) * (fine.close[i] - fine.open[i]);
    widest = std::max(widest, fine.high[i] - fine.low[i]);
  }
  EXPECT_LT(widest, 12 * std::sqrt(squares / 86'400));
}

}  // namespace
}  // namespace ziggy::feed::sim
