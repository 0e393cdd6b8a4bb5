#include "ziggy/streams/hub.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <thread>

#include "ziggy/net/loops.hpp"

namespace ziggy::streams {
namespace {

const Symbol kSymbol = *Symbol::parse("ABC");
const Timestamp kNow = *parse_rfc3339("2026-11-20T18:30:10Z");

/// `snapshot 5 10.5`, `quote 6 10.6 skipped 2`, `trade 7 10.6`, `bar 8 10.6`, `gap healed`.
class PlainEncoder final : public Encoder {
 public:
  void encode(std::string& out, const Envelope& envelope,
              const QuoteMessage& message) const override {
    ++encoded;
    write(out, envelope.is_snapshot ? "snapshot" : "quote", envelope, *message.quote.last);
  }
  void encode(std::string& out, const Envelope& envelope,
              const TradeMessage& message) const override {
    write(out, "trade", envelope, message.trade.price);
  }
  void encode(std::string& out, const Envelope& envelope,
              const BarMessage& message) const override {
    write(out, "bar", envelope, message.bar.close);
  }
  void encode(std::string& out, const Envelope& envelope,
              const GapMessage& message) const override {
    EXPECT_EQ(envelope.skipped, 0U);
    out += message.healed ? "gap healed" : "gap";
  }
  static void write(std::string& out, std::string_view kind, const Envelope& envelope,
                    double price) {
    out += fmt::format("{} {} {}", kind, envelope.seq, price);
    if (envelope.skipped > 0) out += fmt::format(" skipped {}", envelope.skipped);
  }
  mutable std::atomic<int> encoded = 0;
};

/// A connection whose peer reads or does not, as it is told.
class FakeSocket final : public net::WebSocket {
 public:
  explicit FakeSocket(net::asio::io_context& context) : executor_{context.get_executor()} {}

  void send(net::Frame frame) override {
    got.emplace_back(frame.payload());
    if (on_send) on_send();
  }
  void close(std::uint16_t /*code*/, std::string_view /*reason*/) override {}
  void set_listener(std::shared_ptr<net::WebSocketListener> /*listener*/) override {}
  [[nodiscard]] std::size_t outbox_bytes() const noexcept override { return 0; }
  [[nodiscard]] bool is_congested() const noexcept override { return congested; }
  [[nodiscard]] bool is_open() const noexcept override { return true; }
  [[nodiscard]] net::Executor executor() const noexcept override { return executor_; }
  [[nodiscard]] const Call& call() const noexcept override { return call_; }
  [[nodiscard]] std::string_view peer() const noexcept override { return "test"; }

  std::vector<std::string> got;
  bool congested = false;
  std::function<void()> on_send;

 private:
  net::Executor executor_;
  Call call_;
};

QuoteMessage quote(double last, Timestamp as_of = kNow) {
  QuoteMessage message;
  message.quote.symbol = kSymbol;
  message.quote.as_of = as_of;
  message.quote.last = last;
  message.provider = "sim";
  return message;
}

TradeMessage trade(double price) { return {{kSymbol, kNow, price, 1}, "sim"}; }

BarMessage bar(double close) {
  return {
      kSymbol, Interval::Minute, {kNow, close, close, close, close, 1}, BarPhase::Closed, "sim"};
}

GapMessage gap(bool healed) { return {kSymbol, kNow, kNow, healed}; }

class HubTest : public ::testing::Test {
 protected:
  std::shared_ptr<FakeSocket> connect() { return std::make_shared<FakeSocket>(loop_); }
  void turn() {
    loop_.restart();
    loop_.poll();
  }
  [[nodiscard]] std::string line(std::string_view kind, std::uint64_t nth,
                                 std::string_view rest) const {
    return fmt::format("{} {} {}", kind, first_ + nth, rest);
  }

  ManualClock clock_{kNow};
  PlainEncoder encoder_;
  Hub hub_{clock_, encoder_};
  net::asio::io_context loop_;
  std::uint64_t first_ = static_cast<std::uint64_t>(kNow.time_since_epoch().count() / 1000);
};

TEST_F(HubTest, SnapshotFirstThenEachQuoteInOrder) {
  hub_.publish(quote(1));
  const auto socket = connect();
  const Subscription subscription =
      hub_.subscribe(socket, kSymbol, quote(0, kNow - std::chrono::hours{1}));
  hub_.publish(quote(2));
  hub_.publish(quote(3));
  turn();
  EXPECT_EQ(socket->got,
            (std::vector{line("snapshot", 1, "1"), line("quote", 2, "2"), line("quote", 3, "3")}));
}

TEST_F(HubTest, TheSnapshotIsWhatTheCallerKnowsWhenNothingNewerWasPublished) {
  const auto socket = connect();
  const Subscription subscription = hub_.subscribe(socket, kSymbol, quote(7));
  EXPECT_EQ(socket->got, std::vector{line("snapshot", 0, "7")});
}

TEST_F(HubTest, WhatWasOnItsWayBeforeTheSnapshotIsNotToldAgain) {
  const auto early = connect();
  const Subscription first = hub_.subscribe(early, kSymbol, quote(0));
  hub_.publish(quote(1));  // waits in the loop's inbox
  const auto late = connect();
  const Subscription second = hub_.subscribe(late, kSymbol, quote(0));
  hub_.publish(quote(2));
  turn();
  EXPECT_EQ(early->got.size(), 3U);
  EXPECT_EQ(late->got, (std::vector{line("snapshot", 1, "1"), line("quote", 2, "2")}));
}

TEST_F(HubTest, ACongestedSocketGetsTheLatestAndHowManyItMissed) {
  const auto socket = connect();
  Subscription subscription = hub_.subscribe(socket, kSymbol, quote(0));
  socket->got.clear();
  socket->congested = true;
  for (int i = 1; i <= 4; ++i) hub_.publish(quote(i));
  turn();
  EXPECT_TRUE(socket->got.empty());
  socket->congested = false;
  subscription.flush();
  subscription.flush();
  hub_.publish(quote(5));
  turn();
  EXPECT_EQ(socket->got, (std::vector{line("quote", 4, "4 skipped 3"), line("quote", 5, "5")}));
  EXPECT_EQ(hub_.stats().conflated, 3U);
}

TEST_F(HubTest, WhatWasHeldGoesOutBeforeTheNextQuote) {
  const auto socket = connect();
  const Subscription subscription = hub_.subscribe(socket, kSymbol, quote(0));
  socket->congested = true;
  hub_.publish(quote(1));
  turn();
  socket->congested = false;
  hub_.publish(quote(2));
  turn();
  EXPECT_EQ(socket->got,
            (std::vector{line("snapshot", 0, "0"), line("quote", 1, "1"), line("quote", 2, "2")}));
}

TEST_F(HubTest, EncodesOnceForAllAndNotAtAllForNobody) {
  hub_.publish(quote(1));
  EXPECT_EQ(encoder_.encoded, 0);
  std::vector<std::shared_ptr<FakeSocket>> sockets;
  std::vector<Subscription> subscriptions;
  for (int i = 0; i < 10; ++i) {
    sockets.push_back(connect());
    subscriptions.push_back(hub_.subscribe(sockets.back(), kSymbol, quote(1)));
  }
  encoder_.encoded = 0;
  hub_.publish(quote(2));
  turn();
  EXPECT_EQ(encoder_.encoded, 1);
  for (const auto& socket : sockets) EXPECT_EQ(socket->got.size(), 2U);
  EXPECT_EQ(hub_.stats().subscribers, 10U);
  subscriptions.clear();
  EXPECT_EQ(hub_.stats().subscribers, 0U);
  hub_.publish(quote(3));
  EXPECT_EQ(encoder_.encoded, 1);
}

TEST_F(HubTest, ASendThatEndsItsSubscriptionHarmsNobody) {
  std::vector<std::shared_ptr<FakeSocket>> sockets;
  std::vector<Subscription> subscriptions;
  for (int i = 0; i < 3; ++i) {
    sockets.push_back(connect());
    subscriptions.push_back(hub_.subscribe(sockets.back(), kSymbol, quote(0)));
  }
  sockets[1]->on_send = [&] {
    subscriptions[1] = Subscription{};
    subscriptions[0] = Subscription{};
  };
  hub_.publish(quote(1));
  hub_.publish(quote(2));
  turn();
  EXPECT_EQ(sockets[0]->got.size(), 2U);
  EXPECT_EQ(sockets[1]->got.size(), 2U);
  EXPECT_EQ(sockets[2]->got.size(), 3U);
  EXPECT_EQ(hub_.stats().subscribers, 1U);
}

TEST_F(HubTest, SequencesGrowOverRestarts) {
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) last = hub_.publish(quote(i));
  clock_.advance(std::chrono::milliseconds{2});
  Hub next{clock_, encoder_};
  EXPECT_GT(next.publish(quote(0)), last);
}

TEST_F(HubTest, ALoopThatStandsStillLosesBoundedAndSaysSo) {
  const auto socket = connect();
  const Subscription subscription = hub_.subscribe(socket, kSymbol, quote(0));
  for (int i = 1; i <= 20'000; ++i) hub_.publish(quote(i));
  turn();
  hub_.publish(quote(20'001));
  turn();
  EXPECT_EQ(socket->got.size(), 1U + 16'384 + 1);
  EXPECT_EQ(socket->got.back(),
            line("quote", 20'001, fmt::format("20001 skipped {}", 20'000 - 16'384)));
}

TEST_F(HubTest, TradesBarsAndGapsComeInOrderAndGapsTakeNoNumber) {
  const auto socket = connect();
  hub_.publish(gap(false));  // before the subscription
  const Subscription subscription = hub_.subscribe(socket, kSymbol, quote(0));
  hub_.publish(gap(false));
  hub_.publish(bar(1));
  hub_.publish(gap(true));
  hub_.publish(trade(2));
  hub_.publish(quote(3));
  turn();
  EXPECT_EQ(socket->got,
            (std::vector<std::string>{line("snapshot", 0, "0"), "gap", line("bar", 1, "1"),
                                      "gap healed", line("trade", 2, "2"), line("quote", 3, "3")}));
}

TEST_F(HubTest, ACongestedSocketKeepsBarsAndGapsAndMissesOnlyWhatIsOvertaken) {
  const auto socket = connect();
  Subscription subscription = hub_.subscribe(socket, kSymbol, quote(0));
  socket->got.clear();
  socket->congested = true;
  hub_.publish(quote(1));
  hub_.publish(bar(2));
  hub_.publish(trade(3));
  hub_.publish(gap(false));
  hub_.publish(quote(4));
  hub_.publish(trade(5));
  hub_.publish(gap(true));
  turn();
  socket->congested = false;
  subscription.flush();
  hub_.publish(bar(6));
  turn();
  EXPECT_EQ(socket->got, (std::vector<std::string>{
                             line("bar", 2, "2 skipped 1"), "gap", line("quote", 4, "4 skipped 1"),
                             line("trade", 5, "5"), "gap healed", line("bar", 6, "6")}));
  EXPECT_EQ(hub_.stats().conflated, 2U);
}

TEST_F(HubTest, TooManyBarsForACongestedSocketAreCounted) {
  const auto socket = connect();
  Subscription subscription = hub_.subscribe(socket, kSymbol, quote(0));
  socket->got.clear();
  socket->congested = true;
  for (int i = 1; i <= 70; ++i) hub_.publish(bar(i));
  turn();
  socket->congested = false;
  subscription.flush();
  ASSERT_EQ(socket->got.size(), 64U);
  EXPECT_EQ(socket->got.front(), line("bar", 7, "7 skipped 6"));
  EXPECT_EQ(socket->got.back(), line("bar", 70, "70"));
}

TEST_F(HubTest, AForgottenTopicGoesOnUnderLaterNumbers) {
  {
    const auto socket = connect();
    const Subscription subscription = hub_.subscribe(socket, kSymbol, quote(0));
    hub_.forget(kSymbol);  // somebody listens
    EXPECT_EQ(hub_.stats().topics, 1U);
  }
  const std::uint64_t last = hub_.publish(quote(1));
  hub_.forget(kSymbol);
  EXPECT_EQ(hub_.stats().topics, 0U);
  EXPECT_GT(hub_.publish(quote(2)), last);
}

TEST(HubThreads, ManyPublishersAndLoopsKeepTheSequenceWhole) {
  const SystemClock clock;
  const PlainEncoder encoder;
  net::Loops loops{2};
  Hub hub{clock, encoder};
  std::vector<std::shared_ptr<FakeSocket>> sockets;
  std::vector<Subscription> subscriptions;
  for (std::size_t i = 0; i < 2; ++i) {
    sockets.push_back(std::make_shared<FakeSocket>(loops.at(i)));
    subscriptions.push_back(hub.subscribe(sockets.back(), kSymbol, quote(0)));
  }
  loops.run();
  constexpr int kEach = 2'000;
  {
    std::vector<std::jthread> publishers;
    for (int thread = 0; thread < 3; ++thread) {
      publishers.emplace_back([&] {
        for (int i = 0; i < kEach; ++i) hub.publish(quote(i));
      });
    }
  }
  std::atomic<int> done = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    net::asio::post(loops.at(i), [&, i] {
      subscriptions[i] = Subscription{};
      ++done;
      done.notify_one();
    });
  }
  for (int seen = done; seen < 2; seen = done) done.wait(seen);
  loops.stop();
  for (const auto& socket : sockets) {
    ASSERT_EQ(socket->got.size(), 1U + 3 * kEach);
    std::uint64_t before = 0;
    for (const std::string& text : socket->got) {
      std::uint64_t seq = 0;
      const char* const number = text.data() + text.find(' ') + 1;
      std::from_chars(number, text.data() + text.size(), seq);
      if (before > 0) ASSERT_EQ(seq, before + 1);
      before = seq;
    }
  }
}

}  // namespace
}  // namespace ziggy::streams
