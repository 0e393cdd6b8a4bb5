#include "ziggy/resilience/breaker.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "ziggy/base/log.hpp"

namespace ziggy::resilience {
namespace {

constexpr log::Logger kLog{"resilience"};
// 2^20 times the shortest open time is past every cap; more would only overflow.
constexpr unsigned kDoublingsMax = 20;
// However long a caller says that its probe may take.
constexpr std::chrono::nanoseconds kLeaseMax = std::chrono::hours{1};
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

std::uint64_t pack(std::uint64_t generation, BreakerState state) noexcept {
  return generation << 2 | static_cast<std::uint64_t>(state);
}
BreakerState state_of(std::uint64_t word) noexcept { return static_cast<BreakerState>(word & 3); }
std::uint64_t generation_of(std::uint64_t word) noexcept { return word >> 2; }

Monotonic at(std::int64_t nanos) noexcept { return Monotonic{std::chrono::nanoseconds{nanos}}; }
std::int64_t nanos_of(Monotonic time) noexcept { return time.time_since_epoch().count(); }

double percent(std::size_t part, std::size_t whole) noexcept {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string_view breaker_state_name(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::Closed:
      return "closed";
    case BreakerState::Open:
      return "open";
    case BreakerState::HalfOpen:
      return "half_open";
  }
  return "closed";
}

Breaker::Breaker(std::string name, BreakerSettings settings, const Clock& clock, std::uint64_t seed)
    : name_{std::move(name)},
      settings_{settings},
      clock_{clock},
      word_{pack(0, BreakerState::Closed)},
      open_until_{0},
      window_{settings.window_calls, settings.window},
      jitter_{seed},
      changed_{clock.steady()},
      changed_at_{clock.now()} {
  settings_.probes = std::max<std::size_t>(1, settings_.probes);
  settings_.successes_to_close = std::max<std::size_t>(1, settings_.successes_to_close);
  settings_.minimum_calls = std::clamp<std::size_t>(
      settings_.minimum_calls, 1, std::max<std::size_t>(1, settings_.window_calls));
  settings_.open_max = std::max(settings_.open_max, settings_.open_for);
}

Result<Breaker::Permit> Breaker::acquire(std::chrono::nanoseconds longest) {
  const std::uint64_t word = word_.load(std::memory_order_acquire);
  const Monotonic now = clock_.steady();
  if (state_of(word) == BreakerState::Closed) [[likely]] {
    return Permit{this, generation_of(word), 0, now};
  }
  if (state_of(word) == BreakerState::Open) {
    const std::int64_t until = open_until_.load(std::memory_order_relaxed);
    if (until == kNever) return rejection({});
    if (now < at(until)) return rejection(at(until) - now);
  }
  return acquire_slowly(now, longest);
}

Result<Breaker::Permit> Breaker::acquire_slowly(Monotonic now, std::chrono::nanoseconds longest) {
  std::unique_lock lock{mutex_};
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  if (state_of(word) == BreakerState::Closed) return Permit{this, generation_of(word), 0, now};
  if (state_of(word) == BreakerState::Open) {
    const std::int64_t until = open_until_.load(std::memory_order_relaxed);
    if (until == kNever) return rejection({});
    if (now < at(until)) return rejection(at(until) - now);
    change(now, BreakerState::HalfOpen, "the open time is over");
    word = word_.load(std::memory_order_relaxed);
  }
  std::erase_if(probes_, [now](const Probe& probe) { return probe.until <= now; });
  if (probes_.size() >= settings_.probes) {
    const auto first = std::ranges::min_element(probes_, {}, &Probe::until);
    return rejection(first->until - now);
  }
  const std::chrono::nanoseconds lease = std::max<std::chrono::nanoseconds>(
      settings_.probe_lease, std::min(longest, kLeaseMax) + std::chrono::seconds{1});
  probes_.push_back({.id = ++last_probe_, .until = now + lease});
  Permit permit{this, generation_of(word), last_probe_, now};
  tell(std::move(lock));
  return permit;
}

std::unexpected<Error> Breaker::rejection(std::optional<std::chrono::nanoseconds> wait) {
  rejected_.fetch_add(1, std::memory_order_relaxed);
  if (!wait) return fail(ErrorCode::CircuitOpen, "{}: held open by an operator", name_);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*wait).count();
  return fail(
      Error{ErrorCode::CircuitOpen, fmt::format("{}: circuit open, next try in {} ms", name_, ms)}
          .with_retry_after(whole_seconds(*wait)));
}

bool Breaker::would_admit() const {
  const BreakerState state = state_of(word_.load(std::memory_order_acquire));
  if (state == BreakerState::Closed) return true;
  const Monotonic now = clock_.steady();
  const std::lock_guard lock{mutex_};
  switch (state_of(word_.load(std::memory_order_relaxed))) {
    case BreakerState::Closed:
      return true;
    case BreakerState::Open: {
      const std::int64_t until = open_until_.load(std::memory_order_relaxed);
      return until != kNever && now >= at(until);
    }
    case BreakerState::HalfOpen:
      break;
  }
  const auto alive =
      std::ranges::count_if(probes_, [now](const Probe& probe) { return probe.until > now; });
  return static_cast<std::size_t>(alive) < settings_.probes;
}

// Whether the permit is still good; gives a probe's place back.
bool Breaker::take_back(const Permit& permit, Monotonic now) {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  if (permit.generation_ != generation_of(word)) return false;
  if (permit.probe_ == 0) return true;
  const auto found = std::ranges::find(probes_, permit.probe_, &Probe::id);
  if (found == probes_.end()) return false;
  const bool is_in_time = now < found->until;
  probes_.erase(found);
  return is_in_time;
}

void Breaker::report(const Permit& permit, Verdict verdict, const Error* error) {
  const Monotonic now = clock_.steady();
  std::unique_lock lock{mutex_};
  if (!take_back(permit, now) || verdict == Verdict::Neutral) return;
  const bool slow = now - permit.started_ > settings_.slow_after && settings_.slow_rate <= 1;
  judge(now, verdict == Verdict::Failure, slow, error);
  tell(std::move(lock));
}

void Breaker::report_quota(const Permit& permit, const Error& error) {
  std::chrono::nanoseconds wait = settings_.quota_wait;
  // Cut to size first: a vendor's number of seconds need not fit in nanoseconds.
  if (error.retry_after())
    wait = std::min<std::chrono::seconds>(*error.retry_after(), kQuotaOpenMax);
  const Monotonic now = clock_.steady();
  std::unique_lock lock{mutex_};
  if (!take_back(permit, now)) return;
  open_for_quota(now, wait);
  tell(std::move(lock));
}

void Breaker::judge(Monotonic now, bool failed, bool slow, const Error* error) {
  ++(failed ? failures_ : successes_);
  consecutive_failures_ = failed ? consecutive_failures_ + 1 : 0;
  const std::string_view code = error == nullptr ? "" : code_name(error->code());
  if (state_of(word_.load(std::memory_order_relaxed)) == BreakerState::HalfOpen) {
    if (failed) return open(now, fmt::format("a probe failed: {}", code));
    if (slow) return open(now, "a probe was slow");
    if (++probe_successes_ < settings_.successes_to_close) return;
    return change(now, BreakerState::Closed, fmt::format("{} probes succeeded", probe_successes_));
  }
  window_.record(now, failed, slow);
  if (is_forced_) return;
  if (failed && settings_.consecutive_failures > 0 &&
      consecutive_failures_ >= settings_.consecutive_failures) {
    return open(now,
                fmt::format("{} failures in a row, the last: {}", consecutive_failures_, code));
  }
  const std::size_t calls = window_.calls();
  if (calls < settings_.minimum_calls) return;
  const double whole = static_cast<double>(calls);
  if (failed && static_cast<double>(window_.failures()) >= settings_.failure_rate * whole) {
    return open(now, fmt::format("{:.0f} % of {} calls failed, the last: {}",
                                 percent(window_.failures(), calls), calls, code));
  }
  if (slow && static_cast<double>(window_.slow()) >= settings_.slow_rate * whole) {
    open(now, fmt::format("{:.0f} % of {} calls were slow", percent(window_.slow(), calls), calls));
  }
}

void Breaker::open(Monotonic now, std::string reason) {
  const bool was_closed = state_of(word_.load(std::memory_order_relaxed)) == BreakerState::Closed;
  if (was_closed && now - changed_ >= settings_.window) openings_ = 0;
  const double base = std::min(static_cast<double>(settings_.open_for.count()) *
                                   static_cast<double>(1ULL << std::min(openings_, kDoublingsMax)),
                               static_cast<double>(settings_.open_max.count()));
  openings_ = std::min(openings_ + 1, kDoublingsMax);
  const double share = std::clamp(settings_.jitter, 0.0, 1.0) * jitter_.next();
  const std::chrono::microseconds time{static_cast<std::int64_t>(base * (1.0 - share) * 1'000.0)};
  open_until(now, now + time, std::move(reason));
}

void Breaker::open_until(Monotonic now, Monotonic until, std::string reason) {
  ++opened_;
  open_until_.store(nanos_of(until), std::memory_order_relaxed);
  change(now, BreakerState::Open, std::move(reason));
}

void Breaker::quota_open(std::chrono::nanoseconds retry_after) {
  const Monotonic now = clock_.steady();
  std::unique_lock lock{mutex_};
  open_for_quota(now, retry_after);
  tell(std::move(lock));
}

void Breaker::open_for_quota(Monotonic now, std::chrono::nanoseconds retry_after) {
  if (is_forced_) return;
  const auto wait = std::clamp<std::chrono::nanoseconds>(retry_after, std::chrono::milliseconds{1},
                                                         kQuotaOpenMax);
  if (state_of(word_.load(std::memory_order_relaxed)) == BreakerState::Open) {
    const std::int64_t until = open_until_.load(std::memory_order_relaxed);
    open_until_.store(std::max(until, nanos_of(now + wait)), std::memory_order_relaxed);
    return;
  }
  open_until(now, now + wait,
             fmt::format("the vendor's quota is spent, it asks to wait {} s",
                         whole_seconds(wait).count()));
}

// Every way into another state, and every operator's word, begins a new generation: what was out
// before reports into the void.
void Breaker::change(Monotonic now, BreakerState to, std::string reason) {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  probes_.clear();
  probe_successes_ = 0;
  if (to == BreakerState::Closed) {
    window_.clear();
    consecutive_failures_ = 0;
  }
  reason_ = std::move(reason);
  changed_ = now;
  changed_at_ = clock_.now();
  untold_.push_back({.from = state_of(word), .to = to, .reason = reason_, .forced = is_forced_});
  word_.store(pack(generation_of(word) + 1, to), std::memory_order_release);
}

void Breaker::set_forced(BreakerState to, std::string reason) {
  open_until_.store(to == BreakerState::Open ? kNever : 0, std::memory_order_relaxed);
  if (to == BreakerState::Open) ++opened_;
  change(clock_.steady(), to, std::move(reason));
}

void Breaker::force_open() {
  std::unique_lock lock{mutex_};
  is_forced_ = true;
  set_forced(BreakerState::Open, "held open by an operator");
  tell(std::move(lock));
}

void Breaker::force_close() {
  std::unique_lock lock{mutex_};
  is_forced_ = true;
  set_forced(BreakerState::Closed, "held closed by an operator");
  tell(std::move(lock));
}

void Breaker::reset() {
  std::unique_lock lock{mutex_};
  is_forced_ = false;
  openings_ = 0;
  set_forced(BreakerState::Closed, "reset by an operator");
  tell(std::move(lock));
}

bool Breaker::recover(std::string reason) {
  std::unique_lock lock{mutex_};
  if (is_forced_) return false;
  openings_ = 0;
  if (state_of(word_.load(std::memory_order_relaxed)) == BreakerState::Closed) return false;
  open_until_.store(0, std::memory_order_relaxed);
  change(clock_.steady(), BreakerState::Closed, std::move(reason));
  tell(std::move(lock));
  return true;
}

// One thread at a time tells, in order; changes that come meanwhile, also from the listener itself,
// are told by the one that is at it.
void Breaker::tell(std::unique_lock<std::mutex> lock) {
  if (is_telling_ || untold_.empty()) return;
  is_telling_ = true;
  while (!untold_.empty()) {
    const std::vector<Change> changes = std::exchange(untold_, {});
    const BreakerListener listener = listener_;
    lock.unlock();
    for (const Change& change : changes) {
      const bool is_bad = change.to == BreakerState::Open;
      kLog.write(is_bad ? log::Level::Warning : log::Level::Info, nullptr, "breaker_changed",
                 {{"breaker", name_},
                  {"from", breaker_state_name(change.from)},
                  {"to", breaker_state_name(change.to)},
                  {"reason", change.reason}});
      if (!listener) continue;
      try {
        listener(name_, change.from, change.to, change.reason);
      } catch (const std::exception& error) {
        kLog.error("breaker_listener_threw", {{"breaker", name_}, {"error", error.what()}});
      }
    }
    lock.lock();
  }
  is_telling_ = false;
}

void Breaker::set_listener(BreakerListener listener) {
  const std::lock_guard lock{mutex_};
  listener_ = std::move(listener);
}

BreakerState Breaker::state() const noexcept {
  return state_of(word_.load(std::memory_order_acquire));
}

BreakerStatus Breaker::status() const {
  const Monotonic now = clock_.steady();
  const std::lock_guard lock{mutex_};
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  window_.forget_old(now);
  BreakerStatus status;
  status.name = name_;
  status.state = state_of(word);
  status.forced = is_forced_;
  status.reason = reason_;
  status.generation = generation_of(word);
  status.calls = window_.calls();
  status.failures = window_.failures();
  status.slow = window_.slow();
  status.consecutive_failures = consecutive_failures_;
  if (status.calls > 0) {
    status.failure_rate = percent(status.failures, status.calls) / 100.0;
  }
  if (status.state == BreakerState::Open && !is_forced_) {
    const auto left = at(open_until_.load(std::memory_order_relaxed)) - now;
    status.retry_in = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(left, std::chrono::nanoseconds::zero()));
  }
  status.opened_total = opened_;
  status.rejected_total = rejected_.load(std::memory_order_relaxed);
  status.success_total = successes_;
  status.failure_total = failures_;
  status.probes_out = static_cast<std::size_t>(
      std::ranges::count_if(probes_, [now](const Probe& probe) { return probe.until > now; }));
  status.changed_at = changed_at_;
  return status;
}

void Breaker::Permit::success() {
  if (Breaker* const breaker = std::exchange(breaker_, nullptr)) {
    breaker->report(*this, Verdict::Success, nullptr);
  }
}

void Breaker::Permit::failure(const Error& error) {
  Breaker* const breaker = std::exchange(breaker_, nullptr);
  if (breaker == nullptr) return;
  if (error.code() == ErrorCode::ProviderQuota && !is_own_budget(error)) {
    return breaker->report_quota(*this, error);
  }
  breaker->report(*this, counts_as_failure(error) ? Verdict::Failure : Verdict::Neutral, &error);
}

void Breaker::Permit::cancel() noexcept {
  Breaker* const breaker = std::exchange(breaker_, nullptr);
  // While closed nobody counts what is out.
  if (breaker == nullptr || probe_ == 0) return;
  breaker->report(*this, Verdict::Neutral, nullptr);
}

std::chrono::nanoseconds Breaker::Permit::age() const {
  return breaker_ == nullptr ? std::chrono::nanoseconds::zero()
                             : breaker_->clock_.steady() - started_;
}

}  // namespace ziggy::resilience
