#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "ziggy/base/clock.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/net/router.hpp"
#include "ziggy/net/server.hpp"

namespace ziggy::net {

/// What all loops of a server share: read-only after the start but for two atomics and the pool.
struct ServerCore {
  const Clock& clock;
  Router router;
  ServerSettings settings;
  ErrorRenderer render_error;
  std::string api_headers;   ///< security headers of everything
  std::string page_headers;  ///< security headers of HTML pages
  /// Compresses large bodies; the server's, gone once all connections are closed.
  BlockingPool* compressor = nullptr;
  std::atomic<bool> is_draining{false};
  std::atomic<std::size_t> connections{0};  ///< open ones, over all loops, WebSockets included
};

}  // namespace ziggy::net
