#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server_loop.hpp"
#include "websocket_codec.hpp"
#include "ziggy/net/http.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::net {

/// Whether the request asks for WebSocket, version 13, in due form (RFC 6455, section 4.2.1).
[[nodiscard]] bool is_websocket_handshake(const Request& request, std::string_view connection,
                                          std::string_view upgrade) noexcept;
/// The answer 101 to a request that is_websocket_handshake.
[[nodiscard]] std::string websocket_accept_head(const Request& request,
                                                std::string_view correlation_id);

/// A WebSocket on its loop. Holds no input buffer while nothing is half received: bytes go through
/// the loop's scratch space, so that ten thousand silent sockets are cheap.
class WebSocketConnection final : public WebSocket,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(std::shared_ptr<ServerLoop> loop, Socket socket, Call call, std::string peer);
  ~WebSocketConnection() override;

  /// `head` goes out first; `early` is what the client has already sent.
  void start(std::string head, std::string_view early,
             const std::function<void(std::shared_ptr<WebSocket>)>& on_open);

  void send(Frame frame) override;
  void close(std::uint16_t code, std::string_view reason) override;
  void set_listener(std::shared_ptr<WebSocketListener> listener) override;
  [[nodiscard]] std::size_t outbox_bytes() const noexcept override {
    return outbox_bytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_congested() const noexcept override;
  [[nodiscard]] bool is_open() const noexcept override {
    return is_open_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] Executor executor() const noexcept override { return loop_->executor(); }
  [[nodiscard]] const Call& call() const noexcept override { return call_; }
  [[nodiscard]] std::string_view peer() const noexcept override { return peer_; }

  // For the loop:
  void flush();
  void on_tick(Monotonic now);
  void drain();
  void abort();
  /// A frame, counted already, or a close that came from another thread.
  void take(std::shared_ptr<const std::string> bytes);
  void take_close(std::uint16_t code, std::string_view reason);

  std::size_t place = 0;  ///< in the loop's list

 private:
  void wait_readable();
  void on_readable();
  void receive(char* data, std::size_t size);
  bool handle(const MessageReader::Event& event);
  bool is_within_rate();
  void push(std::shared_ptr<const std::string> bytes);
  void wait_writable();
  void on_flushed();
  void fall_behind();
  void begin_close(std::uint16_t code, std::string_view reason, std::uint16_t told);
  void tell_closed(std::uint16_t code);
  void finish();
  [[nodiscard]] const WebSocketLimits& limits() const noexcept;

  std::shared_ptr<ServerLoop> loop_;
  Socket socket_;
  Call call_;
  std::string peer_;
  std::shared_ptr<WebSocketListener> listener_;
  MessageReader reader_;
  std::string partial_;     // a frame that has not arrived whole
  std::size_t needed_ = 0;  // how much of it must be there before another look is worth it

  std::vector<std::shared_ptr<const std::string>> outbox_;
  std::size_t first_ = 0;       // frames before it are gone
  std::size_t first_sent_ = 0;  // bytes of that frame that are gone
  std::atomic<std::size_t> outbox_bytes_{0};
  std::atomic<bool> is_open_{true};

  bool is_dirty_ = false;    // in the loop's list of sockets to flush
  bool is_writing_ = false;  // waits for the socket to take more
  bool was_congested_ = false;
  bool close_queued_ = false;
  bool is_ending_ = false;  // nothing more is expected from the peer: shut down when flushed
  bool is_shut_ = false;
  bool is_finished_ = false;
  bool awaits_pong_ = false;
  Monotonic ping_at_;
  Monotonic pong_deadline_;
  Monotonic close_deadline_ = Monotonic::max();
  Monotonic rate_second_;
  std::uint32_t rate_count_ = 0;
};

}  // namespace ziggy::net
