#include "live_table.hpp"

#include <gtest/gtest.h>

#include <map>

#include "live_counts.hpp"
#include "live_script.hpp"

namespace ziggy::market {
namespace {

using feed::StreamState;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_F(LiveTableTest, ASymbolIsSubscribedAtTheFirstVendorAndOnlyItsTicksCount) {
  table_.add(kApple, now());
  table_.add(kApple, now());
  EXPECT_TRUE(is_at(0, kApple));
  EXPECT_TRUE(script_.upstream[1].empty());
  EXPECT_EQ(script_.subscriptions, 1U);
  state(0, StreamState::Up);
  quote(0, kApple);
  quote(1, kApple);
  quote(0, kTesla);
  table_.on_trade(0, {kApple, clock_.now(), 10, 1, 7}, now());
  table_.on_trade(0, {kApple, clock_.now(), 10, 1, 7}, now());
  EXPECT_EQ(script_.told, (std::vector<std::string>{"quote AAPL a", "trade AAPL a"}));
  EXPECT_EQ(table_.status().late, 2U);
  EXPECT_EQ(table_.status().repeated, 1U);
  table_.remove(kApple);
  EXPECT_TRUE(script_.upstream[0].empty());
  EXPECT_TRUE(table_.is_empty());
}

TEST_F(LiveTableTest, TicksThatBreakTheContractsAreTheVendorsViolation) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  Quote crossed = quote_of(kApple);
  crossed.bid = 11;
  crossed.ask = 10;
  table_.on_quote(0, crossed, now());
  Quote future = quote_of(kApple);
  future.as_of += std::chrono::hours{1};
  table_.on_quote(0, future, now());
  table_.on_trade(0, {kApple, clock_.now(), -1, 1, 0}, now());
  const Timestamp minute = std::chrono::floor<minutes>(clock_.now());
  table_.on_bar(0, kApple, Interval::Minute, {minute, 10, 9, 11, 10, 5}, BarPhase::Closed, now());
  bar(0, kApple, minute + seconds{1});
  bar(0, kApple, minute + minutes{60});
  EXPECT_TRUE(script_.told.empty());
  EXPECT_EQ(script_.count(0, LiveEvent::Violation), 6);
  EXPECT_EQ(table_.status().vendors[0].violations, 6U);
}

TEST_F(LiveTableTest, OlderQuotesThanTheLastAreDropped) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  quote(0, kApple);
  Quote old = quote_of(kApple);
  old.as_of -= seconds{1};
  table_.on_quote(0, old, now());
  EXPECT_EQ(script_.told.size(), 1U);
}

TEST_F(LiveTableTest, AVendorThatStaysDownLosesItsSymbolsAndGetsThemBackWhenItIsWell) {
  table_.add(kApple, now());
  table_.add(kTesla, now());
  state(0, StreamState::Up);
  chatter(0, {kApple, kTesla}, 5);
  state(0, StreamState::Down);
  pass(seconds{2});
  EXPECT_TRUE(is_at(0, kApple));
  pass(seconds{3});
  EXPECT_TRUE(is_at(1, kApple));
  EXPECT_TRUE(is_at(1, kTesla));
  EXPECT_EQ(table_.status().vendors[1].serving, 2U);
  EXPECT_TRUE(table_.status().vendors[0].is_troubled);
  // One canary stays, so that the vendor keeps trying.
  EXPECT_EQ(script_.upstream[0].size(), 1U);
  state(1, StreamState::Up);
  script_.told.clear();
  quote(1, kApple);
  quote(0, kApple);
  EXPECT_EQ(script_.told, std::vector<std::string>{"quote AAPL b"});

  state(0, StreamState::Up);
  pass(seconds{20});
  EXPECT_TRUE(is_at(1, kApple));
  state(0, StreamState::Down);  // not stable
  pass(seconds{1});
  state(0, StreamState::Up);
  pass(seconds{25});
  EXPECT_TRUE(is_at(1, kApple));
  pass(minutes{2});
  EXPECT_TRUE(is_at(0, kApple));
  EXPECT_TRUE(is_at(0, kTesla));
  EXPECT_TRUE(script_.upstream[1].empty());
  EXPECT_FALSE(table_.status().vendors[0].is_troubled);
}

TEST_F(LiveTableTest, WhileAllAreInTroubleWhoeverIsUpServes) {
  script_.ranking = {0, 1, 2};
  table_.add(kApple, now());
  state(0, StreamState::Up);
  chatter(0, {kApple}, 5);
  state(0, StreamState::Down);
  pass(seconds{5});
  EXPECT_TRUE(is_at(1, kApple));
  state(1, StreamState::Connecting);
  pass(seconds{5});
  EXPECT_TRUE(is_at(2, kApple));
  state(2, StreamState::Connecting);
  pass(seconds{5});
  // Nobody is up, and all of them are tried.
  for (std::size_t vendor = 0; vendor < 3; ++vendor) EXPECT_TRUE(is_at(vendor, kApple)) << vendor;
  script_.told.clear();
  state(1, StreamState::Up);
  quote(1, kApple);
  EXPECT_EQ(script_.told, std::vector<std::string>{"quote AAPL b"}) << "from the first moment on";
  // It flaps, never well for long, and so do the others: whoever is up serves.
  for (int i = 0; i < 10; ++i) {
    state(1, StreamState::Down);
    state(0, StreamState::Up);
    script_.told.clear();
    quote(0, kApple);
    ASSERT_FALSE(script_.told.empty());
    EXPECT_EQ(script_.told.back(), "quote AAPL a") << "after a hole, if a minute is over";
    pass(seconds{4});
    state(0, StreamState::Down);
    state(1, StreamState::Up);
    script_.told.clear();
    quote(1, kApple);
    ASSERT_FALSE(script_.told.empty());
    EXPECT_EQ(script_.told.back(), "quote AAPL b") << "after a hole, if a minute is over";
    pass(seconds{4});
  }
}

TEST_F(LiveTableTest, AVendorThatDiesForGoodWhileAllAreInTroubleIsLeft) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  state(0, StreamState::Down);
  pass(seconds{5});
  state(1, StreamState::Connecting);
  pass(seconds{5});
  state(0, StreamState::Up);
  EXPECT_EQ(table_.status().vendors[0].serving, 1U);
  state(0, StreamState::Down);
  pass(seconds{10});
  EXPECT_TRUE(is_at(1, kApple)) << "the other one goes on trying";
  state(1, StreamState::Up);
  EXPECT_EQ(table_.status().vendors[1].serving, 1U);
}

TEST_F(LiveTableTest, MinutesOfAVendorThatPushesNoneAreHolesThatAreFilled) {
  script_.pushes[1] = false;
  table_.add(kApple, now());
  state(0, StreamState::Up);
  chatter(0, {kApple}, 45);
  const Timestamp first = std::chrono::floor<minutes>(kStart);
  bar(0, kApple, first);
  state(0, StreamState::Down);
  pass(seconds{5});
  state(1, StreamState::Up);
  script_.told.clear();
  Timestamp next = first + minutes{1};
  for (int minute = 0; minute < 5; ++minute) {
    for (int i = 0; i < 60; ++i) {
      chatter(1, {kApple}, 1);
      for (const auto& asked : std::exchange(script_.backfills, {})) {
        EXPECT_EQ(asked.range, (TimeRange{next, next + minutes{1}}));
        BarColumns found;
        found.push_back({next, 10, 11, 9, 10, 5});
        table_.on_backfill(asked.symbol, asked.ticket, "rest", found, now());
        next += minutes{1};
      }
    }
  }
  EXPECT_EQ(next, first + minutes{6});
  EXPECT_EQ(std::ranges::count(script_.told, "gap"), 5);
  EXPECT_EQ(std::ranges::count(script_.told, "healed"), 5);
  EXPECT_EQ(std::ranges::count(script_.told, "bar AAPL rest"), 5);
  // Back at a vendor that pushes them there is no other hole than the way back.
  state(0, StreamState::Up);
  chatter(0, {kApple}, 100);
  EXPECT_LE(std::ranges::count(script_.told, "gap"), 8);
}

TEST_F(LiveTableTest, WithoutAnotherVendorASymbolWaits) {
  script_.ranking = {0};
  table_.add(kApple, now());
  state(0, StreamState::Up);
  state(0, StreamState::Down);
  pass(minutes{2});
  EXPECT_TRUE(is_at(0, kApple));
  EXPECT_EQ(table_.status().moves, 0U);
}

TEST_F(LiveTableTest, ARefusedVendorIsLeftAtOnceAndTriedAgainMuchLater) {
  table_.add(kApple, now());
  state(0, StreamState::Connecting);
  state(0, StreamState::Refused);
  EXPECT_TRUE(is_at(1, kApple));
  EXPECT_EQ(script_.count(0, LiveEvent::Refused), 1);
  state(1, StreamState::Up);
  chatter(1, {kApple}, 590);
  EXPECT_TRUE(script_.reconnects.empty());
  chatter(1, {kApple}, 20);
  EXPECT_EQ(script_.reconnects, std::vector<std::size_t>{0});
}

TEST_F(LiveTableTest, ASymbolThatOneVendorDoesNotKnowGoesToTheNext) {
  table_.add(kApple, now());
  table_.add(kTesla, now());
  state(0, StreamState::Up);
  table_.on_subscribed(0, kApple, fail(ErrorCode::UnknownSymbol, "no such symbol"), now());
  EXPECT_TRUE(is_at(1, kApple));
  EXPECT_FALSE(is_at(0, kApple));
  EXPECT_TRUE(is_at(0, kTesla));
  table_.on_subscribed(1, kApple, fail(ErrorCode::NotEntitled, "plan"), now());
  EXPECT_FALSE(is_at(1, kApple));
  pass(seconds{5});
  EXPECT_FALSE(is_at(0, kApple));
  chatter(0, {kTesla}, 601);  // plans change
  EXPECT_TRUE(is_at(0, kApple) || is_at(1, kApple));
}

TEST_F(LiveTableTest, ASymbolWhoseSocketIsLostWhileTheVendorIsUpWaitsAMomentAndMoves) {
  const Error lost{ErrorCode::ProviderUnavailable, "the other socket"};
  table_.add(kApple, now());
  table_.add(kBitcoin, now());
  state(0, StreamState::Up);
  chatter(0, {kApple, kBitcoin}, 10);
  table_.on_subscribed(0, kBitcoin, std::unexpected{lost}, now());
  chatter(0, {kApple}, 2);
  EXPECT_TRUE(is_at(0, kBitcoin));
  table_.on_subscribed(0, kBitcoin, {}, now());
  chatter(0, {kApple}, 5);
  EXPECT_TRUE(is_at(0, kBitcoin));
  table_.on_subscribed(0, kBitcoin, std::unexpected{lost}, now());
  chatter(0, {kApple}, 5);
  EXPECT_TRUE(is_at(1, kBitcoin));
  EXPECT_TRUE(is_at(0, kApple));
  script_.crypto_ranking = {1};
  table_.on_subscribed(1, kBitcoin, std::unexpected{lost}, now());
  chatter(0, {kApple}, 10);
  EXPECT_TRUE(is_at(1, kBitcoin));
}

TEST_F(LiveTableTest, ASilentFeedIsProbedReconnectedAndReplaced) {
  table_.add(kApple, now());
  table_.add(kTesla, now());
  state(0, StreamState::Up);
  chatter(0, {kApple, kTesla}, 60);
  EXPECT_TRUE(script_.probes.empty());
  pass(seconds{15});
  EXPECT_TRUE(script_.probes.empty());
  pass(seconds{10});
  ASSERT_EQ(script_.probes.size(), 2U);
  EXPECT_TRUE(script_.reconnects.empty());
  answer_probes(11);
  EXPECT_EQ(script_.reconnects, std::vector<std::size_t>{0});
  EXPECT_EQ(script_.count(0, LiveEvent::Silent), 1);
  EXPECT_TRUE(is_at(1, kApple));
  EXPECT_TRUE(is_at(1, kTesla));
  // Being up is not enough for it to return: it must be heard.
  state(0, StreamState::Connecting);
  state(0, StreamState::Up);
  state(1, StreamState::Up);
  chatter(1, {kApple, kTesla}, 60);
  EXPECT_TRUE(is_at(1, kApple));
  ASSERT_EQ(script_.upstream[0].size(), 1U);
  const Symbol canary = *script_.upstream[0].begin();
  for (int i = 0; i < 100; ++i) {
    quote(0, canary);
    chatter(1, {kApple, kTesla}, 1);
  }
  EXPECT_EQ(script_.upstream[0].size(), 2U);
  EXPECT_TRUE(script_.upstream[1].empty());
}

TEST_F(LiveTableTest, AMarketThatIsSilentItselfIsLeftAlone) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  chatter(0, {kApple}, 60);
  int probes = 0;
  for (int i = 0; i < 60; ++i) {
    pass(seconds{10});
    probes += static_cast<int>(script_.probes.size());
    answer_probes(10);  // the price that is known
  }
  EXPECT_TRUE(script_.reconnects.empty());
  EXPECT_TRUE(is_at(0, kApple));
  EXPECT_GE(probes, 2);
  EXPECT_LE(probes, 6);
}

TEST_F(LiveTableTest, AProbeOfASymbolThatTradesSeldomComesLate) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  for (int i = 0; i < 20; ++i) {
    quote(0, kApple);
    pass(seconds{12});
  }
  pass(seconds{180});
  EXPECT_TRUE(script_.probes.empty());
  pass(seconds{120});
  EXPECT_EQ(script_.probes.size(), 1U);
}

TEST_F(LiveTableTest, OneSilentSymbolAmongLivelyOnesMovesAlone) {
  const Symbol third = *Symbol::parse("MSFT");
  for (const Symbol& symbol : {kApple, kTesla, third}) table_.add(symbol, now());
  state(0, StreamState::Up);
  chatter(0, {kApple, kTesla, third}, 60);
  chatter(0, {kTesla, third}, 30);
  ASSERT_EQ(script_.probes.size(), 1U);
  answer_probes(11);
  EXPECT_TRUE(script_.reconnects.empty());
  EXPECT_TRUE(is_at(1, kApple));
  EXPECT_TRUE(is_at(0, kTesla));
  EXPECT_FALSE(table_.status().vendors[0].is_troubled);
}

TEST_F(LiveTableTest, WithRestDeadTooADumbVendorIsReplacedOnSuspicion) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  chatter(0, {kApple}, 60);
  for (int i = 0; i < 120 && script_.reconnects.empty(); ++i) {
    pass(seconds{1});
    for (const Script::Asked& asked : std::exchange(script_.probes, {})) {
      table_.on_probe(asked.symbol, asked.ticket, fail(ErrorCode::ProviderUnavailable, ""), now());
    }
  }
  EXPECT_EQ(script_.reconnects, std::vector<std::size_t>{0});
  EXPECT_TRUE(is_at(1, kApple));
}

TEST_F(LiveTableTest, NobodyIsSilentWhileTheExchangeIsClosedButCoinsAre) {
  table_.add(kApple, now());
  table_.add(kBitcoin, now());
  state(0, StreamState::Up);
  clock_.advance(std::chrono::hours{8});  // 21:00 in New York
  chatter(0, {kApple, kBitcoin}, 30);
  pass(seconds{60});
  ASSERT_EQ(script_.probes.size(), 1U);
  EXPECT_EQ(script_.probes[0].symbol, kBitcoin);
}

TEST_F(LiveTableTest, ABetterRankedVendorTakesOverAwayFromTheMinutesEnd) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  state(1, StreamState::Up);
  chatter(0, {kApple}, 10);
  script_.ranking = {1, 0};
  chatter(0, {kApple}, 10);
  EXPECT_TRUE(is_at(0, kApple));  // it came only just
  chatter(0, {kApple}, 60);
  EXPECT_TRUE(is_at(1, kApple));
  EXPECT_FALSE(is_at(0, kApple));
  quote(1, kApple);
  EXPECT_EQ(table_.status().holes_announced, 0U);
}

TEST_F(LiveTableTest, AHoleIsFetchedAFewAtOnceAndAnsweredUnderItsTicket) {
  std::vector<Symbol> symbols;
  for (int i = 0; i < 10; ++i) symbols.push_back(*Symbol::parse(fmt::format("S{}", i)));
  for (const Symbol& symbol : symbols) table_.add(symbol, now());
  state(0, StreamState::Up);
  chatter(0, symbols, 45);
  const Timestamp first = std::chrono::floor<minutes>(kStart);
  for (const Symbol& symbol : symbols) bar(0, symbol, first);
  state(0, StreamState::Down);
  clock_.advance(minutes{3});
  state(0, StreamState::Up);
  pass(seconds{4});
  EXPECT_EQ(table_.status().holes_announced, 10U);
  pass(seconds{2});
  EXPECT_EQ(script_.backfills.size(), 4U);
  EXPECT_EQ(script_.backfills[0].range, (TimeRange{first + minutes{1}, first + minutes{4}}));
  for (const Symbol& symbol : symbols) bar(0, symbol, first + minutes{4});
  std::size_t answered = 0;
  while (!script_.backfills.empty()) {
    for (const auto& asked : std::exchange(script_.backfills, {})) {
      BarColumns found;
      for (int i = 1; i < 4; ++i) found.push_back({first + minutes{i}, 10, 11, 9, 10, 5});
      table_.on_backfill(asked.symbol, asked.ticket, "rest", found, now());
      ++answered;
    }
    pass(seconds{1});
  }
  EXPECT_EQ(answered, 10U);
  EXPECT_EQ(table_.status().holes_healed, 10U);
  EXPECT_EQ(table_.in_flight(), 0U);
  std::map<Symbol, Timestamp> last;
  for (const streams::BarMessage& message : script_.bars) {
    Timestamp& before = last.try_emplace(message.symbol, first - minutes{1}).first->second;
    EXPECT_EQ(message.bar.time, before + minutes{1});
    before = message.bar.time;
  }
  EXPECT_EQ(script_.bars.size(), 50U);
  EXPECT_EQ(script_.count(0, LiveEvent::Gap), 10);
}

TEST_F(LiveTableTest, AnswersForASymbolThatIsGoneAreForgotten) {
  table_.add(kApple, now());
  state(0, StreamState::Up);
  chatter(0, {kApple}, 60);
  pass(seconds{30});
  ASSERT_EQ(script_.probes.size(), 1U);
  table_.remove(kApple);
  answer_probes(11);
  EXPECT_EQ(table_.in_flight(), 0U);
  EXPECT_TRUE(script_.reconnects.empty());
}

TEST_F(LiveTableTest, APollingVendorThatNeverSaysItIsUpIsUpWhenItIsHeard) {
  table_.add(kApple, now());
  quote(0, kApple);
  EXPECT_EQ(table_.status().vendors[0].state, StreamState::Up);
  pass(minutes{1});
  EXPECT_EQ(table_.status().moves, 0U);
}

TEST(LiveCounts, LingerIsCanceledByTheNextSubscriber) {
  ManualClock clock{kStart};
  LiveCounts counts{clock, 2};
  EXPECT_TRUE(*counts.acquire(kApple));
  EXPECT_FALSE(*counts.acquire(kApple));
  counts.release(kApple);
  clock.advance(seconds{60});
  EXPECT_TRUE(counts.take_idle(seconds{30}).empty());
  counts.release(kApple);
  clock.advance(seconds{29});
  EXPECT_FALSE(*counts.acquire(kApple));
  clock.advance(seconds{60});
  EXPECT_TRUE(counts.take_idle(seconds{30}).empty());
  counts.release(kApple);
  EXPECT_TRUE(*counts.acquire(kTesla));
  EXPECT_EQ(counts.acquire(kBitcoin).error().code(), ErrorCode::RateLimited);
  clock.advance(seconds{30});
  EXPECT_EQ(counts.take_idle(seconds{30}), std::vector{kApple});
  EXPECT_TRUE(*counts.acquire(kBitcoin));
  EXPECT_EQ(counts.size(), 2U);
}

}  // namespace
}  // namespace ziggy::market
