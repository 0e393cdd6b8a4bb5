#include "breaker_model.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace ziggy::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Error kDown{ErrorCode::ProviderUnavailable, "503"};
const Error kUnknown{ErrorCode::UnknownSymbol, "404"};

BreakerSettings small_settings() {
  return {.window_calls = 8,
          .window = seconds{10},
          .minimum_calls = 4,
          .failure_rate = 0.5,
          .consecutive_failures = 3,
          .slow_after = milliseconds{300},
          .slow_rate = 0.75,
          .open_for = milliseconds{1'000},
          .open_max = milliseconds{6'000},
          .jitter = 0,
          .probes = 2,
          .successes_to_close = 3,
          .probe_lease = milliseconds{2'000},
          .call_timeout = milliseconds{500}};
}

enum class Act : std::uint8_t {
  Acquire,
  Success,
  Failure,
  Neutral,
  Cancel,
  /// Never reported, never destroyed: the caller hangs.
  Lose,
  Quota,
  Advance,
  AdvanceFar,
  Operator,
};

struct Step {
  Act act = Act::Acquire;
  unsigned number = 0;
};

void showValue(const Step& step, std::ostream& out) {
  static constexpr const char* kNames[] = {"acquire", "success", "failure", "neutral", "cancel",
                                           "lose",    "quota",   "advance", "far",     "operator"};
  out << kNames[static_cast<int>(step.act)] << ' ' << step.number;
}

rc::Gen<std::vector<Step>> steps() {
  const auto act = rc::gen::weightedElement<Act>({{30, Act::Acquire},
                                                  {14, Act::Success},
                                                  {22, Act::Failure},
                                                  {4, Act::Neutral},
                                                  {4, Act::Cancel},
                                                  {5, Act::Lose},
                                                  {2, Act::Quota},
                                                  {18, Act::Advance},
                                                  {4, Act::AdvanceFar},
                                                  {1, Act::Operator}});
  return rc::gen::scale(4.0, rc::gen::container<std::vector<Step>>(rc::gen::build<Step>(
                                 rc::gen::set(&Step::act, act),
                                 rc::gen::set(&Step::number, rc::gen::inRange(0U, 1'000U)))));
}

/// A breaker and its model side by side, fed the same.
class Pair {
 public:
  explicit Pair(BreakerSettings settings)
      : clock_{Timestamp{std::chrono::hours{1}}},
        model{settings},
        breaker{"x", settings, clock_, 1} {}

  void take(const Step& step) {
    switch (step.act) {
      case Act::Acquire:
        return acquire();
      case Act::Success:
      case Act::Failure:
      case Act::Neutral:
      case Act::Cancel:
      case Act::Lose:
      case Act::Quota:
        return report(step);
      case Act::Advance:
        return advance(milliseconds{step.number});
      case Act::AdvanceFar:
        return advance(milliseconds{step.number * 10});
      case Act::Operator:
        return operate(step.number);
    }
  }

  void advance(std::chrono::nanoseconds by) {
    clock_.advance(by);
    model.advance(by);
  }

  void acquire() {
    auto permit = breaker.acquire();
    const auto expected = model.acquire();
    RC_ASSERT(permit.has_value() == expected.has_value());
    if (!permit) {
      RC_ASSERT(permit.error().code() == ErrorCode::CircuitOpen);
      RC_ASSERT(permit.error().retry_after().has_value() == !model.forced);
      return;
    }
    RC_ASSERT(permit->is_probe() == (expected->probe != 0));
    out_.push_back({std::move(*permit), *expected});
  }

  void compare() {
    const BreakerStatus status = breaker.status();
    const auto window = model.in_window();
    RC_ASSERT(status.state == model.state);
    RC_ASSERT(status.generation == model.generation);
    RC_ASSERT(status.forced == model.forced);
    RC_ASSERT(status.calls == window.size());
    RC_ASSERT(static_cast<long>(status.failures) ==
              std::ranges::count_if(window, &BreakerModel::Outcome::failed));
    RC_ASSERT(static_cast<long>(status.slow) ==
              std::ranges::count_if(window, &BreakerModel::Outcome::slow));
    RC_ASSERT(status.consecutive_failures == model.consecutive);
    RC_ASSERT(status.probes_out == model.alive_probes());
    RC_ASSERT(breaker.would_admit() == model.would_admit());
    RC_ASSERT(status.retry_in.has_value() == (model.state == BreakerState::Open && !model.forced));
    if (status.retry_in) {
      const auto left = std::max(model.open_until - model.now(), BreakerModel::Time::zero());
      RC_ASSERT(*status.retry_in == std::chrono::ceil<milliseconds>(left));
    }
  }

  /// Permits that were given as probes, are not lost and not reported.
  [[nodiscard]] std::size_t leased() const {
    return static_cast<std::size_t>(std::ranges::count_if(out_, [this](const Out& out) {
      return out.expected.probe != 0 && out.expected.generation == model.generation &&
             model.now() - out.expected.started < breaker.settings().probe_lease;
    }));
  }
  void drop_all() {
    for (Out& out : out_) model.cancel(out.expected);
    out_.clear();
  }

 private:
  struct Out {
    Breaker::Permit permit;
    BreakerModel::Permit expected;
    bool is_lost = false;
  };
  ManualClock clock_;

 public:
  BreakerModel model;
  Breaker breaker;

 private:
  void report(const Step& step) {
    if (out_.empty()) return;
    // Mostly the latest ones; old ones now and then, which are late.
    const std::size_t back = step.number % std::min<std::size_t>(out_.size(), 6);
    const auto at = out_.end() - 1 - static_cast<long>(back);
    if (at->is_lost) return;
    switch (step.act) {
      case Act::Success:
        at->permit.success();
        model.success(at->expected);
        break;
      case Act::Failure:
        at->permit.failure(kDown);
        model.failure(at->expected);
        break;
      case Act::Neutral:
        at->permit.failure(kUnknown);
        model.cancel(at->expected);
        break;
      case Act::Quota: {
        const seconds wait{1 + step.number % 20};
        at->permit.failure(Error{ErrorCode::ProviderQuota, "429"}.with_retry_after(wait));
        model.quota(at->expected, wait);
        break;
      }
      case Act::Lose:
        at->is_lost = true;
        return;
      default:
        model.cancel(at->expected);
        break;
    }
    out_.erase(at);
  }

  void operate(unsigned number) {
    switch (number % 6) {
      case 0:
        breaker.force_open();
        return model.force_open();
      case 1:
        breaker.force_close();
        return model.force_close();
      case 2:
        breaker.quota_open(seconds{number % 30});
        return model.quota_open(
            std::max<std::chrono::nanoseconds>(seconds{number % 30}, milliseconds{1}));
      default:
        breaker.reset();
        return model.reset();
    }
  }

  // Destroyed before the breaker.
  std::vector<Out> out_;
};

TEST(BreakerModel, ABreakerDoesWhatTheModelDoesStepByStep) {
  std::map<std::string, int> seen;
  EXPECT_TRUE(rc::check("lockstep", [&] {
    Pair pair{small_settings()};
    pair.compare();
    for (const Step& step : *steps()) {
      pair.take(step);
      pair.compare();
      ++seen[std::string{breaker_state_name(pair.model.state)}];
      if (pair.model.openings > 2) ++seen["opened thrice"];
    }
    RC_TAG(std::string{breaker_state_name(pair.model.state)});
  }));
  // The walks get everywhere, or they prove little.
  EXPECT_GT(seen["closed"], 100);
  EXPECT_GT(seen["open"], 100);
  EXPECT_GT(seen["half_open"], 100);
  EXPECT_GT(seen["opened thrice"], 20);
}

TEST(BreakerModel, AtMostSoManyProbesAreOutAtOnce) {
  std::size_t most = 0;
  EXPECT_TRUE(rc::check("probes", [&] {
    Pair pair{small_settings()};
    for (const Step& step : *steps()) {
      pair.take(step);
      if (pair.model.state != BreakerState::HalfOpen) continue;
      most = std::max(most, pair.leased());
      RC_ASSERT(pair.leased() <= pair.breaker.settings().probes);
    }
  }));
  EXPECT_EQ(most, 2U);
}

TEST(BreakerModel, WhateverWasLostItAdmitsSomebodyAgain) {
  EXPECT_TRUE(rc::check("not wedged", [] {
    Pair pair{small_settings()};
    for (const Step& step : *steps()) pair.take(step);
    RC_PRE(!pair.model.forced);
    // Nobody reports any more. Past the longest wait (a quota's) and the lease there is room.
    pair.advance(seconds{40});
    pair.acquire();
    RC_ASSERT(pair.breaker.would_admit() == pair.model.would_admit());
    pair.advance(seconds{40});
    auto permit = pair.breaker.acquire();
    RC_ASSERT(permit.has_value());
    // And three good answers close it.
    for (int i = 0; i < 3; ++i) {
      permit->success();
      permit = pair.breaker.acquire();
      RC_ASSERT(permit.has_value());
    }
    RC_ASSERT(pair.breaker.state() == BreakerState::Closed);
  }));
}

TEST(BreakerModel, LateResultsOfAnOlderGenerationChangeNothing) {
  EXPECT_TRUE(rc::check("late", [] {
    Pair pair{small_settings()};
    auto early = pair.breaker.acquire();
    auto also_early = pair.breaker.acquire();
    for (const Step& step : *steps()) pair.take(step);
    RC_PRE(pair.model.generation > 0U);
    const BreakerStatus before = pair.breaker.status();
    if (*rc::gen::arbitrary<bool>()) {
      early->failure(kDown);
      also_early->failure(Error{ErrorCode::ProviderQuota, "429"});
    } else {
      early->success();
    }
    const BreakerStatus after = pair.breaker.status();
    RC_ASSERT(after.generation == before.generation);
    RC_ASSERT(after.state == before.state);
    RC_ASSERT(after.calls == before.calls);
    RC_ASSERT(after.consecutive_failures == before.consecutive_failures);
    RC_ASSERT(after.failure_total == before.failure_total);
    RC_ASSERT(after.success_total == before.success_total);
    RC_ASSERT(after.probes_out == before.probes_out);
    RC_ASSERT(after.retry_in == before.retry_in);
  }));
}

TEST(BreakerModel, ReopeningGrowsAndIsCappedWhateverTheJitter) {
  EXPECT_TRUE(rc::check("growth", [] {
    BreakerSettings settings = small_settings();
    settings.jitter = *rc::gen::inRange(0, 45) / 100.0;
    settings.open_for = milliseconds{*rc::gen::inRange(1, 2'000)};
    settings.open_max = milliseconds{*rc::gen::inRange(2'000, 1'000'000)};
    ManualClock clock{Timestamp{std::chrono::hours{1}}};
    Breaker breaker{"x", settings, clock, *rc::gen::arbitrary<std::uint64_t>()};
    for (int i = 0; i < 3; ++i) breaker.acquire()->failure(kDown);
    milliseconds last{0};
    for (int i = 0; i < 40; ++i) {
      const milliseconds wait = breaker.status().retry_in.value();
      RC_ASSERT(wait <= settings.open_max);
      // Twice as long less the jitter is longer still, until the cap (and ceil's millisecond).
      const auto floor =
          std::chrono::duration<double, std::milli>{settings.open_max} * (1 - settings.jitter);
      RC_ASSERT(wait >= last - milliseconds{1} || wait >= floor);
      RC_ASSERT(!breaker.would_admit());
      last = wait;
      clock.advance(wait);
      auto probe = breaker.acquire();
      RC_ASSERT(probe.has_value());
      probe->failure(kDown);
    }
    const auto floor =
        std::chrono::duration<double, std::milli>{settings.open_max} * (1 - settings.jitter);
    RC_ASSERT(last >= floor);
  }));
}

}  // namespace
}  // namespace ziggy::resilience
