#include "ziggy/net/timer.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ziggy::net {

Task<> sleep_for(std::chrono::nanoseconds duration) {
  const Executor executor = co_await asio::this_coro::executor;
  Timer timer{executor, duration};
  co_await timer.async_wait(asio::use_awaitable_t<Executor>{});
}

}  // namespace ziggy::net
