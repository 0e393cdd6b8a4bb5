#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::net {

struct WebSocketClientSettings {
  std::string url;  ///< ws:// or wss://
  std::vector<ClientHeader> headers = {};
  /// A vendor's burst of a thousand quotes is 150 KB.
  std::size_t message_max = std::size_t{4} << 20U;
  /// For resolving, connecting, TLS and handshake together; the call's deadline counts too.
  std::chrono::milliseconds connect_timeout{10'000};
  /// When nothing comes for half of ping_every + pong_timeout a ping is sent, and after the other
  /// half the connection counts as broken.
  std::chrono::milliseconds ping_every{20'000};
  std::chrono::milliseconds pong_timeout{20'000};
  /// PEM file of the authorities to believe; empty: the system's.
  std::string ca_file = {};
};

struct ClientMessage {
  MessageKind kind = MessageKind::Text;
  std::string payload;  ///< UTF-8 when Text
};

/// Our side of one WebSocket to a stranger's server. TLS certificates and names are verified;
/// nothing is compressed. Pings are answered and sent inside. Lives on the loop where it was
/// connected and is destroyed there; destroying it drops the connection without ceremony.
class WebSocketClient {
 public:
  /// What has come and was not received yet; beyond it the socket is not read.
  static constexpr std::size_t kBacklogBytesMax = std::size_t{8} << 20U;

  /// Errors: ValidationFailed for the URL; ProviderTimeout past the deadline; ProviderUnavailable
  /// when not resolved, refused, reset, not trusted or answered with HTTP 5xx; by the handshake's
  /// HTTP status: CredentialsRejected 401, NotEntitled 403, ProviderQuota 406 (connection limit)
  /// and 429, with its Retry-After; BadPayload for any other.
  [[nodiscard]] static Task<Result<std::unique_ptr<WebSocketClient>>> connect(
      WebSocketClientSettings settings, Call call);

  virtual ~WebSocketClient() = default;
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  /// The next whole message, in order. One caller at a time. Errors: ProviderTimeout when none
  /// comes (nothing is lost, receive may be called again); ProviderUnavailable when the peer closed
  /// or the connection broke; BadPayload when a message is larger than message_max or no
  /// WebSocket's.
  [[nodiscard]] virtual Task<Result<ClientMessage>> receive(std::chrono::nanoseconds timeout) = 0;
  /// Ends when the bytes are handed to the system; several may wait, in order. `text` is UTF-8.
  /// Errors: ProviderUnavailable when the connection is broken.
  [[nodiscard]] virtual Task<Result<>> send_text(std::string text) = 0;
  [[nodiscard]] virtual Task<Result<>> send_binary(std::string bytes) = 0;
  /// Says goodbye and waits for the peer's half, two seconds at most.
  [[nodiscard]] virtual Task<> close(std::uint16_t code) = 0;
  /// Drops the connection at once: a receive that waits ends with ProviderUnavailable.
  virtual void abort() noexcept = 0;

 protected:
  WebSocketClient() = default;
};

}  // namespace ziggy::net
