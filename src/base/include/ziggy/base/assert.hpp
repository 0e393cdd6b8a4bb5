#pragma once

namespace ziggy::detail {

/// Logs what broke as a critical line, writes all buffered lines and aborts.
[[noreturn]] void broken_invariant(const char* condition, const char* file, int line) noexcept;

}  // namespace ziggy::detail

/// A broken invariant ends the process: a supervisor restarts a server that recovers by starting.
#define ZIGGY_ASSERT(condition)                                               \
  do {                                                                        \
    if (!(condition)) [[unlikely]] {                                          \
      ::ziggy::detail::broken_invariant(#condition, __FILE_NAME__, __LINE__); \
    }                                                                         \
  } while (false)
