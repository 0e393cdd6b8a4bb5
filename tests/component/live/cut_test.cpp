#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <map>
#include <random>
#include <thread>

#include "ziggy/feed/alpaca.hpp"
#include "ziggy/feed/alpaca_stream.hpp"
#include "ziggy/feed/polygon.hpp"
#include "ziggy/feed/polygon_stream.hpp"
#include "ziggy/market/live.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/loops.hpp"
#include "ziggy/standin/standin.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const Symbol kApple = *Symbol::parse("AAPL");
const Timestamp kStart = *parse_rfc3339("2026-11-20T15:00:00Z");  // within New York's session
// Two minutes of the market pass in a second of ours: a cut of a tenth of a second is twelve.
constexpr int kSpeed = 120;
constexpr int kCuts = 50;

/// The market's day runs fast; waiting is real.
class FastClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    return kStart + kSpeed * (base_.steady() - began_);
  }
  [[nodiscard]] Monotonic steady() const override { return base_.steady(); }

 private:
  SystemClock base_;
  Monotonic began_ = base_.steady();
};

/// What a subscriber was told, beside quotes and trades.
struct Told {
  std::vector<Bar> bars;
  std::vector<streams::GapMessage> gaps;
  std::size_t ticks = 0;
};

/// Takes messages as they are encoded: the only subscriber is one socket on one loop.
class Recorder final : public streams::Encoder {
 public:
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::QuoteMessage& /*message*/) const override {
    const std::lock_guard lock{mutex_};
    ++told_.ticks;
  }
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::TradeMessage& /*message*/) const override {
    const std::lock_guard lock{mutex_};
    ++told_.ticks;
  }
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::BarMessage& message) const override {
    if (message.interval != Interval::Minute || message.phase != BarPhase::Closed) return;
    const std::lock_guard lock{mutex_};
    told_.bars.push_back(message.bar);
  }
  void encode(std::string& /*out*/, const streams::Envelope& /*envelope*/,
              const streams::GapMessage& message) const override {
    const std::lock_guard lock{mutex_};
    told_.gaps.push_back(message);
  }
  [[nodiscard]] Told told() const {
    const std::lock_guard lock{mutex_};
    return told_;
  }

 private:
  mutable std::mutex mutex_;
  mutable Told told_;
};

class Socket final : public net::WebSocket {
 public:
  explicit Socket(net::Executor executor) : executor_{executor} {}
  void send(net::Frame /*frame*/) override {}
  void close(std::uint16_t /*code*/, std::string_view /*reason*/) override {}
  void set_listener(std::shared_ptr<net::WebSocketListener> /*listener*/) override {}
  [[nodiscard]] std::size_t outbox_bytes() const noexcept override { return 0; }
  [[nodiscard]] bool is_congested() const noexcept override { return false; }
  [[nodiscard]] bool is_open() const noexcept override { return true; }
  [[nodiscard]] net::Executor executor() const noexcept override { return executor_; }
  [[nodiscard]] const Call& call() const noexcept override { return call_; }
  [[nodiscard]] std::string_view peer() const noexcept override { return "test"; }

 private:
  net::Executor executor_;
  Call call_;
};

feed::StreamTimings quick() {
  feed::StreamTimings timings;
  timings.backoff_first = milliseconds{20};
  timings.backoff_max = milliseconds{100};
  return timings;
}

/// Two vendors at a stand-in, a market over them, and its live feeds; loop 0 is the vendors', loop
/// 1 is ours.
class LiveOverSockets : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::Database::open({.url = "sqlite:///" + (folder_ / "ziggy.db").string()});
    ASSERT_TRUE(opened.has_value()) << opened.error().detail();
    database_ = std::move(*opened);
    ASSERT_TRUE(database_->migrate().has_value());
    const auto port = standin_->listen();
    ASSERT_TRUE(port.has_value()) << port.error().detail();
    const std::string host = fmt::format("127.0.0.1:{}", *port);
    feed::PolygonSettings polygon;
    polygon.base_url = "http://" + host + "/polygon";
    polygon.key = Secret{"stand-in"};
    polygon_ = std::make_unique<feed::PolygonProvider>(polygon, http_, clock_, nullptr);
    polygon_->set_stream(std::make_unique<feed::PolygonStream>(feed::PolygonStreamSettings{
        .url = "ws://" + host + "/polygon", .key = Secret{"stand-in"}, .timings = quick()}));
    feed::AlpacaSettings alpaca;
    alpaca.base_url = "http://" + host + "/alpaca";
    alpaca.key_id = Secret{"stand-in"};
    alpaca.secret_key = Secret{"stand-in"};
    alpaca_ = std::make_unique<feed::AlpacaProvider>(alpaca, http_, clock_, nullptr);
    alpaca_->set_stream(std::make_unique<feed::AlpacaStream>(
        feed::AlpacaStreamSettings{.url = "ws://" + host + "/alpaca",
                                   .key_id = Secret{"stand-in"},
                                   .secret = Secret{"stand-in"},
                                   .timings = quick()}));
    const std::vector<feed::Provider*> vendors{polygon_.get(), alpaca_.get()};
    bars_ = std::make_unique<routing::Chain>(routing::Operation::Bars, vendors, desk_);
    quotes_ = std::make_unique<routing::Chain>(routing::Operation::Quotes, vendors, desk_);
    crypto_ = std::make_unique<routing::Chain>(routing::Operation::Crypto, vendors, desk_);
    market_ = std::make_unique<market::Market>(
        market::MarketParts{clock_, *database_, pool_, hub_, *bars_, *quotes_, *crypto_},
        market::MarketSettings{.is_always_open = true});
    market::LiveSettings live;
    live.is_always_open = true;
    live.linger = milliseconds{200};
    live.down_grace = milliseconds{300};
    live.stable_for = milliseconds{500};
    live.settle = milliseconds{50};
    live_ = std::make_unique<market::LiveFeeds>(market::LiveParts{.clock = clock_,
                                                                  .market = *market_,
                                                                  .hub = hub_,
                                                                  .vendors = vendors,
                                                                  .order = {},
                                                                  .report = {}},
                                                live);
    live_->start(loops_.at(1).get_executor());
    loops_.run();
  }
  void TearDown() override {
    live_->stop();
    standin_->shutdown();
    loops_.stop();
    // What still waits on the loops goes before what it refers to.
    live_.reset();
  }

  template <class Condition>
  [[nodiscard]] static bool wait_until(Condition condition, seconds limit = seconds{10}) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds{5});
    }
    return false;
  }
  [[nodiscard]] std::size_t upstream(standin::Vendor vendor) const {
    return standin_->counts().of(vendor).subscriptions;
  }

  testing::TempFolder folder_;
  FastClock clock_;
  Recorder recorder_;
  streams::Hub hub_{clock_, recorder_};
  std::unique_ptr<store::Database> database_;
  resilience::BreakerRegistry breakers_{clock_};
  routing::Desk desk_{{.clock = clock_, .breakers = breakers_}};
  standin::SimTape tape_{feed::SimSettings{}};
  net::Loops loops_{2};
  net::BlockingPool pool_{2, 256};
  std::unique_ptr<standin::StandIn> standin_ = std::make_unique<standin::StandIn>(
      loops_, clock_, tape_, standin::StandInSettings{.tick_every = milliseconds{10}});
  net::HttpClient http_{clock_};
  std::unique_ptr<feed::PolygonProvider> polygon_;
  std::unique_ptr<feed::AlpacaProvider> alpaca_;
  std::unique_ptr<routing::Chain> bars_, quotes_, crypto_;
  std::unique_ptr<market::Market> market_;
  std::unique_ptr<market::LiveFeeds> live_;
};

TEST_F(LiveOverSockets, FiftyCutsLeaveACompleteSequenceAndNothingSubscribed) {
  auto handle = live_->subscribe(kApple);
  ASSERT_TRUE(handle.has_value());
  streams::QuoteMessage known;
  known.quote.symbol = kApple;
  std::optional<streams::Subscription> subscription;
  const net::Executor ours = loops_.at(1).get_executor();
  net::asio::post(ours, [&] {
    subscription.emplace(hub_.subscribe(std::make_shared<Socket>(ours), kApple, known));
  });
  ASSERT_TRUE(wait_until([&] { return recorder_.told().bars.size() >= 2; }));

  std::mt19937_64 random{20'261'122};
  for (int cut = 0; cut < kCuts; ++cut) {
    if (cut % 10 == 9) {
      // Long enough for the next vendor to take over.
      ASSERT_TRUE(standin_->run({.speed = 1,
                                 .steps = {{.lasts = milliseconds{900},
                                            .vendor = standin::Vendor::Polygon,
                                            .route = standin::Route::Stream,
                                            .kind = standin::FaultKind::Drop}}}));
      std::this_thread::sleep_for(milliseconds{1'000});
      continue;
    }
    standin_->cut_streams();
    std::this_thread::sleep_for(milliseconds{60 + random() % 120});
  }
  const Timestamp end = clock_.now();
  ASSERT_TRUE(wait_until([&] {
    const auto told = recorder_.told();
    return live_->status().holes_open == 0 && told.bars.back().time > end;
  }));

  const market::LiveStatus status = live_->status();
  EXPECT_EQ(status.holes_left, 0U);
  EXPECT_GE(status.vendors[0].outages + status.vendors[1].outages, 40U);
  EXPECT_GE(status.moves, 1U);
  EXPECT_GT(status.vendors[1].ticks, 0U);
  EXPECT_EQ(status.vendors[0].violations + status.vendors[1].violations, 0U);

  *handle = {};
  EXPECT_TRUE(wait_until([&] {
    return upstream(standin::Vendor::Polygon) + upstream(standin::Vendor::Alpaca) == 0 &&
           live_->status().symbols == 0;
  }));
  loops_.stop();
  subscription.reset();

  const Told told = recorder_.told();
  net::asio::io_context context;
  const auto truth = testing::run_task(
      context, tape_.bars({.symbol = kApple,
                           .interval = Interval::Minute,
                           .range = {told.bars.front().time, told.bars.back().time + minutes{1}},
                           .limit = 50'000},
                          clock_.now()));
  ASSERT_TRUE(truth.has_value());
  ASSERT_EQ(told.bars.size(), truth->bars.size());
  for (std::size_t i = 0; i < told.bars.size(); ++i) {
    EXPECT_EQ(told.bars[i].time, truth->bars.time_at(i)) << i;
    EXPECT_EQ(told.bars[i].close, truth->bars.close[i]) << i;
  }
  std::map<std::pair<Timestamp, Timestamp>, int> gaps;
  for (const streams::GapMessage& gap : told.gaps) {
    EXPECT_EQ(gaps[std::pair(gap.from, gap.to)]++, gap.healed ? 1 : 0);
  }
  for (const auto& [range, times] : gaps) EXPECT_EQ(times, 2);
  EXPECT_GE(gaps.size(), 5U);
  EXPECT_GT(told.ticks, 100U);
  // Who is told of a bar can read it.
  const auto stored = database_->bars().coverage({kApple, Interval::Minute});
  ASSERT_TRUE(stored.has_value() && stored->has_value());
  EXPECT_GE((*stored)->count, told.bars.size());
  RecordProperty("gaps", static_cast<int>(gaps.size()));
  RecordProperty("bars", static_cast<int>(told.bars.size()));
}

}  // namespace
}  // namespace ziggy
