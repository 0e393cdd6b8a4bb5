#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// A timer on the monotonic clock, bound to one loop. Not thread-safe.
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Suspends the calling coroutine. Throws boost::system::system_error (operation_aborted) when the
/// coroutine is canceled meanwhile.
[[nodiscard]] Task<> sleep_for(std::chrono::nanoseconds duration);

}  // namespace ziggy::net
