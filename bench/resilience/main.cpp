#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <mutex>
#include <vector>

#include "ziggy/base/log.hpp"
#include "ziggy/resilience/breaker.hpp"
#include "ziggy/resilience/budget.hpp"
#include "ziggy/testing/temp_folder.hpp"

// CPU of the calling thread, nobody contending, beside the least that does the same job:
// - an admission and its report, beside two readings of the clock and one lock of a mutex: who
//   measures a call's time and keeps a shared count does that much;
// - a rejection, beside one allocated sentence by snprintf: a caller is told who and until when;
// - a request paid from a budget in a file (take and end), beside two turns of bare system calls
//   (lock, read, write, unlock) on a file of that size.
// Wanted: no more than twice as dear, three times for the file: its content is also checked, and it
// is looked whether somebody deleted it.
namespace {

using namespace ziggy;

constexpr int kTimes = 2'000;
constexpr int kRounds = 60;
constexpr double kTarget = 0.5;
constexpr double kFileTarget = 0.33;

double thread_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

/// The median over rounds of what one `act` costs.
class Costs {
 public:
  template <class Act>
  void measure(Act act) {
    const double start = thread_cpu_ns();
    for (int i = 0; i < kTimes; ++i) act();
    rounds_.push_back((thread_cpu_ns() - start) / kTimes);
  }
  double median() {
    std::ranges::sort(rounds_);
    return rounds_[rounds_.size() / 2];
  }

 private:
  std::vector<double> rounds_;
};

void report(const char* name, Costs& costs, Costs& limits, const char* unit,
            double target = kTarget) {
  const double value = costs.median();
  const double limit = limits.median();
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.1f},\"limit\":{:.1f},\"unit\":\"{}\",\"ratio\":{:.3f},"
      "\"target\":{},\"met\":{}}}\n",
      name, value, limit, unit, limit / value, target, limit / value >= target);
}

std::string told_plainly(const char* name, long ms) {
  std::string text(128, '\0');
  const int size =
      std::snprintf(text.data(), text.size(), "%s: circuit open, next try in %ld ms", name, ms);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// One turn of bare system calls.
void turn(int file, std::array<char, 3'960>& bytes) {
  ::flock(file, LOCK_EX);
  if (::pread(file, bytes.data(), bytes.size(), 0) < 0) std::abort();
  if (::pwrite(file, bytes.data(), bytes.size(), 0) < 0) std::abort();
  ::flock(file, LOCK_UN);
}

}  // namespace

int main() {
  log::LogSettings quiet;
  quiet.level = log::Level::Error;
  log::start(quiet);
  const SystemClock clock;
  resilience::Breaker closed{"vendor.bars", {}, clock, 1};
  resilience::Breaker open{"vendor.bars",
                           {.open_for = std::chrono::hours{1}, .open_max = std::chrono::hours{1}},
                           clock,
                           1};
  for (int i = 0; i < 5; ++i) open.acquire()->failure(Error{ErrorCode::ProviderUnavailable, ""});

  Costs calls;
  Costs locks;
  Costs rejections;
  Costs sentences;
  std::mutex mutex;
  std::int64_t sum = 0;
  for (int round = 0; round < kRounds; ++round) {
    calls.measure([&] { closed.acquire()->success(); });
    locks.measure([&] {
      const auto start = clock.steady();
      const auto end = clock.steady();
      const std::lock_guard lock{mutex};
      sum += (end - start).count();
    });
    rejections.measure([&] { sum += open.acquire() ? 0 : 1; });
    sentences.measure(
        [&] { sum += static_cast<std::int64_t>(told_plainly("vendor.bars", round).size()); });
  }

  const testing::TempFolder folder;
  resilience::Budget budget{{.name = "vendor",
                             .count = 1'000'000'000,
                             .period = std::chrono::seconds{60},
                             .file = folder / "vendor"},
                            clock};
  const int bare = ::open((folder / "bare").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  std::array<char, 3'960> bytes{};
  turn(bare, bytes);
  Costs spends;
  Costs turns;
  for (int round = 0; round < kRounds / 4; ++round) {
    spends.measure([&] { budget.take(CallUse::Interactive)->end(); });
    turns.measure([&] {
      turn(bare, bytes);
      turn(bare, bytes);
    });
  }
  ::close(bare);

  report("breaker.call", calls, locks, "ns of CPU a call; limit: two clock readings and a lock");
  report("breaker.rejection", rejections, sentences, "ns of CPU; limit: one allocated snprintf");
  report("budget.shared_spend", spends, turns, "ns of CPU a request; limit: its system calls",
         kFileTarget);
  return sum == 0 ? 1 : 0;
}
