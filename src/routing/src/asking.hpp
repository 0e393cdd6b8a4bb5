#pragma once

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "last_resort.hpp"
#include "race.hpp"
#include "seat.hpp"
#include "ziggy/base/call.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/time_limit.hpp"
#include "ziggy/resilience/verdict.hpp"
#include "ziggy/routing/chain.hpp"

/// How a chain asks; templates over what is asked for.
namespace ziggy::routing {

/// Whether a vendor can answer a request at all.
enum class Fit : std::uint8_t {
  Yes,
  /// Not this operation or kind of symbol: it says nothing about the symbol.
  No,
  /// Not this interval, but it may know the symbol.
  Unsupported,
};

/// One request, shared by the tries that it takes; some outlive it.
template <class T>
struct Job {
  Desk* desk = nullptr;
  /// nullopt when the vendor lacks the operation.
  std::function<std::optional<net::Task<Result<T>>>(feed::Provider& provider, Call call)> ask;
  std::function<Fit(feed::Provider& provider)> fit;
  std::function<Result<>(const feed::Provider& provider, const T& value)> accept;
  /// How old the data was at `now`; nullopt when that says nothing.
  std::function<std::optional<std::chrono::nanoseconds>(const T& value, Timestamp now)> age;
  PlanKey plan;
};

/// A hedge earlier than this costs requests and gains nothing that anybody notices.
inline constexpr std::chrono::milliseconds kHedgeAfterMin{20};

/// The time one vendor gets.
struct Limit {
  std::chrono::nanoseconds time;
  /// Long enough that a time-out is held against it.
  bool is_fair = true;
  /// Batch work may wait for its share of the vendor's budget, page by page: how long it takes says
  /// nothing about the vendor, whose single requests have their own time limit.
  bool is_patient = false;
};

/// For batch work without a deadline.
inline constexpr std::chrono::minutes kPatienceMax{15};

/// `left` shared by `candidates`, this one among them; nanoseconds::max() is no deadline.
[[nodiscard]] Limit limit_of(const Seat& seat, std::chrono::nanoseconds left,
                             std::size_t candidates);
/// The time for batch work that `left` is left for.
[[nodiscard]] inline Limit patient_limit(std::chrono::nanoseconds left) {
  return {std::min<std::chrono::nanoseconds>(left, kPatienceMax), true, true};
}
/// Keeps what came of one asking: the window, the breaker, the learned plan. Without a latency it
/// is counted but not timed. Without a permit a good answer closes the breaker.
void account(Desk& desk, Seat& seat, resilience::Breaker::Permit* permit, const Error* error,
             bool is_violation, PlanKey plan, std::optional<std::chrono::nanoseconds> latency,
             std::optional<std::chrono::nanoseconds> age);
/// Whether another request may be hedged now; takes the credit.
[[nodiscard]] bool take_hedge(Seat& first, Seat& second);
void earn_hedge(Seat& seat);
/// Whether a copy of a request should go to this one, which stands behind `first`; takes its turn.
[[nodiscard]] bool take_canary(Seat& seat, const Seat& first, Monotonic now);
/// Nobody has said anything about the symbol: each failed.
[[nodiscard]] bool has_nobody_answered(const std::vector<Miss>& misses);
/// The seats in the order in which they are asked now: closed breakers first.
[[nodiscard]] std::vector<Seat*> asking_order(const Order& order);
/// Why a seat was not asked.
[[nodiscard]] Miss passed_over(const Seat& seat, ErrorCode code);
/// Logs what is worth it.
void log_miss(const Call& call, const Seat& seat, const Error& error);

/// One asking that always ends in a Result: in time, or with ProviderTimeout; what a vendor's code
/// throws becomes an error of that vendor.
template <class T>
net::Task<Result<T>> ask_in_time(net::Task<Result<T>> work, std::chrono::nanoseconds limit) {
  std::exception_ptr thrown;
  try {
    auto result = co_await resilience::within<T>(std::move(work), limit);
    if (result) co_return std::move(*result);
  } catch (...) {
    thrown = std::current_exception();
  }
  const auto state = co_await net::asio::this_coro::cancellation_state;
  if (state.cancelled() != net::asio::cancellation_type::none) {
    co_return fail(ErrorCode::Canceled, "the caller is gone");
  }
  if (!thrown) {
    co_return fail(ErrorCode::ProviderTimeout, "no answer within {} ms",
                   std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
  }
  co_return fail(ErrorCode::ProviderUnavailable, "{}", text_of(thrown));
}

/// What one vendor said, held to the terms.
template <class T>
struct Said {
  Result<T> answer;
  bool is_violation = false;
  std::chrono::nanoseconds latency{};
};

template <class T>
net::Task<Said<T>> ask_seat(std::shared_ptr<const Job<T>> job, Seat* seat, Limit limit, Call call) {
  const Clock& clock = job->desk->clock();
  const Monotonic started = clock.steady();
  Call with = call;
  with.deadline = std::min(call.deadline, started + limit.time);
  auto work = job->ask(*seat->provider, with);
  if (!work) co_return Said<T>{fail(ErrorCode::NotSupported, "lacks the operation")};
  seat->asked_at.store(started.time_since_epoch().count(), std::memory_order_relaxed);
  auto answer = co_await ask_in_time<T>(std::move(*work), limit.time);
  Said<T> said{std::move(answer), false, clock.steady() - started};
  if (said.answer && job->accept) {
    if (auto verdict = job->accept(*seat->provider, *said.answer); !verdict) {
      said.is_violation = verdict.error().code() == ErrorCode::BadPayload;
      said.answer = std::unexpected{std::move(verdict).error()};
    }
  }
  // The deadline that the vendor saw was this try's, not the caller's.
  if (!said.answer && said.answer.error().code() == ErrorCode::DeadlineExceeded &&
      time_left(call, clock) > std::chrono::nanoseconds::zero()) {
    said.answer = fail(ErrorCode::ProviderTimeout, "{}", said.answer.error().detail());
  }
  co_return said;
}

/// `ask_seat`, whatever throws on the way: a request that one vendor's answer breaks goes on to the
/// next vendor.
template <class T>
net::Task<Said<T>> ask_seat_safely(std::shared_ptr<const Job<T>> job, Seat* seat, Limit limit,
                                   Call call) {
  const auto state = co_await net::asio::this_coro::cancellation_state;
  std::exception_ptr thrown;
  try {
    auto said = co_await ask_seat<T>(job, seat, limit, call);
    co_return std::move(said);
  } catch (...) {
    thrown = std::current_exception();
  }
  const bool is_canceled = state.cancelled() != net::asio::cancellation_type::none;
  co_return Said<T>{fail(leg_error(thrown, is_canceled))};
}

enum class Guard : std::uint8_t { Breaker, /** See take_last_resort. */ None };

/// Asks one vendor through its breaker and keeps what came of it. Errors: CircuitOpen when it was
/// not asked; the vendor's.
template <class T>
net::Task<Result<T>> attempt(std::shared_ptr<const Job<T>> job, Seat* seat, Limit limit, Call call,
                             Guard guard = Guard::Breaker) {
  using Permit = resilience::Breaker::Permit;
  std::optional<Permit> permit;
  if (guard == Guard::Breaker && !limit.is_patient) {
    auto admitted = seat->breaker->acquire(limit.time);
    if (!admitted) co_return std::unexpected{std::move(admitted).error()};
    permit.emplace(std::move(*admitted));
  }
  Said<T> said = co_await ask_seat_safely<T>(job, seat, limit, call);
  if (guard == Guard::Breaker && !permit) {
    // Who waits must not hold a probe's place meanwhile.
    auto admitted = seat->breaker->acquire();
    if (!admitted) co_return std::move(said.answer);
    permit.emplace(std::move(*admitted));
  }
  Permit* const with_permit = permit ? &*permit : nullptr;
  const auto latency = limit.is_patient ? std::nullopt : std::optional{said.latency};
  if (said.answer) {
    const auto age = job->age ? job->age(*said.answer, job->desk->clock().now()) : std::nullopt;
    account(*job->desk, *seat, with_permit, nullptr, false, job->plan, latency, age);
    co_return std::move(said.answer);
  }
  const Error& error = said.answer.error();
  if (error.code() == ErrorCode::ProviderTimeout && !limit.is_fair) {
    const Error short_of_time{ErrorCode::DeadlineExceeded, "too little time to judge"};
    account(*job->desk, *seat, with_permit, &short_of_time, false, job->plan, latency, {});
  } else {
    account(*job->desk, *seat, with_permit, &error, said.is_violation, job->plan, latency, {});
  }
  co_return std::move(said.answer);
}

template <class T>
net::Task<> run_canary(std::shared_ptr<const Job<T>> job, Seat* seat, Call call) {
  call.use = CallUse::Batch;
  call.deadline = job->desk->clock().steady() + seat->timeout;
  try {
    auto answer = co_await attempt<T>(job, seat, Limit{seat->timeout, true}, call);
    static_cast<void>(answer);
  } catch (...) {
    seat->canary_out = false;
    throw;
  }
  seat->canary_out = false;
}

/// Sends a copy of an interactive request to one vendor that needs it, if any; nobody waits.
template <class T>
void send_canary(const std::shared_ptr<const Job<T>>& job, const std::vector<Seat*>& able,
                 const Call& call, const net::Executor& executor) {
  if (call.use != CallUse::Interactive || able.size() < 2) return;
  const Monotonic now = job->desk->clock().steady();
  for (std::size_t i = 1; i < able.size(); ++i) {
    if (!take_canary(*able[i], *able.front(), now)) continue;
    net::spawn(executor, run_canary<T>(job, able[i], call), "canary");
    return;
  }
}

/// Who is there to be asked for one job, and who is not.
struct Roll {
  std::vector<Seat*> able;
  std::vector<std::pair<Seat*, ErrorCode>> passed;
  std::size_t unsupported = 0;
};

template <class T>
Roll call_the_roll(const Job<T>& job, const Order& order, bool real_only,
                   const feed::Provider* only) {
  Roll roll;
  const Monotonic now = job.desk->clock().steady();
  const auto is_meant = [&](const Seat* seat) {
    return (!real_only || seat->provider->is_real()) && (only == nullptr || seat->provider == only);
  };
  for (Seat* const seat : asking_order(order)) {
    if (!is_meant(seat)) continue;
    const Fit fit = job.fit(*seat->provider);
    if (fit == Fit::Unsupported) ++roll.unsupported;
    if (fit != Fit::Yes) continue;
    if (seat->plan.lacks(job.plan, now)) {
      roll.passed.emplace_back(seat, ErrorCode::NotEntitled);
    } else {
      roll.able.push_back(seat);
    }
  }
  for (Seat* const seat : order.unconfigured) {
    if (is_meant(seat)) roll.passed.emplace_back(seat, ErrorCode::Configuration);
  }
  return roll;
}

/// Whether the caller has left, or its time is over.
[[nodiscard]] inline bool is_caller_gone(const net::asio::cancellation_state& state,
                                         const Call& call, const Clock& clock) {
  return state.cancelled() != net::asio::cancellation_type::none ||
         time_left(call, clock) <= std::chrono::nanoseconds::zero();
}

/// Takes what one vendor said into the outcome; true when nobody else is to be asked. `is_gone`:
/// nobody waits for the chain any longer. A vendor's own Canceled is just its failure.
template <class T>
bool take_answer(Outcome<T>& outcome, Roll& roll, Seat* seat, Result<T> answer, const Call& call,
                 bool is_gone) {
  if (answer) {
    outcome.value.emplace(std::move(*answer));
    outcome.provider = seat->provider;
    return true;
  }
  const Error& error = answer.error();
  if (error.code() == ErrorCode::NotSupported) {
    ++outcome.unsupported;
  } else if (error.code() == ErrorCode::CircuitOpen || resilience::is_own_budget(error)) {
    roll.passed.emplace_back(seat, error.code());
  } else {
    log_miss(call, *seat, error);
    outcome.misses.push_back({seat->name, error.code(), error.detail()});
  }
  return is_gone && error.code() == ErrorCode::Canceled;
}

/// Asks those whose breakers are open, when there is nobody else. `roll` and `outcome` are the
/// awaiting coroutine's.
template <class T>
net::Task<> ask_the_last(std::shared_ptr<const Job<T>> job, Roll* roll, Outcome<T>* outcome,
                         Call call) {
  const Clock& clock = job->desk->clock();
  const auto state = co_await net::asio::this_coro::cancellation_state;
  std::vector<Seat*> cut_off;
  for (const auto& [seat, code] : roll->passed) {
    if (code == ErrorCode::CircuitOpen) cut_off.push_back(seat);
  }
  co_await wait_for_last_resort(std::move(cut_off), call, &clock);
  auto passed = std::exchange(roll->passed, {});
  for (std::size_t i = 0; i < passed.size(); ++i) {
    Seat* const seat = passed[i].first;
    const auto left = time_left(call, clock);
    const bool is_turn = !outcome->value && passed[i].second == ErrorCode::CircuitOpen &&
                         left > std::chrono::nanoseconds::zero() &&
                         may_be_last(*seat, clock.steady());
    if (!is_turn) {
      roll->passed.push_back(passed[i]);
      continue;
    }
    const Limit limit = limit_of(*seat, left, passed.size() - i);
    const LastResort out{*seat};
    auto answer = co_await attempt<T>(job, seat, limit, call, Guard::None);
    const bool is_done = take_answer<T>(*outcome, *roll, seat, std::move(answer), call,
                                        is_caller_gone(state, call, clock));
    if (is_done && !outcome->value) break;
  }
}

template <class T>
net::Task<Outcome<T>> ask_in_order(std::shared_ptr<const Job<T>> job, Roll roll, Call call) {
  Outcome<T> outcome;
  outcome.unsupported = roll.unsupported;
  const Clock& clock = job->desk->clock();
  const net::Executor executor = co_await net::asio::this_coro::executor;
  const auto state = co_await net::asio::this_coro::cancellation_state;
  send_canary<T>(job, roll.able, call, executor);
  std::vector<Seat*>& able = roll.able;
  bool is_done = false;
  while (!is_done && !able.empty()) {
    Seat* const seat = able.front();
    const auto left = time_left(call, clock);
    if (left <= std::chrono::nanoseconds::zero()) {
      outcome.misses.push_back(
          {seat->name, ErrorCode::DeadlineExceeded, "not asked: the request's time is up"});
      is_done = true;
      break;
    }
    able.erase(able.begin());
    if (!seat->breaker->would_admit()) {
      roll.passed.emplace_back(seat, ErrorCode::CircuitOpen);
      continue;
    }
    const auto candidates =
        1 + static_cast<std::size_t>(std::ranges::count_if(
                able, [](const Seat* one) { return one->breaker->would_admit(); }));
    const Limit limit =
        call.use == CallUse::Batch ? patient_limit(left) : limit_of(*seat, left, candidates);
    auto work = attempt<T>(job, seat, limit, call);
    const std::chrono::nanoseconds usual{seat->p95.load(std::memory_order_relaxed)};
    const bool can_hedge = call.use == CallUse::Interactive && candidates > 1 && usual.count() > 0;
    if (!can_hedge) {
      auto answer = co_await std::move(work);
      is_done = take_answer<T>(outcome, roll, seat, std::move(answer), call,
                               is_caller_gone(state, call, clock));
      continue;
    }
    earn_hedge(*seat);
    Seat* const other = able.front();
    const auto hedge = [job, seat, other, call]() -> std::optional<net::Task<Result<T>>> {
      if (!take_hedge(*seat, *other)) return std::nullopt;
      const Limit rest = limit_of(*other, time_left(call, job->desk->clock()), 1);
      return attempt<T>(job, other, rest, call);
    };
    auto raced = co_await race<T>(std::move(work),
                                  std::max<std::chrono::nanoseconds>(usual, kHedgeAfterMin), hedge);
    if (raced.is_hedged) able.erase(able.begin());
    const bool is_gone = is_caller_gone(state, call, clock);
    // One that was overtaken has said nothing: it did nothing wrong and is not named.
    if (raced.first) {
      is_done = take_answer<T>(outcome, roll, seat, std::move(*raced.first), call, is_gone);
    }
    if (!is_done && raced.second) {
      is_done = take_answer<T>(outcome, roll, other, std::move(*raced.second), call, is_gone);
    }
    if (!raced.first && !raced.second) {
      outcome.misses.push_back({seat->name, ErrorCode::Canceled, "the caller is gone"});
      is_done = true;
    }
  }
  if (!outcome.value && !is_done && has_nobody_answered(outcome.misses)) {
    co_await ask_the_last<T>(job, &roll, &outcome, call);
  }
  if (!outcome.value) {
    for (const auto& [seat, code] : roll.passed)
      outcome.skipped.push_back(passed_over(*seat, code));
  }
  co_return outcome;
}

}  // namespace ziggy::routing
