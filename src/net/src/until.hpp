#pragma once

#include <optional>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// What `work` gives, or nullopt past the deadline; it is then left to end by itself, since the
/// system's resolver cannot be interrupted. Both run on the calling coroutine's loop.
[[nodiscard]] Task<std::optional<Result<>>> until(Monotonic deadline, Task<Result<>> work);

}  // namespace ziggy::net
