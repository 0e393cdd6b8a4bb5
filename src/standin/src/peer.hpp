#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "wire.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::standin {

using Socket = net::asio::basic_stream_socket<net::asio::ip::tcp, net::Executor>;

/// One connection of a client. Lives on one loop. Once closed every wait ends and says so.
class Peer : public std::enable_shared_from_this<Peer> {
 public:
  static constexpr std::size_t kHeadMax = 16 * 1024;
  static constexpr std::size_t kBodyMax = 1024 * 1024;
  /// A client that does not take a megabyte of stream is gone.
  static constexpr std::size_t kOutboxMax = 4 * 1024 * 1024;
  /// As long as anybody waits for a hanging vendor; past it the connection is reset.
  static constexpr std::chrono::minutes kHangMax{10};

  explicit Peer(Socket socket);

  /// The next request with its body; nullopt when the connection has ended, or what came is none.
  net::Task<std::optional<WireRequest>> read_request();
  /// False when the connection has ended.
  net::Task<bool> write(std::string bytes);
  net::Task<bool> sleep(std::chrono::nanoseconds duration);
  /// Takes in what comes and forgets it, until the client goes.
  net::Task<> wait_for_end();
  /// Appends what comes to `buffer()`.
  net::Task<bool> read_more();
  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }

  /// Queues bytes behind those queued before; for streams.
  void send(std::string bytes);
  /// The client sees a reset, not an end.
  void reset();
  /// What is queued or half sent may be lost.
  void close();
  /// Ends our half after what is queued; the client sees an end.
  void finish();
  [[nodiscard]] bool is_open() const noexcept { return is_open_; }

 private:
  void arm(std::chrono::nanoseconds limit);
  void write_next();

  Socket socket_;
  net::Timer watchdog_;
  net::Timer sleep_;
  std::string buffer_;
  std::deque<std::string> outbox_;
  std::size_t outbox_bytes_ = 0;
  bool is_writing_ = false;
  bool is_finishing_ = false;
  bool is_open_ = true;
};

}  // namespace ziggy::standin
