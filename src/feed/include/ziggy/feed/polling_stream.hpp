#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ziggy/feed/provider.hpp"

namespace ziggy::feed {

struct PollingSettings {
  /// Between the ends and beginnings of rounds; up to a fifth is added at random.
  std::chrono::milliseconds every{5'000};
  /// The longest pause, after failures and spent quotas.
  std::chrono::milliseconds pause_max{300'000};
  /// For one request.
  std::chrono::milliseconds request_timeout{10'000};
  /// So many rounds in a row without any answer are Down.
  std::size_t failures_max = 3;
  /// Of the jitter; 0: one of its own.
  std::uint64_t seed = 0;
};

/// A stream made of a vendor's quotes by asking for them again and again, for a vendor that pushes
/// nothing (Yahoo). Asks in batches of `quotes_capability().batch_max`, one request at a time, and
/// not at all while nobody subscribes; passes on only quotes that changed. Slows down when the
/// quota is spent (for as long as the vendor says) and when requests fail (twice as long each
/// time).
///
/// Up after the first answered round, Down after PollingSettings::failures_max rounds without an
/// answer, Refused when the vendor rejects the key or plan, until reconnect(). A symbol that the
/// vendor does not know is not asked for again before it is subscribed anew.
class PollingStream final : public StreamSource {
 public:
  /// `source` outlives the stream and everything on its loop. `name` as the provider's.
  PollingStream(QuoteSource& source, std::string name, PollingSettings settings = {});
  PollingStream(QuoteSource& source, std::string name, std::chrono::milliseconds every)
      : PollingStream{source, std::move(name), PollingSettings{.every = every}} {}
  /// Stops.
  ~PollingStream() override;

  void set_listener(TickListener& listener) override;
  [[nodiscard]] Capability stream_capability() const override;
  void start(net::Executor executor) override;
  void stop() override;
  void subscribe(Symbol symbol) override;
  void unsubscribe(Symbol symbol) override;
  /// Asks at once.
  void reconnect() override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ziggy::feed
