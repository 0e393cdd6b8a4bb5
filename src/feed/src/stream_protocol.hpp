#pragma once

#include <span>
#include <vector>

#include "ziggy/feed/provider.hpp"
#include "ziggy/net/websocket_client.hpp"

namespace ziggy::feed {

/// Hears what one message of a vendor says, in our own words.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void on_quote(const Quote& quote) = 0;
  virtual void on_trade(const Trade& trade) = 0;
  virtual void on_bar(const Symbol& symbol, Interval interval, const Bar& bar, BarPhase phase) = 0;
  /// The vendor waits for our key.
  virtual void on_greeting() = 0;
  virtual void on_authenticated() = 0;
  /// Whatever of it there is flows from now on.
  virtual void on_subscribed(const Symbol& symbol) = 0;
  /// The request of before, or a part of it, is denied; before on_authenticated: all of us.
  virtual void on_denied(Error error) = 0;
  /// The vendor ends the connection, for this reason.
  virtual void on_failed(Error error) = 0;
  /// A tick without symbol, time or a sane price.
  virtual void on_dropped() = 0;
  /// An item of a kind that nobody wants.
  virtual void on_ignored() = 0;
};

/// A vendor's language on one socket, without I/O. Its methods run on the socket's loop.
class StreamProtocol {
 public:
  virtual ~StreamProtocol() = default;
  [[nodiscard]] virtual net::WebSocketClientSettings connection() const = 0;
  [[nodiscard]] virtual net::ClientMessage authentication() = 0;
  [[nodiscard]] virtual net::ClientMessage subscription(std::span<const Symbol> symbols) = 0;
  [[nodiscard]] virtual net::ClientMessage unsubscription(std::span<const Symbol> symbols) = 0;
  /// A denial concerns a whole request (it is then tried again in halves), not some of it.
  [[nodiscard]] virtual bool denies_whole_requests() const noexcept = 0;
  /// Tells all that the message says. Errors: BadPayload when it cannot be read; nothing was told.
  [[nodiscard]] virtual Result<> read(const net::ClientMessage& message, StreamSink& sink) = 0;
};

/// A request names at most so many symbols: 4 channels of 200 symbols of 10 bytes are 8 KB.
inline constexpr std::size_t kSubscribeBatchMax = 200;

}  // namespace ziggy::feed
