#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ziggy/resilience/breaker.hpp"

namespace ziggy::resilience {

/// What a breaker should do, written down as plainly as possible: no ring, no atomics, every figure
/// counted anew. Its open times are given out in full (no jitter).
class BreakerModel {
 public:
  using Time = std::chrono::nanoseconds;
  struct Permit {
    std::uint64_t generation = 0;
    /// 0: not a probe.
    std::uint64_t probe = 0;
    Time started{};
  };
  struct Outcome {
    Time at;
    bool failed;
    bool slow;
  };

  explicit BreakerModel(BreakerSettings settings) : settings_{settings} {}

  void advance(Time by) { now_ += by; }

  std::optional<Permit> acquire() {
    if (state == BreakerState::Open && !forced && now_ >= open_until) {
      enter(BreakerState::HalfOpen);
    }
    if (state == BreakerState::Closed) return Permit{generation, 0, now_};
    if (state == BreakerState::Open || alive_probes() >= settings_.probes) return std::nullopt;
    probes[++last_probe] = now_ + settings_.probe_lease;
    return Permit{generation, last_probe, now_};
  }

  [[nodiscard]] bool would_admit() const {
    if (state == BreakerState::Closed) return true;
    if (state == BreakerState::Open) return !forced && now_ >= open_until;
    return alive_probes() < settings_.probes;
  }

  void success(Permit permit) { report(permit, false); }
  void failure(Permit permit) { report(permit, true); }
  void cancel(Permit permit) { (void)is_current(permit); }
  void quota(Permit permit, Time wait) {
    if (is_current(permit)) quota_open(wait);
  }
  void quota_open(Time wait) {
    if (forced) return;
    if (state == BreakerState::Open) {
      open_until = std::max(open_until, now_ + wait);
    } else {
      open_until = now_ + wait;
      enter(BreakerState::Open);
    }
  }
  void force_open() {
    forced = true;
    enter(BreakerState::Open);
  }
  void force_close() {
    forced = true;
    enter(BreakerState::Closed);
  }
  void reset() {
    forced = false;
    openings = 0;
    enter(BreakerState::Closed);
  }

  [[nodiscard]] std::vector<Outcome> in_window() const {
    std::vector<Outcome> young;
    for (const Outcome& outcome : outcomes) {
      if (now_ - outcome.at < settings_.window) young.push_back(outcome);
    }
    if (young.size() > settings_.window_calls) {
      young.erase(young.begin(), young.end() - static_cast<long>(settings_.window_calls));
    }
    return young;
  }
  [[nodiscard]] std::size_t alive_probes() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(probes, [this](const auto& probe) { return probe.second > now_; }));
  }
  [[nodiscard]] Time now() const { return now_; }

  BreakerState state = BreakerState::Closed;
  bool forced = false;
  std::uint64_t generation = 0;
  std::size_t consecutive = 0;
  Time open_until{};
  Time last_open_time{};
  unsigned openings = 0;
  std::map<std::uint64_t, Time> probes;
  std::uint64_t last_probe = 0;
  std::vector<Outcome> outcomes;

 private:
  bool is_current(Permit permit) {
    if (permit.generation != generation) return false;
    if (permit.probe == 0) return true;
    const auto found = probes.find(permit.probe);
    if (found == probes.end()) return false;
    const bool is_leased = found->second > now_;
    probes.erase(found);
    return is_leased;
  }

  void report(Permit permit, bool failed) {
    if (!is_current(permit)) return;
    const bool slow = now_ - permit.started > settings_.slow_after;
    consecutive = failed ? consecutive + 1 : 0;
    if (state == BreakerState::HalfOpen) {
      if (failed || slow) return open();
      if (++successes == settings_.successes_to_close) enter(BreakerState::Closed);
      return;
    }
    outcomes.push_back({now_, failed, slow});
    if (forced) return;
    const auto window = in_window();
    const auto failures = std::ranges::count_if(window, &Outcome::failed);
    const auto slows = std::ranges::count_if(window, &Outcome::slow);
    const auto calls = static_cast<double>(window.size());
    const bool is_enough = window.size() >= settings_.minimum_calls;
    if ((failed && consecutive >= settings_.consecutive_failures) ||
        (failed && is_enough && static_cast<double>(failures) / calls >= settings_.failure_rate) ||
        (slow && is_enough && static_cast<double>(slows) / calls >= settings_.slow_rate)) {
      open();
    }
  }

  void open() {
    if (state == BreakerState::Closed && now_ - changed >= settings_.window) openings = 0;
    Time time = settings_.open_for;
    for (unsigned i = 0; i < openings && time < settings_.open_max; ++i) time *= 2;
    last_open_time = std::min<Time>(time, settings_.open_max);
    ++openings;
    open_until = now_ + last_open_time;
    enter(BreakerState::Open);
  }

  void enter(BreakerState to) {
    state = to;
    ++generation;
    changed = now_;
    probes.clear();
    successes = 0;
    if (to == BreakerState::Closed) {
      outcomes.clear();
      consecutive = 0;
    }
  }

  BreakerSettings settings_;
  Time now_{};
  Time changed{};
  std::size_t successes = 0;
};

}  // namespace ziggy::resilience
