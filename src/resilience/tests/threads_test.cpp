#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "ziggy/base/log.hpp"
#include "ziggy/resilience/answer_cache.hpp"
#include "ziggy/resilience/breaker_registry.hpp"
#include "ziggy/resilience/budget.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::resilience {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kThreads = 8;
constexpr const char* kNames[] = {"alpaca", "polygon", "yahoo"};

/// A second in the ordinary run, a minute with ZIGGY_LONG_TESTS=1 (under the tsan preset).
std::chrono::seconds duration() {
  const char* const is_long = std::getenv("ZIGGY_LONG_TESTS");
  return is_long != nullptr && *is_long == '1' ? seconds{60} : seconds{1};
}

const Error kDown{ErrorCode::ProviderUnavailable, "503"};
const Error kQuota = Error{ErrorCode::ProviderQuota, "429"};

/// What eight threads do to three breakers, a shared budget and a cache at once. Open times are so
/// short that the breakers go round and round.
class Crowd {
 public:
  Crowd() {
    registry_.set_listener([this](std::string_view name, BreakerState from, BreakerState to,
                                  std::string_view) { hear(name, from, to); });
    for (const char* const name : kNames) {
      registry_.get(name, {.minimum_calls = 5,
                           .consecutive_failures = 4,
                           .open_for = milliseconds{1},
                           .open_max = milliseconds{4},
                           .probes = 2,
                           .probe_lease = milliseconds{5},
                           .quota_wait = milliseconds{1}});
    }
  }

  void act(std::mt19937& random) {
    Breaker& breaker = *registry_.find(kNames[random() % std::size(kNames)]);
    const auto dice = random() % 1'000;
    if (dice < 700) {
      call(breaker, random);
    } else if (dice < 880) {
      look(breaker);
    } else if (dice < 940) {
      if (auto spend = budget_.take(dice % 2 == 0 ? CallUse::Batch : CallUse::Interactive)) {
        spent.fetch_add(1, std::memory_order_relaxed);
      }
    } else if (dice < 996) {
      const int key = static_cast<int>(random() % 50);
      cache_.put(key, key * 2, 100, {.fresh_for = microseconds{200}, .stale_for = milliseconds{1}});
      const auto found = cache_.find(static_cast<int>(random() % 50));
      if (found.value && *found.value % 2 != 0) torn.fetch_add(1);
    } else {
      force(breaker, dice);
    }
  }

  void finish() {
    for (const char* const name : kNames) registry_.find(name)->reset();
  }
  [[nodiscard]] const BreakerRegistry& registry() const { return registry_; }

  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> looks{0};
  std::atomic<std::uint64_t> changes{0};
  std::atomic<std::uint64_t> spent{0};
  /// Looks that saw what can't be, and changes that did not follow from the one before.
  std::atomic<std::uint64_t> torn{0};

 private:
  void call(Breaker& breaker, std::mt19937& random) {
    auto permit = breaker.acquire();
    if (!permit) return;
    calls.fetch_add(1, std::memory_order_relaxed);
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        return permit->failure(kDown);
      case 3:
        return;
      case 4:
        return random() % 50 == 0 ? permit->failure(kQuota) : permit->success();
      case 5:
        if (random() % 50 == 0) std::this_thread::sleep_for(milliseconds{6});
        [[fallthrough]];
      default:
        return permit->success();
    }
  }

  void look(Breaker& breaker) {
    looks.fetch_add(1, std::memory_order_relaxed);
    (void)breaker.would_admit();
    for (const BreakerStatus& status : registry_.list()) {
      const bool is_sound =
          status.failures <= status.calls && status.slow <= status.calls &&
          status.probes_out <= 2 &&
          (status.state == BreakerState::HalfOpen || status.probes_out == 0) &&
          status.retry_in.has_value() == (status.state == BreakerState::Open && !status.forced) &&
          status.failure_rate <= 1;
      if (!is_sound) torn.fetch_add(1);
    }
    const BudgetStatus budget = budget_.status();
    if (budget.left > budget.limit || budget.left_batch > budget.left) torn.fetch_add(1);
    if (cache_.stats().bytes > 5'000) torn.fetch_add(1);
  }

  static void force(Breaker& breaker, std::uint64_t dice) {
    if (dice % 4 == 0) {
      breaker.force_open();
    } else if (dice % 4 == 1) {
      breaker.force_close();
    } else {
      breaker.quota_open(milliseconds{1});
    }
    std::this_thread::sleep_for(microseconds{100});
    breaker.reset();
  }

  void hear(std::string_view name, BreakerState from, BreakerState to) {
    changes.fetch_add(1, std::memory_order_relaxed);
    // Each breaker tells one change at a time, in order, so each needs no lock of its own here.
    const auto at = std::ranges::find(kNames, name) - std::begin(kNames);
    if (last_[at] != from) torn.fetch_add(1);
    last_[at] = to;
    (void)registry_.find(name)->status();
  }

  testing::TempFolder folder_;
  SystemClock clock_;
  BreakerRegistry registry_{clock_};
  BreakerState last_[std::size(kNames)] = {};
  Budget budget_{{.name = "vendor", .count = 50, .period = seconds{1}, .file = folder_ / "vendor"},
                 clock_};
  AnswerCache<int, int> cache_{{.bytes_max = 5'000, .shards = 2}, clock_};
};

TEST(Threads, RecordingReadingAndForcingAtOnceNeitherRaceNorLockUp) {
  log::LogSettings quiet;
  quiet.level = log::Level::Error;
  log::start(quiet);
  Crowd crowd;
  std::atomic<bool> is_over{false};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&crowd, &is_over, i] {
      std::mt19937 random{i};
      while (!is_over.load(std::memory_order_relaxed)) crowd.act(random);
    });
  }
  std::this_thread::sleep_for(duration());
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  crowd.finish();
  EXPECT_EQ(crowd.torn, 0U);
  EXPECT_GT(crowd.calls, 1'000U);
  EXPECT_GT(crowd.looks, 200U);
  EXPECT_GT(crowd.changes, 100U);
  EXPECT_GE(crowd.spent, 30U);
  for (const BreakerStatus& status : crowd.registry().list()) {
    EXPECT_EQ(status.state, BreakerState::Closed);
    EXPECT_GT(status.opened_total, 0U);
  }
  log::stop();
  RecordProperty("calls", std::to_string(crowd.calls));
}

}  // namespace
}  // namespace ziggy::resilience
