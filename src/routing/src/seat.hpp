#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rank.hpp"
#include "sla_track.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/resilience/breaker.hpp"
#include "ziggy/routing/operation.hpp"

namespace ziggy::routing {

/// How long a vendor's "your plan does not include this" is believed: plans change rarely, and one
/// request in half an hour finds out.
inline constexpr std::chrono::minutes kPlanLease{30};

/// A kind of request that a plan allows or does not: vendors sell asset classes, intervals, recent
/// data and old history apart.
struct PlanKey {
  AssetKind kind = AssetKind::Share;
  /// 0: no bars; 1: intraday, 2: days and longer.
  std::uint8_t interval_class = 0;
  /// Bit 0: reaches into the last day (real time is sold apart); bit 1: begins more than two years
  /// ago.
  std::uint8_t age_class = 0;

  static constexpr std::size_t kCount = 4 * 3 * 4;
  [[nodiscard]] std::size_t index() const noexcept {
    return (static_cast<std::size_t>(kind) * 3 + interval_class) * 4 + age_class;
  }
};

/// What a vendor has refused as not entitled, and until when that is believed. Lock-free.
class LearnedPlan {
 public:
  [[nodiscard]] bool lacks(PlanKey key, Monotonic now) const noexcept {
    return until_[key.index()].load(std::memory_order_relaxed) > now.time_since_epoch().count();
  }
  [[nodiscard]] bool lacks_any(Monotonic now) const noexcept {
    return std::ranges::any_of(until_, [now](const std::atomic<std::int64_t>& until) {
      return until.load(std::memory_order_relaxed) > now.time_since_epoch().count();
    });
  }
  void refuse(PlanKey key, Monotonic now) noexcept {
    until_[key.index()].store((now + kPlanLease).time_since_epoch().count(),
                              std::memory_order_relaxed);
  }

 private:
  // Nanoseconds of the monotonic clock; 0 when never refused.
  std::array<std::atomic<std::int64_t>, PlanKey::kCount> until_{};
};

/// One vendor at one operation. Lives as long as the desk.
struct Seat {
  Seat(feed::Provider& who, Operation what, std::size_t place, std::chrono::milliseconds limit,
       resilience::Breaker& with)
      : provider{&who},
        name{who.name()},
        operation{what},
        configured_rank{place},
        timeout{limit},
        breaker{&with} {}

  feed::Provider* const provider;
  const std::string name;
  const Operation operation;
  /// From 1.
  const std::size_t configured_rank;
  const std::chrono::milliseconds timeout;
  resilience::Breaker* const breaker;
  SlaTrack track;
  LearnedPlan plan;

  /// The 95th percentile of the last 5 minutes in nanoseconds, 0 while unknown; of the last tick.
  std::atomic<std::int64_t> p95{0};
  /// When it was last asked, nanoseconds of the monotonic clock.
  std::atomic<std::int64_t> asked_at{INT64_MIN};
  /// When it was last asked although its breaker was open, because nobody else was left.
  std::atomic<std::int64_t> last_resort_at{INT64_MIN};
  /// Requests that are out to it as the last resort: others wait for what comes of them.
  std::shared_ptr<std::atomic<int>> last_resorts_out = std::make_shared<std::atomic<int>>(0);
  /// Requests that could have been canaries, and whether one is out.
  std::atomic<std::uint32_t> canary_count{0};
  std::atomic<bool> canary_out{false};
  /// It has an open incident: only real answers say that it is over.
  std::atomic<bool> in_doubt{false};
  /// The last that went wrong was a 429.
  std::atomic<bool> over_quota{false};
  /// Hundredths of a hedge that have been earned (see Chain).
  std::atomic<std::int32_t> hedge_credit{0};
  /// A call has succeeded since the program started, and when (desk's time).
  std::atomic<std::int64_t> succeeded_at{INT64_MIN};

  [[nodiscard]] bool is_configured() const noexcept { return provider->not_configured().empty(); }
  /// What is slow for the SLO: two thirds of the time limit.
  [[nodiscard]] std::chrono::nanoseconds slow_after() const noexcept {
    return std::chrono::nanoseconds{timeout} * 2 / 3;
  }
};

/// Moves those that `is_first` to the front; each part keeps its order. (std::stable_partition
/// would do, but for a deprecated buffer inside of it that clang warns of.)
template <class T, class F>
void put_first(std::vector<T>& all, F is_first) {
  std::vector<T> sorted;
  sorted.reserve(all.size());
  for (const T& one : all) {
    if (is_first(one)) sorted.push_back(one);
  }
  for (const T& one : all) {
    if (!is_first(one)) sorted.push_back(one);
  }
  all = std::move(sorted);
}

/// A snapshot; never changed after it was published.
struct Order {
  /// Configured ones in the order of rank, the pinned one first.
  std::vector<Seat*> seats;
  /// Those that are not configured, so never asked.
  std::vector<Seat*> unconfigured;
};

}  // namespace ziggy::routing
