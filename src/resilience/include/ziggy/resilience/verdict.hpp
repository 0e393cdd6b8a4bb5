#pragma once

#include <chrono>
#include <string_view>

#include "ziggy/base/error.hpp"

namespace ziggy::resilience {

/// Whether an error is held against the one who was called: unavailable, timed out, a payload that
/// breaks the contract, storage that fails, an exception (Internal). Everything that an answer can
/// rightly say (unknown symbol, not entitled, invalid, not supported, no data), a cancellation, the
/// caller's own deadline and a quota never count.
[[nodiscard]] bool counts_as_failure(const Error& error) noexcept;

/// ProviderQuota because our own budget is spent: the vendor was not asked, and says nothing about
/// its health. `wait` until a request is possible again, rounded up to a second.
[[nodiscard]] Error own_budget_error(std::string_view budget, std::string_view why,
                                     std::chrono::nanoseconds wait);
/// Whether the error was made by own_budget_error; a ProviderQuota that was not is the vendor's
/// 429.
[[nodiscard]] bool is_own_budget(const Error& error) noexcept;

/// Rounded up to whole seconds, at least one: what goes into a Retry-After.
[[nodiscard]] std::chrono::seconds whole_seconds(std::chrono::nanoseconds wait) noexcept;

}  // namespace ziggy::resilience
