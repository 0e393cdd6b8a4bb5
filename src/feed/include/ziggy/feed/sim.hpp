#pragma once

#include <cstdint>
#include <memory>

#include "ziggy/base/clock.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/net/blocking_pool.hpp"

namespace ziggy::feed {

enum class SimSessions : std::uint8_t {
  /// Every UTC day is a session of every symbol, weekends too, and one follows on the other without
  /// gap: no opening gap, halt, split or dividend. Its day bars are UTC days.
  Always,
  /// Shares trade in the New York Stock Exchange's regular sessions, with gaps overnight, halts,
  /// splits and dividends; coins never close.
  Exchange,
};

struct SimSettings {
  std::uint64_t seed = 42;
  SimSessions sessions = SimSessions::Always;
};

/// A wall clock that runs `speed` times as fast as `base` from the moment it is made; the monotonic
/// time stays the base's, so that deadlines are real. For SIM_SPEED: give it to the simulator and
/// to everyone who compares times with what it says.
class ScaledClock final : public Clock {
 public:
  /// `base` outlives the clock.
  ScaledClock(const Clock& base, double speed) : base_{base}, speed_{speed}, origin_{base.now()} {}
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] Monotonic steady() const override { return base_.steady(); }
  [[nodiscard]] double speed() const noexcept { return speed_; }

 private:
  const Clock& base_;
  double speed_;
  Timestamp origin_;
};

/// The vendor `sim`: an invented market that is the same for everyone with the same seed. Bars,
/// quotes and headlines of any time are computed when asked (about a microsecond a quote, 10 000
/// minutes a millisecond); nothing is kept but the days' ends, 12 bytes each. From 2000-01-01 on.
/// Knows SPY QQQ AAPL MSFT NVDA AMZN GOOGL META TSLA JPM BTC-USD ETH-USD.
class SimProvider final : public Provider {
 public:
  /// `clock` says the simulated time. With a `pool`, requests for thousands of bars are computed on
  /// its threads rather than on the caller's loop. Both outlive the provider.
  SimProvider(const Clock& clock, SimSettings settings, net::BlockingPool* pool = nullptr);
  ~SimProvider() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "sim"; }
  [[nodiscard]] bool is_real() const noexcept override { return false; }
  BarSource* bars() noexcept override;
  QuoteSource* quotes() noexcept override;
  CryptoSource* crypto() noexcept override;
  NewsSource* news() noexcept override;
  StreamSource* stream() noexcept override;
  [[nodiscard]] std::vector<SymbolInfo> symbols() const override;

  /// Begins to push a quote of every open symbol four times a second, at whole quarters of a wall
  /// second; each print of the path at speed 1. A listener is set before.
  void start(net::Executor executor);
  /// Ends it; waits for nothing. Any thread.
  void stop();
  /// One round of pushing by hand, as the timer does it: for tests and benchmarks.
  void tick();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ziggy::feed
