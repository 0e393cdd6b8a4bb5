#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/market/market.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::market {

struct LiveSettings {
  /// SIM_SESSIONS=always: no symbol's market ever closes.
  bool is_always_open = false;
  /// Upstream subscriptions stay this long after the last subscriber: pages are reloaded.
  std::chrono::milliseconds linger{30'000};
  /// A vendor that is not up for this long loses its symbols to the next one.
  std::chrono::milliseconds down_grace{3'000};
  /// A vendor in trouble gets its symbols back after being up and heard for this long.
  std::chrono::milliseconds stable_for{30'000};
  /// A symbol is overdue after `silence_factor` times its usual pause, within these two. Ticks come
  /// in bursts; the factor keeps the probes few, and only a probe's newer quote is a verdict.
  std::chrono::milliseconds silence_floor{5'000};
  std::chrono::milliseconds silence_max{300'000};
  double silence_factor = 20;
  /// A hole is asked for this long after its end: a vendor's REST side has a minute's bar a moment
  /// after its stream.
  std::chrono::milliseconds settle{3'000};
  /// How long later bars wait for a hole to be filled; then it stays one.
  std::chrono::milliseconds heal_limit{120'000};
  /// Symbols at once, lingering ones included; each takes about a kilobyte.
  std::size_t symbols_max = 4'096;
};

/// What became known of a vendor's stream, for whoever ranks vendors.
enum class LiveEvent : std::uint8_t {
  Up,
  Down,
  Refused,
  /// Connected, but without the ticks that others have.
  Silent,
  /// Bars of a symbol were missed.
  Gap,
  /// A tick that breaks the data contracts.
  Violation,
};

struct LiveParts {
  const Clock& clock;
  /// Told every tick; fills holes (`bars`) and answers probes (`fresh_quote`).
  Market& market;
  streams::Hub& hub;
  /// Those of them with a stream; without any this does nothing. Not the simulator, which pushes
  /// everything to the market by itself.
  std::vector<feed::Provider*> vendors;
  /// The vendors for a symbol, the best first; others than `vendors` are passed over. On the feeds'
  /// loop; may be empty: then as in `vendors`.
  std::function<std::vector<feed::Provider*>(const Symbol&)> order;
  /// On the feeds' loop; may be empty.
  std::function<void(std::string_view vendor, LiveEvent event, std::string_view detail)> report;
};

/// One vendor's stream as it is now.
struct LiveVendorStatus {
  std::string name;
  feed::StreamState state = feed::StreamState::Idle;
  /// Since when, and what the vendor said.
  Timestamp since;
  std::string detail;
  /// It was down or silent and is not trusted again yet.
  bool is_troubled = false;
  /// Subscribed there; `serving` are those whose ticks count.
  std::size_t symbols = 0;
  std::size_t serving = 0;
  std::uint64_t ticks = 0;
  std::uint64_t outages = 0;
  std::uint64_t silences = 0;
  std::uint64_t violations = 0;
};

struct LiveStatus {
  std::vector<LiveVendorStatus> vendors;
  std::size_t symbols = 0;
  /// Holes whose bars are being fetched.
  std::size_t holes_open = 0;
  std::uint64_t holes_announced = 0;
  std::uint64_t holes_healed = 0;
  /// Not filled in time; later bars went on without them.
  std::uint64_t holes_left = 0;
  /// Symbols that changed their vendor.
  std::uint64_t moves = 0;
  std::uint64_t probes = 0;
  /// Bars that were told already, and ticks of a vendor that was replaced.
  std::uint64_t repeated = 0;
  std::uint64_t late = 0;
};

class LiveCounts;

/// Keeps one symbol streamed; ends with its life. Any thread; may outlive the feeds.
class LiveHandle {
 public:
  LiveHandle() = default;
  LiveHandle(LiveHandle&& other) noexcept = default;
  LiveHandle& operator=(LiveHandle&& other) noexcept;
  ~LiveHandle();

 private:
  friend class LiveFeeds;
  LiveHandle(std::shared_ptr<LiveCounts> counts, Symbol symbol);
  void end() noexcept;

  std::shared_ptr<LiveCounts> counts_;
  Symbol symbol_;
};

/// Live ticks from vendors: one upstream socket a vendor, shared by all who listen. A symbol is
/// subscribed at one vendor, the first in order that works, with the first handle, and a while
/// after the last one no longer. Only that vendor's ticks count; each is held to the contracts and
/// goes to the market, which stores and tells.
///
/// A vendor that is down, refuses, or is connected but silent (a probe over REST knows better)
/// loses its symbols to the next one; while it is in trouble one symbol stays subscribed there as a
/// canary, and when that has gone well for a while they return. Minute bars that were missed are
/// announced (`gap`), fetched over REST, told in their place before later ones, and reported
/// healed.
///
/// State lives on one loop; no task or timer exists for a single symbol. Order of construction:
/// hub, market, LiveFeeds, Api; then start() before the loops run; at the end server.shutdown(),
/// stop(), loops.stop(). Everything in the parts outlives this.
class LiveFeeds final {
 public:
  LiveFeeds(LiveParts parts, LiveSettings settings);
  LiveFeeds(const LiveFeeds&) = delete;
  LiveFeeds& operator=(const LiveFeeds&) = delete;
  /// After the loop has stopped, or on it.
  ~LiveFeeds();

  /// Becomes the vendors' listener and starts them on this loop, whose thread alone touches the
  /// state from then on. Once.
  void start(net::Executor executor);
  /// Closes the upstream connections; nothing is told after the loop's next turn. Any thread.
  void stop();

  /// Any thread. A handle that does nothing when no vendor streams such a symbol. Errors:
  /// RateLimited when `symbols_max` are streamed already.
  [[nodiscard]] Result<LiveHandle> subscribe(const Symbol& symbol);

  /// As of the last quarter of a second. Any thread.
  [[nodiscard]] LiveStatus status() const;

  /// The quarter-second's work by hand, for tests with a clock that stands still. On the loop.
  void tick();

 private:
  struct State;
  std::shared_ptr<State> state_;  // also held by handlers on the loop
};

}  // namespace ziggy::market
