#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "ziggy/net/timer.hpp"
#include "ziggy/net/websocket_client.hpp"

namespace ziggy::net {

/// A ws:// or wss:// URL, taken apart.
struct WebSocketUrl {
  bool is_tls = false;
  std::string host;       ///< without brackets
  std::string port;       ///< "443" when the URL names none
  std::string authority;  ///< for the Host header: the port only when it is not the usual one
  std::string target;     ///< path and query, at least "/"
};

/// Errors: ValidationFailed for another scheme, a user name, no host, white space.
[[nodiscard]] Result<WebSocketUrl> parse_websocket_url(std::string_view url);

/// What both shapes of a connection (plain and TLS) share: the inbox, the outbox and how it ended.
/// Its coroutines keep it alive.
class WebSocketSession : public std::enable_shared_from_this<WebSocketSession> {
 public:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
  /// Subscriptions are sent one after the other; a peer that takes none of so many is stuck.
  static constexpr std::size_t kOutboxMax = 256;

  explicit WebSocketSession(Executor executor)
      : executor_{executor}, arrived_{executor}, taken_{executor}, written_{executor} {}
  virtual ~WebSocketSession() = default;

  [[nodiscard]] virtual Socket& socket() noexcept = 0;
  /// TLS, if any, then the WebSocket's handshake, over a connected socket.
  [[nodiscard]] virtual Task<Result<>> shake_hands(WebSocketUrl url,
                                                   WebSocketClientSettings settings) = 0;
  [[nodiscard]] virtual Task<Result<ClientMessage>> read_one() = 0;
  [[nodiscard]] virtual Task<Result<>> write_one(ClientMessage message) = 0;
  [[nodiscard]] virtual Task<Result<>> say_goodbye(std::uint16_t code) = 0;

  void drop() noexcept;
  void push(ClientMessage message);
  void end(Error error);
  [[nodiscard]] Task<Result<ClientMessage>> receive(std::chrono::nanoseconds timeout);
  [[nodiscard]] Task<Result<>> send(ClientMessage message);
  [[nodiscard]] bool has_ended() const noexcept { return ended_.has_value(); }
  [[nodiscard]] Executor executor() const noexcept { return executor_; }

  /// Run beside the owner's coroutines.
  [[nodiscard]] static Task<> read_all(std::shared_ptr<WebSocketSession> self);
  [[nodiscard]] static Task<> write_all(std::shared_ptr<WebSocketSession> self);

 private:
  Executor executor_;
  std::deque<ClientMessage> inbox_;
  std::size_t inbox_bytes_ = 0;
  std::deque<ClientMessage> outbox_;
  std::uint64_t queued_count_ = 0;
  std::uint64_t written_count_ = 0;
  bool is_writing_ = false;
  std::optional<Error> ended_;
  // Timers as events: canceled to wake those who wait.
  Timer arrived_;
  Timer taken_;
  Timer written_;
};

[[nodiscard]] std::shared_ptr<WebSocketSession> make_plain_session(Executor executor);
/// Errors: Configuration when `ca_file` cannot be read.
[[nodiscard]] Result<std::shared_ptr<WebSocketSession>> make_tls_session(
    Executor executor, const std::string& host, const std::string& ca_file);

/// The error that a handshake's refusal stands for; `retry_after` is the header's text.
[[nodiscard]] Error handshake_error(int status, std::string_view retry_after);

}  // namespace ziggy::net
