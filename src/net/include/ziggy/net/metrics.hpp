#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ziggy/net/http.hpp"

namespace ziggy::net {

/// Upper bounds of the latency histogram, in microseconds; the last bucket has none.
inline constexpr std::array<std::uint64_t, 11> kLatencyBoundsMicros = {
    50, 100, 250, 500, 1'000, 2'500, 10'000, 50'000, 250'000, 1'000'000, 5'000'000};

/// What one route has done, over all loops, since the start.
struct RouteMetrics {
  Method method = Method::Get;
  std::string route;  ///< the pattern; "(unmatched)" for what found no route
  std::array<std::uint64_t, 6> by_status_class{};                        ///< index 2: 2xx
  std::array<std::uint64_t, kLatencyBoundsMicros.size() + 1> latency{};  ///< not cumulative
  std::uint64_t micros_total = 0;
  std::uint64_t bytes_out = 0;
};

struct ServerMetrics {
  std::vector<RouteMetrics> routes;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  ///< over connections_max
  std::uint64_t connections_open = 0;     ///< HTTP ones
  std::uint64_t websockets_open = 0;
  std::uint64_t websockets_opened = 0;
  std::uint64_t slow_consumers = 0;  ///< closed with 4408
  std::uint64_t timeouts = 0;        ///< heads, bodies, writes and handlers that took too long
  std::uint64_t websocket_frames_out = 0;
};

}  // namespace ziggy::net
