#include "until.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

#include "ziggy/net/timer.hpp"

namespace ziggy::net {

Task<std::optional<Result<>>> until(Monotonic deadline, Task<Result<>> work) {
  struct State {
    Timer timer;
    std::optional<Result<>> result;
  };
  const Executor executor = co_await asio::this_coro::executor;
  const auto state = std::make_shared<State>(Timer{executor, deadline}, std::nullopt);
  asio::co_spawn(executor, std::move(work), [state](std::exception_ptr failure, Result<> result) {
    state->result.emplace(failure ? Result<>{fail(ErrorCode::Canceled, "given up")}
                                  : std::move(result));
    state->timer.cancel();
  });
  if (!state->result) {
    co_await state->timer.async_wait(asio::as_tuple(asio::use_awaitable_t<Executor>{}));
  }
  co_return std::move(state->result);
}

}  // namespace ziggy::net
