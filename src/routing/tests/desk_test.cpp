// What the desk says, keeps and tells.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "fakes.hpp"
#include "samples.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/store/database.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::unique_ptr<store::Database> open_database(const testing::TempFolder& folder) {
  auto database = store::Database::open({.url = "sqlite:///" + (folder / "ziggy.db").string()});
  if (!database || !(*database)->migrate()) throw std::runtime_error{"no database"};
  return *std::move(database);
}

DeskParts with(store::Database* database,
               std::function<bool(std::string, std::string)> webhook = {}) {
  return {.clock = World::never(),
          .breakers = World::none(),
          .database = database,
          .webhook = std::move(webhook)};
}

void answer(World& world, std::string_view vendor, int good, int failed,
            milliseconds latency = milliseconds{5}) {
  for (int i = 0; i < good; ++i) {
    world.desk.note_answer(vendor, Operation::Quotes, AnswerClass::Success, latency);
  }
  for (int i = 0; i < failed; ++i) {
    world.desk.note_answer(vendor, Operation::Quotes, AnswerClass::Unavailable, latency);
  }
}

TEST(Desk, SaysTheReasonForEachRankInWords) {
  World world{milliseconds{1'500}};
  EXPECT_EQ(world.status("a").reason, "first: configured first, not measured yet");
  EXPECT_EQ(world.desk.status("a")->state, "idle");
  answer(world, "a", 499, 1, milliseconds{82});
  world.desk.tick();
  EXPECT_EQ(world.status("a").reason, "first: configured first, 99.8 % over 5 min, p95 82 ms");
  EXPECT_EQ(world.desk.status("a")->state, "ok");
  EXPECT_NEAR(*world.status("a").score, 99.7, 0.1);

  ASSERT_TRUE(world.desk.pin(Operation::Quotes, "c"));
  EXPECT_EQ(world.order().front(), "c");
  EXPECT_EQ(world.status("c").reason, "first: pinned, not measured yet");
  EXPECT_EQ(world.status("a").reason,
            "second: configured first, 99.8 % over 5 min, p95 82 ms, pinned is c");

  world.c.says = Vendor::failing(ErrorCode::ProviderTimeout);
  for (int i = 0; i < 5; ++i) world.ask();
  EXPECT_EQ(world.order().back(), "c");
  const std::string reason = world.status("c").reason;
  EXPECT_TRUE(reason.starts_with("third: breaker open, 5 failures in a row")) << reason;
  EXPECT_NE(reason.find("retry in "), std::string::npos) << reason;
  EXPECT_EQ(world.desk.status("c")->state, "degraded");
  world.breaker("c.bars").force_open();
  EXPECT_EQ(world.desk.status("c")->state, "down");
  world.breaker("c.quotes").force_open();
  EXPECT_EQ(world.status("c").rank, 0U);
  EXPECT_EQ(world.status("c").reason, "not asked: breaker held open by an operator");
  EXPECT_EQ(world.order().size(), 2U);

  ASSERT_TRUE(world.desk.unpin(Operation::Quotes));
  EXPECT_EQ(world.desk.unpin(Operation::Quotes).error().code(), ErrorCode::NotFound);
  EXPECT_EQ(world.desk.pin(Operation::Quotes, "nobody").error().code(), ErrorCode::NotFound);
  EXPECT_FALSE(world.desk.status("nobody"));
}

TEST(Desk, FreshnessGapsViolationsAndAgreementLowerTheScore) {
  World world;
  answer(world, "a", 100, 0, milliseconds{5});
  answer(world, "b", 100, 0, milliseconds{5});
  world.desk.tick();
  EXPECT_DOUBLE_EQ(*world.status("a").score, 100);
  for (int i = 0; i < 10; ++i) {
    world.desk.note_violation("a", Operation::Quotes);
    world.desk.note_agreement("a", Operation::Quotes, i % 2 == 0);
  }
  world.desk.note_gap("a", Operation::Quotes, 100, 10);
  world.pass(seconds{1});
  EXPECT_NEAR(*world.status("a").score, 100 - 20 - 7.5 - 10, 0.1);
  EXPECT_DOUBLE_EQ(*world.status("a").windows[1].gap_rate, 0.1);
  for (int i = 0; i < 200; ++i) {
    world.desk.note_answer("a", Operation::Quotes, AnswerClass::Success, milliseconds{5},
                           seconds{900});
    world.desk.note_answer("b", Operation::Quotes, AnswerClass::Success, milliseconds{5},
                           seconds{2});
  }
  world.pass(seconds{1});
  EXPECT_NEAR(*world.status("a").windows[1].freshness_ms, 900'000, 90'000);
  EXPECT_DOUBLE_EQ(*world.status("b").score, 100);
}

TEST(Desk, SamplesPinsAndOpenIncidentsSurviveARestart) {
  const testing::TempFolder folder;
  const auto database = open_database(folder);
  SlaWindow before;
  {
    World world{milliseconds{100}, with(database.get())};
    ASSERT_TRUE(world.desk.load());
    for (int minute = 0; minute < 5; ++minute) {
      answer(world, "a", 20, 30, milliseconds{10 + minute});
      world.desk.note_agreement("a", Operation::Quotes, false);
      world.pass(minutes{1});
    }
    answer(world, "a", 1, 0);
    ASSERT_TRUE(world.desk.pin(Operation::Quotes, "b"));
    ASSERT_EQ(world.desk.incidents().size(), 2U) << "a fast and a slow burn";
    before = world.status("a").windows[2];
    world.desk.stop();
  }
  World world{milliseconds{100}, with(database.get())};
  world.clock.advance(minutes{5} + seconds{30});
  ASSERT_TRUE(world.desk.load());
  const SlaWindow after = world.status("a").windows[2];
  EXPECT_EQ(after.calls, 251U);
  EXPECT_EQ(after.classes, before.classes);
  EXPECT_EQ(after.p50_ms, before.p50_ms);
  EXPECT_EQ(after.p99_ms, before.p99_ms);
  EXPECT_EQ(after.disagreed, 5U);
  EXPECT_EQ(world.order().front(), "b");
  EXPECT_EQ(world.desk.pinned(Operation::Quotes), "b");

  // They are open still, are opened no second time, and close when the vendor is well.
  const auto open = [&world] {
    return std::ranges::count_if(world.desk.incidents(),
                                 [](const auto& one) { return !one.closed_at; });
  };
  EXPECT_EQ(open(), 2);
  world.pass(seconds{10});
  EXPECT_EQ(open(), 2);
  for (int minute = 0; minute < 8; ++minute) {
    answer(world, "a", 50, 0);
    world.pass(minutes{1});
  }
  EXPECT_EQ(open(), 1) << "five good minutes end the fast one";
  for (int minute = 0; minute < 60; ++minute) {
    answer(world, "a", 50, 0);
    world.pass(minutes{1});
  }
  EXPECT_EQ(open(), 0);
  const auto stored = database->incidents().list(10);
  ASSERT_EQ(stored->size(), 2U);
  for (const auto& one : *stored) EXPECT_TRUE(one.closed_at) << one.kind;

  const auto history =
      testing::run_task(world.desk.history("a", {kNow - hours{1}, kNow + hours{1}}));
  ASSERT_GE(history->size(), 6U);
  EXPECT_EQ(history->front().calls, 50);
  EXPECT_EQ(history->front().failures, 30);
  EXPECT_EQ(testing::run_task(world.desk.history("nobody", {kNow, kNow})).error().code(),
            ErrorCode::NotFound);
  EXPECT_EQ(testing::run_task(world.desk.incidents(5, ""))->size(), 2U);
}

TEST(Desk, ABreakerThatOpensIsOneIncidentUntilTheVendorAnswersAgain) {
  std::vector<std::pair<std::string, std::string>> sent;
  World world{milliseconds{100}, with(nullptr, [&sent](std::string event, std::string json) {
                sent.emplace_back(std::move(event), std::move(json));
                return true;
              })};
  world.a.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 6; ++i) world.ask();
    world.pass(seconds{10});
  }
  const auto opened = [&sent](std::string_view kind) {
    return std::ranges::count_if(sent, [kind](const auto& one) {
      return one.first == "incident.opened" && one.second.find(kind) != std::string::npos;
    });
  };
  EXPECT_EQ(opened("breaker_open"), 1) << "probes that fail open no second one";
  EXPECT_EQ(world.desk.status("a")->state, "degraded");
  world.a.says = Vendor::good;
  for (int i = 0; i < 100; ++i) {
    world.ask();
    world.pass(seconds{5});
  }
  EXPECT_EQ(world.breaker("a.quotes").state(), resilience::BreakerState::Closed);
  for (const auto& one : world.desk.incidents()) {
    if (one.kind == "breaker_open") EXPECT_EQ(one.closing, "it answers again");
  }
  EXPECT_EQ(opened("breaker_open"), 1);
  const auto closed = std::ranges::count_if(sent, [](const auto& one) {
    return one.first == "incident.closed" && one.second.find("breaker_open") != std::string::npos;
  });
  EXPECT_EQ(closed, 1);
}

TEST(Desk, AnOperatorsHandIsNoIncident) {
  World world;
  world.breaker("a.quotes").force_open();
  world.pass(seconds{30});
  EXPECT_TRUE(world.desk.incidents().empty());
}

TEST(Desk, ABurnOpensAndClosesOnceHoweverItHovers) {
  World world;
  std::size_t seen = 0;
  // 10 to 20 % failures hover around the 14.4 % that open the fast one.
  for (int minute = 0; minute < 60; ++minute) {
    answer(world, "a", 85 + minute % 3 * 5, 15);
    world.pass(minutes{1});
    seen = world.desk.incidents().size();
  }
  EXPECT_LE(seen, 2U) << "the fast and the slow one";
  EXPECT_GE(seen, 1U);
  for (int minute = 0; minute < 180; ++minute) {
    answer(world, "a", 100, 0);
    world.pass(minutes{1});
  }
  const auto incidents = world.desk.incidents();
  EXPECT_EQ(incidents.size(), seen);
  for (const auto& one : incidents) EXPECT_TRUE(one.closed_at) << one.kind;
}

TEST(Desk, SlownessBurnsToo) {
  World world{milliseconds{100}};
  for (int i = 0; i < 6; ++i) {
    answer(world, "a", 50, 0, milliseconds{95});
    world.pass(seconds{20});
  }
  const auto incidents = world.desk.incidents();
  ASSERT_EQ(incidents.size(), 2U);
  EXPECT_NE(incidents.front().reason.find("took too long"), std::string::npos);
}

TEST(Desk, FinishedMinutesAreStoredByThePoolAndOldOnesGo) {
  const testing::TempFolder folder;
  const auto database = open_database(folder);
  store::ProviderSample old;
  old.provider = "a";
  old.operation = "quotes";
  old.minute = std::chrono::floor<std::chrono::minutes>(kNow - hours{31 * 24});
  ASSERT_TRUE(database->samples().write(std::vector{old}));
  net::BlockingPool pool{1, 16};
  ManualClock clock{kNow};
  resilience::BreakerRegistry breakers{clock};
  Vendor vendor{"a"};
  Desk desk{{.clock = clock, .breakers = breakers, .database = database.get(), .pool = &pool}};
  desk.enroll(Operation::Quotes, {&vendor}, milliseconds{100});
  desk.note_answer("a", Operation::Quotes, AnswerClass::Success, milliseconds{7});
  desk.tick();
  clock.advance(minutes{1});
  desk.tick();
  desk.stop();
  const auto rows = database->samples().read("a", {kNow - hours{24 * 365}, kNow + hours{1}});
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().minute, kNow);
  EXPECT_NEAR(rows->front().p50_ms, 7, 0.2);
  EXPECT_EQ(rows->front().outcomes, "success:1");
}

TEST(Samples, WhatIsWrittenIsReadBackAndForeignWordsAreLeftOut) {
  Minute minute;
  minute.tally.classes[0] = 12;
  minute.tally.classes[5] = 3;
  minute.tally.violations = 2;
  minute.tally.expected = 7;
  minute.tally.missing = 1;
  minute.latency = {{0, 1}, {17, 9}, {273, 5}};
  minute.age = {{40, 12}};
  store::ProviderSample sample = sample_of(minute);
  EXPECT_EQ(sample.calls, 15);
  EXPECT_EQ(sample.failures, 3);
  sample.outcomes += ",strange:4,success:x,:";
  sample.latency += ",b12:4,a999:1,a-1:2,a5:-3";
  const Minute read = minute_of(sample);
  EXPECT_EQ(read.tally.classes, minute.tally.classes);
  EXPECT_EQ(read.latency, minute.latency);
  EXPECT_EQ(read.age, minute.age);
  EXPECT_EQ(read.tally.violations, 2U);
  EXPECT_EQ(read.tally.missing, 1U);
}

TEST(Desk, AStreamsFailuresOpenItsBreakerAndItsReturnClosesIt) {
  World world;
  world.desk.enroll(Operation::Stream, {&world.a, &world.b}, milliseconds{100});
  const auto note = [&](AnswerClass answer) {
    world.desk.note_answer("a", Operation::Stream, answer, std::nullopt);
  };
  for (int i = 0; i < 9; ++i) note(AnswerClass::NotEntitled);
  EXPECT_EQ(world.breaker("a.stream").state(), resilience::BreakerState::Closed);
  for (int i = 0; i < 4; ++i) note(AnswerClass::Unavailable);
  EXPECT_EQ(world.breaker("a.stream").state(), resilience::BreakerState::Open);
  EXPECT_EQ(world.breaker("a.stream").status().rejected_total, 0U);
  EXPECT_EQ(world.desk.order(Operation::Stream).front(), &world.b);
  world.pass(seconds{1});
  const auto opened = world.desk.incidents();
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].kind, "breaker_open");
  EXPECT_EQ(opened[0].operation, "stream");
  world.clock.advance(seconds{2});
  EXPECT_EQ(world.desk.order(Operation::Stream).front(), &world.a) << "connected to again";

  note(AnswerClass::Success);
  EXPECT_EQ(world.breaker("a.stream").status().reason, "the connection is up");
  world.pass(seconds{30});
  EXPECT_TRUE(world.desk.incidents().front().closed_at);
  const auto window = world.status("a", Operation::Stream).windows[1];
  EXPECT_EQ(window.counted, 5U);
  EXPECT_EQ(window.timed, 0U);
  EXPECT_FALSE(window.gap_rate);
}

TEST(Desk, ATickThatThrowsDoesNotEndTheTicking) {
  ManualClock clock{kNow};
  resilience::BreakerRegistry breakers{clock};
  Vendor a{"a"};
  Vendor b{"b"};
  int told = 0;
  Desk desk{{.clock = clock,
             .breakers = breakers,
             .webhook = [&told](std::string, std::string) -> bool {
               ++told;
               throw std::runtime_error{"bug"};
             },
             .tick_every = milliseconds{1}}};
  desk.enroll(Operation::Quotes, {&a, &b}, milliseconds{100});
  net::asio::io_context loop;
  desk.start(loop.get_executor());
  const auto fails = [&](std::string_view name) {
    for (int i = 0; i < 5; ++i) {
      breakers.find(name)->acquire()->failure(Error{ErrorCode::ProviderUnavailable, "503"});
    }
    const int before = told;
    clock.advance(minutes{1});
    for (int i = 0; i < 200 && told == before; ++i) loop.run_one_for(milliseconds{50});
  };
  fails("a.quotes");
  EXPECT_EQ(told, 1);
  fails("b.quotes");
  EXPECT_EQ(told, 2);
  desk.stop();
  loop.run();
}

}  // namespace
}  // namespace ziggy::routing
