#pragma once

#include <memory>
#include <span>
#include <string>

#include "stream_protocol.hpp"
#include "ziggy/base/secret.hpp"

/// Polygon's (Massive's) language on its market data streams.
namespace ziggy::feed {

/// Reads messages. Keeps its buffers; one per socket, not thread-safe.
class PolygonMessages {
 public:
  PolygonMessages();
  ~PolygonMessages();

  /// Errors: BadPayload when it is no JSON, or neither object nor array; nothing was told then.
  [[nodiscard]] Result<> read(std::string_view payload, StreamSink& sink);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

[[nodiscard]] net::ClientMessage polygon_auth(const Secret& key);
/// `action` is "subscribe" or "unsubscribe"; shares and pairs have channels of other names.
[[nodiscard]] net::ClientMessage polygon_request(std::string_view action,
                                                 std::span<const Symbol> symbols);

}  // namespace ziggy::feed
