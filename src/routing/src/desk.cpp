#include "ziggy/routing/desk.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "desk_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::routing {
namespace {

constexpr log::Logger kLog{"routing"};

resilience::BreakerSettings breaker_settings(Operation operation,
                                             std::chrono::milliseconds timeout) {
  if (operation == Operation::Stream) {
    return resilience::preset_settings(resilience::Preset::Stream);
  }
  auto settings = resilience::preset_settings(resilience::Preset::Provider);
  settings.call_timeout = timeout;
  settings.slow_after = timeout * 2 / 3;
  // A probe is a copy of a real request that nobody waits for: one a minute is cheap, and a vendor
  // that is back is wanted sooner than in five.
  settings.open_max = std::chrono::minutes{1};
  return settings;
}

net::Task<> run_ticks(std::shared_ptr<net::Timer> timer, Desk* desk, Desk::State* state) {
  while (!state->is_stopped) {
    timer->expires_after(state->parts.tick_every);
    co_await timer->async_wait(net::asio::as_tuple(net::asio::use_awaitable_t<net::Executor>{}));
    if (state->is_stopped) break;
    // Ranks and incidents must outlive one bad round.
    try {
      desk->tick();
    } catch (const std::exception& error) {
      kLog.error("tick_failed", {{"error", error.what()}});
    } catch (...) {
      kLog.error("tick_failed", {{"error", "something unknown was thrown"}});
    }
  }
}

// What a stream's connection went through, told to its breaker.
void tell_breaker(resilience::Breaker& breaker, AnswerClass answer) {
  if (is_counted(answer) && !is_failure(answer)) {
    // It came up by itself, whether or not the breaker would have let anybody ask; there may be no
    // second word for hours.
    if (breaker.state() != resilience::BreakerState::Closed) {
      breaker.recover("the connection is up");
      return;
    }
    if (auto permit = breaker.acquire()) permit->success();
    return;
  }
  // While it is open another failure says nothing new; asking would count as somebody rejected.
  if (!breaker.would_admit()) return;
  const auto fails_with = [&](ErrorCode code) {
    if (auto permit = breaker.acquire()) permit->failure(Error{code, "the stream failed"});
  };
  switch (answer) {
    case AnswerClass::Timeout:
      return fails_with(ErrorCode::ProviderTimeout);
    case AnswerClass::Unavailable:
      return fails_with(ErrorCode::ProviderUnavailable);
    case AnswerClass::BadPayload:
      return fails_with(ErrorCode::BadPayload);
    case AnswerClass::Quota:
      return fails_with(ErrorCode::ProviderQuota);
    default:
      return;
  }
}

bool is_held_open(const Seat& seat) {
  const auto status = seat.breaker->status();
  return status.forced && status.state == resilience::BreakerState::Open;
}

}  // namespace

Desk::State::State(DeskParts with)
    : parts{std::move(with)}, wall_base{parts.clock.now()}, steady_base{parts.clock.steady()} {}

Seat* Desk::State::find(std::string_view provider, Operation operation) {
  const auto& known = bench(operation).seats;
  const auto found = std::ranges::find(known, provider, &Seat::name);
  return found == known.end() ? nullptr : *found;
}

Desk::Desk(DeskParts parts) : state_{std::make_shared<State>(std::move(parts))} {}

Desk::~Desk() { stop(); }

const Clock& Desk::clock() const noexcept { return state_->parts.clock; }

Timestamp Desk::time() const noexcept { return state_->time(); }

void Desk::enroll(Operation operation, const std::vector<feed::Provider*>& providers,
                  std::chrono::milliseconds timeout) {
  State& state = *state_;
  const std::lock_guard lock{state.mutex};
  Bench& bench = state.bench(operation);
  for (feed::Provider* const provider : providers) {
    if (state.find(provider->name(), operation) != nullptr) continue;
    auto& breaker =
        state.parts.breakers.get(fmt::format("{}.{}", provider->name(), operation_name(operation)),
                                 breaker_settings(operation, timeout));
    state.seats.push_back(
        std::make_unique<Seat>(*provider, operation, bench.seats.size() + 1, timeout, breaker));
    bench.seats.push_back(state.seats.back().get());
    bench.scores.emplace_back();
    bench.ranking.add();
  }
  state.publish(bench);
}

std::shared_ptr<const Order> Desk::seats(Operation operation) const {
  const std::lock_guard lock{state_->order_mutex};
  return state_->bench(operation).order;
}

std::vector<feed::Provider*> Desk::order(Operation operation) const {
  const auto order = seats(operation);
  std::vector<Seat*> asked = order->seats;
  std::erase_if(asked, [](const Seat* seat) { return is_held_open(*seat); });
  put_first(asked, [operation](const Seat* seat) {
    if (seat->breaker->state() == resilience::BreakerState::Closed) return true;
    // Nobody sends probes to a stream: when its open time is over it is connected to again.
    return operation == Operation::Stream && seat->breaker->would_admit();
  });
  std::vector<feed::Provider*> providers;
  for (const Seat* const seat : asked) providers.push_back(seat->provider);
  return providers;
}

void Desk::State::publish(Bench& bench) {
  auto order = std::make_shared<Order>();
  for (const std::size_t place : bench.ranking.order()) {
    Seat* const seat = bench.seats[place];
    (seat->is_configured() ? order->seats : order->unconfigured).push_back(seat);
  }
  if (bench.pin) {
    put_first(order->seats, [&](const Seat* seat) { return seat->name == *bench.pin; });
  }
  const std::lock_guard lock{order_mutex};
  bench.order = std::move(order);
}

void Desk::State::measure(Bench& bench, Timestamp now) {
  struct Look {
    SlaWindow minutes5;
    SlaWindow hour;
  };
  std::vector<Look> looks;
  std::optional<double> best_age;
  for (Seat* const seat : bench.seats) {
    looks.push_back({seat->track.window(now, 1, seat->slow_after()),
                     seat->track.window(now, 2, seat->slow_after())});
    const SlaWindow& recent = looks.back().minutes5;
    if (recent.freshness_ms && recent.counted >= kScoreVolumeMin) {
      best_age = std::min(best_age.value_or(*recent.freshness_ms), *recent.freshness_ms);
    }
    const bool is_known = recent.p95_ms && recent.timed >= 2 * kScoreVolumeMin;
    seat->p95.store(is_known ? static_cast<std::int64_t>(*recent.p95_ms * 1e6) : 0,
                    std::memory_order_relaxed);
  }
  std::vector<std::optional<double>> values(bench.seats.size());
  for (std::size_t i = 0; i < bench.seats.size(); ++i) {
    const Seat& seat = *bench.seats[i];
    bench.scores[i] = seat.is_configured()
                          ? score_of(looks[i].minutes5, looks[i].hour, seat.timeout, best_age)
                          : std::nullopt;
    if (bench.scores[i]) values[i] = bench.scores[i]->value;
  }
  if (bench.ranking.update(parts.clock.steady(), values)) {
    std::string order;
    for (const std::size_t place : bench.ranking.order()) {
      order += (order.empty() ? "" : ",") + bench.seats[place]->name;
    }
    kLog.info("providers_ranked",
              {{"operation", operation_name(bench.seats.front()->operation)}, {"order", order}});
    publish(bench);
  }
}

void Desk::tick() {
  State& state = *state_;
  {
    const std::lock_guard lock{state.mutex};
    const Timestamp now = state.time();
    for (Bench& bench : state.benches) {
      if (!bench.seats.empty()) state.measure(bench, now);
    }
    state.look_for_incidents(now);
    state.take_samples(now, false);
  }
  state.flush(state_);
}

void Desk::start(net::Executor executor) {
  auto timer = std::make_shared<net::Timer>(executor);
  {
    const std::lock_guard lock{state_->timer_mutex};
    state_->timer = timer;
    state_->executor = executor;
  }
  net::spawn(executor, run_ticks(std::move(timer), this, state_.get()), "desk");
}

void Desk::stop() {
  State& state = *state_;
  if (state.is_stopped.exchange(true)) return;
  {
    const std::lock_guard lock{state.timer_mutex};
    if (state.timer) {
      net::asio::post(*state.executor, [timer = state.timer] { timer->cancel(); });
      state.timer.reset();
    }
  }
  {
    const std::lock_guard lock{state.mutex};
    state.take_samples(state.time(), true);
  }
  if (state.parts.database != nullptr) state.writes.drain(*state.parts.database);
}

void Desk::note_violation(std::string_view provider, Operation operation) {
  const std::lock_guard lock{state_->mutex};
  if (Seat* const seat = state_->find(provider, operation)) {
    seat->track.add_violation(state_->time());
  }
}

void Desk::note_agreement(std::string_view provider, Operation operation, bool agrees) {
  const std::lock_guard lock{state_->mutex};
  if (Seat* const seat = state_->find(provider, operation)) {
    seat->track.add_agreement(state_->time(), agrees);
  }
}

void Desk::note_gap(std::string_view provider, Operation operation, std::size_t expected,
                    std::size_t missing) {
  const std::lock_guard lock{state_->mutex};
  if (Seat* const seat = state_->find(provider, operation)) {
    seat->track.add_gaps(state_->time(), static_cast<std::uint32_t>(expected),
                         static_cast<std::uint32_t>(std::min(missing, expected)));
  }
}

void Desk::note_answer(std::string_view provider, Operation operation, AnswerClass answer,
                       std::optional<std::chrono::nanoseconds> latency,
                       std::optional<std::chrono::nanoseconds> age) {
  std::unique_lock lock{state_->mutex};
  Seat* const seat = state_->find(provider, operation);
  if (seat == nullptr || !seat->is_configured()) return;
  const Timestamp now = state_->time();
  if (answer == AnswerClass::Success) {
    seat->succeeded_at.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  seat->track.record(now, answer, latency, age);
  lock.unlock();  // a breaker's listener may ask the desk
  if (operation == Operation::Stream) tell_breaker(*seat->breaker, answer);
}

Result<> Desk::pin(Operation operation, std::string_view provider) {
  State& state = *state_;
  {
    const std::lock_guard lock{state.mutex};
    const Seat* const seat = state.find(provider, operation);
    if (seat == nullptr) {
      return fail(ErrorCode::NotFound, "{} is no provider of {}", provider,
                  operation_name(operation));
    }
    if (!seat->is_configured()) {
      return fail(ErrorCode::Configuration, "{}: {}", provider, seat->provider->not_configured());
    }
    Bench& bench = state.bench(operation);
    bench.pin = std::string{provider};
    state.publish(bench);
    store::ProviderPin pin{std::string{operation_name(operation)}, *bench.pin,
                           state.parts.clock.now()};
    state.writes.add([pin = std::move(pin)](store::Database& database) {
      return database.incidents().pin(pin);
    });
  }
  state.flush(state_);
  return {};
}

Result<> Desk::unpin(Operation operation) {
  State& state = *state_;
  {
    const std::lock_guard lock{state.mutex};
    Bench& bench = state.bench(operation);
    if (!bench.pin) {
      return fail(ErrorCode::NotFound, "no provider of {} is pinned", operation_name(operation));
    }
    bench.pin.reset();
    state.publish(bench);
    state.writes.add([operation](store::Database& database) -> Result<> {
      ZIGGY_TRY(was_there, database.incidents().unpin(operation_name(operation)));
      static_cast<void>(was_there);
      return {};
    });
  }
  state.flush(state_);
  return {};
}

std::optional<std::string> Desk::pinned(Operation operation) const {
  const std::lock_guard lock{state_->mutex};
  return state_->bench(operation).pin;
}

}  // namespace ziggy::routing
