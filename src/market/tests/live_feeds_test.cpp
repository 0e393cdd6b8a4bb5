#include <gtest/gtest.h>
#include <malloc.h>

#include "live_world.hpp"

namespace ziggy::market {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

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
  const auto socket = std::make_shared<LineSocket>(loop_);
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
  ScriptedVendor vendor{"third", clock_};
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
  ScriptedVendor vendor{"third", clock_};
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

TEST_F(LiveFeedsTest, AThousandSubscribersToThreeHundredSymbolsComeAndGoWithoutATrace) {
  constexpr int kSymbols = 300;
  constexpr int kSubscribers = 1'000;
  std::vector<Symbol> symbols;
  for (int i = 0; i < kSymbols; ++i) symbols.push_back(nth(i));
  const auto come_and_go = [&] {
    struct Subscriber {
      std::shared_ptr<LineSocket> socket;
      std::vector<streams::Subscription> subscriptions;
      std::vector<LiveHandle> handles;
    };
    std::vector<Subscriber> subscribers(kSubscribers);
    for (Subscriber& one : subscribers) {
      one.socket = std::make_shared<LineSocket>(loop_);
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
