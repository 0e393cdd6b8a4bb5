#pragma once

#include <memory>
#include <span>
#include <string>

#include "stream_protocol.hpp"
#include "ziggy/base/secret.hpp"

/// Alpaca's language on its market data streams.
namespace ziggy::feed {

/// Reads messages in both codecs. Keeps its buffers; one per socket, not thread-safe.
class AlpacaMessages {
 public:
  AlpacaMessages();
  ~AlpacaMessages();

  /// Text is JSON, binary MessagePack. Errors: BadPayload; nothing was told then.
  [[nodiscard]] Result<> read(std::string_view payload, net::MessageKind kind, StreamSink& sink);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

[[nodiscard]] net::ClientMessage alpaca_auth(net::MessageKind kind, const Secret& key_id,
                                             const Secret& secret);
/// `action` is "subscribe" or "unsubscribe".
[[nodiscard]] net::ClientMessage alpaca_request(net::MessageKind kind, std::string_view action,
                                                std::span<const Symbol> symbols);

}  // namespace ziggy::feed
