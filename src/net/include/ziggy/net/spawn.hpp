#pragma once

#include <cstdint>
#include <string_view>

#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// Starts a coroutine that nobody waits for. What escapes from it is logged under `what` (a
/// literal) and counted. The only place that detaches a coroutine.
void spawn(Executor executor, Task<> task, std::string_view what);

/// How many exceptions have escaped from spawned coroutines since the program started.
[[nodiscard]] std::uint64_t escaped_exceptions() noexcept;

}  // namespace ziggy::net
