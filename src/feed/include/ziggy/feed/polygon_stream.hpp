#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ziggy/base/secret.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/feed/stream_settings.hpp"

namespace ziggy::feed {

struct PolygonStreamSettings {
  /// A host, to which `/stocks` and `/crypto` are added, or the whole address of the stocks'
  /// stream. Massive's own: socket.massive.com, delayed.massive.com.
  std::string url = "wss://socket.polygon.io";
  Secret key = {};
  StreamTimings timings = {};
  /// Of the jitter; 0: one of its own.
  std::uint64_t seed = 0;
};

/// What Polygon (now Massive) pushes: trades, quotes, bars of seconds and of minutes (Closed), of
/// shares on one socket and of pairs like BTC-USD on another. Sizes in shares and coins; the tape
/// counted quoted shares in round lots until November 2025.
///
/// Source: "Massive Websocket Spec" 2.0.0.
///
/// Of the two sockets one may be lost while the other is up: the state then stays Up, and each
/// symbol of the lost one is told through on_subscribed with ProviderUnavailable, and again with
/// success when it is back.
class PolygonStream final : public StreamSource {
 public:
  explicit PolygonStream(PolygonStreamSettings settings);
  /// Stops.
  ~PolygonStream() override;

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
