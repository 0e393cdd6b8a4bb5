#include "ziggy/health/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "ziggy/base/log.hpp"

namespace ziggy::health {
namespace {

constexpr log::Logger kLog{"health"};

// One check that hangs must not stop the others; more than one at a time is an outage that the
// first already reports.
constexpr std::size_t kThreads = 2;

/// A check and what is known of it. Times of scheduling are real steady time, since threads wait on
/// them; what is shown comes from the Clock.
struct Entry {
  using Steady = std::chrono::steady_clock::time_point;
  Check check;
  Steady due = std::chrono::steady_clock::now();
  bool is_running = false;
  Steady started_at{};
  std::optional<CheckReport> last = {};
};

Outcome run_guarded(const Check& check) {
  try {
    return check.run();
  } catch (const std::exception& error) {
    return {Status::Error, error.what()};
  }
}

/// The program's own status from its checks': an Optional one cannot make it worse than WARNING.
Status worst(const std::vector<CheckReport>& checks) {
  Status overall = Status::Ok;
  for (const CheckReport& check : checks) {
    const bool is_capped =
        check.criticality == Criticality::Optional && check.outcome.status == Status::Error;
    overall = std::max(overall, is_capped ? Status::Warning : check.outcome.status);
  }
  return overall;
}

}  // namespace

std::string_view status_name(Status status) noexcept {
  switch (status) {
    case Status::Ok:
      return "OK";
    case Status::Warning:
      return "WARNING";
    case Status::Error:
      break;
  }
  return "ERROR";
}

struct Health::State {
  State(const Clock& clock_in, std::vector<Check> checks) : clock{clock_in} {
    for (Check& check : checks) entries.push_back({.check = std::move(check)});
  }

  const Clock& clock;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::vector<Entry> entries;
  bool is_draining = false;
  bool is_stopping = false;
  std::array<std::thread, kThreads> threads;

  void work() {
    std::unique_lock lock{mutex};
    while (!is_stopping) {
      Entry* next = nullptr;
      for (Entry& entry : entries) {
        if (!entry.is_running && (next == nullptr || entry.due < next->due)) next = &entry;
      }
      if (next == nullptr) {
        changed.wait(lock);
      } else if (next->due > std::chrono::steady_clock::now()) {
        changed.wait_until(lock, next->due);
      } else {
        run(*next, lock);
      }
    }
  }

  void run(Entry& entry, std::unique_lock<std::mutex>& lock) {
    entry.is_running = true;
    entry.started_at = std::chrono::steady_clock::now();
    lock.unlock();
    Outcome outcome = run_guarded(entry.check);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - entry.started_at);
    if (took > entry.check.deadline) {
      outcome = {Status::Error, fmt::format("answered after {} ms", took.count() / 1000)};
    }
    lock.lock();
    report_change(entry, outcome);
    entry.is_running = false;
    entry.due = std::chrono::steady_clock::now() + entry.check.interval;
    entry.last = CheckReport{entry.check.name, entry.check.criticality, std::move(outcome), took,
                             clock.now()};
    changed.notify_all();
  }

  static void report_change(const Entry& entry, const Outcome& outcome) {
    const Status before = entry.last ? entry.last->outcome.status : Status::Ok;
    if (before == outcome.status) return;
    const auto level = outcome.status == Status::Ok ? log::Level::Info : log::Level::Warning;
    kLog.write(level, nullptr, "health_changed",
               {{"check", entry.check.name},
                {"from", status_name(before)},
                {"to", status_name(outcome.status)},
                {"detail", outcome.message}});
  }

  [[nodiscard]] CheckReport describe(const Entry& entry) const {
    CheckReport report{entry.check.name,
                       entry.check.criticality,
                       {Status::Warning, "not checked yet"},
                       std::chrono::microseconds{0},
                       clock.now()};
    if (entry.last) report = *entry.last;
    const auto now = std::chrono::steady_clock::now();
    if (entry.is_running && now - entry.started_at > entry.check.deadline) {
      report.outcome = {Status::Error,
                        fmt::format("no answer within {} ms", entry.check.deadline.count())};
    } else if (!entry.is_running && now > entry.due + entry.check.deadline) {
      // Both threads hang in other checks.
      report.outcome = {Status::Error, "cannot be checked now"};
    }
    return report;
  }
};

Health::Health(const Clock& clock, std::vector<Check> checks)
    : state_{std::make_unique<State>(clock, std::move(checks))} {
  for (std::thread& thread : state_->threads) {
    thread = std::thread{[state = state_.get()] { state->work(); }};
  }
}

Health::~Health() {
  {
    const std::lock_guard lock{state_->mutex};
    state_->is_stopping = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

Report Health::report() const {
  const std::lock_guard lock{state_->mutex};
  Report report;
  report.at = state_->clock.now();
  for (const Entry& entry : state_->entries) {
    report.checks.push_back(state_->describe(entry));
    const CheckReport& check = report.checks.back();
    const bool stands = entry.last.has_value() && check.outcome.status != Status::Error;
    if (check.criticality == Criticality::Critical && !stands && report.not_ready_because.empty()) {
      report.not_ready_because = fmt::format("{}: {}", check.name, check.outcome.message);
    }
  }
  if (state_->is_draining) report.not_ready_because = "draining";
  report.overall = worst(report.checks);
  report.is_ready = report.not_ready_because.empty();
  return report;
}

void Health::set_draining() {
  const std::lock_guard lock{state_->mutex};
  state_->is_draining = true;
}

bool Health::wait_until_checked(std::chrono::milliseconds wait) const {
  std::unique_lock lock{state_->mutex};
  return state_->changed.wait_for(lock, wait, [this] {
    return std::ranges::all_of(state_->entries, [](const Entry& e) { return e.last.has_value(); });
  });
}

}  // namespace ziggy::health
