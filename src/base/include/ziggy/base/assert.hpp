#pragma once

#include <cstdio>
#include <cstdlib>

/// A broken invariant ends the process: a supervisor restarts a server that recovers by starting.
#define ZIGGY_ASSERT(condition)                                                               \
  do {                                                                                        \
    if (!(condition)) [[unlikely]] {                                                          \
      std::fprintf(stderr, "broken invariant: %s (%s:%d)\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                           \
    }                                                                                         \
  } while (false)
