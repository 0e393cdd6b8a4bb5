#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ziggy/base/call.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// A message with its WebSocket header in front, immutable and shared: encode once, send to many.
/// Copies share the bytes (and one atomic count: a broadcast over several loops does well to give
/// each loop its own `clone`).
class Frame {
 public:
  /// `payload` must be UTF-8.
  [[nodiscard]] static Frame text(std::string_view payload);
  [[nodiscard]] static Frame binary(std::string_view payload);

  [[nodiscard]] std::string_view bytes() const noexcept { return *bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_->size(); }
  [[nodiscard]] std::string_view payload() const noexcept;
  /// The same bytes under a count of their own.
  [[nodiscard]] Frame clone() const;

 private:
  friend class WebSocketConnection;
  explicit Frame(std::shared_ptr<const std::string> bytes) : bytes_{std::move(bytes)} {}
  std::shared_ptr<const std::string> bytes_;
};

/// The value of Sec-WebSocket-Accept for a client's key (RFC 6455, section 4.2.2).
[[nodiscard]] std::string websocket_accept(std::string_view key);

/// RFC 6455, section 7.4.1, and Ziggy's own (CONTRACT: 44xx).
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocolError = 1002;
inline constexpr std::uint16_t kNoStatus = 1005;  ///< never sent: the peer closed without a code
inline constexpr std::uint16_t kAbnormal = 1006;  ///< never sent: the connection broke
inline constexpr std::uint16_t kInvalidText = 1007;
inline constexpr std::uint16_t kPolicy = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kInternal = 1011;
inline constexpr std::uint16_t kRestart = 1012;
inline constexpr std::uint16_t kBadMessage = 4400;
inline constexpr std::uint16_t kUnauthenticated = 4401;
inline constexpr std::uint16_t kScope = 4403;
inline constexpr std::uint16_t kSlowConsumer = 4408;
inline constexpr std::uint16_t kRateLimit = 4429;
}  // namespace close_code

enum class MessageKind : std::uint8_t { Text, Binary };

/// Whoever stands behind a WebSocket. Called on the connection's loop only, never after on_close.
class WebSocketListener {
 public:
  virtual ~WebSocketListener() = default;
  /// A whole message; `payload` lives only during the call, and a Text one is UTF-8.
  virtual void on_message(std::string_view payload, MessageKind kind) = 0;
  /// The outbox was over the soft limit (is_congested) and has been written out: send what was
  /// held.
  virtual void on_writable() {}
  /// The server drains: last messages may be sent now; the close 1012 follows by itself.
  virtual void on_shutdown() {}
  /// The end, whoever began it; `code` is the peer's, ours, or kAbnormal.
  virtual void on_close(std::uint16_t code) = 0;
};

/// The server's side of one connection; lives on one loop. Control frames, pings and time-outs are
/// dealt with inside.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  /// Queues a message; frames that come within a burst leave in one write. Any thread (from another
  /// one it is posted, in order). Over the hard limit the connection is closed with 4408.
  virtual void send(Frame frame) = 0;
  /// Sends what is queued, then the close frame. Any thread; the first close wins.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  /// Before the first message can be missed: call it inside Response::upgrade. Loop thread.
  virtual void set_listener(std::shared_ptr<WebSocketListener> listener) = 0;

  /// Bytes queued and not yet taken by the kernel. Any thread.
  [[nodiscard]] virtual std::size_t outbox_bytes() const noexcept = 0;
  /// Over the soft limit: hold back what can be conflated until on_writable. Any thread.
  [[nodiscard]] virtual bool is_congested() const noexcept = 0;
  [[nodiscard]] virtual bool is_open() const noexcept = 0;
  /// The loop it lives on.
  [[nodiscard]] virtual Executor executor() const noexcept = 0;
  /// The request that opened it: its correlation id; without deadline.
  [[nodiscard]] virtual const Call& call() const noexcept = 0;
  [[nodiscard]] virtual std::string_view peer() const noexcept = 0;
};

}  // namespace ziggy::net
