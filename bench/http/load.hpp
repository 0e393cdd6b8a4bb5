#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace ziggy::bench {

struct LoadResult {
  std::uint64_t requests = 0;
  double wall_seconds = 0;
  double server_cpu_seconds = 0;  ///< user and system time of the whole server process
  double p50_micros = 0;
  double p99_micros = 0;
  std::uint64_t errors = 0;  ///< answers other than 200

  [[nodiscard]] double per_cpu_second() const {
    return static_cast<double>(requests) / server_cpu_seconds;
  }
};

/// Keep-alive connections, one request at a time on each (no pipelining), from one thread, for
/// `seconds`; the CPU time is that of process `server` between the first and the last request.
[[nodiscard]] LoadResult run_load(pid_t server, std::uint16_t port, const std::string& request,
                                  int connections, double seconds);

/// One answer's bytes, head and body.
[[nodiscard]] std::string fetch(std::uint16_t port, const std::string& request);

/// CPU seconds that a process has used, by its own clock.
[[nodiscard]] double cpu_seconds(pid_t process);

}  // namespace ziggy::bench
