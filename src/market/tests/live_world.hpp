#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <set>

#include "stored.hpp"
#include "ziggy/market/live.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

/// A market with two scripted vendors, live feeds over it, and subscribers that write down.
namespace ziggy::market {

inline const Symbol kApple = *Symbol::parse("AAPL");
inline const Timestamp kOpen = *parse_rfc3339("2026-11-20T14:30:00Z");

inline Symbol nth(int i) { return *Symbol::parse(fmt::format("S{}", i)); }

inline Bar minute_bar(Timestamp time) {
  const auto minute = (time - kOpen) / std::chrono::minutes{1};
  const double price = 100 + static_cast<double>(minute % 7);
  return {time, price, price + 1, price - 1, price + 0.5, 100 + static_cast<double>(minute)};
}

/// What truly happened: one bar a minute, but for minutes without trades.
inline bool has_trades(Timestamp minute) {
  return (minute - kOpen) / std::chrono::minutes{1} % 11 != 7;
}

/// A vendor with a socket that is up or not, and REST over what truly happened.
class ScriptedVendor final : public feed::Provider,
                             public feed::BarSource,
                             public feed::QuoteSource,
                             public feed::StreamSource {
 public:
  ScriptedVendor(std::string name, const Clock& clock) : name_{std::move(name)}, clock_{clock} {}

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
    for (Timestamp time = request.range.start; time < request.range.end;
         time += std::chrono::minutes{1}) {
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
    listener_->on_stream_state(name_, feed::StreamState::Idle, "");
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
    if (!subscribed.empty()) listener_->on_stream_state(name_, feed::StreamState::Down, "reset");
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
    listener_->on_stream_state(name_, feed::StreamState::Up, "");
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

class LineSocket final : public net::WebSocket {
 public:
  explicit LineSocket(net::asio::io_context& context) : executor_{context.get_executor()} {}

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
    database_ = open_database(folder_.path());
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
  [[nodiscard]] streams::Subscription listen(const std::shared_ptr<LineSocket>& socket,
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
  ScriptedVendor first_{"first", clock_};
  ScriptedVendor second_{"second", clock_};
  resilience::BreakerRegistry breakers_{clock_};
  routing::Desk desk_{{.clock = clock_, .breakers = breakers_}};
  routing::Chain chain_{routing::Operation::Bars, {&first_, &second_}, desk_};
  routing::Chain quotes_{routing::Operation::Quotes, {&first_, &second_}, desk_};
  routing::Chain crypto_{routing::Operation::Crypto, {&first_}, desk_};
  net::asio::io_context loop_;
  std::unique_ptr<Market> market_;
  std::unique_ptr<LiveFeeds> live_;
};

}  // namespace ziggy::market
