// How a chain asks: who, for how long, and what is held against whom.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "fakes.hpp"
#include "race.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Call within_real(const Clock& clock, milliseconds span) {
  Call call;
  call.deadline = clock.steady() + span;
  return call;
}

TEST(Routing, AVendorThatHangsLeavesTimeForTheOthersAndTheDeadlineHolds) {
  World world{milliseconds{1'000}};
  world.a.hangs = world.b.hangs = true;
  const SystemClock real;
  const auto began = real.steady();
  const auto outcome = world.ask(within_real(world.clock, milliseconds{90}));
  ASSERT_TRUE(outcome.value);
  EXPECT_EQ(outcome.provider->name(), "c");
  // 30 ms for the first, and the second's half of the 90 that the virtual clock still shows.
  EXPECT_LT(real.steady() - began, milliseconds{150});
  EXPECT_EQ(outcome.misses.at(0).code, ErrorCode::ProviderTimeout);
  EXPECT_EQ(world.a.canceled, 1);
  // So short a time says nothing about them.
  EXPECT_EQ(world.breaker("a.quotes").status().failure_total, 0U);
}

TEST(Routing, AFairTimeOutIsHeldAgainstTheVendor) {
  World world{milliseconds{20}};
  world.a.hangs = true;
  EXPECT_EQ(world.ask().provider->name(), "b");
  EXPECT_EQ(world.breaker("a.quotes").status().failure_total, 1U);
  EXPECT_EQ(world.status("a").windows[0].failures, 1U);
  EXPECT_EQ(world.status("b").windows[0].calls, 1U);
}

TEST(Routing, AnOpenBreakerIsPassedOverAndNamedOnlyWhenNobodyAnswers) {
  World world;
  world.a.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  for (int i = 0; i < 5; ++i) world.ask();
  EXPECT_EQ(world.breaker("a.quotes").state(), resilience::BreakerState::Open);
  const int asked = world.a.asked;
  const auto good = world.ask();
  EXPECT_EQ(good.provider->name(), "b");
  EXPECT_TRUE(good.misses.empty());
  EXPECT_EQ(world.a.asked, asked);
  EXPECT_EQ(world.order(), (std::vector<std::string_view>{"b", "c", "a"}));

  world.b.says = world.c.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  // With nobody else left it is asked all the same, but not by everybody.
  const auto first = world.ask();
  EXPECT_FALSE(first.value);
  EXPECT_EQ(first.misses.size(), 3U);
  EXPECT_EQ(world.a.asked, asked + 1);
  const auto none = world.ask();
  EXPECT_FALSE(none.value);
  EXPECT_EQ(none.misses.size(), 2U);
  ASSERT_EQ(none.skipped.size(), 1U);
  EXPECT_EQ(none.skipped[0].provider, "a");
  EXPECT_EQ(none.skipped[0].code, ErrorCode::CircuitOpen);
  EXPECT_NE(none.skipped[0].detail.find("5 failures in a row"), std::string::npos);
  EXPECT_FALSE(none.is_unknown_symbol());
}

TEST(Routing, WhenEveryBreakerIsOpenTheFirstThatIsWellIsFoundWithinAQuarterOfASecond) {
  World world;
  world.a.says = world.b.says = world.c.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  for (int i = 0; i < 20; ++i) world.ask();
  EXPECT_FALSE(world.ask().value);
  const int asked = world.a.asked + world.b.asked + world.c.asked;
  for (int i = 0; i < 100; ++i) world.ask();
  EXPECT_EQ(world.a.asked + world.b.asked + world.c.asked, asked);
  world.b.says = Vendor::good;
  world.clock.advance(milliseconds{250});
  EXPECT_EQ(world.ask().provider->name(), "b");
  EXPECT_EQ(world.breaker("b.quotes").state(), resilience::BreakerState::Closed);
  EXPECT_EQ(world.ask().provider->name(), "b");
  // Not against a vendor's 429, nor an operator's hand.
  world.b.says = [](const Symbol&) -> Result<Quote> {
    return std::unexpected{Error{ErrorCode::ProviderQuota, "429"}.with_retry_after(seconds{60})};
  };
  world.breaker("a.quotes").force_open();
  world.breaker("c.quotes").force_open();
  world.ask();
  const int before = world.a.asked + world.b.asked + world.c.asked;
  world.clock.advance(seconds{2});
  EXPECT_EQ(world.ask().skipped.size(), 3U);
  EXPECT_EQ(world.a.asked + world.b.asked + world.c.asked, before);
}

TEST(Routing, UnknownAndNothingThereAreAnswersOnlyWhenNobodyIsHeldBack) {
  World world;
  world.a.says = Vendor::failing(ErrorCode::UnknownSymbol);
  world.b.says = Vendor::failing(ErrorCode::NoData);
  world.c.says = Vendor::failing(ErrorCode::NoData);
  EXPECT_TRUE(world.ask().all_empty());
  EXPECT_FALSE(world.ask().is_unknown_symbol());
  world.b.says = world.c.says = world.a.says;
  EXPECT_TRUE(world.ask().is_unknown_symbol());
  EXPECT_FALSE(world.ask().all_empty());
  // None of it is held against anybody.
  for (const auto* name : {"a.quotes", "b.quotes", "c.quotes"}) {
    EXPECT_EQ(world.breaker(name).status().failure_total, 0U);
  }
  EXPECT_DOUBLE_EQ(*world.status("a").windows[1].success_rate, 1);
  world.breaker("c.quotes").force_open();
  EXPECT_FALSE(world.ask().is_unknown_symbol());
  world.b.says = Vendor::failing(ErrorCode::NoData);
  EXPECT_FALSE(world.ask().all_empty());
}

TEST(Routing, WhatAPlanRefusesIsNotAskedAgainForAWhile) {
  World world;
  world.a.says = Vendor::failing(ErrorCode::NotEntitled, "plan");
  EXPECT_EQ(world.ask().misses.at(0).code, ErrorCode::NotEntitled);
  EXPECT_TRUE(world.ask().misses.empty());
  EXPECT_EQ(world.a.asked, 1);
  EXPECT_TRUE(world.status("a").reason.ends_with("its plan or key refuses some requests"));
  // Another kind of request is another part of the plan.
  const feed::BarsRequest request{kAbc, Interval::Day, {kNow - std::chrono::days{30}, kNow}};
  testing::run_task(world.loop, world.bars.bars(request, {}, {}));
  EXPECT_EQ(world.a.asked, 2);
  feed::BarsRequest old = request;
  old.range = {kNow - std::chrono::days{4'000}, kNow - std::chrono::days{3'000}};
  testing::run_task(world.loop, world.bars.bars(old, {}, {}));
  EXPECT_EQ(world.a.asked, 3);
  testing::run_task(world.loop, world.bars.bars(request, {}, {}));
  EXPECT_EQ(world.a.asked, 3);
  world.clock.advance(minutes{31});
  world.a.says = Vendor::good;
  EXPECT_EQ(world.ask().provider->name(), "a");
  EXPECT_EQ(world.breaker("a.quotes").status().failure_total, 0U);
}

TEST(Routing, WhoCantIsNotAskedAndNotBlamed) {
  World world;
  world.a.can.shares = false;
  world.b.can.intervals = 1U << static_cast<unsigned>(Interval::Day);
  const feed::BarsRequest request{kAbc, Interval::Minute, {kNow - minutes{30}, kNow}};
  const auto outcome = testing::run_task(world.loop, world.bars.bars(request, {}, {}));
  EXPECT_EQ(outcome.provider->name(), "c");
  EXPECT_EQ(outcome.unsupported, 1U);
  EXPECT_TRUE(outcome.misses.empty());
  EXPECT_EQ(world.a.asked + world.b.asked, 0);
}

TEST(Routing, AVendorWithoutAKeyIsNeverAskedAndNeverScores) {
  World world;
  world.a.missing_key = "A_API_KEY is not set";
  Desk& desk = world.desk;
  // The key is looked at when the order is made.
  desk.enroll(Operation::Quotes, {&world.a}, milliseconds{100});
  world.b.says = world.c.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  Outcome<Quote> last;
  for (int i = 0; i < 200; ++i) {
    last = world.ask();
    world.pass(seconds{1});
    desk.note_answer("a", Operation::Quotes, AnswerClass::Success, milliseconds{1});
  }
  EXPECT_EQ(world.a.asked, 0);
  EXPECT_TRUE(std::ranges::any_of(last.skipped, [](const Miss& miss) {
    return miss.provider == "a" && miss.code == ErrorCode::Configuration;
  }));
  const auto status = desk.status("a");
  EXPECT_EQ(status->state, "not_configured");
  const OperationStatus quotes = world.status("a");
  EXPECT_FALSE(quotes.score);
  EXPECT_EQ(quotes.rank, 0U);
  EXPECT_EQ(quotes.reason, "not asked: A_API_KEY is not set");
  for (const SlaWindow& window : quotes.windows) {
    EXPECT_EQ(window.calls, 0U);
    EXPECT_FALSE(window.success_rate);
  }
  EXPECT_FALSE(desk.pin(Operation::Quotes, "a"));
}

TEST(Routing, OurOwnBudgetIsNoBlameAndTheVendorsQuotaOpensForItsTime) {
  World world;
  world.a.says = [](const Symbol&) -> Result<Quote> {
    return std::unexpected{resilience::own_budget_error("a", "spent", seconds{5})};
  };
  for (int i = 0; i < 20; ++i) {
    const auto outcome = world.ask();
    EXPECT_EQ(outcome.provider->name(), "b");
    EXPECT_TRUE(outcome.misses.empty());
  }
  EXPECT_EQ(world.status("a").windows[0].calls, 0U);
  EXPECT_EQ(world.breaker("a.quotes").state(), resilience::BreakerState::Closed);

  world.a.says = [](const Symbol&) -> Result<Quote> {
    return std::unexpected{Error{ErrorCode::ProviderQuota, "429"}.with_retry_after(seconds{60})};
  };
  EXPECT_EQ(world.ask().misses.at(0).code, ErrorCode::ProviderQuota);
  const int asked = world.a.asked;
  world.clock.advance(seconds{50});
  world.ask();
  EXPECT_EQ(world.a.asked, asked);
  world.desk.tick();
  EXPECT_TRUE(world.desk.incidents().empty()) << "a quota is no failure";
}

TEST(Routing, ARefusedAnswerIsAViolationAndTheNextIsAsked) {
  World world;
  Terms<Quote> terms;
  terms.accept = [](const feed::Provider& provider, const Quote&) -> Result<> {
    if (provider.name() != "a") return {};
    return fail(ErrorCode::BadPayload, "bid above ask");
  };
  const auto outcome = world.ask({}, terms);
  EXPECT_EQ(outcome.provider->name(), "b");
  EXPECT_EQ(outcome.misses.at(0).code, ErrorCode::BadPayload);
  EXPECT_EQ(world.status("a").windows[0].violations, 1U);
  EXPECT_EQ(world.breaker("a.quotes").status().failure_total, 1U);
}

TEST(Routing, ASlowFirstIsHedgedTheFirstGoodAnswerWinsAndTheLoserIsNotBlamed) {
  World world{milliseconds{1'000}};
  for (int i = 0; i < 10; ++i) world.ask();
  world.make_usual("a", milliseconds{5});
  for (int i = 0; i < 10; ++i) world.ask();
  world.a.hangs = true;
  const SystemClock real;
  const auto began = real.steady();
  const auto outcome = world.ask();
  EXPECT_EQ(outcome.provider->name(), "b");
  EXPECT_TRUE(outcome.misses.empty());
  EXPECT_GE(real.steady() - began, milliseconds{19});
  EXPECT_LT(real.steady() - began, milliseconds{500});
  EXPECT_EQ(world.a.canceled, 1);
  EXPECT_EQ(world.breaker("a.quotes").status().failure_total, 0U);
  const SlaWindow window = world.status("a").windows[0];
  EXPECT_EQ(window.classes[static_cast<std::size_t>(AnswerClass::Canceled)], 1U);
  EXPECT_EQ(window.failures, 0U);
}

TEST(Routing, ASlowFirstThatAnswersBeforeTheHedgeWins) {
  World world{milliseconds{1'000}};
  world.make_usual("a", milliseconds{5});
  for (int i = 0; i < 10; ++i) world.ask();
  world.a.takes = milliseconds{40};
  world.b.hangs = true;
  EXPECT_EQ(world.ask().provider->name(), "a");
  EXPECT_EQ(world.b.canceled, 1);
  EXPECT_EQ(world.breaker("b.quotes").status().failure_total, 0U);
}

TEST(Routing, BothLegsOfAHedgeMayFailAndAreNamed) {
  World world{milliseconds{1'000}};
  world.make_usual("a", milliseconds{5});
  for (int i = 0; i < 10; ++i) world.ask();
  world.a.takes = milliseconds{40};
  world.a.says = world.b.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  const auto outcome = world.ask();
  EXPECT_EQ(outcome.provider->name(), "c");
  ASSERT_EQ(outcome.misses.size(), 2U);
  EXPECT_EQ(outcome.misses[0].provider, "a");
  EXPECT_EQ(outcome.misses[1].provider, "b");
  EXPECT_EQ(world.breaker("a.quotes").status().failure_total, 1U);
}

TEST(Routing, HedgesRunOutSoThatAVendorThatHangsIsFoundOut) {
  World world{milliseconds{30}};
  world.make_usual("a", milliseconds{5});
  for (int i = 0; i < 25; ++i) world.ask();
  world.a.hangs = true;
  int asks = 0;
  while (world.breaker("a.quotes").state() == resilience::BreakerState::Closed && asks < 60) {
    EXPECT_EQ(world.ask().provider->name(), "b");
    ++asks;
  }
  EXPECT_LT(asks, 20);
}

TEST(Routing, BatchWorkIsNeitherHedgedNorCopied) {
  World world{milliseconds{1'000}};
  world.make_usual("a", milliseconds{5});
  Call batch;
  batch.use = CallUse::Batch;
  for (int i = 0; i < 30; ++i) world.ask(batch);
  world.a.takes = milliseconds{40};
  EXPECT_EQ(world.ask(batch).provider->name(), "a");
  EXPECT_EQ(world.b.asked, 0);
}

TEST(Routing, AVendorThatWasCutOffComesBackByCanariesThatNobodyWaitsFor) {
  World world;
  world.a.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  for (int i = 0; i < 5; ++i) world.ask();
  world.a.says = Vendor::good;
  world.a.takes = milliseconds{5};
  world.clock.advance(seconds{6});
  // The breaker may be probed: a copy goes to it while b answers.
  const auto outcome = testing::run_task(world.loop, world.quotes.quote(kAbc, {}, {}));
  EXPECT_EQ(outcome.provider->name(), "b");
  EXPECT_TRUE(outcome.misses.empty());
  testing::run_task(world.loop, world.quotes.quote(kAbc, {}, {}));
  EXPECT_EQ(world.a.as_batch, 1) << "one at a time";
  for (int i = 0; i < 3; ++i) {
    world.loop.restart();
    world.loop.run_for(milliseconds{20});
    testing::run_task(world.loop, world.quotes.quote(kAbc, {}, {}));
  }
  EXPECT_EQ(world.breaker("a.quotes").state(), resilience::BreakerState::Closed);
  EXPECT_EQ(world.ask().provider->name(), "a");
}

TEST(Routing, ADemotedVendorGetsOneInFiftyAndReturnsWhenItIsWell) {
  World world;
  // Wrong half of the time: the breaker stays closed, the score falls.
  int n = 0;
  world.a.says = [&n](const Symbol& symbol) -> Result<Quote> {
    if (++n % 5 < 2) return fail(ErrorCode::ProviderUnavailable, "502");
    return Vendor::good(symbol);
  };
  for (int i = 0; i < 60; ++i) {
    world.ask();
    world.pass(seconds{1});
  }
  EXPECT_EQ(world.order().front(), "b");
  EXPECT_NE(world.status("a").reason.find("b is better by"), std::string::npos)
      << world.status("a").reason;
  EXPECT_NE(world.status("b").reason.find("better than a by"), std::string::npos)
      << world.status("b").reason;
  world.a.says = Vendor::good;
  const int before = world.a.asked;
  for (int i = 0; i < 500; ++i) world.ask();
  EXPECT_GE(world.a.asked - before, 10);
  EXPECT_LE(world.a.asked - before, 12);
  int waited = 0;
  for (; world.order().front() != "a" && waited < 1'000; ++waited) {
    world.ask();
    world.pass(seconds{1});
  }
  EXPECT_LT(waited, 6 * 60);
  EXPECT_EQ(world.status("a").rank, 1U);
}

TEST(Routing, TheLastResortsAnswerLeavesAnOperatorsHoldAlone) {
  World world;
  world.a.says = world.b.says = world.c.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  for (int i = 0; i < 20; ++i) world.ask();
  world.clock.advance(milliseconds{250});
  world.a.says = [&world](const Symbol& symbol) {
    world.breaker("a.quotes").force_open();
    return Vendor::good(symbol);
  };
  EXPECT_EQ(world.ask().provider->name(), "a");
  EXPECT_TRUE(world.breaker("a.quotes").status().forced);
  EXPECT_EQ(world.breaker("a.quotes").state(), resilience::BreakerState::Open);

  world.b.says = Vendor::good;
  world.clock.advance(milliseconds{250});
  EXPECT_EQ(world.ask().provider->name(), "b");
  EXPECT_EQ(world.breaker("b.quotes").status().reason, "it answered when nobody else did");
}

TEST(Routing, AVendorsOwnCanceledOrAThrowIsAMissAndTheNextOneIsAsked) {
  for (const bool is_hedged : {false, true}) {
    World world;
    if (is_hedged) world.make_usual("a", milliseconds{5});
    world.a.says = Vendor::failing(ErrorCode::Canceled);
    auto outcome = world.ask();
    ASSERT_TRUE(outcome.value) << is_hedged;
    EXPECT_EQ(outcome.provider->name(), "b");
    ASSERT_EQ(outcome.misses.size(), 1U);
    EXPECT_EQ(outcome.misses[0].provider, "a");

    world.a.says = Vendor::good;
    Terms<Quote> terms;
    terms.accept = [](const feed::Provider& provider, const Quote&) -> Result<> {
      if (provider.name() == "a") throw std::runtime_error{"bug"};
      return {};
    };
    outcome = world.ask({}, terms);
    ASSERT_TRUE(outcome.value) << is_hedged;
    EXPECT_EQ(outcome.provider->name(), "b");
    ASSERT_EQ(outcome.misses.size(), 1U);
    EXPECT_EQ(outcome.misses[0].code, ErrorCode::Internal);
    EXPECT_EQ(outcome.misses[0].detail, "bug");
    EXPECT_EQ(world.breaker("a.quotes").status().failures, 1U);
  }
}

net::Task<Result<int>> explode() {
  throw std::runtime_error{"bug"};
  co_return 1;
}

TEST(Race, ALegThatThrowsHasFailedAndWasNotCanceled) {
  const auto raced = testing::run_task(race<int>(explode(), seconds{1}, {}));
  ASSERT_TRUE(raced.first);
  EXPECT_EQ(raced.first->error().code(), ErrorCode::Internal);
}

}  // namespace
}  // namespace ziggy::routing
