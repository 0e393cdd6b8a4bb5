#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ziggy::feed {

/// How a vendor's socket is kept.
struct StreamTimings {
  /// For resolving, connecting, TLS and the WebSocket's handshake together.
  std::chrono::milliseconds connect_timeout{10'000};
  /// From the handshake to the vendor's yes to our key; Alpaca itself gives ten seconds.
  std::chrono::milliseconds auth_timeout{10'000};
  /// For the vendor's answer to a subscription.
  std::chrono::milliseconds subscribe_timeout{10'000};
  /// After a denial that names no symbol, how long the answers for the others may take.
  std::chrono::milliseconds settle_timeout{1'000};
  /// Between tries, each up to twice the one before, a random half of it taken off: so that many
  /// clients do not come back at the same moment.
  std::chrono::milliseconds backoff_first{1'000};
  std::chrono::milliseconds backoff_max{60'000};
  /// A connection that held for this long starts the waits anew.
  std::chrono::milliseconds stable_after{30'000};
  /// After "too many connections" when the vendor names no time: it takes a minute until it has
  /// noticed that an old connection is gone.
  std::chrono::milliseconds limit_wait{60'000};
  /// As in net::WebSocketClientSettings.
  std::chrono::milliseconds ping_every{20'000};
  std::chrono::milliseconds pong_timeout{20'000};
  /// So many broken messages in a row make a new connection.
  std::size_t malformed_max = 100;
};

/// What a vendor's sockets have carried since they were made.
struct StreamCounts {
  std::uint64_t connections = 0;  ///< that were authenticated
  std::uint64_t messages = 0;
  std::uint64_t malformed = 0;  ///< whole messages that could not be read
  std::uint64_t ticks = 0;      ///< quotes, trades and bars passed on
  std::uint64_t dropped = 0;    ///< single ticks without symbol, time or a sane price
  std::uint64_t ignored = 0;    ///< of kinds that nobody here wants
  friend bool operator==(const StreamCounts&, const StreamCounts&) = default;
};

}  // namespace ziggy::feed
