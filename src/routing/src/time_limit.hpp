#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "ziggy/base/result.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::routing {

/// The result of `work`, or nullopt when it takes longer than `limit`: it is then canceled and,
/// should it not heed that, left to end by itself while the caller goes on. Rethrows what `work`
/// throws. Both run on the calling coroutine's loop.
template <class T>
net::Task<std::optional<Result<T>>> within(net::Task<Result<T>> work,
                                           std::chrono::nanoseconds limit) {
  namespace asio = net::asio;
  struct State {
    explicit State(const net::Executor& executor, std::chrono::nanoseconds limit)
        : timer{executor, limit} {}
    net::Timer timer;
    asio::cancellation_signal signal;
    std::optional<Result<T>> result;
    std::exception_ptr failure;
    bool is_done = false;
  };
  // Cancels the work when this coroutine ends first, also when it is canceled itself.
  struct Guard {
    std::shared_ptr<State> state;
    ~Guard() {
      if (!state->is_done) state->signal.emit(asio::cancellation_type::terminal);
    }
  };
  const net::Executor executor = co_await asio::this_coro::executor;
  const Guard guard{std::make_shared<State>(executor, limit)};
  State& state = *guard.state;
  asio::co_spawn(
      executor, std::move(work),
      asio::bind_cancellation_slot(
          state.signal.slot(), [kept = guard.state](std::exception_ptr failure, Result<T> result) {
            kept->failure = std::move(failure);
            kept->result.emplace(std::move(result));
            kept->is_done = true;
            kept->timer.cancel();
          }));
  if (!state.is_done) {
    co_await state.timer.async_wait(asio::as_tuple(asio::use_awaitable_t<net::Executor>{}));
  }
  if (!state.is_done) co_return std::nullopt;
  if (state.failure) std::rethrow_exception(state.failure);
  co_return std::move(state.result);
}

}  // namespace ziggy::routing
