#include "asking.hpp"

#include <utility>

#include "ziggy/base/log.hpp"
#include "ziggy/resilience/budget.hpp"

namespace ziggy::routing {
namespace {

constexpr log::Logger kLog{"routing"};

// A tenth of the requests may be hedged, ten in a burst.
constexpr std::int32_t kHedgeCost = 100;
constexpr std::int32_t kHedgeEarned = 10;
constexpr std::int32_t kHedgeCreditMax = 10 * kHedgeCost;

// The share of real requests that a demoted vendor sees, and the pause after which it gets one
// anyway, so that a quiet server finds out within minutes, too, that it has recovered.
constexpr std::uint32_t kCanaryEvery = 50;
constexpr std::chrono::seconds kCanaryPause{15};

// How often somebody whose breaker is open is asked when everyone is down: four requests a second
// hurt nobody, and a second without prices is noticed.
constexpr std::chrono::milliseconds kLastResortPause{250};

void keep(Desk& desk, Seat& seat, AnswerClass answer,
          std::optional<std::chrono::nanoseconds> latency,
          std::optional<std::chrono::nanoseconds> age = {}) {
  const Timestamp now = desk.time();
  if (is_counted(answer) && !is_failure(answer)) {
    seat.succeeded_at.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  seat.track.record(now, answer, latency, age);
}

}  // namespace

std::chrono::nanoseconds time_left(const Call& call, const Clock& clock) {
  return call.deadline == Monotonic::max() ? std::chrono::nanoseconds::max()
                                           : call.deadline - clock.steady();
}

Limit limit_of(const Seat& seat, std::chrono::nanoseconds left, std::size_t candidates) {
  const std::chrono::nanoseconds timeout = seat.timeout;
  if (left == std::chrono::nanoseconds::max()) return {timeout, true};
  const std::chrono::nanoseconds usual{seat.p95.load(std::memory_order_relaxed)};
  std::chrono::nanoseconds share = left / static_cast<std::int64_t>(candidates);
  // A vendor that is known to be slower than its share gets twice what it usually takes, but
  // leaves half.
  if (candidates > 1) share = std::max(share, std::min(left / 2, usual * 2));
  const auto time = std::min(timeout, share);
  const bool is_usual = usual.count() > 0 && time >= usual * 2;
  return {time, time >= timeout / 4 || is_usual};
}

void account(Desk& desk, Seat& seat, resilience::Breaker::Permit* permit, const Error* error,
             bool is_violation, PlanKey plan, std::optional<std::chrono::nanoseconds> latency,
             std::optional<std::chrono::nanoseconds> age) {
  const Monotonic now = desk.clock().steady();
  const auto is_well = [&] {
    if (permit != nullptr) return permit->success();
    // An operator may hold it since it was asked: then this changes nothing.
    if (!seat.breaker->recover("it answered when nobody else did")) return;
    kLog.info("provider_is_back",
              {{"provider", seat.name}, {"operation", operation_name(seat.operation)}});
  };
  if (error == nullptr) {
    keep(desk, seat, AnswerClass::Success, latency, age);
    return is_well();
  }
  // Not asked at all, or asked for what it never claimed to have: the permit goes back unused.
  if (resilience::is_own_budget(*error) || error->code() == ErrorCode::NotSupported) return;
  const AnswerClass answer = classify(*error);
  keep(desk, seat, answer, latency);
  if (is_violation) seat.track.add_violation(desk.time());
  if (answer == AnswerClass::Empty || answer == AnswerClass::NotFound) return is_well();
  if (answer == AnswerClass::NotEntitled) seat.plan.refuse(plan, now);
  if (answer == AnswerClass::Quota) seat.over_quota = true;
  if (is_failure(answer)) seat.over_quota = false;
  if (permit == nullptr) return;
  const bool is_told = answer == AnswerClass::Quota || is_failure(answer);
  if (is_told) permit->failure(*error);
}

bool take_last_resort(Seat& seat, Monotonic now) {
  // Who said 429 has said when to come back.
  if (seat.over_quota || !seat.is_configured()) return false;
  const auto breaker = seat.breaker->status();
  if (breaker.forced) return false;
  std::int64_t last = seat.last_resort_at.load(std::memory_order_relaxed);
  const std::int64_t at = now.time_since_epoch().count();
  if (last != INT64_MIN && at - last < std::chrono::nanoseconds{kLastResortPause}.count()) {
    return false;
  }
  return seat.last_resort_at.compare_exchange_strong(last, at, std::memory_order_relaxed);
}

bool has_nobody_answered(const std::vector<Miss>& misses) {
  return std::ranges::none_of(misses, [](const Miss& miss) {
    return miss.code == ErrorCode::UnknownSymbol || miss.code == ErrorCode::NoData;
  });
}

void earn_hedge(Seat& seat) {
  // Two threads may both add the last tenth: of no account.
  if (seat.hedge_credit.load(std::memory_order_relaxed) < kHedgeCreditMax) {
    seat.hedge_credit.fetch_add(kHedgeEarned, std::memory_order_relaxed);
  }
}

bool take_hedge(Seat& first, Seat& second) {
  if (second.breaker->state() != resilience::BreakerState::Closed) return false;
  if (auto* const budget = second.provider->budget()) {
    const auto status = budget->status();
    // What is scarce is kept for those who need it.
    if (status.left * 2 <= status.limit) return false;
  }
  std::int32_t credit = first.hedge_credit.load(std::memory_order_relaxed);
  while (credit >= kHedgeCost) {
    if (first.hedge_credit.compare_exchange_weak(credit, credit - kHedgeCost,
                                                 std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

bool take_canary(Seat& seat, const Seat& first, Monotonic now) {
  const bool is_closed = seat.breaker->state() == resilience::BreakerState::Closed;
  const bool is_demoted = seat.configured_rank < first.configured_rank || seat.in_doubt;
  if (is_closed && !is_demoted) return false;
  if (!is_closed && !seat.breaker->would_admit()) return false;
  if (is_closed) {
    const bool is_turn = seat.canary_count.fetch_add(1, std::memory_order_relaxed) % kCanaryEvery ==
                         kCanaryEvery - 1;
    const std::int64_t asked_at = seat.asked_at.load(std::memory_order_relaxed);
    const bool is_long_ago =
        asked_at == INT64_MIN ||
        now.time_since_epoch() - std::chrono::nanoseconds{asked_at} >= kCanaryPause;
    if (!is_turn && !is_long_ago) return false;
  }
  if (seat.canary_out.exchange(true)) return false;
  if (auto* const budget = seat.provider->budget(); budget && budget->status().left_batch == 0) {
    seat.canary_out = false;
    return false;
  }
  return true;
}

std::vector<Seat*> asking_order(const Order& order) {
  std::vector<Seat*> seats = order.seats;
  const auto is_closed = [](const Seat* seat) {
    return seat->breaker->state() == resilience::BreakerState::Closed;
  };
  if (!std::ranges::all_of(seats, is_closed)) put_first(seats, is_closed);
  return seats;
}

Miss passed_over(const Seat& seat, ErrorCode code) {
  switch (code) {
    case ErrorCode::Configuration:
      return {seat.name, code, std::string{seat.provider->not_configured()}};
    case ErrorCode::NotEntitled:
      return {seat.name, code, "its plan refused such requests before"};
    case ErrorCode::ProviderQuota:
      return {seat.name, code, "our budget of requests is spent"};
    default:
      break;
  }
  const auto breaker = seat.breaker->status();
  std::string detail = breaker.forced ? "held open by an operator" : "breaker open";
  if (!breaker.forced && !breaker.reason.empty()) detail += fmt::format(", {}", breaker.reason);
  if (breaker.retry_in) detail += fmt::format(", retry in {} ms", breaker.retry_in->count());
  return {seat.name, ErrorCode::CircuitOpen, std::move(detail)};
}

void log_miss(const Call& call, const Seat& seat, const Error& error) {
  if (error.code() == ErrorCode::UnknownSymbol || error.code() == ErrorCode::NoData) return;
  kLog.warning(call, "provider_failed",
               {{"provider", seat.name},
                {"operation", operation_name(seat.operation)},
                {"code", code_name(error.code())},
                {"detail", error.detail()}});
}

}  // namespace ziggy::routing
