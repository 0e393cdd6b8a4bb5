#pragma once

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "ziggy/net/spawn.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::market {

namespace detail {

struct AtOnce {
  AtOnce(net::Executor executor, std::size_t how_many, std::function<net::Task<>(std::size_t)> what)
      : count{how_many}, work{std::move(what)}, done{executor, net::Timer::time_point::max()} {}
  std::size_t count;
  std::function<net::Task<>(std::size_t)> work;
  std::size_t next = 0;
  std::size_t running = 0;
  /// Never expires; canceled by the last worker. All on one loop.
  net::Timer done;
};

inline net::Task<> do_next(std::shared_ptr<AtOnce> all) {
  // Also when the work throws, which `spawn` logs.
  struct Leave {
    AtOnce& all;
    ~Leave() {
      if (--all.running == 0) all.done.cancel();
    }
  } const leave{*all};
  while (all->next < all->count) co_await all->work(all->next++);
}

}  // namespace detail

/// Does `work(0)` to `work(count - 1)`, at most `width` of them at the same time, on the caller's
/// loop. What was started goes on when the caller is canceled, so `work` owns what it uses.
inline net::Task<> at_once(std::size_t count, std::size_t width,
                           std::function<net::Task<>(std::size_t)> work) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  if (count == 0) co_return;
  const auto all = std::make_shared<detail::AtOnce>(executor, count, std::move(work));
  all->running = std::min(count, std::max<std::size_t>(1, width));
  for (std::size_t i = all->running; i > 0; --i) {
    net::spawn(executor, detail::do_next(all), "at_once");
  }
  boost::system::error_code canceled;
  if (all->running > 0) {
    co_await all->done.async_wait(
        net::asio::redirect_error(net::asio::use_awaitable_t<net::Executor>{}, canceled));
  }
}

}  // namespace ziggy::market
