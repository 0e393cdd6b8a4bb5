#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "ziggy/streams/hub.hpp"

/// What the hub keeps of topics, loops and subscribers.
namespace ziggy::streams {

namespace detail {

/// One message on its way to the subscribers of one loop.
struct Message {
  Envelope envelope;
  /// Counts gaps too, unlike `seq`: which messages came before a subscriber and which after.
  std::uint64_t order = 0;
  std::variant<QuoteMessage, TradeMessage, BarMessage, GapMessage> content;
  net::Frame frame;

  [[nodiscard]] bool is_gap() const noexcept { return std::holds_alternative<GapMessage>(content); }
  /// The next one of its kind says all that this one does.
  [[nodiscard]] bool is_replaceable() const noexcept {
    return std::holds_alternative<QuoteMessage>(content) ||
           std::holds_alternative<TradeMessage>(content);
  }
};

/// The subscribers of one topic on one loop; touched on that loop only.
struct LoopTopic {
  /// A subscriber that left while a message was being delivered leaves a nullptr until the end of
  /// it: a send that closes its socket may end the subscription at once.
  std::vector<Subscriber*> subscribers;
  std::size_t active = 0;
  bool is_delivering = false;
};

struct Subscriber {
  struct Held {
    std::shared_ptr<const Message> message;
    /// Data messages just before it that were dropped.
    std::uint64_t skipped = 0;
  };

  [[nodiscard]] bool is_behind() const noexcept { return skipped > 0 || !held.empty(); }

  // What each delivery looks at, side by side.
  std::shared_ptr<net::WebSocket> socket;
  /// Messages up to this one are in the snapshot.
  std::uint64_t snapshot_order = 0;
  /// Dropped after the last one held (or with none held): the next data message tells.
  std::uint64_t skipped = 0;
  /// Held back while the socket is congested, in order.
  std::vector<Held> held;
  std::uint64_t snapshot_seq = 0;
  std::shared_ptr<Topic> topic;
  std::shared_ptr<LoopTopic> place;
};

/// Bars come once a minute; a socket that is congested over more of them resyncs by REST.
inline constexpr std::size_t kHeldMax = 64;

/// A loop that stands still this long (1 300 quotes a second for 12 s) is in trouble; what comes
/// then is dropped, counted, and said to the subscribers as skipped.
inline constexpr std::size_t kInboxMax = 16'384;

/// What goes from publishers to one loop: many messages, one wake-up.
struct LoopShare {
  struct Delivery {
    std::shared_ptr<LoopTopic> place;
    std::shared_ptr<const Message> message;
    /// Dropped just before this one because the inbox was full.
    std::uint64_t lost = 0;
  };

  explicit LoopShare(net::Executor loop) : executor{loop} {}

  net::Executor executor;
  std::mutex mutex;
  std::vector<Delivery> inbox;  // guarded by mutex
  bool is_woken = false;        // guarded by mutex
  std::vector<Delivery> batch;  // the loop's own; keeps its capacity
};

struct Topic {
  struct Place {
    std::shared_ptr<LoopShare> share;
    std::shared_ptr<LoopTopic> loop_topic;
    /// Messages that the full inbox did not take, to be told with the next one.
    std::uint64_t lost = 0;
  };

  std::mutex mutex;
  std::uint64_t seq = 0;  // guarded by mutex, as what follows
  std::uint64_t order = 0;
  /// No longer in the table: whoever still found it looks again.
  bool is_forgotten = false;
  std::optional<QuoteMessage> latest;
  std::vector<Place> places;  // one a loop with subscribers
};

}  // namespace detail

}  // namespace ziggy::streams
