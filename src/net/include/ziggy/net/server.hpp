#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/error.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/loops.hpp"
#include "ziggy/net/metrics.hpp"
#include "ziggy/net/router.hpp"

namespace ziggy::net {

/// Limits of one WebSocket.
struct WebSocketLimits {
  /// A subscription of 1 000 symbols of 24 bytes fits twice.
  std::size_t message_max = 64 * 1024;
  /// Beyond it is_congested: about a second of a busy symbol's quotes (200 bytes, 300 a second).
  std::size_t outbox_soft_max = 64 * 1024;
  /// Beyond it the client is closed with 4408: 10 000 such clients cost at most 10 GB, a hundred
  /// 100 MB; a client this far behind resyncs faster than it catches up.
  std::size_t outbox_max = 1024 * 1024;
  std::uint32_t messages_per_second_max = 20;  ///< control frames count too; then 4429; 0: no limit
  std::chrono::milliseconds ping_every{20'000};
  std::chrono::milliseconds pong_timeout{20'000};
  std::chrono::milliseconds close_timeout{2'000};  ///< for the peer's half of the close
  std::chrono::microseconds flush_every{300};      ///< how long a burst is gathered
};

struct ServerSettings {
  std::string host = "127.0.0.1";  ///< an address, not a name
  std::uint16_t port = 8000;       ///< 0: the system chooses
  /// Origins that browsers may call from, exact ("https://app.example"), or "*". Also which pages
  /// may open a WebSocket, beside those of the same host.
  std::vector<std::string> cors_origins;
  /// Browsers send 4 KB of cookies at most a name; 16 KB of head is what nginx and Node allow.
  std::size_t head_max = 16 * 1024;
  std::size_t headers_max = 100;
  /// The whole head and the whole body must be here by then, however they trickle; then 400.
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};   ///< between requests; then a silent close
  std::chrono::milliseconds write_timeout{20'000};  ///< without the client reading anything
  std::chrono::milliseconds linger_timeout{1'000};  ///< to let a client read a refusal
  std::chrono::milliseconds tick{100};              ///< how often these are looked at
  std::size_t connections_max = 10'000;             ///< more are accepted and closed at once
  /// Answers of pipelined requests are gathered up to so many, or 64 KB, before they are written.
  std::size_t pipelined_max = 64;
  std::size_t gzip_min = 1024;  ///< smaller bodies gain nothing: they fit one packet anyway
  /// Content-Security-Policy of HTML pages; everything else gets `default-src 'none'`.
  std::string page_csp =
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; connect-src "
      "'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
  WebSocketLimits websocket;
};

/// Turns a failure that the server itself found (routing, limits, a broken request, an escaped
/// exception) into the body that all errors have. Must set status, content type and body.
using ErrorRenderer = std::function<void(const Error&, const Request&, Response&)>;

/// HTTP/1.1 and WebSocket on every loop, sharing one port. Destroy it before its loops.
class Server {
 public:
  Server(Loops& loops, const Clock& clock, Router router, ServerSettings settings,
         ErrorRenderer render_error);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Shuts down without waiting.
  ~Server();

  /// Binds and starts to accept; returns the port. Errors: Configuration for a faulty route table
  /// or an address that cannot be bound.
  [[nodiscard]] Result<std::uint16_t> listen();

  /// Stops accepting; connections between requests close, those in one finish it with
  /// `Connection: close`, WebSockets are told (on_shutdown) and closed with 1012; whatever is left
  /// after `drain` is cut. Blocks; not to be called from a loop. Later calls do nothing.
  void shutdown(std::chrono::milliseconds drain);
  [[nodiscard]] bool is_draining() const noexcept;

  /// A snapshot; any thread.
  [[nodiscard]] ServerMetrics metrics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::net
