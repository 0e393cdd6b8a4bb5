#include "ziggy/net/spawn.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "ziggy/base/log.hpp"

namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net"};
std::atomic<std::uint64_t> g_escaped{0};

}  // namespace

void spawn(Executor executor, Task<> task, std::string_view what) {
  asio::co_spawn(executor, std::move(task), [what](std::exception_ptr failure) {
    if (!failure) return;
    g_escaped.fetch_add(1, std::memory_order_relaxed);
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      kLog.error("coroutine_failed", {{"what", what}, {"error", e.what()}});
    } catch (...) {
      kLog.error("coroutine_failed", {{"what", what}, {"error", "not a std::exception"}});
    }
  });
}

std::uint64_t escaped_exceptions() noexcept { return g_escaped.load(std::memory_order_relaxed); }

}  // namespace ziggy::net
