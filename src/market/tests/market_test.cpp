#include "ziggy/market/market.hpp"

#include <gtest/gtest.h>

#include "market_fixture.hpp"

namespace ziggy::market {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(MarketTest, TheFirstGoodVendorAnswersAndSaysWhoFailedBefore) {
  first_.answer = fail(ErrorCode::ProviderQuota, "429");
  second_.answer = reply_of(daily("2026-11-01", 10));
  const auto answer = bars(all(kAbc));
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  EXPECT_EQ(*answer->bars, daily("2026-11-01", 10));
  EXPECT_EQ(answer->provenance.provider, "second");
  EXPECT_FALSE(answer->provenance.stale);
  ASSERT_EQ(answer->provenance.fallback_from.size(), 2U);
  EXPECT_EQ(answer->provenance.fallback_from[0].code, ErrorCode::UnknownSymbol);
  EXPECT_EQ(answer->provenance.fallback_from[1].code, ErrorCode::ProviderQuota);
}

TEST_F(MarketTest, AnswersThatBreakTheContractsAreTheVendorsFailure) {
  auto crossed = daily("2026-11-01", 10);
  crossed.high[3] = crossed.low[3] - 1;
  auto jump = daily("2026-11-01", 10);
  for (std::size_t i = 5; i < 10; ++i) {
    for (auto* column : {&jump.open, &jump.high, &jump.low, &jump.close}) (*column)[i] *= 100;
  }
  second_.answer = reply_of(daily("2026-11-01", 10));
  for (const BarColumns& garbage : {crossed, jump}) {
    first_.answer = reply_of(garbage);
    clock_.advance(seconds{5});
    const auto answer = bars(all(kAbc));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->provenance.provider, "second");
    EXPECT_EQ(answer->provenance.fallback_from.at(1).code, ErrorCode::BadPayload);
  }
  // What was refused is kept, for people to look at.
  market_.reset();
  const auto kept = *database_->quality().quarantined(10);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].rule, "unexplained_jump");
  EXPECT_EQ(kept[1].rule, "high_below_low");
  EXPECT_EQ(kept[1].provider, "first");
  EXPECT_EQ(kept[1].operation, "bars");
  EXPECT_EQ(kept[1].symbol, kAbc);
  // More than was asked for, and outside of the range.
  first_.answer = reply_of(daily("2026-11-01", 10));
  first_.answers_anything = true;
  BarsQuery query = all(kAbc);
  query.range = {at("2026-11-05"), at("2026-11-08")};
  EXPECT_EQ(bars(query)->provenance.provider, "second");
}

TEST_F(MarketTest, AVendorThatHangsCostsItsTimeLimitOnly) {
  first_.hangs = true;
  second_.answer = reply_of(daily("2026-11-01", 10));
  const auto answer = bars(all(kAbc));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->provenance.fallback_from.at(1).code, ErrorCode::ProviderTimeout);
}

TEST_F(MarketTest, WhenAllFailTheStoreAnswersAndSaysStale) {
  first_.answer = reply_of(daily("2026-11-01", 10));
  const auto live = bars(all(kAbc));
  ASSERT_TRUE(live.has_value());
  EXPECT_FALSE(live->provenance.stale);
  first_.answer = fail(ErrorCode::ProviderUnavailable, "gone");
  second_.answer = fail(ErrorCode::NotEntitled, "plan");
  clock_.advance(seconds{5});
  const auto stored = bars(all(kAbc));
  ASSERT_TRUE(stored.has_value()) << stored.error().detail();
  EXPECT_EQ(*stored->bars, *live->bars);
  EXPECT_EQ(stored->version, live->version);
  EXPECT_TRUE(stored->provenance.stale);
  EXPECT_EQ(stored->provenance.provider, "first");
  EXPECT_EQ(stored->provenance.as_of, at("2026-11-11"));  // the end of the last day
  EXPECT_EQ(stored->provenance.fallback_from.size(), 3U);
  // Weeks were never stored; days make them.
  EXPECT_EQ(bars(all(kAbc, Interval::Week))->bars->size(), 3U);
}

TEST_F(MarketTest, WithNothingAnywhereTheErrorNamesEachReason) {
  first_.answer = fail(ErrorCode::ProviderUnavailable, "gone fishing");
  const auto answer = bars(all(kAbc));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::ProviderUnavailable);
  EXPECT_NE(answer.error().detail().find("first: provider_unavailable, gone fishing"),
            std::string::npos);
  EXPECT_EQ(answer.error().fields().size(), 3U);
  first_.answer = fail(ErrorCode::UnknownSymbol, "never heard");
  EXPECT_EQ(bars(all(kAbc)).error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(quote(kAbc).error().code(), ErrorCode::UnknownSymbol);
}

TEST_F(MarketTest, AKnownSymbolInAnotherIntervalIsNotUnknown) {
  import(kAbc, daily("2026-11-01", 10));
  EXPECT_EQ(bars(all(kAbc, Interval::Hour)).error().code(), ErrorCode::NotFound);
}

TEST_F(MarketTest, VendorsBarsAreStoredAndTheSimulatorsAreNot) {
  first_.answer = reply_of(daily("2026-11-01", 10));
  ASSERT_TRUE(bars(all(kAbc)).has_value());
  ASSERT_TRUE(bars(all(kApple)).has_value());
  const auto kept = database_->bars().coverage(store::BarKey{kAbc, Interval::Day});
  ASSERT_TRUE(kept->has_value());
  EXPECT_EQ((*kept)->count, 10U);
  EXPECT_EQ((*kept)->sources, std::vector<std::string>{"first"});
  EXPECT_TRUE(database_->bars().coverage(kApple)->empty());
}

TEST_F(MarketTest, AnImportSilencesTheSimulator) {
  EXPECT_EQ(bars(all(kApple))->provenance.provider, "sim");
  sim_.tick();
  QuoteAnswer known;
  ASSERT_TRUE(market().latest_quote(kApple, known));
  EXPECT_EQ(known.provenance.provider, "sim");

  import(kApple, daily("2020-01-06", 30, 300));
  const auto answer = bars(all(kApple));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->provenance.provider, "import");
  EXPECT_TRUE(answer->provenance.stale);
  EXPECT_EQ(answer->bars->size(), 30U);
  // Its ticks are dropped, and so is the one in memory.
  clock_.advance(milliseconds{500});
  sim_.tick();
  EXPECT_FALSE(market().latest_quote(kApple, known));
  const auto close = quote(kApple);
  ASSERT_TRUE(close.has_value());
  EXPECT_EQ(close->quote.last, 300);
  EXPECT_EQ(close->quote.as_of, at("2020-02-05"));  // the end of the last stored day
  EXPECT_FALSE(close->quote.bid.has_value());
  EXPECT_TRUE(close->provenance.stale);
  clock_.advance(milliseconds{500});
  sim_.tick();
  ASSERT_TRUE(market().latest_quote(kApple, known));
  EXPECT_EQ(known.provenance.provider, "import");
  // A real vendor may still answer.
  first_.answer = reply_of(daily("2026-11-01", 10, 250));
  clock_.advance(seconds{5});
  EXPECT_EQ(bars(all(kApple))->provenance.provider, "first");
  EXPECT_EQ((*database_->bars().coverage(store::BarKey{kApple, Interval::Day}))->count, 30U);
}

TEST_F(MarketTest, AnImportWhileNobodyTicksIsNoticedByTheNextQuestion) {
  sim_.tick();
  QuoteAnswer known;
  ASSERT_TRUE(market().latest_quote(kApple, known));
  import(kApple, daily("2020-01-06", 30, 300));
  clock_.advance(seconds{1});
  EXPECT_FALSE(market().latest_quote(kApple, known));
  EXPECT_EQ(quote(kApple)->provenance.provider, "import");
}

TEST_F(MarketTest, WhatIsStoredWholeIsNotStaleWithoutAFailure) {
  import(kApple, daily("2020-01-06", 30, 300));
  BarsQuery query = all(kApple);
  query.range = {at("2020-01-10"), at("2020-01-20")};
  const auto answer = bars(query);
  // Both fakes say that they do not know it, which is no failure.
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->provenance.stale);
  EXPECT_EQ(answer->bars->size(), 10U);
}

TEST_F(MarketTest, PagesFollowEachOther) {
  import(kAbc, daily("2026-01-01", 25));
  BarsQuery query = all(kAbc);
  query.range.start = at("2026-01-01");
  query.limit = 10;
  BarColumns together;
  for (int page = 0; page < 3; ++page) {
    const auto answer = bars(query);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->more, page < 2);
    together.append(*answer->bars);
    query.range.start = together.time_at(together.size() - 1) + std::chrono::nanoseconds{1};
  }
  EXPECT_EQ(together, daily("2026-01-01", 25));
}

TEST_F(MarketTest, RefusesImpossibleQuestions) {
  BarsQuery query = all(kAbc);
  query.limit = kBarsLimitMax + 1;
  EXPECT_EQ(bars(query).error().code(), ErrorCode::ValidationFailed);
  query = all(kAbc);
  query.range = {kNow, kNow};
  EXPECT_EQ(bars(query).error().code(), ErrorCode::ValidationFailed);
  // A future is empty, not an error.
  query = all(kApple);
  query.range.start = kNow + days{9};
  const auto future = bars(query);
  ASSERT_TRUE(future.has_value());
  EXPECT_TRUE(future->bars->empty());
}

TEST_F(MarketTest, SplitsAndDividendsAreAppliedOnReading) {
  BarColumns raw = daily("2026-01-05", 5, 40);
  raw.append(daily("2026-01-10", 5, 10));
  import(kAbc, raw);
  const std::vector<CorporateAction> actions{
      {CorporateAction::Kind::Split, at("2026-01-10"), 4},
      {CorporateAction::Kind::Dividend, at("2026-01-12"), 1}};
  ASSERT_TRUE(database_->actions().write(kAbc, "import", actions).has_value());
  const auto closes = [&](Adjustment adjustment) {
    BarsQuery query = all(kAbc);
    query.adjustment = adjustment;
    query.limit = 8;  // the page begins after the first closes
    return bars(query)->bars->close;
  };
  EXPECT_EQ(closes(Adjustment::Raw), (std::vector<double>{40, 40, 40, 10, 10, 10, 10, 10}));
  EXPECT_EQ(closes(Adjustment::Split), (std::vector<double>{10, 10, 10, 10, 10, 10, 10, 10}));
  EXPECT_EQ(closes(Adjustment::All), (std::vector<double>{9, 9, 9, 9, 9, 10, 10, 10}));
  EXPECT_EQ(*testing::run_task(loop_, market().corporate_actions(kAbc, Call{})), actions);
}

TEST_F(MarketTest, AnAnswerIsKeptUntilTheNextBarCloses) {
  const BarsQuery query = all(kApple, Interval::Minute);
  const auto before = bars(query);
  ASSERT_TRUE(before.has_value());
  clock_.advance(seconds{49});
  EXPECT_EQ(market().cached_bars(query)->version, before->version);
  clock_.advance(seconds{1});
  EXPECT_FALSE(market().cached_bars(query).has_value());
  const auto after = bars(query);
  EXPECT_NE(after->version, before->version);
  EXPECT_EQ(after->bars->time.back(), at("2026-11-20T18:30:00Z").time_since_epoch().count());
}

TEST_F(MarketTest, QuotesThatWereAskedForAreKeptForASecond) {
  first_.last = 42;
  EXPECT_EQ(quote(kAbc)->quote.last, 42);
  EXPECT_EQ(quote(kAbc)->provenance.provider, "first");
  EXPECT_EQ(first_.asked, 1);
  clock_.advance(seconds{4});
  EXPECT_TRUE(quote(kAbc).has_value());
  EXPECT_EQ(first_.asked, 2);
}

TEST_F(MarketTest, AQuoteOfNobodyIsTheLastCloseOfAVendorsBars) {
  second_.answer = reply_of(daily("2026-11-01", 10));
  const auto answer = quote(kAbc);
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  EXPECT_EQ(answer->quote.last, 10);
  EXPECT_EQ(answer->quote.prev_close, 10);
  EXPECT_EQ(answer->provenance.provider, "second");
  EXPECT_TRUE(answer->provenance.stale);
  EXPECT_EQ(answer->provenance.fallback_from.size(), 3U);
}

TEST_F(MarketTest, TicksThatBreakTheContractsAreDropped) {
  Quote crossed;
  crossed.symbol = kAbc;
  crossed.as_of = kNow;
  crossed.bid = 11;
  crossed.ask = 10;
  market().on_quote("first", crossed);
  QuoteAnswer known;
  EXPECT_FALSE(market().latest_quote(kAbc, known));
  crossed.bid = 9;
  market().on_quote("first", crossed);
  EXPECT_TRUE(market().latest_quote(kAbc, known));
  EXPECT_EQ(hub_.stats().published, 1U);
}

TEST_F(MarketTest, CoinsGoThroughTheirOwnChain) {
  const Symbol bitcoin = *Symbol::parse("BTC-USD");
  EXPECT_EQ(quote(bitcoin)->provenance.provider, "sim");
  EXPECT_EQ(bars(all(bitcoin))->provenance.provider, "sim");
  EXPECT_EQ(first_.asked, 0);
}

TEST_F(MarketTest, SymbolsAreThoseStoredAndThoseListed) {
  import(kApple, daily("2020-01-06", 3));
  import(kAbc, daily("2020-01-06", 3));
  const auto list = [&](std::string query, std::size_t limit, std::optional<Symbol> after) {
    return *testing::run_task(loop_, market().symbols(std::move(query), limit, after, Call{}));
  };
  const auto everything = list("", 100, {});
  EXPECT_EQ(everything.size(), 13U);
  EXPECT_EQ(everything[0].symbol, kApple);
  EXPECT_TRUE(everything[0].imported);
  EXPECT_EQ(everything[1].symbol, kAbc);
  const auto page = list("", 2, kApple);
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].symbol, kAbc);
  const auto tesla = list("tes", 100, {});
  ASSERT_EQ(tesla.size(), 1U);
  EXPECT_EQ(tesla[0].symbol.view(), "TSLA");
  EXPECT_EQ(tesla[0].source, "sim");
}

TEST_F(MarketTest, CoverageTellsNothingStoredFromNobodyKnows) {
  const auto coverage = [&](const Symbol& symbol) {
    return testing::run_task(loop_, market().coverage(symbol, Call{}));
  };
  EXPECT_EQ(coverage(kAbc).error().code(), ErrorCode::UnknownSymbol);
  EXPECT_TRUE(coverage(kApple)->empty());
  import(kAbc, daily("2020-01-06", 3));
  EXPECT_EQ(coverage(kAbc)->at(0).stored.count, 3U);
}

TEST_F(MarketTest, AlwaysOpenStillSaysWhenTheExchangeOpens) {
  clock_.advance(days{1});  // a Saturday
  const MarketStatus status = market().status();
  EXPECT_TRUE(status.is_open);
  EXPECT_EQ(status.session, MarketState::Open);
  EXPECT_EQ(status.next_open, at("2026-11-23T14:30:00Z"));
  EXPECT_EQ(status.next_close, at("2026-11-23T21:00:00Z"));
}

}  // namespace
}  // namespace ziggy::market
