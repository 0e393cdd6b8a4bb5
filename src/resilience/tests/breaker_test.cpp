#include "ziggy/resilience/breaker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>

#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/breaker_registry.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::run_task;

const Error kDown{ErrorCode::ProviderUnavailable, "503"};

class BreakerTest : public ::testing::Test {
 protected:
  static BreakerSettings settings() {
    return {.minimum_calls = 4,
            .consecutive_failures = 3,
            .slow_after = milliseconds{5},
            .open_for = milliseconds{1'000},
            .jitter = 0,
            .successes_to_close = 1,
            .call_timeout = milliseconds{20}};
  }
  void trip() {
    for (int i = 0; i < 3; ++i) breaker.acquire()->failure(kDown);
    ASSERT_EQ(breaker.state(), BreakerState::Open);
  }

  ManualClock clock{*parse_rfc3339("2026-11-20T18:30:10Z")};
  Breaker breaker{"vendor", settings(), clock, 1};
};

net::Task<Result<int>> answer(int value) { co_return value; }
net::Task<Result<int>> error_of(ErrorCode code) { co_return fail(code, "so it is"); }
net::Task<Result<int>> hang() {
  co_await net::sleep_for(std::chrono::hours{1});
  co_return 1;
}
net::Task<Result<int>> take(milliseconds time) {
  co_await net::sleep_for(time);
  co_return 1;
}
net::Task<Result<int>> explode() {
  throw std::runtime_error{"bug"};
  co_return 1;
}

struct Case {
  ErrorCode code;
  bool counts;
};

TEST_F(BreakerTest, OnlyWhatIsTheOtherSidesFaultCounts) {
  const Case cases[] = {{ErrorCode::ProviderUnavailable, true},
                        {ErrorCode::ProviderTimeout, true},
                        {ErrorCode::BadPayload, true},
                        {ErrorCode::StorageUnavailable, true},
                        {ErrorCode::Internal, true},
                        {ErrorCode::NotEntitled, false},
                        {ErrorCode::CredentialsRejected, false},
                        {ErrorCode::UnknownSymbol, false},
                        {ErrorCode::NotFound, false},
                        {ErrorCode::NoData, false},
                        {ErrorCode::NotSupported, false},
                        {ErrorCode::ValidationFailed, false},
                        {ErrorCode::Canceled, false},
                        {ErrorCode::DeadlineExceeded, false},
                        {ErrorCode::CircuitOpen, false},
                        {ErrorCode::Configuration, false},
                        {ErrorCode::ProviderQuota, false}};
  for (const Case& each : cases) {
    EXPECT_EQ(counts_as_failure(Error{each.code, ""}), each.counts) << code_name(each.code);
    if (each.code == ErrorCode::ProviderQuota) continue;
    breaker.reset();
    for (int i = 0; i < 20; ++i) {
      auto permit = breaker.acquire();
      if (!permit) break;
      permit->failure(Error{each.code, ""});
    }
    EXPECT_EQ(breaker.state() == BreakerState::Open, each.counts) << code_name(each.code);
    EXPECT_EQ(breaker.status().calls > 0, each.counts) << code_name(each.code);
  }
}

TEST_F(BreakerTest, AVendors429OpensItForAsLongAsItAsksAndOurOwnBudgetDoesNot) {
  breaker.acquire()->failure(own_budget_error("vendor", "5 in 60 s", seconds{60}));
  EXPECT_EQ(breaker.state(), BreakerState::Closed);
  breaker.acquire()->failure(Error{ErrorCode::ProviderQuota, "429"}.with_retry_after(seconds{42}));
  BreakerStatus status = breaker.status();
  EXPECT_EQ(status.state, BreakerState::Open);
  EXPECT_EQ(status.retry_in, seconds{42});
  EXPECT_EQ(status.failure_total, 0U);
  EXPECT_THAT(status.reason, ::testing::HasSubstr("quota"));
  clock.advance(seconds{42});
  EXPECT_TRUE(breaker.would_admit());
  // A number of seconds that no clock can hold is cut to size.
  breaker.acquire()->failure(
      Error{ErrorCode::ProviderQuota, "429"}.with_retry_after(seconds::max()));
  EXPECT_EQ(breaker.status().retry_in, kQuotaOpenMax);
}

TEST_F(BreakerTest, ARejectionNamesWhoAndWhenToComeBack) {
  trip();
  const auto permit = breaker.acquire();
  ASSERT_FALSE(permit);
  EXPECT_EQ(permit.error().code(), ErrorCode::CircuitOpen);
  EXPECT_EQ(permit.error().retry_after(), seconds{1});
  EXPECT_THAT(permit.error().detail(), ::testing::HasSubstr("vendor"));
  EXPECT_EQ(breaker.status().rejected_total, 1U);
  EXPECT_EQ(breaker.status().reason, "3 failures in a row, the last: provider_unavailable");
}

TEST_F(BreakerTest, ACalmWindowForgetsHowOftenItOpened) {
  trip();
  clock.advance(seconds{1});
  breaker.acquire()->success();
  trip();
  EXPECT_EQ(breaker.status().retry_in, seconds{2}) << "soon after, it grows";
  clock.advance(seconds{2});
  breaker.acquire()->success();
  clock.advance(seconds{60});
  trip();
  EXPECT_EQ(breaker.status().retry_in, seconds{1});
}

TEST_F(BreakerTest, WhatAnOperatorForcesHoldsUntilTheNextWord) {
  breaker.force_open();
  clock.advance(std::chrono::hours{100});
  EXPECT_FALSE(breaker.would_admit());
  EXPECT_FALSE(breaker.acquire());
  EXPECT_TRUE(breaker.status().forced);
  EXPECT_EQ(breaker.status().retry_in, std::nullopt);
  breaker.force_close();
  for (int i = 0; i < 50; ++i) breaker.acquire()->failure(kDown);
  breaker.acquire()->failure(Error{ErrorCode::ProviderQuota, "429"});
  EXPECT_EQ(breaker.state(), BreakerState::Closed);
  EXPECT_EQ(breaker.status().failures, 50U) << "what happens is still seen";
  breaker.reset();
  EXPECT_FALSE(breaker.status().forced);
  EXPECT_EQ(breaker.status().calls, 0U);
  trip();
}

TEST_F(BreakerTest, SlowAnswersOpenItThoughTheyAreGood) {
  for (int i = 0; i < 4; ++i) {
    auto permit = breaker.acquire();
    clock.advance(milliseconds{6});
    permit->success();
  }
  EXPECT_EQ(breaker.state(), BreakerState::Open);
  EXPECT_EQ(breaker.status().reason, "100 % of 4 calls were slow");
}

TEST_F(BreakerTest, ListenersHearEveryChangeInOrderAndMayAskTheBreaker) {
  std::vector<std::string> heard;
  breaker.set_listener(
      [&](std::string_view name, BreakerState from, BreakerState to, std::string_view reason) {
        heard.push_back(fmt::format("{}: {}>{} ({})", name, breaker_state_name(from),
                                    breaker_state_name(to), reason));
        // Neither a look nor a change from in here deadlocks.
        (void)breaker.status();
        if (to == BreakerState::HalfOpen) breaker.force_open();
      });
  trip();
  clock.advance(seconds{1});
  (void)breaker.acquire();
  breaker.reset();
  EXPECT_THAT(heard,
              ::testing::ElementsAre(
                  "vendor: closed>open (3 failures in a row, the last: provider_unavailable)",
                  "vendor: open>half_open (the open time is over)",
                  "vendor: half_open>open (held open by an operator)",
                  "vendor: open>closed (reset by an operator)"));
}

TEST_F(BreakerTest, WhoRecoversIsClosedButNotAgainstAnOperator) {
  std::vector<std::string> heard;
  breaker.set_listener([&](std::string_view, BreakerState, BreakerState, std::string_view reason) {
    heard.emplace_back(reason);
  });
  trip();
  EXPECT_TRUE(breaker.recover("it answered"));
  EXPECT_EQ(breaker.state(), BreakerState::Closed);
  EXPECT_FALSE(breaker.recover("again")) << "there is nothing to close";
  EXPECT_EQ(heard.back(), "it answered");
  trip();
  EXPECT_EQ(breaker.status().retry_in, milliseconds{1'000}) << "earlier openings are forgotten";
  breaker.force_open();
  EXPECT_FALSE(breaker.recover("it answered"));
  EXPECT_EQ(breaker.state(), BreakerState::Open);
  EXPECT_TRUE(breaker.status().forced);
}

TEST_F(BreakerTest, ASyncCallIsReportedWhenItIsOver) {
  EXPECT_EQ(breaker.run([&]() -> Result<int> {
    EXPECT_EQ(breaker.status().calls, 0U);
    return 7;
  }),
            7);
  EXPECT_EQ(breaker.status().success_total, 1U);
  EXPECT_THROW((void)breaker.run([]() -> Result<int> { throw std::runtime_error{"bug"}; }),
               std::runtime_error);
  EXPECT_EQ(breaker.status().failure_total, 1U);
  const auto late = breaker.run([&]() -> Result<int> {
    clock.advance(milliseconds{21});
    return 8;
  });
  EXPECT_EQ(late, 8) << "it came, though late";
  EXPECT_EQ(breaker.status().failure_total, 2U);
}

TEST_F(BreakerTest, ACoroutineIsReportedWhenItIsOver) {
  EXPECT_EQ(run_task(breaker.run<int>(answer(7))), 7);
  EXPECT_EQ(breaker.status().success_total, 1U);
  const auto failed = run_task(breaker.run<int>(error_of(ErrorCode::BadPayload)));
  EXPECT_EQ(failed.error().code(), ErrorCode::BadPayload);
  EXPECT_EQ(breaker.status().failure_total, 1U);
  const auto unknown = run_task(breaker.run<int>(error_of(ErrorCode::UnknownSymbol)));
  EXPECT_EQ(unknown.error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(breaker.status().calls, 2U);
}

TEST_F(BreakerTest, ACoroutineThatHangsIsCutOffAndCounted) {
  for (int i = 0; i < 3; ++i) {
    const auto result = run_task(breaker.run<int>(hang()));
    EXPECT_EQ(result.error().code(), ErrorCode::ProviderTimeout);
  }
  EXPECT_EQ(breaker.state(), BreakerState::Open);
  const auto rejected = run_task(breaker.run<int>(hang()));
  EXPECT_EQ(rejected.error().code(), ErrorCode::CircuitOpen);
}

TEST_F(BreakerTest, ALimitOfTheCallersOwnThatLeavesNoFairChanceIsNobodysFault) {
  const auto result = run_task(breaker.run<int>(hang(), milliseconds{2}));
  EXPECT_EQ(result.error().code(), ErrorCode::DeadlineExceeded);
  EXPECT_EQ(breaker.status().calls, 0U);
  const auto fair = run_task(breaker.run<int>(hang(), milliseconds{6}));
  EXPECT_EQ(fair.error().code(), ErrorCode::ProviderTimeout);
  EXPECT_EQ(breaker.status().failures, 1U);
  EXPECT_EQ(run_task(breaker.run<int>(take(milliseconds{40}), milliseconds{4'000})), 1)
      << "a longer limit holds too";
}

TEST_F(BreakerTest, ACoroutineThatThrowsCountsAndIsHeard) {
  EXPECT_THROW((void)run_task(breaker.run<int>(explode())), std::runtime_error);
  EXPECT_EQ(breaker.status().failure_total, 1U);
}

TEST_F(BreakerTest, ACanceledProbeCountsNothingAndMakesRoomForTheNext) {
  trip();
  clock.advance(seconds{1});
  boost::asio::io_context context;
  boost::asio::cancellation_signal signal;
  std::optional<Result<int>> result;
  boost::asio::co_spawn(context, breaker.run<int>(hang(), seconds{30}),
                        boost::asio::bind_cancellation_slot(
                            signal.slot(), [&](std::exception_ptr, Result<int> value) {
                              result.emplace(std::move(value));
                            }));
  context.poll();
  EXPECT_EQ(breaker.status().probes_out, 1U);
  EXPECT_FALSE(breaker.would_admit());
  signal.emit(boost::asio::cancellation_type::terminal);
  context.restart();
  context.run_for(seconds{5});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code(), ErrorCode::Canceled);
  EXPECT_EQ(breaker.state(), BreakerState::HalfOpen);
  EXPECT_EQ(breaker.status().probes_out, 0U);
  EXPECT_TRUE(breaker.would_admit());
}

TEST_F(BreakerTest, AProbesLeaseOutlivesTheLimitOfItsCall) {
  trip();
  clock.advance(seconds{1});
  const auto probe = breaker.acquire(seconds{120});
  clock.advance(seconds{119});
  EXPECT_FALSE(breaker.would_admit());
  clock.advance(seconds{2});
  EXPECT_TRUE(breaker.would_admit());
}

TEST(BreakerRegistry, KnowsEachBreakerOnceAndTellsAboutAll) {
  ManualClock clock{Timestamp{seconds{1'000}}};
  BreakerRegistry registry{clock};
  std::vector<std::string> heard;
  Breaker& early = registry.get("polygon.bars", Preset::Provider);
  registry.set_listener(
      [&](std::string_view name, BreakerState, BreakerState to, std::string_view) {
        heard.push_back(fmt::format("{} {}", name, breaker_state_name(to)));
      });
  Breaker& late = registry.get("database", Preset::Redis);
  EXPECT_EQ(&registry.get("polygon.bars", Preset::Redis), &early);
  EXPECT_EQ(registry.find("database"), &late);
  EXPECT_EQ(registry.find("nobody"), nullptr);
  early.force_open();
  late.force_open();
  EXPECT_THAT(heard, ::testing::ElementsAre("polygon.bars open", "database open"));
  const auto list = registry.list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, "database");
  EXPECT_EQ(list[1].name, "polygon.bars");
  EXPECT_TRUE(list[1].forced);
}

TEST(BreakerRegistry, PresetsAreSane) {
  for (const Preset preset : {Preset::Provider, Preset::Redis, Preset::Stream}) {
    const BreakerSettings settings = preset_settings(preset);
    EXPECT_GT(settings.probe_lease, settings.call_timeout) << static_cast<int>(preset);
    EXPECT_LE(settings.slow_after, settings.call_timeout) << static_cast<int>(preset);
    EXPECT_LT(settings.open_for, settings.open_max) << static_cast<int>(preset);
    EXPECT_LE(settings.minimum_calls, settings.window_calls) << static_cast<int>(preset);
  }
}

}  // namespace
}  // namespace ziggy::resilience
