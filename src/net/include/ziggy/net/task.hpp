#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace ziggy::net {

namespace asio = boost::asio;

/// The executor of one loop. Concrete on purpose: type erasure (any_io_executor) costs half of the
/// server's throughput.
using Executor = asio::io_context::executor_type;

/// What a coroutine of Ziggy returns. Parameters by value, await first, name it, then branch.
template <class T = void>
using Task = asio::awaitable<T, Executor>;

}  // namespace ziggy::net
