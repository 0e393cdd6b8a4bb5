#pragma once

#include <chrono>

namespace ziggy::nyse {

/// True on weekdays without a holiday or a special closure.
[[nodiscard]] bool is_session(std::chrono::sys_days date) noexcept;

/// When regular trading ends, after New York's midnight: 16:00, 13:00, or 14:00 until 1992.
[[nodiscard]] std::chrono::hours close_of(std::chrono::sys_days date) noexcept;

}  // namespace ziggy::nyse
