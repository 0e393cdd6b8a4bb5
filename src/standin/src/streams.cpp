#include "streams.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "ziggy/net/websocket.hpp"

namespace ziggy::standin {

namespace {

constexpr std::chrono::milliseconds kTickLeast{10};
// A fast market's second bars that nobody had time for are left out past this.
constexpr std::size_t kBarsPerTickMax = 600;
constexpr std::size_t kDelayedMax = 10'000;
constexpr std::size_t kMessageMax = 256 * 1024;

constexpr int kOpBinary = 2;
constexpr int kOpClose = 8;
constexpr int kOpPing = 9;
constexpr int kOpPong = 10;

void negate(std::optional<double>& price) {
  if (price) price = -*price;
}

void spoil(MarketEvent& event, const DataFaults& faults) {
  event.quote.as_of -= faults.age;
  event.bar.time -= faults.age;
  if (!faults.is_negative) return;
  for (auto* price : {&event.quote.bid, &event.quote.ask, &event.quote.last}) negate(*price);
  for (auto* price : {&event.bar.open, &event.bar.high, &event.bar.low, &event.bar.close}) {
    *price = -*price;
  }
}

/// The message as a broken vendor sends it; nullopt: not at all.
std::optional<std::string> broken(const FaultStep& step, std::string json) {
  switch (step.kind) {
    case FaultKind::Silent:
    case FaultKind::Hang:
    case FaultKind::Drop:
      return std::nullopt;
    case FaultKind::Truncate:
      json.resize(json.size() / 2);
      return json;
    case FaultKind::Html:
      return "<html><body>Bad Gateway</body></html>";
    case FaultKind::Empty:
      return "[]";
    default:
      return json;
  }
}

}  // namespace

bool StreamSession::wants(Channel channel, const Symbol& symbol) const {
  if (all_.contains(channel)) return true;
  const auto known = subscribed_.find(symbol);
  return known != subscribed_.end() && known->second.contains(channel);
}

bool StreamSession::wants_all() const { return !all_.empty(); }

std::size_t StreamSession::subscriptions() const {
  std::size_t count = all_.size();
  for (const auto& [symbol, channels] : subscribed_) count += channels.size();
  return count;
}

void StreamSession::send(std::string json) {
  peer_->send(std::string{net::Frame::text(json).bytes()});
}

void StreamSession::flush_delayed(Monotonic now) {
  while (!delayed_.empty() && delayed_.front().due <= now) {
    send(std::move(delayed_.front().json));
    delayed_.pop_front();
  }
}

void StreamSession::tell(std::span<const MarketEvent> events, const Effects& effects,
                         Monotonic now) {
  flush_delayed(now);
  std::vector<std::string> messages;
  for (const MarketEvent& event : events) {
    if (event.symbol.is_crypto() != is_crypto_ || !wants(event.channel, event.symbol)) continue;
    MarketEvent spoilt = event;
    spoil(spoilt, effects.data);
    const std::string shown =
        effects.data.is_wrong_symbol ? (is_crypto_ ? "WRONG-USD" : "WRONG") : spell(event.symbol);
    messages.push_back(render(spoilt, shown));
    if (effects.data.is_duplicated) messages.push_back(messages.back());
  }
  if (messages.empty()) return;
  if (effects.data.is_out_of_order) std::ranges::reverse(messages);
  std::string json = "[";
  for (const std::string& message : messages) {
    if (json.size() > 1) json += ',';
    json += message;
  }
  json += ']';
  if (effects.wire) {
    auto changed = broken(*effects.wire, std::move(json));
    if (effects.wire->kind == FaultKind::Reset) return peer_->reset();
    if (!changed) return;
    json = std::move(*changed);
  }
  if (effects.delay.count() > 0 || !delayed_.empty()) {
    if (delayed_.size() < kDelayedMax) delayed_.push_back({now + effects.delay, std::move(json)});
    return;
  }
  send(std::move(json));
}

Streams::Streams(net::Executor executor, const Clock& clock, Tape& tape,
                 const StandInSettings& settings, FaultBoard& board)
    : clock_{clock}, tape_{tape}, settings_{settings}, board_{board}, timer_{executor} {}

bool Streams::has_room(Vendor vendor) const {
  const auto open = static_cast<std::size_t>(std::ranges::count_if(
      sessions_, [vendor](const auto& session) { return session->vendor() == vendor; }));
  switch (vendor) {
    case Vendor::Polygon:
      return open < settings_.polygon_streams_max;
    case Vendor::Alpaca:
      return open < settings_.alpaca_streams_max;
    case Vendor::Yahoo:
      break;
  }
  return false;
}

void Streams::add(std::shared_ptr<StreamSession> session) {
  ++tallies_[static_cast<std::size_t>(session->vendor())].opened;
  if (sessions_.empty()) told_until_ = clock_.now();
  sessions_.push_back(std::move(session));
  recount();
}

void Streams::remove(const std::shared_ptr<StreamSession>& session) {
  std::erase(sessions_, session);
  recount();
}

void Streams::cut(std::optional<Vendor> vendor) {
  for (const auto& session : sessions_) {
    if (vendor && session->vendor() != *vendor) continue;
    ++tallies_[static_cast<std::size_t>(session->vendor())].cut;
    session->peer().reset();
  }
}

void Streams::stop() {
  is_stopped_ = true;
  timer_.cancel();
}

void Streams::recount() {
  std::array<std::pair<std::size_t, std::size_t>, kVendors.size()> sums{};
  for (const auto& session : sessions_) {
    auto& [open, subscriptions] = sums[static_cast<std::size_t>(session->vendor())];
    ++open;
    subscriptions += session->subscriptions();
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    tallies_[i].open = sums[i].first;
    tallies_[i].subscriptions = sums[i].second;
  }
}

void Streams::count(StandInCounts& out) const {
  for (std::size_t i = 0; i < tallies_.size(); ++i) {
    out.vendors[i].streams_open = tallies_[i].open;
    out.vendors[i].streams_opened = tallies_[i].opened;
    out.vendors[i].streams_cut = tallies_[i].cut;
    out.vendors[i].subscriptions = tallies_[i].subscriptions;
  }
}

net::Task<> Streams::run(std::shared_ptr<void> keeper, Streams* streams) {
  const auto scaled = dynamic_cast<const feed::ScaledClock*>(&streams->clock_);
  const double speed = scaled == nullptr ? 1 : scaled->speed();
  const auto every = std::max<std::chrono::nanoseconds>(
      kTickLeast,
      std::chrono::nanoseconds{static_cast<std::int64_t>(
          static_cast<double>(std::chrono::nanoseconds{streams->settings_.tick_every}.count()) /
          speed)});
  constexpr auto kAwait = net::asio::as_tuple(net::asio::use_awaitable_t<net::Executor>{});
  while (!streams->is_stopped_) {
    co_await streams->tick();
    streams->timer_.expires_after(std::chrono::duration_cast<net::Timer::duration>(every));
    static_cast<void>(co_await streams->timer_.async_wait(kAwait));
  }
}

net::Task<std::vector<MarketEvent>> Streams::events_of(Symbol symbol, Timestamp now) {
  std::vector<MarketEvent> events;
  // Bars first: they are about what is over.
  const auto bars = [&](Channel channel, const BarColumns& columns) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      events.push_back({.channel = channel, .symbol = symbol, .bar = columns.at(i)});
    }
  };
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  const auto minute = std::chrono::floor<std::chrono::minutes>(now);
  const Timestamp told_second = std::chrono::floor<std::chrono::seconds>(told_until_);
  const Timestamp told_minute = std::chrono::floor<std::chrono::minutes>(told_until_);
  if (second > told_second) {
    const auto reply = co_await tape_.bars({.symbol = symbol,
                                            .interval = Interval::Second,
                                            .range = {told_second, second},
                                            .limit = kBarsPerTickMax},
                                           now);
    if (reply) bars(Channel::SecondBars, reply->bars);
  }
  if (minute > told_minute) {
    const auto reply = co_await tape_.bars({.symbol = symbol,
                                            .interval = Interval::Minute,
                                            .range = {told_minute, minute},
                                            .limit = kBarsPerTickMax},
                                           now);
    if (reply) bars(Channel::MinuteBars, reply->bars);
  }
  const auto quote = co_await tape_.quote(symbol, now);
  if (quote && quote->as_of > told_until_) {
    events.push_back({.channel = Channel::Trades, .symbol = symbol, .quote = *quote});
    events.push_back({.channel = Channel::Quotes, .symbol = symbol, .quote = *quote});
  }
  co_return events;
}

net::Task<> Streams::tick() {
  const Timestamp now = clock_.now();
  if (sessions_.empty()) {
    // What nobody was connected for is not told to those who come later.
    told_until_ = now;
    co_return;
  }
  const Monotonic steady = clock_.steady();
  std::set<Symbol> symbols;
  for (const auto& session : sessions_) {
    for (const auto& [symbol, channels] : session->subscribed()) symbols.insert(symbol);
    if (!session->wants_all()) continue;
    for (const feed::SymbolInfo& info : tape_.symbols()) symbols.insert(info.symbol);
  }
  std::vector<MarketEvent> events;
  for (const Symbol& symbol : symbols) {
    const auto some = co_await events_of(symbol, now);
    if (is_stopped_) co_return;
    events.insert(events.end(), some.begin(), some.end());
  }
  told_until_ = now;
  const auto sessions = sessions_;  // one that is reset takes itself off the list
  for (const auto& session : sessions) {
    session->tell(events, board_.pick(session->vendor(), Route::Stream, steady), steady);
  }
  recount();
}

FrameState take_frame(std::string& bytes, ClientFrame& out) {
  if (bytes.size() < 2) return FrameState::NeedsMore;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]));
  };
  out.is_final = (byte(0) & 0x80) != 0;
  out.opcode = static_cast<int>(byte(0) & 0x0F);
  const bool is_masked = (byte(1) & 0x80) != 0;
  std::uint64_t size = byte(1) & 0x7F;
  std::size_t at = 2;
  const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
  if (bytes.size() < at + more) return FrameState::NeedsMore;
  if (more > 0) {
    size = 0;
    for (std::size_t i = 0; i < more; ++i) size = size << 8 | byte(at++);
  }
  if (!is_masked || size > kMessageMax) return FrameState::Broken;
  if (bytes.size() < at + 4 + size) return FrameState::NeedsMore;
  const std::string mask = bytes.substr(at, 4);
  out.payload = bytes.substr(at + 4, size);
  for (std::size_t i = 0; i < out.payload.size(); ++i) {
    out.payload[i] = static_cast<char>(out.payload[i] ^ mask[i % 4]);
  }
  bytes.erase(0, at + 4 + size);
  return FrameState::Whole;
}

std::string control_frame(int opcode, std::string_view payload) {
  constexpr std::size_t kControlMax = 125;
  payload = payload.substr(0, kControlMax);
  std::string out;
  out += static_cast<char>(0x80 | opcode);
  out += static_cast<char>(payload.size());
  return out.append(payload);
}

net::Task<> run_stream(std::shared_ptr<Peer> peer, std::shared_ptr<StreamSession> session) {
  std::string message;
  bool is_binary = false;
  while (peer->is_open()) {
    ClientFrame frame;
    const FrameState state = take_frame(peer->buffer(), frame);
    if (state == FrameState::Broken) co_return peer->reset();
    if (state == FrameState::NeedsMore) {
      const bool is_more = co_await peer->read_more();
      if (!is_more) co_return;
      continue;
    }
    if (frame.opcode == kOpPing) {
      peer->send(control_frame(kOpPong, frame.payload));
    } else if (frame.opcode == kOpClose) {
      peer->send(control_frame(kOpClose, std::string_view{frame.payload}.substr(0, 2)));
      peer->finish();
      co_return;
    } else if (frame.opcode <= kOpBinary) {
      if (frame.opcode != 0) {
        message.clear();
        is_binary = frame.opcode == kOpBinary;
      }
      message += frame.payload;
      if (message.size() > kMessageMax) co_return peer->reset();
      if (frame.is_final) session->hear(message, is_binary);
    }
  }
}

}  // namespace ziggy::standin
