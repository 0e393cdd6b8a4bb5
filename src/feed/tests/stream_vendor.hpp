#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stream_lines.hpp"
#include "ziggy/feed/stream_settings.hpp"
#include "ziggy/net/server.hpp"

namespace ziggy::feed::testing {

/// A vendor's WebSocket side on loopback, as the test tells it. Every connection, message and close
/// is a line.
class StreamVendor {
 public:
  using Frames = std::vector<net::Frame>;
  /// Both run on the vendor's loop; `connection` counts from 1.
  struct Script {
    std::function<Frames(int connection)> on_open = [](int) { return Frames{}; };
    std::function<Frames(int connection, const std::string& message)> on_message =
        [](int, const std::string&) { return Frames{}; };
    /// 101 opens the WebSocket; anything else is the answer to the handshake.
    std::function<int(int connection)> status = [](int) { return 101; };
  };

  explicit StreamVendor(Script script);
  ~StreamVendor();

  Lines lines;

  [[nodiscard]] std::string url() const;
  /// To every open connection.
  void push(const net::Frame& frame);
  /// Ends every open connection.
  void drop();
  [[nodiscard]] std::size_t open_connections() const;

 private:
  class Peer;
  static net::Task<net::Response> accept(net::Request request, StreamVendor* self);

  Script script_;
  SystemClock clock_;
  mutable std::mutex mutex_;
  std::map<int, std::shared_ptr<net::WebSocket>> sockets_;  // guarded by mutex_
  int connections_ = 0;
  std::uint16_t port_ = 0;
  net::Loops loops_{1};
  std::unique_ptr<net::Server> server_;
};

/// Waits that a test can sit out, and limits that a busy machine keeps.
inline StreamTimings quick_timings() {
  using namespace std::chrono_literals;
  StreamTimings timings;
  timings.backoff_first = 4ms;
  timings.backoff_max = 10ms;
  timings.limit_wait = 20ms;
  timings.auth_timeout = 2s;
  timings.subscribe_timeout = 2s;
  return timings;
}

/// A stream on a loop of its own, with a listener that writes lines.
template <class Stream>
struct Running {
  template <class... Args>
  explicit Running(Args&&... args) : stream{std::forward<Args>(args)...} {
    stream.set_listener(listener);
    stream.start(loops.at(0).get_executor());
    loops.run();
  }
  ~Running() {
    stream.stop();
    loops.stop();
  }
  LinesListener listener;
  net::Loops loops{1};
  Stream stream;
};

}  // namespace ziggy::feed::testing
