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

namespace ziggy::resilience {

namespace detail {

template <class T>
struct TimedWork {
  TimedWork(const net::Executor& executor, std::chrono::nanoseconds limit)
      : timer{executor, limit} {}
  net::Timer timer;
  net::asio::cancellation_signal signal;
  std::optional<Result<T>> result;
  std::exception_ptr failure;
  bool is_done = false;
};

template <class T>
net::Task<> keep_result(std::shared_ptr<TimedWork<T>> timed, net::Task<Result<T>> work) {
  auto result = co_await std::move(work);
  timed->result.emplace(std::move(result));
}

}  // namespace detail

/// The result of `work`, or nullopt when it takes longer than `limit` (real time): it is then
/// canceled and, should it not heed that, left to end by itself while the caller goes on. Also
/// nullopt when the caller is canceled. Rethrows what `work` throws. Both run on the calling
/// coroutine's loop.
template <class T>
net::Task<std::optional<Result<T>>> within(net::Task<Result<T>> work,
                                           std::chrono::nanoseconds limit) {
  namespace asio = net::asio;
  // Cancels the work when this coroutine ends first, also when it is canceled itself.
  struct Guard {
    std::shared_ptr<detail::TimedWork<T>> timed;
    ~Guard() {
      if (!timed->is_done) timed->signal.emit(asio::cancellation_type::terminal);
    }
  };
  const net::Executor executor = co_await asio::this_coro::executor;
  const Guard guard{std::make_shared<detail::TimedWork<T>>(executor, limit)};
  detail::TimedWork<T>& timed = *guard.timed;
  asio::co_spawn(executor, detail::keep_result<T>(guard.timed, std::move(work)),
                 asio::bind_cancellation_slot(timed.signal.slot(),
                                              [kept = guard.timed](std::exception_ptr failure) {
                                                kept->failure = std::move(failure);
                                                kept->is_done = true;
                                                kept->timer.cancel();
                                              }));
  if (!timed.is_done) {
    co_await timed.timer.async_wait(asio::as_tuple(asio::use_awaitable_t<net::Executor>{}));
  }
  if (!timed.is_done) co_return std::nullopt;
  if (timed.failure) std::rethrow_exception(timed.failure);
  co_return std::move(timed.result);
}

}  // namespace ziggy::resilience
