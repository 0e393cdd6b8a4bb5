#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/domain/trade.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::streams {

/// What subscribers choose from, together with a symbol. Others enter here.
enum class Channel : std::uint8_t { Market };

/// A quote with who said it, as it is told to subscribers.
struct QuoteMessage {
  Quote quote;
  std::string provider;
  bool stale = false;
};

/// A print with who said it.
struct TradeMessage {
  Trade trade;
  std::string provider;
};

/// One bar of a symbol as it closes, runs or is corrected. Unadjusted.
struct BarMessage {
  Symbol symbol;
  Interval interval = Interval::Minute;
  Bar bar;
  BarPhase phase = BarPhase::Closed;
  std::string provider;
};

/// Bars of [from, to) were missed upstream. Told once when the hole is known and once more when it
/// is filled (`healed`): the missing bars lie between the two.
struct GapMessage {
  Symbol symbol;
  Timestamp from;
  Timestamp to;
  bool healed = false;
};

/// What every message to a subscriber says around its content.
struct Envelope {
  Channel channel = Channel::Market;
  /// The first message of a subscription: the state so far, under the last `seq` given.
  bool is_snapshot = false;
  /// When it was told.
  Timestamp ts;
  /// +1 for each data message of a channel and symbol, growing over restarts. A gap has none: it is
  /// under the number of the message before it, which is not written.
  std::uint64_t seq = 0;
  /// How many messages of the channel and symbol this subscriber did not get just before.
  std::uint64_t skipped = 0;
};

/// Turns messages into text; `api` alone knows the names on the wire. Any thread.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// Appends one flat JSON object, UTF-8.
  virtual void encode(std::string& out, const Envelope& envelope,
                      const QuoteMessage& message) const = 0;
  virtual void encode(std::string& out, const Envelope& envelope,
                      const TradeMessage& message) const = 0;
  virtual void encode(std::string& out, const Envelope& envelope,
                      const BarMessage& message) const = 0;
  virtual void encode(std::string& out, const Envelope& envelope,
                      const GapMessage& message) const = 0;
};

class Hub;

namespace detail {
struct Topic;
struct LoopTopic;
struct Message;
struct Subscriber;
struct LoopShare;
}  // namespace detail

/// Keeps one socket subscribed; ends with its life. Used and destroyed on the socket's loop, while
/// the hub lives.
class Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  /// Sends what was held back while the socket was congested: call it from on_writable.
  void flush();
  [[nodiscard]] bool is_active() const noexcept { return subscriber_ != nullptr; }

 private:
  friend class Hub;
  Subscription(Hub& hub, std::shared_ptr<detail::Subscriber> subscriber);
  void end() noexcept;

  Hub* hub_ = nullptr;
  std::shared_ptr<detail::Subscriber> subscriber_;
};

/// Counters since the start, but for the first two.
struct HubStats {
  std::uint64_t topics = 0;
  std::uint64_t subscribers = 0;
  std::uint64_t published = 0;
  std::uint64_t sent = 0;
  std::uint64_t conflated = 0;
};

/// Tells subscribers. A message is encoded and framed once, and only when someone listens; each
/// loop takes what was published since its last turn in one handler. The last quote published is
/// kept as the latest of its topic, so publish after storing.
///
/// Order: a subscriber sees its snapshot first, then every later message of the topic in order of
/// `seq`, and gaps at their place among them. While a socket is congested (net's soft limit) the
/// latest quote, the latest trade, and the last kHeldMax bars and gaps are held for it; the data
/// message after one that was dropped says how many it missed.
class Hub {
 public:
  /// Sequences begin at the clock's microseconds, so that they grow over restarts as long as no
  /// topic has more than a million messages a second. `clock` and `encoder` outlive the hub, which
  /// outlives its subscriptions and the loops' last turn.
  Hub(const Clock& clock, const Encoder& encoder);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Any thread; never blocks on a subscriber. Returns the message's `seq`.
  std::uint64_t publish(const QuoteMessage& message);
  std::uint64_t publish(const TradeMessage& message);
  std::uint64_t publish(const BarMessage& message);
  std::uint64_t publish(const GapMessage& message);

  /// Sends the snapshot (the newer of `known` and the latest published) and then what follows,
  /// until the Subscription ends. On the socket's loop.
  [[nodiscard]] Subscription subscribe(std::shared_ptr<net::WebSocket> socket, Symbol symbol,
                                       const QuoteMessage& known);

  /// Lets go of a topic that nobody listens to; the next message of the symbol begins a new one,
  /// under a later `seq`. Any thread.
  void forget(const Symbol& symbol);

  [[nodiscard]] HubStats stats() const;

 private:
  friend class Subscription;
  // Publishers of different symbols seldom meet at one lock.
  static constexpr std::size_t kShards = 16;
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<Symbol, std::shared_ptr<detail::Topic>> topics;
  };

  std::shared_ptr<detail::Topic> topic(const Symbol& symbol);
  template <class Content>
  std::uint64_t publish_to(const Symbol& symbol, const Content& message);
  std::shared_ptr<detail::LoopShare> share_of(const net::Executor& executor);
  void take_inbox(detail::LoopShare& share);
  void deliver(detail::LoopTopic& place, const std::shared_ptr<const detail::Message>& message,
               std::uint64_t lost);
  void flush(detail::Subscriber& subscriber);
  void send(net::WebSocket& socket, const detail::Message& message, std::uint64_t skipped);
  void unsubscribe(detail::Subscriber& subscriber);

  const Clock& clock_;
  const Encoder& encoder_;
  /// Where new topics begin: not below any that was forgotten.
  std::atomic<std::uint64_t> first_seq_;
  std::array<Shard, kShards> shards_;
  std::mutex shares_mutex_;
  std::vector<std::shared_ptr<detail::LoopShare>> shares_;  // guarded by shares_mutex_
  struct Counters;
  std::unique_ptr<Counters> counters_;
};

}  // namespace ziggy::streams
