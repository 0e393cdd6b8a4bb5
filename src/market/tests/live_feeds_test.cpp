#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <map>
#include <random>
#include <set>

#include "ziggy/market/live.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::market {
namespace {

using feed::StreamState;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Symbol kApple = *Symbol::parse("AAPL");
const Timestamp kOpen = *parse_rfc3339("2026-11-20T14:30:00Z");

Symbol nth(int i) { return *Symbol::parse(fmt::format("S{}", i)); }

Bar minute_bar(Timestamp time) {
  const auto minute = (time - kOpen) / minutes{1};
  const double price = 100 + static_cast<double>(minute % 7);
  return {time, price, price + 1, price - 1, price + 0.5, 100 + static_cast<double>(minute)};
}

/// What truly happened: one bar a minute, but for minutes without trades.
bool has_trades(Timestamp minute) { return (minute - kOpen) / minutes{1} % 11 != 7; }

/// A vendor with a socket that is up or not, and REST over what truly happened.
class Vendor final : public feed::Provider,
                     public feed::BarSource,
                     public feed::QuoteSource,
                     public feed::StreamSource {
 public:
  Vendor(std::string name, const Clock& clock) : name_{std::move(name)}, clock_{clock} {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  feed::BarSource* bars() noexcept override { return this; }
  using feed::QuoteSource::quotes;
  feed::QuoteSource* quotes() noexcept override { return this; }
  feed::StreamSource* stream() noexcept override { return this; }

  net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Call call) override {
    EXPECT_EQ(call.use, CallUse::Batch);
    ++rest_calls;
    if (rest_failures > 0) {
      --rest_failures;
      co_return fail(ErrorCode::ProviderUnavailable, "gone");
    }
    feed::BarsReply reply;
    reply.as_of = clock_.now();
    for (Timestamp time = request.range.start; time < request.range.end; time += minutes{1}) {
      if (has_trades(time)) reply.bars.push_back(minute_bar(time));
    }
    co_return reply;
  }
  net::Task<Result<Quote>> quote(Symbol symbol, Call /*call*/) override {
    co_return quote_of(symbol, price);
  }
  [[nodiscard]] Quote quote_of(const Symbol& symbol, double last) const {
    Quote quote;
    quote.symbol = symbol;
    quote.as_of = clock_.now();
    quote.last = last;
    return quote;
  }

  void set_listener(feed::TickListener& listener) override { listener_ = &listener; }
  // Answers while it is asked, as a source may.
  void subscribe(Symbol symbol) override {
    EXPECT_TRUE(subscribed.insert(symbol).second);
    if (is_up) listener_->on_subscribed(name_, symbol, {});
    if (!is_up && !is_lost) come_up();
  }
  void unsubscribe(Symbol symbol) override {
    EXPECT_EQ(subscribed.erase(symbol), 1U);
    if (!subscribed.empty()) return;
    is_up = false;
    listener_->on_stream_state(name_, StreamState::Idle, "");
  }
  void reconnect() override {
    ++reconnects;
    cut();
    is_lost = false;
    come_up();
  }
  void stop() override { ++stops; }

  void cut() {
    is_up = false;
    is_lost = true;
    if (!subscribed.empty()) listener_->on_stream_state(name_, StreamState::Down, "reset");
  }
  void heal() {
    is_lost = false;
    if (!subscribed.empty()) come_up();
  }
  void say_quote(const Symbol& symbol, double last) {
    price = last;
    if (is_up && subscribed.contains(symbol)) listener_->on_quote(name_, quote_of(symbol, last));
  }
  /// True when it was pushed.
  bool say_bar(const Symbol& symbol, Timestamp time) {
    if (!is_up || !subscribed.contains(symbol)) return false;
    listener_->on_bar(name_, symbol, Interval::Minute, minute_bar(time), BarPhase::Closed);
    return true;
  }

  std::set<Symbol> subscribed;
  bool is_up = false;
  bool is_lost = false;
  int reconnects = 0;
  int stops = 0;
  int rest_calls = 0;
  int rest_failures = 0;
  double price = 100;

 private:
  void come_up() {
    if (is_up) return;
    is_up = true;
    listener_->on_stream_state(name_, StreamState::Up, "");
    for (const Symbol& symbol : subscribed) listener_->on_subscribed(name_, symbol, {});
  }

  std::string name_;
  const Clock& clock_;
  feed::TickListener* listener_ = nullptr;
};

/// Bars and gaps as lines: `bar 2026-…`, `gap from to`, `healed from to`.
class LineEncoder final : public streams::Encoder {
 public:
  void encode(std::string& out, const streams::Envelope& envelope,
              const streams::QuoteMessage& message) const override {
    out += fmt::format("{} {}", envelope.is_snapshot ? "snapshot" : "quote",
                       message.quote.last.value_or(0));
  }
  void encode(std::string& out, const streams::Envelope& /*envelope*/,
              const streams::TradeMessage& message) const override {
    out += fmt::format("trade {}", message.trade.price);
  }
  void encode(std::string& out, const streams::Envelope& /*envelope*/,
              const streams::BarMessage& message) const override {
    out += fmt::format("{} {}", message.phase == BarPhase::Corrected ? "corrected" : "bar",
                       to_rfc3339(message.bar.time));
  }
  void encode(std::string& out, const streams::Envelope& /*envelope*/,
              const streams::GapMessage& message) const override {
    out += fmt::format("{} {} {}", message.healed ? "healed" : "gap", to_rfc3339(message.from),
                       to_rfc3339(message.to));
  }
};

class Socket final : public net::WebSocket {
 public:
  explicit Socket(net::asio::io_context& context) : executor_{context.get_executor()} {}

  void send(net::Frame frame) override {
    if (is_counting) {
      ++count;
      return;
    }
    got.emplace_back(frame.payload());
    if (on_send) on_send(got.back());
  }
  void close(std::uint16_t /*code*/, std::string_view /*reason*/) override {}
  void set_listener(std::shared_ptr<net::WebSocketListener> /*listener*/) override {}
  [[nodiscard]] std::size_t outbox_bytes() const noexcept override { return 0; }
  [[nodiscard]] bool is_congested() const noexcept override { return false; }
  [[nodiscard]] bool is_open() const noexcept override { return true; }
  [[nodiscard]] net::Executor executor() const noexcept override { return executor_; }
  [[nodiscard]] const Call& call() const noexcept override { return call_; }
  [[nodiscard]] std::string_view peer() const noexcept override { return "test"; }

  std::vector<std::string> got;
  std::size_t count = 0;
  bool is_counting = false;
  std::function<void(const std::string&)> on_send;

 private:
  net::Executor executor_;
  Call call_;
};

class LiveFeedsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store::StoreSettings settings;
    settings.url = "sqlite:///" + (folder_ / "ziggy.db").string();
    auto opened = store::Database::open(settings);
    ASSERT_TRUE(opened.has_value()) << opened.error().detail();
    database_ = std::move(*opened);
    ASSERT_TRUE(database_->migrate().has_value());
    market_ = std::make_unique<Market>(
        MarketParts{clock_, *database_, pool_, hub_, chain_, quotes_, crypto_}, MarketSettings{});
    live_ = std::make_unique<LiveFeeds>(LiveParts{.clock = clock_,
                                                  .market = *market_,
                                                  .hub = hub_,
                                                  .vendors = {&first_, &second_},
                                                  .order = {},
                                                  .report = {}},
                                        LiveSettings{});
    live_->start(loop_.get_executor());
  }
  void TearDown() override {
    live_->stop();
    poll();
    EXPECT_EQ(first_.stops, 1);
    live_.reset();
    poll();
    market_.reset();
  }

  void poll() {
    loop_.restart();
    loop_.poll();
  }
  /// Until everything that the last steps began has come back from the pool's one thread.
  void settle() {
    for (int i = 0; i < 5; ++i) {
      poll();
      const auto done = testing::run_task(loop_, pool_.run([]() -> Result<int> { return 0; }));
      ASSERT_TRUE(done.has_value());
    }
    poll();
  }
  void tick() {
    live_->tick();
    poll();
  }
  [[nodiscard]] LiveHandle subscribe(const Symbol& symbol) {
    auto handle = live_->subscribe(symbol);
    EXPECT_TRUE(handle.has_value());
    poll();
    return std::move(*handle);
  }
  [[nodiscard]] streams::Subscription listen(const std::shared_ptr<Socket>& socket,
                                             const Symbol& symbol) {
    streams::QuoteMessage known;
    known.quote.symbol = symbol;
    return hub_.subscribe(socket, symbol, known);
  }

  testing::TempFolder folder_;
  ManualClock clock_{kOpen};
  std::unique_ptr<store::Database> database_;
  net::BlockingPool pool_{1, 64};
  LineEncoder encoder_;
  streams::Hub hub_{clock_, encoder_};
  Vendor first_{"first", clock_};
  Vendor second_{"second", clock_};
  resilience::BreakerRegistry breakers_{clock_};
  routing::Desk desk_{{.clock = clock_, .breakers = breakers_}};
  routing::Chain chain_{routing::Operation::Bars, {&first_, &second_}, desk_};
  routing::Chain quotes_{routing::Operation::Quotes, {&first_, &second_}, desk_};
  routing::Chain crypto_{routing::Operation::Crypto, {&first_}, desk_};
  net::asio::io_context loop_;
  std::unique_ptr<Market> market_;
  std::unique_ptr<LiveFeeds> live_;
};

TEST_F(LiveFeedsTest, TicksComeOnlyWhileSomebodyListensAndAWhileAfter) {
  first_.heal();
  auto one = subscribe(kApple);
  auto two = subscribe(kApple);
  EXPECT_EQ(first_.subscribed, std::set{kApple});
  first_.say_quote(kApple, 101);
  poll();
  QuoteAnswer known;
  ASSERT_TRUE(market_->latest_quote(kApple, known));
  EXPECT_EQ(known.quote.last, 101);
  EXPECT_EQ(known.provenance.provider, "first");
  one = {};
  clock_.advance(seconds{60});
  tick();
  EXPECT_EQ(first_.subscribed.size(), 1U);
  two = {};
  clock_.advance(seconds{29});
  tick();
  EXPECT_EQ(first_.subscribed.size(), 1U);
  auto three = subscribe(kApple);
  clock_.advance(seconds{60});
  tick();
  EXPECT_EQ(first_.subscribed.size(), 1U);
  three = {};
  clock_.advance(seconds{31});
  tick();
  EXPECT_TRUE(first_.subscribed.empty());
  EXPECT_EQ(live_->status().symbols, 0U);
}

TEST_F(LiveFeedsTest, QuotesAndTradesCompleteEachOther) {
  const auto handle = subscribe(kApple);
  const auto socket = std::make_shared<Socket>(loop_);
  const auto subscription = listen(socket, kApple);
  Quote quote;
  quote.symbol = kApple;
  quote.as_of = clock_.now();
  quote.bid = 99;
  quote.ask = 101;
  auto& listener = *market_;
  listener.on_trade("first", {kApple, clock_.now(), 100.5, 7, 1});
  listener.on_quote("first", quote);
  poll();
  QuoteAnswer known;
  ASSERT_TRUE(market_->latest_quote(kApple, known));
  EXPECT_EQ(known.quote.bid, 99);
  EXPECT_EQ(known.quote.last, 100.5);
  EXPECT_EQ(known.quote.last_size, 7);
  EXPECT_EQ(socket->got, (std::vector<std::string>{"snapshot 0", "trade 100.5", "quote 100.5"}));
}

TEST_F(LiveFeedsTest, WithoutVendorsThatStreamItDoesNothing) {
  LiveFeeds inert{
      {.clock = clock_, .market = *market_, .hub = hub_, .vendors = {}, .order = {}, .report = {}},
      {}};
  inert.start(loop_.get_executor());
  auto handle = inert.subscribe(kApple);
  ASSERT_TRUE(handle.has_value());
  inert.tick();
  EXPECT_EQ(inert.status().symbols, 0U);
  inert.stop();
}

TEST_F(LiveFeedsTest, MoreSymbolsThanTheTableHoldsAreRefused) {
  LiveSettings settings;
  settings.symbols_max = 3;
  Vendor vendor{"third", clock_};
  LiveFeeds small{{.clock = clock_,
                   .market = *market_,
                   .hub = hub_,
                   .vendors = {&vendor},
                   .order = {},
                   .report = {}},
                  settings};
  small.start(loop_.get_executor());
  std::vector<LiveHandle> handles;
  for (int i = 0; i < 3; ++i) handles.push_back(*small.subscribe(nth(i)));
  const auto refused = small.subscribe(kApple);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::RateLimited);
  poll();
  EXPECT_EQ(vendor.subscribed.size(), 3U);
  small.stop();
  poll();
}

TEST_F(LiveFeedsTest, AHandleMayOutliveTheFeeds) {
  Vendor vendor{"third", clock_};
  LiveHandle handle;
  {
    LiveFeeds gone{{.clock = clock_,
                    .market = *market_,
                    .hub = hub_,
                    .vendors = {&vendor},
                    .order = {},
                    .report = {}},
                   {}};
    gone.start(loop_.get_executor());
    handle = *gone.subscribe(kApple);
    gone.stop();
    poll();
  }
  handle = {};
}

TEST_F(LiveFeedsTest, ASilentFeedIsNoticedByAProbeAndReplaced) {
  const auto handle = subscribe(kApple);
  for (int i = 0; i < 60; ++i) {
    first_.say_quote(kApple, 100 + i);
    clock_.advance(seconds{1});
    tick();
  }
  first_.price = 250;  // the market goes on, the socket says nothing
  for (int i = 0; i < 120; ++i) {
    clock_.advance(milliseconds{250});
    tick();
    settle();
  }
  EXPECT_EQ(first_.reconnects, 1);
  EXPECT_TRUE(second_.subscribed.contains(kApple));
  const LiveStatus status = live_->status();
  EXPECT_EQ(status.vendors[0].silences, 1U);
  EXPECT_TRUE(status.vendors[0].is_troubled);
  EXPECT_EQ(status.vendors[1].serving, 1U);
  second_.say_quote(kApple, 251);
  poll();
  QuoteAnswer known;
  ASSERT_TRUE(market_->latest_quote(kApple, known));
  EXPECT_EQ(known.provenance.provider, "second");
}

/// What one subscriber saw of a day, held against what truly happened.
void check_day(const std::vector<std::string>& got, const std::set<Timestamp>& missed_live,
               std::size_t holes_min) {
  std::vector<Timestamp> bars;
  std::map<std::string, int> gaps;
  std::vector<TimeRange> announced;
  std::string open;
  for (const std::string& line : got) {
    const auto rest = line.substr(line.find(' ') + 1);
    if (line.starts_with("bar ")) bars.push_back(*parse_rfc3339(rest));
    if (line.starts_with("gap ")) {
      EXPECT_EQ(gaps[rest]++, 0) << rest;
      announced.push_back({*parse_rfc3339(rest.substr(0, rest.find(' '))),
                           *parse_rfc3339(rest.substr(rest.find(' ') + 1))});
    }
    if (line.starts_with("healed ")) EXPECT_EQ(gaps[rest]++, 1) << rest;
  }
  for (const auto& [gap, times] : gaps) EXPECT_EQ(times, 2) << gap;
  EXPECT_GE(announced.size(), holes_min);
  std::vector<Timestamp> truth;
  for (Timestamp time = bars.front(); time <= bars.back(); time += minutes{1}) {
    if (has_trades(time)) truth.push_back(time);
  }
  EXPECT_EQ(bars, truth);
  for (const Timestamp time : missed_live) {
    EXPECT_TRUE(std::ranges::any_of(announced, [&](const TimeRange& range) {
      return time >= range.start && time < range.end;
    })) << to_rfc3339(time);
  }
}

TEST_F(LiveFeedsTest, FiftyCutsOfAReplayedSessionLeaveACompleteSequenceAndEveryHoleIsAnnounced) {
  constexpr int kCuts = 50;
  constexpr int kSeconds = 390 * 60;
  const auto handle = subscribe(kApple);
  const auto socket = std::make_shared<Socket>(loop_);
  // Store, then tell: whoever is told can read it.
  socket->on_send = [&](const std::string& line) {
    if (!line.starts_with("bar ")) return;
    const Timestamp time = *parse_rfc3339(line.substr(4));
    const auto stored =
        database_->bars().read({kApple, Interval::Minute}, {time, time + minutes{1}});
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->bars.size(), 1U) << line;
  };
  const auto subscription = listen(socket, kApple);
  std::mt19937_64 random{20'261'120};
  std::set<int> cuts;
  while (cuts.size() < kCuts) cuts.insert(120 + static_cast<int>(random() % (kSeconds - 1'200)));
  std::set<Timestamp> missed;
  int heal_at = 0;
  int done = 0;
  for (int second = 1; second < kSeconds; ++second) {
    clock_.advance(seconds{1});
    if (cuts.contains(second)) {
      first_.cut();
      if (done % 5 == 4) second_.cut();
      first_.rest_failures = static_cast<int>(random() % 3);
      second_.rest_failures = first_.rest_failures;
      // Some for a blink, some for minutes.
      heal_at = second + 1 + static_cast<int>(random() % (done % 2 == 0 ? 5 : 200));
      ++done;
    }
    if (second == heal_at) {
      first_.heal();
      second_.heal();
    }
    if (second % 60 == 1 && second > 60) {
      const Timestamp minute = clock_.now() - seconds{61};
      if (has_trades(minute)) {
        const LiveStatus status = live_->status();
        const std::array<bool, 2> pushed{first_.say_bar(kApple, minute),
                                         second_.say_bar(kApple, minute)};
        const bool is_heard = (pushed[0] && status.vendors[0].serving == 1) ||
                              (pushed[1] && status.vendors[1].serving == 1);
        if (!is_heard) missed.insert(minute);
      }
    }
    first_.say_quote(kApple, 100 + second % 13);
    second_.say_quote(kApple, 100 + second % 13);
    live_->tick();
    if (second % 2 == 0 || second % 60 == 1) settle();
  }
  settle();
  EXPECT_EQ(done, kCuts);
  EXPECT_GE(missed.size(), 10U);
  const LiveStatus status = live_->status();
  EXPECT_EQ(status.holes_open, 0U);
  EXPECT_EQ(status.holes_left, 0U);
  EXPECT_EQ(status.holes_announced, status.holes_healed);
  check_day(socket->got, missed, 10);
  EXPECT_GE(status.vendors[0].outages, 25U);
  EXPECT_GT(status.moves, 5U);
}

TEST_F(LiveFeedsTest, AThousandSubscribersToThreeHundredSymbolsComeAndGoWithoutATrace) {
  constexpr int kSymbols = 300;
  constexpr int kSubscribers = 1'000;
  std::vector<Symbol> symbols;
  for (int i = 0; i < kSymbols; ++i) symbols.push_back(nth(i));
  const auto come_and_go = [&] {
    struct Subscriber {
      std::shared_ptr<Socket> socket;
      std::vector<streams::Subscription> subscriptions;
      std::vector<LiveHandle> handles;
    };
    std::vector<Subscriber> subscribers(kSubscribers);
    for (Subscriber& one : subscribers) {
      one.socket = std::make_shared<Socket>(loop_);
      one.socket->is_counting = true;
      one.subscriptions.reserve(kSymbols);
      one.handles.reserve(kSymbols);
      for (const Symbol& symbol : symbols) {
        one.handles.push_back(*live_->subscribe(symbol));
        one.subscriptions.push_back(listen(one.socket, symbol));
      }
    }
    poll();
    tick();
    EXPECT_EQ(first_.subscribed.size(), kSymbols);
    EXPECT_EQ(live_->status().symbols, kSymbols);
    EXPECT_EQ(hub_.stats().subscribers, kSymbols * kSubscribers);
    for (const Symbol& symbol : symbols) first_.say_quote(symbol, 101);
    poll();
    for (const Subscriber& one : subscribers) EXPECT_EQ(one.socket->count, 2U * kSymbols);
    subscribers.clear();
    clock_.advance(seconds{31});
    tick();
    EXPECT_TRUE(first_.subscribed.empty());
    EXPECT_TRUE(second_.subscribed.empty());
    EXPECT_EQ(live_->status().symbols, 0U);
    EXPECT_EQ(hub_.stats().subscribers, 0U);
    EXPECT_EQ(hub_.stats().topics, 0U);
    // The quarter-second's timer was the only thing that waited; without symbols it is not set.
    const auto end = std::chrono::steady_clock::now() + seconds{5};
    do {
      poll();
    } while (!loop_.stopped() && std::chrono::steady_clock::now() < end);
    EXPECT_TRUE(loop_.stopped());
  };
  come_and_go();
  // The second time nothing is left that the first did not leave: tables keep their capacity.
  const std::size_t before = ::mallinfo2().uordblks;
  come_and_go();
  EXPECT_LE(::mallinfo2().uordblks, before + 64 * 1024);
}

}  // namespace
}  // namespace ziggy::market
