#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "ziggy/resilience/budget.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::resilience {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::uint32_t kCount = 40;
constexpr milliseconds kRun{2'300};

struct Arrival {
  std::int64_t at;
};

/// One process of several: takes what it can get, and writes down when its request was at the
/// vendor, as the vendor would.
[[noreturn]] void spend_all(const std::filesystem::path& file, int pipe, unsigned seed) {
  const SystemClock clock;
  Budget budget{{.name = "vendor",
                 .count = kCount,
                 .period = seconds{1},
                 .file = file,
                 .in_flight_max = seconds{2}},
                clock};
  std::mt19937 random{seed};
  const Monotonic until = clock.steady() + kRun;
  while (clock.steady() < until) {
    const CallUse use = random() % 2 == 0 ? CallUse::Batch : CallUse::Interactive;
    if (auto spend = budget.take(use)) {
      std::this_thread::sleep_for(microseconds{random() % 500});
      const Arrival arrival{clock.steady().time_since_epoch().count()};
      if (::write(pipe, &arrival, sizeof arrival) != sizeof arrival) _exit(1);
      std::this_thread::sleep_for(microseconds{random() % 500});
    } else {
      std::this_thread::sleep_for(microseconds{200});
    }
  }
  _exit(0);
}

TEST(BudgetProcesses, TogetherNeverSpendMoreEvenWhenOneIsKilled) {
  const testing::TempFolder folder;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::vector<pid_t> children;
  for (unsigned i = 0; i < 3; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) spend_all(folder.path() / "vendor", ends[1], i);
    children.push_back(child);
  }
  ::close(ends[1]);
  std::this_thread::sleep_for(milliseconds{300});
  ::kill(children.front(), SIGKILL);
  std::vector<std::int64_t> arrivals;
  for (Arrival arrival{}; ::read(ends[0], &arrival, sizeof arrival) == sizeof arrival;) {
    arrivals.push_back(arrival.at);
  }
  ::close(ends[0]);
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (child != children.front()) EXPECT_EQ(status, 0);
  }
  std::ranges::sort(arrivals);
  // The first window is used up at once, the second and third as soon as tokens come back.
  EXPECT_GE(arrivals.size(), 2 * kCount);
  const std::int64_t period = nanoseconds{seconds{1}}.count();
  for (std::size_t i = kCount; i < arrivals.size(); ++i) {
    EXPECT_GE(arrivals[i] - arrivals[i - kCount], period) << "request " << i;
  }
}

}  // namespace
}  // namespace ziggy::resilience
