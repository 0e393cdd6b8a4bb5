#pragma once

#include <array>
#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gzip.hpp"
#include "server_core.hpp"
#include "ziggy/net/metrics.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::net {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

/// Lets go of what the kernel still holds for a peer that does not read: megabytes, and minutes.
inline void reset_on_close(Socket& socket) {
  boost::system::error_code ec;
  socket.set_option(asio::socket_base::linger{true, 0}, ec);
}

class Connection;
class WebSocketConnection;

/// A number that one thread writes and any thread reads: no locked instruction.
class Count {
 public:
  void add(std::uint64_t by = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  void sub(std::uint64_t by = 1) noexcept { add(0 - by); }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct RouteCounts {
  std::array<Count, 6> by_status_class;
  std::array<Count, kLatencyBoundsMicros.size() + 1> latency;
  Count micros_total;
  Count bytes_out;
};

struct LoopCounts {
  Count accepted;
  Count refused;
  Count http_open;
  Count websockets_open;
  Count websockets_opened;
  Count slow_consumers;
  Count timeouts;
  Count frames_out;
};

/// The part of a server that lives on one loop: its acceptor, its connections, one coarse timer for
/// all their deadlines, and what they share. Loop thread only, but for `counts`.
class ServerLoop : public std::enable_shared_from_this<ServerLoop> {
 public:
  ServerLoop(std::shared_ptr<ServerCore> core, asio::io_context& context);
  ~ServerLoop();

  /// Binds; `port` 0 lets the system choose. Before the loop runs, or on it. Errors: Configuration.
  [[nodiscard]] Result<std::uint16_t> bind(std::uint16_t port);
  void start();
  void stop_accepting();
  /// Tells everybody that the server drains.
  void drain();
  /// Cuts everything that is left.
  void abort();
  [[nodiscard]] bool is_empty() const noexcept;

  [[nodiscard]] ServerCore& core() noexcept { return *core_; }
  [[nodiscard]] Executor executor() noexcept { return executor_; }
  /// At most a tick old; good enough for time-outs.
  [[nodiscard]] Monotonic coarse_now() const noexcept { return coarse_now_; }
  [[nodiscard]] std::string_view date() const noexcept { return date_; }
  [[nodiscard]] Gzip& gzip() noexcept { return gzip_; }
  /// For fast handlers, which end before the next begins.
  [[nodiscard]] Response& scratch_response() noexcept { return scratch_response_; }
  /// For bytes on their way in that nobody keeps.
  [[nodiscard]] std::vector<char>& scratch_bytes() noexcept { return scratch_bytes_; }
  /// For gathering small frames on their way out.
  [[nodiscard]] std::vector<char>& gather_bytes() noexcept { return gather_bytes_; }

  void count_request(const Route* route, int status, std::uint64_t micros, std::size_t bytes);
  LoopCounts counts;
  [[nodiscard]] const std::vector<RouteCounts>& route_counts() const noexcept { return routes_; }

  void add(Connection* connection);
  void remove(Connection* connection);
  void add(WebSocketConnection* socket);
  void remove(WebSocketConnection* socket);
  /// Writes the socket's outbox with all others' at the end of the burst.
  void flush_soon(std::shared_ptr<WebSocketConnection> socket);
  /// From other threads: what is to be done by the socket, in order.
  void post_frame(std::shared_ptr<WebSocketConnection> socket,
                  std::shared_ptr<const std::string> bytes);
  void post_close(std::shared_ptr<WebSocketConnection> socket, std::uint16_t code,
                  std::string reason);

 private:
  void accept();
  void on_accept(boost::system::error_code ec, Socket socket);
  void tick();
  void update_time();
  void flush_sockets();

  std::shared_ptr<ServerCore> core_;
  Executor executor_;
  Acceptor acceptor_;
  Timer tick_timer_;
  Timer accept_timer_;
  Timer flush_timer_;
  Monotonic coarse_now_;
  std::int64_t date_second_ = -1;
  std::string date_;
  Gzip gzip_;
  Response scratch_response_;
  std::vector<char> scratch_bytes_;
  std::vector<char> gather_bytes_;
  std::vector<RouteCounts> routes_;  // one more than the router has: the last is "(unmatched)"
  std::vector<Connection*> connections_;
  std::vector<WebSocketConnection*> sockets_;
  std::vector<std::shared_ptr<WebSocketConnection>> dirty_;
  bool is_flush_armed_ = false;

  struct Posted;
  struct Mailbox;
  void post(Posted posted);
  std::unique_ptr<Mailbox> mailbox_;
};

}  // namespace ziggy::net
