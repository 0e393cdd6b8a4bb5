#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <concepts>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/resilience/backoff.hpp"
#include "ziggy/resilience/call_window.hpp"
#include "ziggy/resilience/time_limit.hpp"
#include "ziggy/resilience/verdict.hpp"

namespace ziggy::resilience {

enum class BreakerState : std::uint8_t { Closed, Open, HalfOpen };

/// `closed`, `open`, `half_open`.
[[nodiscard]] std::string_view breaker_state_name(BreakerState state) noexcept;

struct BreakerSettings {
  /// The window: the latest `window_calls` calls that are younger than `window`.
  std::size_t window_calls = 100;
  std::chrono::seconds window{60};
  /// Rates say nothing of fewer calls than this.
  std::size_t minimum_calls = 10;
  /// Opens at this share of failures in the window. Above 1: never.
  double failure_rate = 0.5;
  /// Opens at this many failures in a row, however few the calls. 0: never.
  std::size_t consecutive_failures = 5;
  /// A call that takes longer is slow, whatever its result.
  std::chrono::milliseconds slow_after{1'000};
  /// Opens at this share of slow calls in the window. Above 1: slowness never matters.
  double slow_rate = 0.8;
  /// The first open time; it doubles with every opening until the breaker has been closed for a
  /// whole `window`, up to `open_max`.
  std::chrono::milliseconds open_for{5'000};
  std::chrono::milliseconds open_max{300'000};
  /// Up to this share of an open time is taken off at random. 0 to 1.
  double jitter = 0.2;
  /// How many calls may be out at once while half open.
  std::size_t probes = 1;
  /// Probes that must succeed before it closes.
  std::size_t successes_to_close = 2;
  /// A probe that has not reported by then is lost: its place is free again and its late result
  /// ignored.
  std::chrono::milliseconds probe_lease{10'000};
  /// The longest a call may take under `run`.
  std::chrono::milliseconds call_timeout{1'500};
  /// How long a 429 without Retry-After keeps it open.
  std::chrono::milliseconds quota_wait{10'000};
  /// What a call that is cut off by `run` ends with.
  ErrorCode timeout_code = ErrorCode::ProviderTimeout;
};

/// However long a vendor's Retry-After: after this somebody looks again.
inline constexpr std::chrono::hours kQuotaOpenMax{1};

/// One consistent look at a breaker.
struct BreakerStatus {
  std::string name;
  BreakerState state = BreakerState::Closed;
  /// An operator holds it open or closed, until reset.
  bool forced = false;
  /// Why it is in this state, in words; empty before the first change.
  std::string reason;
  /// Goes up by one with every change of state; results of an older generation are ignored.
  std::uint64_t generation = 0;
  /// In the window.
  std::size_t calls = 0;
  std::size_t failures = 0;
  std::size_t slow = 0;
  std::size_t consecutive_failures = 0;
  /// failures / calls; 0 without calls.
  double failure_rate = 0;
  /// While open and not forced: until a probe is let through.
  std::optional<std::chrono::milliseconds> retry_in;
  std::uint64_t opened_total = 0;
  std::uint64_t rejected_total = 0;
  std::uint64_t success_total = 0;
  std::uint64_t failure_total = 0;
  std::size_t probes_out = 0;
  /// When it came into this state; its making, if it never changed.
  Timestamp changed_at{};
};

/// Told of every change of state, in their order, by the thread that caused it and without a lock
/// held: it may ask the breaker.
using BreakerListener = std::function<void(std::string_view name, BreakerState from,
                                           BreakerState to, std::string_view reason)>;

/// Stops asking someone who fails: closed while calls succeed, open (nobody is asked) after too
/// many failures or slow calls, half open (a few leased probes) when the open time is over.
/// Thread-safe. While closed an admission takes no lock, a report one short one. The time is the
/// clock's monotonic one; only the limit that `run` puts on a coroutine is real time.
class Breaker {
 public:
  class Permit;

  /// `clock` outlives the breaker, the breaker its permits.
  Breaker(std::string name, BreakerSettings settings, const Clock& clock, std::uint64_t seed);
  Breaker(const Breaker&) = delete;
  Breaker& operator=(const Breaker&) = delete;

  /// Leave for one call, which starts now. `run` is the safer way. A probe's lease lasts at least
  /// `longest`. Errors: CircuitOpen, with retry_after unless it is forced open.
  [[nodiscard]] Result<Permit> acquire(std::chrono::nanoseconds longest = {});
  /// Whether `acquire` would give a permit now; takes nothing and changes nothing.
  [[nodiscard]] bool would_admit() const;

  /// Calls `work`, which returns a Result and blocks, and reports when it is over. It can't be
  /// interrupted: if it takes longer than call_timeout its result is returned, but counts as a
  /// failure. What it throws counts as a failure and is rethrown. Errors: CircuitOpen; its own.
  template <std::invocable F>
  std::invoke_result_t<F> run(F work);

  /// Awaits `work` for at most `limit` (default: call_timeout) and reports when it is over; nobody
  /// can say earlier how it went. A time-out ends with `timeout_code` and counts as a failure,
  /// unless the limit was the caller's own and shorter than what would be a slow call: then it ends
  /// with DeadlineExceeded and counts nothing. What `work` throws counts as a failure and is
  /// rethrown; a cancellation counts nothing and frees its probe. Errors: CircuitOpen (`work` is
  /// then never started), Canceled; its own.
  template <class T>
  net::Task<Result<T>> run(net::Task<Result<T>> work,
                           std::optional<std::chrono::nanoseconds> limit = {});

  /// Opens because the vendor said 429, for so long (at most kQuotaOpenMax); if it is open already
  /// it stays so at least that long. Does not lengthen later open times. Nothing while forced.
  void quota_open(std::chrono::nanoseconds retry_after);

  /// An operator's word; holds until the next one.
  void force_open();
  void force_close();
  /// Closed, unforced, nothing remembered but the totals.
  void reset();

  /// Somebody who was asked past the breaker has answered: closes it and forgets earlier openings.
  /// An operator's word stands. True when it was not closed and now is.
  bool recover(std::string reason);

  [[nodiscard]] BreakerStatus status() const;
  [[nodiscard]] BreakerState state() const noexcept;
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const BreakerSettings& settings() const noexcept { return settings_; }

  /// Set once at start.
  void set_listener(BreakerListener listener);

 private:
  enum class Verdict : std::uint8_t { Success, Failure, Neutral };
  struct Probe {
    std::uint64_t id;
    Monotonic until;
  };
  struct Change {
    BreakerState from;
    BreakerState to;
    std::string reason;
    bool forced;
  };

  Result<Permit> acquire_slowly(Monotonic now, std::chrono::nanoseconds longest);
  [[nodiscard]] std::unexpected<Error> rejection(std::optional<std::chrono::nanoseconds> wait);
  void report(const Permit& permit, Verdict verdict, const Error* error);
  void report_quota(const Permit& permit, const Error& error);
  bool take_back(const Permit& permit, Monotonic now);
  void judge(Monotonic now, bool failed, bool slow, const Error* error);
  void open(Monotonic now, std::string reason);
  void open_until(Monotonic now, Monotonic until, std::string reason);
  void open_for_quota(Monotonic now, std::chrono::nanoseconds retry_after);
  void change(Monotonic now, BreakerState to, std::string reason);
  void set_forced(BreakerState to, std::string reason);
  void tell(std::unique_lock<std::mutex> lock);

  std::string name_;
  BreakerSettings settings_;
  const Clock& clock_;

  // What an admission looks at without the lock: generation << 2 | state, and the end of the open
  // time as nanoseconds of the monotonic clock. Written under the lock only.
  std::atomic<std::uint64_t> word_;
  std::atomic<std::int64_t> open_until_;
  std::atomic<std::uint64_t> rejected_{0};

  mutable std::mutex mutex_;
  mutable CallWindow window_;
  Jitter jitter_;
  BreakerListener listener_;
  std::vector<Change> untold_;
  bool is_telling_ = false;
  bool is_forced_ = false;
  std::string reason_;
  std::vector<Probe> probes_;
  std::uint64_t last_probe_ = 0;
  std::size_t probe_successes_ = 0;
  std::size_t consecutive_failures_ = 0;
  unsigned openings_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t successes_ = 0;
  std::uint64_t failures_ = 0;
  Monotonic changed_;
  Timestamp changed_at_;
};

/// Leave for one call. Destroyed without a report it counts as canceled: nothing is held against
/// anybody, and a probe's place is free again. One thread at a time.
class Breaker::Permit {
 public:
  Permit(Permit&& other) noexcept
      : breaker_{std::exchange(other.breaker_, nullptr)},
        generation_{other.generation_},
        probe_{other.probe_},
        started_{other.started_} {}
  Permit& operator=(Permit&& other) noexcept {
    if (this == &other) return *this;
    cancel();
    breaker_ = std::exchange(other.breaker_, nullptr);
    generation_ = other.generation_;
    probe_ = other.probe_;
    started_ = other.started_;
    return *this;
  }
  ~Permit() { cancel(); }

  /// The call is over and well. The first report counts, others do nothing.
  void success();
  /// The call is over with this error; what it counts, its code decides (counts_as_failure). A
  /// vendor's ProviderQuota opens the breaker for its retry_after.
  void failure(const Error& error);
  /// Reports what a result says.
  template <class T>
  void report(const Result<T>& result) {
    if (result) {
      success();
    } else {
      failure(result.error());
    }
  }
  /// Nobody knows how it went, or it never began.
  void cancel() noexcept;

  /// Whether it is one of the half-open breaker's probes.
  [[nodiscard]] bool is_probe() const noexcept { return probe_ != 0; }
  /// How long ago it was given.
  [[nodiscard]] std::chrono::nanoseconds age() const;

 private:
  friend class Breaker;
  Permit(Breaker* breaker, std::uint64_t generation, std::uint64_t probe, Monotonic started)
      : breaker_{breaker}, generation_{generation}, probe_{probe}, started_{started} {}

  Breaker* breaker_;
  std::uint64_t generation_;
  std::uint64_t probe_;
  Monotonic started_;
};

template <std::invocable F>
std::invoke_result_t<F> Breaker::run(F work) {
  auto permit = acquire(settings_.call_timeout);
  if (!permit) return std::unexpected{std::move(permit).error()};
  try {
    auto result = work();
    if (permit->age() > settings_.call_timeout) {
      permit->failure(Error{settings_.timeout_code, "took longer than the time limit"});
    } else {
      permit->report(result);
    }
    return result;
  } catch (...) {
    permit->failure(Error{ErrorCode::Internal, "the call threw"});
    throw;
  }
}

template <class T>
net::Task<Result<T>> Breaker::run(net::Task<Result<T>> work,
                                  std::optional<std::chrono::nanoseconds> limit) {
  const std::chrono::nanoseconds allowed = limit.value_or(settings_.call_timeout);
  auto permit = acquire(allowed);
  if (!permit) co_return std::unexpected{std::move(permit).error()};
  std::optional<Result<T>> result;
  std::exception_ptr thrown;
  try {
    result = co_await within<T>(std::move(work), allowed);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (result) {
    permit->report(*result);
    co_return std::move(*result);
  }
  const auto state = co_await net::asio::this_coro::cancellation_state;
  if (state.cancelled() != net::asio::cancellation_type::none) {
    permit->cancel();
    co_return fail(ErrorCode::Canceled, "the caller is gone");
  }
  if (thrown) {
    permit->failure(Error{ErrorCode::Internal, "the call threw"});
    std::rethrow_exception(thrown);
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(allowed).count();
  if (allowed < std::min(settings_.slow_after, settings_.call_timeout)) {
    permit->cancel();
    co_return fail(ErrorCode::DeadlineExceeded, "no answer in the {} ms that were left", ms);
  }
  Error error{settings_.timeout_code, fmt::format("no answer within {} ms", ms)};
  permit->failure(error);
  co_return fail(std::move(error));
}

}  // namespace ziggy::resilience
