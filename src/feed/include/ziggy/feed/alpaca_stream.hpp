#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ziggy/base/secret.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/feed/stream_settings.hpp"

namespace ziggy::feed {

struct AlpacaStreamSettings {
  /// A host, to which `/v2/{feed}` and `/v1beta3/crypto/us` are added, or the whole address of the
  /// stocks' stream.
  std::string url = "wss://stream.data.alpaca.markets";
  /// "iex" (free), "sip" or "delayed_sip".
  std::string feed = "iex";
  Secret key_id = {};
  Secret secret = {};
  /// Asks for MessagePack; what the vendor then speaks, that or JSON, is answered in kind.
  bool messagepack = true;
  StreamTimings timings = {};
  /// Of the jitter; 0: one of its own.
  std::uint64_t seed = 0;
};

/// What Alpaca pushes: trades, quotes, minute bars (Closed) and their corrections (Corrected), of
/// shares on one socket and of pairs like BTC-USD on another. Sizes in shares and coins.
///
/// Source: docs.alpaca.markets, "Real-time Stock Data" and "Real-time Crypto Data", v2 and v1beta3.
///
/// Of the two sockets one may be lost while the other is up: the state then stays Up, and each
/// symbol of the lost one is told through on_subscribed with ProviderUnavailable, and again with
/// success when it is back.
class AlpacaStream final : public StreamSource {
 public:
  explicit AlpacaStream(AlpacaStreamSettings settings);
  /// Stops.
  ~AlpacaStream() override;

  void set_listener(TickListener& listener) override;
  [[nodiscard]] Capability stream_capability() const override;
  void start(net::Executor executor) override;
  void stop() override;
  void subscribe(Symbol symbol) override;
  void unsubscribe(Symbol symbol) override;
  void reconnect() override;

  /// Any thread.
  [[nodiscard]] StreamCounts counts() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::feed
