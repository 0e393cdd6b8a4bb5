#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "ziggy/base/result.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// A bounded number of threads with a bounded queue, for work that blocks (storage, password
/// hashing), so that no loop ever does. Thread-safe. Destroy it before the loops that await it.
class BlockingPool {
 public:
  BlockingPool(std::size_t threads, std::size_t queue_max);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  /// As stop().
  ~BlockingPool();

  /// Runs `work`, which returns a Result, on a thread of the pool and resumes the caller on its own
  /// loop; what `work` throws is rethrown there. Work that has started is not interrupted.
  /// Errors: StorageUnavailable when the queue is full; those of `work`.
  template <class F>
  Task<std::invoke_result_t<F>> run(F work) {
    using R = std::invoke_result_t<F>;
    const Executor executor = co_await asio::this_coro::executor;
    const asio::use_awaitable_t<Executor> token;
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>,
                                            void(std::exception_ptr, R)>(
        [this, executor](auto handler, F job) {
          // The handler is shared, since it must outlive a refused submission.
          auto done = std::make_shared<decltype(handler)>(std::move(handler));
          const auto finish = [executor, done](std::exception_ptr failure, R result) {
            asio::post(executor, [done, failure, result = std::move(result)]() mutable {
              auto resume = std::move(*done);
              std::move(resume)(failure, std::move(result));
            });
          };
          const bool queued = submit([finish, job = std::move(job)]() mutable {
            try {
              finish(nullptr, job());
            } catch (...) {
              finish(std::current_exception(), fail(ErrorCode::Internal, "work threw"));
            }
          });
          if (!queued) finish(nullptr, fail(ErrorCode::StorageUnavailable, "too much work queued"));
        },
        token, std::move(work));
  }

  /// Queues work that nobody waits for; false when the queue is full. `job` must not throw.
  [[nodiscard]] bool submit(std::move_only_function<void()> job);
  /// Finishes what is queued, then joins; more is refused. Call it before what queued jobs use goes
  /// away. Later calls do nothing. Not on one of its own threads.
  void stop();
  /// How much waits for a thread now.
  [[nodiscard]] std::size_t queued() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::net
