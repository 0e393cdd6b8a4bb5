#include "ziggy/streams/hub.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <type_traits>
#include <utility>
#include <variant>

#include "hub_topic.hpp"

namespace ziggy::streams {

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

template <class Content>
std::uint64_t Hub::publish_to(const Symbol& symbol, const Content& message) {
  constexpr bool kIsGap = std::is_same_v<Content, GapMessage>;
  counters_->published.fetch_add(1, std::memory_order_relaxed);
  std::shared_ptr<Topic> topic = this->topic(symbol);
  // Held over the hand-over to the loops, so that each of them sees the topic in order.
  std::unique_lock lock{topic->mutex};
  while (topic->is_forgotten) {
    lock.unlock();
    topic = this->topic(symbol);
    lock = std::unique_lock{topic->mutex};
  }
  const std::uint64_t seq = kIsGap ? topic->seq : ++topic->seq;
  const std::uint64_t order = ++topic->order;
  if constexpr (std::is_same_v<Content, QuoteMessage>) topic->latest = message;
  if (topic->places.empty()) return seq;
  const Envelope envelope{.ts = clock_.now(), .seq = seq};
  std::string text;
  text.reserve(512);
  encoder_.encode(text, envelope, message);
  const net::Frame frame = net::Frame::text(text);
  for (std::size_t i = 0; i < topic->places.size(); ++i) {
    auto& [share, place, lost] = topic->places[i];
    // A count of its own for each loop, so that they do not fight over one cache line.
    auto shared = std::make_shared<const Message>(
        Message{envelope, order, message, i == 0 ? frame : frame.clone()});
    bool is_first = false;
    {
      const std::lock_guard inbox_lock{share->mutex};
      if (share->inbox.size() == detail::kInboxMax) {
        lost += kIsGap ? 0 : 1;
        continue;
      }
      // A gap has no place to say it.
      share->inbox.push_back({place, std::move(shared), kIsGap ? 0 : std::exchange(lost, 0)});
      is_first = !std::exchange(share->is_woken, true);
    }
    if (is_first) net::asio::post(share->executor, [this, loop = share] { take_inbox(*loop); });
  }
  return seq;
}

std::uint64_t Hub::publish(const QuoteMessage& message) {
  return publish_to(message.quote.symbol, message);
}

std::uint64_t Hub::publish(const TradeMessage& message) {
  return publish_to(message.trade.symbol, message);
}

std::uint64_t Hub::publish(const BarMessage& message) {
  return publish_to(message.symbol, message);
}

std::uint64_t Hub::publish(const GapMessage& message) {
  return publish_to(message.symbol, message);
}

void Hub::forget(const Symbol& symbol) {
  Shard& shard = shards_[std::hash<Symbol>{}(symbol) % kShards];
  const std::lock_guard lock{shard.mutex};
  const auto found = shard.topics.find(symbol);
  if (found == shard.topics.end()) return;
  const std::shared_ptr<Topic> topic = found->second;
  const std::lock_guard topic_lock{topic->mutex};
  if (!topic->places.empty()) return;
  topic->is_forgotten = true;
  std::uint64_t known = first_seq_.load();
  while (known < topic->seq && !first_seq_.compare_exchange_weak(known, topic->seq)) {
  }
  shard.topics.erase(found);
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

namespace {

/// Keeps `message` until the socket can take it, in place of what it makes superfluous. Returns how
/// many data messages were dropped for it.
std::uint64_t hold(Subscriber& subscriber, const std::shared_ptr<const Message>& message,
                   std::uint64_t missed) {
  auto& held = subscriber.held;
  const auto drop = [&](std::size_t at) {
    const std::uint64_t lost = held[at].skipped + (held[at].message->is_gap() ? 0 : 1);
    // The next data message tells; of those held, if there is one.
    std::size_t next = at + 1;
    while (next < held.size() && held[next].message->is_gap()) ++next;
    (next < held.size() ? held[next].skipped : subscriber.skipped) += lost;
    const bool is_data = !held[at].message->is_gap();
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
    return is_data ? 1U : 0U;
  };
  std::uint64_t dropped = missed;
  subscriber.skipped += missed;
  if (message->is_replaceable()) {
    const auto older = std::ranges::find_if(held, [&](const Subscriber::Held& entry) {
      return entry.message->content.index() == message->content.index();
    });
    if (older != held.end()) dropped += drop(static_cast<std::size_t>(older - held.begin()));
  }
  if (held.size() == detail::kHeldMax) dropped += drop(0);
  held.push_back({message, message->is_gap() ? 0 : std::exchange(subscriber.skipped, 0)});
  return dropped;
}

}  // namespace

void Hub::deliver(LoopTopic& place, const std::shared_ptr<const Message>& message,
                  std::uint64_t lost) {
  std::uint64_t sent = 0;
  std::uint64_t conflated = 0;
  const std::uint64_t seq = message->envelope.seq;
  const std::uint64_t order = message->order;
  place.is_delivering = true;
  for (std::size_t i = 0; i < place.subscribers.size(); ++i) {
    Subscriber* const subscriber = place.subscribers[i];
    if (subscriber == nullptr || order <= subscriber->snapshot_order) continue;
    const bool is_congested = subscriber->socket->is_congested();
    if (!is_congested && lost == 0 && !subscriber->is_behind()) {
      ++sent;
      subscriber->socket->send(message->frame);
      continue;
    }
    const std::uint64_t missed = lost == 0 ? 0 : std::min(lost, seq - subscriber->snapshot_seq - 1);
    if (is_congested) {
      conflated += hold(*subscriber, message, missed);
      continue;
    }
    flush(*subscriber);
    if (place.subscribers[i] == nullptr) continue;  // the send ended it
    conflated += missed;
    ++sent;
    const std::uint64_t before = message->is_gap() ? 0 : std::exchange(subscriber->skipped, 0);
    send(*subscriber->socket, *message, missed + before);
  }
  place.is_delivering = false;
  std::erase(place.subscribers, nullptr);
  counters_->sent.fetch_add(sent, std::memory_order_relaxed);
  counters_->conflated.fetch_add(conflated, std::memory_order_relaxed);
}

void Hub::flush(Subscriber& subscriber) {
  if (subscriber.held.empty()) return;
  const auto held = std::exchange(subscriber.held, {});
  counters_->sent.fetch_add(held.size(), std::memory_order_relaxed);
  // A send that closes the socket may end the subscription, and the subscriber with it.
  const std::shared_ptr<net::WebSocket> socket = subscriber.socket;
  for (const Subscriber::Held& entry : held) send(*socket, *entry.message, entry.skipped);
}

void Hub::send(net::WebSocket& socket, const Message& message, std::uint64_t skipped) {
  if (skipped == 0) {
    socket.send(message.frame);
    return;
  }
  Envelope envelope = message.envelope;
  envelope.skipped = skipped;
  std::string text;
  std::visit([&](const auto& content) { encoder_.encode(text, envelope, content); },
             message.content);
  socket.send(net::Frame::text(text));
}

Subscription Hub::subscribe(std::shared_ptr<net::WebSocket> socket, Symbol symbol,
                            const QuoteMessage& known) {
  auto subscriber = std::make_shared<Subscriber>();
  const net::Executor executor = socket->executor();
  Envelope envelope{.is_snapshot = true, .ts = clock_.now()};
  QuoteMessage snapshot = known;
  {
    const auto share = share_of(executor);
    subscriber->topic = topic(symbol);
    std::unique_lock lock{subscriber->topic->mutex};
    while (subscriber->topic->is_forgotten) {
      lock.unlock();
      subscriber->topic = topic(symbol);
      lock = std::unique_lock{subscriber->topic->mutex};
    }
    Topic& topic = *subscriber->topic;
    auto place = std::ranges::find(topic.places, share, &Topic::Place::share);
    if (place == topic.places.end()) {
      place = topic.places.insert(place, {share, std::make_shared<LoopTopic>(), 0});
    }
    subscriber->place = place->loop_topic;
    // From here on every message comes by this loop's inbox, after what is sent below.
    subscriber->place->subscribers.push_back(subscriber.get());
    ++subscriber->place->active;
    subscriber->snapshot_seq = topic.seq;
    subscriber->snapshot_order = topic.order;
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
