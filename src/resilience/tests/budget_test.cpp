#include "ziggy/resilience/budget.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <list>
#include <random>
#include <vector>

#include "ziggy/resilience/verdict.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::run_task;

const Timestamp kNow = *parse_rfc3339("2026-11-20T18:30:10Z");

/// The longest after its request's end that a token of a minute may come back: period, margin, and
/// one slice for rounding.
constexpr nanoseconds kLatest = milliseconds{60'100 + 501};

struct Request {
  nanoseconds start;
  nanoseconds end;
  CallUse use;
};

/// How many requests a vendor could have counted in one window: it saw each some time from its
/// start to its end.
std::size_t most_in_a_window(const std::vector<Request>& requests, nanoseconds period) {
  std::size_t most = 0;
  for (const Request& first : requests) {
    // The worst window begins where a request ends.
    most = std::max(
        most, static_cast<std::size_t>(std::ranges::count_if(requests, [&](const Request& each) {
          return each.end >= first.end && each.start < first.end + period;
        })));
  }
  return most;
}

struct Flying {
  Budget::Spend spend;
  std::size_t request;
};

/// Takes, ends and lets time pass at random, through all of `budgets` (several: several processes).
void walk(std::vector<Budget*> budgets, ManualClock& clock, std::vector<Request>& requests) {
  const BudgetSettings settings = budgets.front()->settings();
  const auto batch_max = std::max(
      1U, static_cast<std::uint32_t>(settings.batch_share * static_cast<double>(settings.count)));
  std::list<Flying> flying;
  const auto now = [&] { return clock.now().time_since_epoch(); };
  const auto might_hold = [&](CallUse use) {
    return std::ranges::count_if(requests, [&](const Request& each) {
      return each.use == use && each.end + kLatest > now();
    });
  };
  const auto steps = *rc::gen::inRange(0, 300);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::weightedElement<int>({{5, 0}, {4, 1}, {3, 2}, {1, 3}})) {
      case 0: {
        const auto use = *rc::gen::element(CallUse::Interactive, CallUse::Batch);
        const bool must = use == CallUse::Interactive && settings.count > 1 &&
                          might_hold(use) < static_cast<long>(settings.count - batch_max);
        auto spend = budgets[*rc::gen::inRange<std::size_t>(0, budgets.size())]->take(use);
        RC_ASSERT(!must || spend.has_value());
        if (!spend) {
          RC_ASSERT(is_own_budget(spend.error()));
          RC_ASSERT(spend.error().retry_after().has_value());
          break;
        }
        requests.push_back({now(), nanoseconds::max() / 2, use});
        flying.push_back({std::move(*spend), requests.size() - 1});
        break;
      }
      case 1: {
        if (flying.empty()) break;
        auto at = flying.begin();
        std::advance(at, *rc::gen::inRange<std::size_t>(0, flying.size()));
        requests[at->request].end = now();
        flying.erase(at);
        break;
      }
      case 2:
        clock.advance(milliseconds{*rc::gen::inRange(0, 2'000)});
        break;
      default:
        clock.advance(seconds{*rc::gen::inRange(0, 40)});
        // Nothing stays out longer than in_flight_max.
        while (!flying.empty() && now() - requests[flying.front().request].start > seconds{100}) {
          requests[flying.front().request].end = now();
          flying.pop_front();
        }
        break;
    }
  }
  for (Flying& left : flying) {
    requests[left.request].end = now();
    left.spend.end();
  }
}

void check_walk(const std::vector<Request>& requests, const BudgetSettings& settings) {
  RC_ASSERT(most_in_a_window(requests, settings.period) <= settings.count);
  std::vector<Request> batch;
  std::ranges::copy_if(requests, std::back_inserter(batch),
                       [](const Request& each) { return each.use == CallUse::Batch; });
  const auto most = std::max(
      1U, static_cast<std::uint32_t>(settings.batch_share * static_cast<double>(settings.count)));
  RC_ASSERT(most_in_a_window(batch, settings.period) <= most);
}

BudgetSettings random_settings() {
  return {.name = "vendor",
          .count = *rc::gen::inRange(1U, 30U),
          .period = seconds{60},
          .batch_share = *rc::gen::inRange(0, 90) / 100.0,
          .in_flight_max = seconds{200}};
}

TEST(Budget, NoWindowEverHoldsMoreThanItsCountAndBatchNeverStarvesPeople) {
  EXPECT_TRUE(rc::check("in memory", [] {
    ManualClock clock{kNow};
    const BudgetSettings settings = random_settings();
    Budget budget{settings, clock};
    std::vector<Request> requests;
    walk({&budget}, clock, requests);
    check_walk(requests, settings);
    // All is over: after the longest hold everything is there again.
    clock.advance(kLatest);
    RC_ASSERT(budget.status().left == settings.count);
    RC_ASSERT(!budget.status().resets_at.has_value());
  }));
}

TEST(Budget, ThatHoldsForSeveralWhoShareAFile) {
  const testing::TempFolder folder;
  EXPECT_TRUE(rc::check("shared", [&] {
    ManualClock clock{kNow};
    BudgetSettings settings = random_settings();
    settings.file = folder.path() / "budgets" / "vendor";
    std::filesystem::remove(settings.file);
    Budget one{settings, clock};
    Budget two{settings, clock};
    std::vector<Request> requests;
    walk({&one, &two}, clock, requests);
    check_walk(requests, settings);
    RC_ASSERT(one.status().left == two.status().left);
    RC_ASSERT(one.status().is_shared);
    clock.advance(kLatest);
    RC_ASSERT(two.status().left == settings.count);
  }));
}

class BudgetTest : public ::testing::Test {
 protected:
  BudgetSettings settings(bool with_file = true) {
    return {.name = "vendor",
            .count = 5,
            .period = seconds{60},
            .batch_share = 0.6,
            .file = with_file ? file : std::filesystem::path{}};
  }
  static int take_all(Budget& budget, CallUse use = CallUse::Interactive) {
    int taken = 0;
    while (budget.take(use)) ++taken;
    return taken;
  }

  testing::TempFolder folder;
  std::filesystem::path file = folder.path() / "vendor.budget";
  ManualClock clock{kNow};
};

TEST_F(BudgetTest, BatchLeavesSomethingForPeople) {
  Budget budget{settings(false), clock};
  EXPECT_EQ(take_all(budget, CallUse::Batch), 3);
  BudgetStatus status = budget.status();
  EXPECT_EQ(status.left, 2U);
  EXPECT_EQ(status.left_batch, 0U);
  EXPECT_EQ(take_all(budget), 2);
  const auto refused = budget.take(CallUse::Interactive);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::ProviderQuota);
  EXPECT_TRUE(is_own_budget(refused.error()));
  EXPECT_EQ(refused.error().retry_after(), seconds{61});
  status = budget.status();
  EXPECT_EQ(status.taken_total, 5U);
  EXPECT_EQ(status.refused_total, 3U);
  ASSERT_TRUE(status.resets_at);
  EXPECT_GT(*status.resets_at, kNow + seconds{60});
  EXPECT_LT(*status.resets_at, kNow + seconds{61});
  clock.advance(*refused.error().retry_after());
  EXPECT_EQ(take_all(budget), 5);
}

TEST_F(BudgetTest, ARequestHoldsItsTokenWhileItLastsAndAPeriodMore) {
  BudgetSettings one = settings(false);
  one.count = 1;
  Budget budget{one, clock};
  auto spend = budget.take(CallUse::Batch);
  ASSERT_TRUE(spend);
  clock.advance(seconds{50});
  EXPECT_FALSE(budget.take(CallUse::Interactive));
  spend->end();
  clock.advance(seconds{60});
  EXPECT_FALSE(budget.take(CallUse::Interactive)) << "the vendor may have counted it at its end";
  clock.advance(seconds{1});
  EXPECT_TRUE(budget.take(CallUse::Interactive));
}

TEST_F(BudgetTest, ALostRequestComesBackAfterItsTimeAndAPeriod) {
  BudgetSettings one = settings(false);
  one.count = 1;
  Budget budget{one, clock};
  {
    // Its process died: nobody will ever stamp it.
    const auto lost = std::make_unique<char[]>(sizeof(Budget::Spend));
    new (lost.get()) Budget::Spend{*budget.take(CallUse::Interactive)};
  }
  clock.advance(seconds{119});
  EXPECT_FALSE(budget.take(CallUse::Interactive));
  clock.advance(seconds{3});
  EXPECT_TRUE(budget.take(CallUse::Interactive));
}

TEST_F(BudgetTest, AnEmptyBudgetRefusesAllAndALargeOneStaysCheap) {
  BudgetSettings none = settings(false);
  none.count = 0;
  Budget empty{none, clock};
  EXPECT_FALSE(empty.take(CallUse::Interactive));
  EXPECT_FALSE(empty.take(CallUse::Batch));
  BudgetSettings many = settings(false);
  many.count = 10'000;
  Budget large{many, clock};
  EXPECT_EQ(take_all(large, CallUse::Batch), 6'000);
  EXPECT_EQ(take_all(large), 4'000);
  clock.advance(seconds{61});
  EXPECT_EQ(take_all(large), 10'000);
}

TEST_F(BudgetTest, ARestartForgetsNothing) {
  {
    Budget budget{settings(), clock};
    EXPECT_EQ(take_all(budget), 5);
  }
  clock.advance(seconds{59});
  Budget again{settings(), clock};
  EXPECT_EQ(again.status().left, 0U);
  EXPECT_FALSE(again.take(CallUse::Interactive));
  clock.advance(seconds{2});
  EXPECT_EQ(take_all(again), 5);
}

TEST_F(BudgetTest, AFileThatSaysNothingUsableIsReplacedByWhatIsKnown) {
  Budget budget{settings(), clock};
  EXPECT_EQ(take_all(budget), 5);
  std::string good;
  {
    std::ifstream in{file, std::ios::binary};
    good.assign(std::istreambuf_iterator<char>{in}, {});
  }
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 1);
  for (const std::string& bad : {std::string{"{\"budget\": 5}"}, good.substr(0, good.size() - 1),
                                 good + "x", flipped, std::string(100'000, '\0'), std::string{}}) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << bad;
    EXPECT_FALSE(budget.take(CallUse::Interactive)) << "it knows itself what it took";
    std::ofstream{file, std::ios::binary | std::ios::trunc} << bad;
    Budget stranger{settings(), clock};
    EXPECT_TRUE(stranger.take(CallUse::Interactive)) << "who knows nothing starts anew";
    EXPECT_EQ(stranger.status().left, 4U);
    EXPECT_EQ(std::filesystem::file_size(file), good.size()) << "and the file is good again";
    EXPECT_EQ(budget.status().left, 4U);
    // Back to where we were.
    std::ofstream{file, std::ios::binary | std::ios::trunc} << good;
    EXPECT_EQ(budget.status().left, 0U);
  }
}

TEST_F(BudgetTest, ADeletedFileIsMadeAgainAndAnImpossibleOneDoneWithout) {
  Budget budget{settings(), clock};
  EXPECT_TRUE(budget.take(CallUse::Interactive));
  std::filesystem::remove(file);
  EXPECT_TRUE(budget.take(CallUse::Interactive));
  Budget other{settings(), clock};
  EXPECT_EQ(other.status().left, 3U);
  BudgetSettings impossible = settings();
  impossible.file = folder.path();
  Budget alone{impossible, clock};
  EXPECT_EQ(take_all(alone), 5);
  EXPECT_FALSE(alone.status().is_shared);
}

TEST_F(BudgetTest, AClockThatGoesBackLocksNobodyOutForLong) {
  Budget budget{settings(), clock};
  EXPECT_EQ(take_all(budget), 5);
  clock.advance(-std::chrono::hours{1});
  EXPECT_FALSE(budget.take(CallUse::Interactive));
  clock.advance(seconds{59});
  EXPECT_FALSE(budget.take(CallUse::Interactive)) << "a period from when it was noticed";
  clock.advance(seconds{2});
  EXPECT_EQ(take_all(budget), 5);
}

TEST_F(BudgetTest, ALockThatSomebodyKeepsRefusesInsteadOfBlocking) {
  Budget budget{settings(), clock};
  auto before = budget.take(CallUse::Interactive);
  const int holder = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(holder, LOCK_EX), 0);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    const auto refused = budget.take(CallUse::Interactive);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(is_own_budget(refused.error()));
  }
  before->end();
  EXPECT_EQ(budget.status().left, 4U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds{2});
  ::close(holder);
  clock.advance(seconds{1});
  EXPECT_TRUE(budget.take(CallUse::Interactive));
}

/// Runs faster than real time, so that a wait of seconds is short.
class FastClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return kNow + passed(); }
  [[nodiscard]] Monotonic steady() const override { return Monotonic{passed()}; }

 private:
  [[nodiscard]] nanoseconds passed() const {
    return (std::chrono::steady_clock::now() - start_) * 100;
  }
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST_F(BudgetTest, BatchWaitsForItsTurnUnlessTheDeadlineComesFirst) {
  const FastClock fast;
  BudgetSettings two = settings();
  two.count = 2;
  two.period = seconds{10};
  Budget budget{two, fast};
  EXPECT_TRUE(budget.take(CallUse::Batch));
  Call soon;
  soon.deadline = fast.steady() + seconds{5};
  const auto in_vain = run_task(budget.wait(CallUse::Batch, soon));
  ASSERT_FALSE(in_vain);
  EXPECT_TRUE(is_own_budget(in_vain.error()));
  const auto waited = run_task(budget.wait(CallUse::Batch, {}));
  EXPECT_TRUE(waited);
  EXPECT_GE(fast.steady(), Monotonic{seconds{10}});
  EXPECT_TRUE(budget.take(CallUse::Interactive));
}

}  // namespace
}  // namespace ziggy::resilience
