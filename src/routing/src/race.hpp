#pragma once

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ziggy/base/result.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::routing {

/// What two askings gave, as far as anybody waited.
template <class T>
struct Raced {
  std::optional<Result<T>> first;
  std::optional<Result<T>> second;
  bool is_hedged = false;
};

/// What was thrown, in words.
[[nodiscard]] inline std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something unknown was thrown";
  }
}

template <class T>
struct RaceState {
  explicit RaceState(const net::Executor& executor) : timer{executor} {}

  struct Leg {
    net::asio::cancellation_signal signal;
    std::optional<Result<T>> result;
    bool is_running = false;
    bool is_canceled = false;
  };
  net::Timer timer;
  std::array<Leg, 2> legs;

  [[nodiscard]] bool is_good(std::size_t leg) const {
    return legs[leg].result && legs[leg].result->has_value();
  }
};

template <class T>
net::Task<> run_leg(std::shared_ptr<RaceState<T>> state, std::size_t leg,
                    net::Task<Result<T>> work) {
  auto result = co_await std::move(work);
  state->legs[leg].result.emplace(std::move(result));
}

/// What a leg that ended without a result comes to. One that throws by itself has failed; it says
/// nothing about whether anybody still waits.
[[nodiscard]] inline Error leg_error(const std::exception_ptr& thrown, bool is_canceled) {
  if (is_canceled || !thrown) return Error{ErrorCode::Canceled, "canceled"};
  return Error{ErrorCode::Internal, text_of(thrown)};
}

template <class T>
void start_leg(const net::Executor& executor, std::shared_ptr<RaceState<T>> state, std::size_t leg,
               net::Task<Result<T>> work) {
  state->legs[leg].is_running = true;
  auto slot = state->legs[leg].signal.slot();
  net::asio::co_spawn(
      executor, run_leg<T>(state, leg, std::move(work)),
      net::asio::bind_cancellation_slot(slot, [state, leg](const std::exception_ptr& thrown) {
        auto& done = state->legs[leg];
        done.is_running = false;
        if (!done.result) done.result.emplace(fail(leg_error(thrown, done.is_canceled)));
        state->timer.cancel();
      }));
}

/// Awaits `first`; when it takes longer than `after` (real time), starts what `make_second` gives
/// (nullopt: nothing) beside it. Ends with the first good answer, or when all have failed; what
/// still runs is canceled. What the work throws becomes Internal. All run on the calling
/// coroutine's loop.
template <class T>
net::Task<Raced<T>> race(net::Task<Result<T>> first, std::chrono::nanoseconds after,
                         std::function<std::optional<net::Task<Result<T>>>()> make_second) {
  namespace asio = net::asio;
  struct Guard {
    std::shared_ptr<RaceState<T>> state;
    ~Guard() {
      for (auto& leg : state->legs) {
        if (!leg.is_running) continue;
        leg.is_canceled = true;
        leg.signal.emit(asio::cancellation_type::terminal);
      }
    }
  };
  constexpr auto kWait = asio::as_tuple(asio::use_awaitable_t<net::Executor>{});
  const net::Executor executor = co_await asio::this_coro::executor;
  const Guard guard{std::make_shared<RaceState<T>>(executor)};
  RaceState<T>& state = *guard.state;
  start_leg<T>(executor, guard.state, 0, std::move(first));
  Raced<T> raced;
  state.timer.expires_after(after);
  if (state.legs[0].is_running) co_await state.timer.async_wait(kWait);
  const auto canceled = co_await asio::this_coro::cancellation_state;
  if (state.legs[0].is_running && canceled.cancelled() == asio::cancellation_type::none) {
    if (auto work = make_second()) {
      raced.is_hedged = true;
      start_leg<T>(executor, guard.state, 1, std::move(*work));
    }
  }
  while (canceled.cancelled() == asio::cancellation_type::none) {
    const bool is_running = state.legs[0].is_running || state.legs[1].is_running;
    if (!is_running || state.is_good(0) || state.is_good(1)) break;
    state.timer.expires_at(net::Timer::time_point::max());
    co_await state.timer.async_wait(kWait);
  }
  raced.first = std::move(state.legs[0].result);
  raced.second = std::move(state.legs[1].result);
  co_return raced;
}

}  // namespace ziggy::routing
