#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "ziggy/net/task.hpp"

namespace ziggy::testing {

/// Runs one coroutine on a loop of its own until it ends, and gives its result or rethrows.
template <class T>
T run_task(boost::asio::io_context& context, net::Task<T> task) {
  std::optional<T> result;
  std::exception_ptr failure;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, T value) {
    failure = thrown;
    result.emplace(std::move(value));
  });
  context.restart();
  // A pool's thread posts back when it is done, so the loop must not run dry meanwhile.
  const auto work = boost::asio::make_work_guard(context);
  while (!result) context.run_one();
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

template <class T>
T run_task(net::Task<T> task) {
  boost::asio::io_context context;
  return run_task(context, std::move(task));
}

}  // namespace ziggy::testing
