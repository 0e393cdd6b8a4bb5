#include "ziggy/streams/hub.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace ziggy::streams {

namespace detail {

/// One message on its way to the subscribers of one loop.
struct Message {
  Envelope envelope;
  QuoteMessage content;
  net::Frame frame;
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
  std::shared_ptr<net::WebSocket> socket;
  std::shared_ptr<Topic> topic;
  std::shared_ptr<LoopTopic> place;
  /// Messages up to this one are in the snapshot.
  std::uint64_t snapshot_seq = 0;
  /// Held back while the socket is congested, and how many before it were dropped.
  std::shared_ptr<const Message> held;
  std::uint64_t skipped = 0;
};

/// A loop that stands still this long (1 300 quotes a second for 12 s) is in trouble; what comes
/// then is dropped, counted, and said to the subscribers as skipped.
constexpr std::size_t kInboxMax = 16'384;

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
  std::optional<QuoteMessage> latest;
  std::vector<Place> places;  // one a loop with subscribers
};

}  // namespace detail

using detail::LoopShare;
using detail::LoopTopic;
using detail::Message;
using detail::Subscriber;
using detail::Topic;

struct Hub::Counters {
  std::atomic<std::uint64_t> subscribers = 0;
  std::atomic<std::uint64_t> published = 0;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> conflated = 0;
};

Hub::Hub(const Clock& clock, const Encoder& encoder)
    : clock_{clock},
      encoder_{encoder},
      first_seq_{static_cast<std::uint64_t>(std::max<std::int64_t>(
          0, std::chrono::duration_cast<std::chrono::microseconds>(clock.now().time_since_epoch())
                 .count()))},
      counters_{std::make_unique<Counters>()} {}

Hub::~Hub() = default;

std::shared_ptr<Topic> Hub::topic(const Symbol& symbol) {
  Shard& shard = shards_[std::hash<Symbol>{}(symbol) % kShards];
  const std::lock_guard lock{shard.mutex};
  auto& entry = shard.topics[symbol];
  if (!entry) {
    entry = std::make_shared<Topic>();
    entry->seq = first_seq_;
  }
  return entry;
}

std::shared_ptr<LoopShare> Hub::share_of(const net::Executor& executor) {
  const std::lock_guard lock{shares_mutex_};
  for (const auto& share : shares_) {
    if (share->executor == executor) return share;
  }
  return shares_.emplace_back(std::make_shared<LoopShare>(executor));
}

std::uint64_t Hub::publish(const QuoteMessage& message) {
  const std::shared_ptr<Topic> topic = this->topic(message.quote.symbol);
  counters_->published.fetch_add(1, std::memory_order_relaxed);
  // Held over the hand-over to the loops, so that each of them sees the topic in order.
  const std::lock_guard lock{topic->mutex};
  const std::uint64_t seq = ++topic->seq;
  topic->latest = message;
  if (topic->places.empty()) return seq;
  const Envelope envelope{.ts = clock_.now(), .seq = seq};
  std::string text;
  text.reserve(512);
  encoder_.encode(text, envelope, message);
  const net::Frame frame = net::Frame::text(text);
  for (std::size_t i = 0; i < topic->places.size(); ++i) {
    auto& [share, place, lost] = topic->places[i];
    // A count of its own for each loop, so that they do not fight over one cache line.
    auto shared =
        std::make_shared<const Message>(Message{envelope, message, i == 0 ? frame : frame.clone()});
    bool is_first = false;
    {
      const std::lock_guard inbox_lock{share->mutex};
      if (share->inbox.size() == detail::kInboxMax) {
        ++lost;
        continue;
      }
      share->inbox.push_back({place, std::move(shared), std::exchange(lost, 0)});
      is_first = !std::exchange(share->is_woken, true);
    }
    if (is_first) net::asio::post(share->executor, [this, loop = share] { take_inbox(*loop); });
  }
  return seq;
}

void Hub::take_inbox(LoopShare& share) {
  {
    const std::lock_guard lock{share.mutex};
    share.batch.swap(share.inbox);
    share.is_woken = false;
  }
  for (const LoopShare::Delivery& delivery : share.batch) {
    deliver(*delivery.place, delivery.message, delivery.lost);
  }
  share.batch.clear();
}

void Hub::deliver(LoopTopic& place, const std::shared_ptr<const Message>& message,
                  std::uint64_t lost) {
  std::uint64_t sent = 0;
  std::uint64_t conflated = 0;
  const std::uint64_t seq = message->envelope.seq;
  place.is_delivering = true;
  for (std::size_t i = 0; i < place.subscribers.size(); ++i) {
    Subscriber* const subscriber = place.subscribers[i];
    if (subscriber == nullptr || seq <= subscriber->snapshot_seq) continue;
    const std::uint64_t missed = std::min(lost, seq - subscriber->snapshot_seq - 1);
    if (subscriber->socket->is_congested()) {
      const std::uint64_t dropped = missed + (subscriber->held ? 1 : 0);
      subscriber->skipped += dropped;
      subscriber->held = message;
      conflated += dropped;
      continue;
    }
    flush(*subscriber);
    if (place.subscribers[i] == nullptr) continue;  // the send ended it
    conflated += missed;
    ++sent;
    send(*subscriber->socket, *message, missed);
  }
  place.is_delivering = false;
  std::erase(place.subscribers, nullptr);
  counters_->sent.fetch_add(sent, std::memory_order_relaxed);
  counters_->conflated.fetch_add(conflated, std::memory_order_relaxed);
}

void Hub::flush(Subscriber& subscriber) {
  if (!subscriber.held) return;
  const std::shared_ptr<const Message> message = std::exchange(subscriber.held, nullptr);
  counters_->sent.fetch_add(1, std::memory_order_relaxed);
  send(*subscriber.socket, *message, std::exchange(subscriber.skipped, 0));
}

void Hub::send(net::WebSocket& socket, const Message& message, std::uint64_t skipped) {
  if (skipped == 0) {
    socket.send(message.frame);
    return;
  }
  Envelope envelope = message.envelope;
  envelope.skipped = skipped;
  std::string text;
  encoder_.encode(text, envelope, message.content);
  socket.send(net::Frame::text(text));
}

Subscription Hub::subscribe(std::shared_ptr<net::WebSocket> socket, Symbol symbol,
                            const QuoteMessage& known) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->topic = topic(symbol);
  Topic& topic = *subscriber->topic;
  const net::Executor executor = socket->executor();
  Envelope envelope{.is_snapshot = true, .ts = clock_.now()};
  QuoteMessage snapshot = known;
  {
    const auto share = share_of(executor);
    const std::lock_guard lock{topic.mutex};
    auto place = std::ranges::find(topic.places, share, &Topic::Place::share);
    if (place == topic.places.end()) {
      place = topic.places.insert(place, {share, std::make_shared<LoopTopic>(), 0});
    }
    subscriber->place = place->loop_topic;
    // From here on every message comes by this loop's inbox, after what is sent below.
    subscriber->place->subscribers.push_back(subscriber.get());
    ++subscriber->place->active;
    subscriber->snapshot_seq = topic.seq;
    envelope.seq = topic.seq;
    if (topic.latest && topic.latest->quote.as_of >= known.quote.as_of) snapshot = *topic.latest;
  }
  counters_->subscribers.fetch_add(1, std::memory_order_relaxed);
  std::string text;
  encoder_.encode(text, envelope, snapshot);
  subscriber->socket = std::move(socket);
  subscriber->socket->send(net::Frame::text(text));
  return Subscription{*this, std::move(subscriber)};
}

void Hub::unsubscribe(Subscriber& subscriber) {
  Topic& topic = *subscriber.topic;
  const std::lock_guard lock{topic.mutex};
  LoopTopic& place = *subscriber.place;
  if (place.is_delivering) {
    *std::ranges::find(place.subscribers, &subscriber) = nullptr;
  } else {
    std::erase(place.subscribers, &subscriber);
  }
  if (--place.active == 0) {
    std::erase_if(topic.places,
                  [&](const Topic::Place& entry) { return entry.loop_topic.get() == &place; });
  }
  counters_->subscribers.fetch_sub(1, std::memory_order_relaxed);
}

HubStats Hub::stats() const {
  HubStats stats;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock{shard.mutex};
    stats.topics += shard.topics.size();
  }
  stats.subscribers = counters_->subscribers.load(std::memory_order_relaxed);
  stats.published = counters_->published.load(std::memory_order_relaxed);
  stats.sent = counters_->sent.load(std::memory_order_relaxed);
  stats.conflated = counters_->conflated.load(std::memory_order_relaxed);
  return stats;
}

Subscription::Subscription(Hub& hub, std::shared_ptr<Subscriber> subscriber)
    : hub_{&hub}, subscriber_{std::move(subscriber)} {}

Subscription::Subscription(Subscription&& other) noexcept
    : hub_{other.hub_}, subscriber_{std::move(other.subscriber_)} {}

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    hub_ = other.hub_;
    subscriber_ = std::move(other.subscriber_);
  }
  return *this;
}

Subscription::~Subscription() { end(); }

void Subscription::end() noexcept {
  if (subscriber_) hub_->unsubscribe(*subscriber_);
  subscriber_ = nullptr;
}

void Subscription::flush() {
  if (subscriber_) hub_->flush(*subscriber_);
}

}  // namespace ziggy::streams
