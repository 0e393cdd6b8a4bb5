#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "fakes.hpp"
#include "no_encoder.hpp"
#include "redis_server.hpp"
#include "stored.hpp"
#include "ziggy/market/market.hpp"
#include "ziggy/resilience/breaker_registry.hpp"
#include "ziggy/resilience/shared_cache.hpp"
#include "ziggy/testing/run_task.hpp"

// Two nodes with one Redis ask a vendor once.
namespace ziggy::market {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SystemClock kClock;

/// What one process has of its own; all on the test's loop.
struct Node {
  Node(net::asio::io_context& loop, const std::string& url, Fake& vendor, milliseconds ttl)
      : redis{{.url = Secret{url}, .backoff_first = milliseconds{10}}, loop.get_executor()},
        bars{routing::Operation::Bars, {&vendor}, desk},
        quotes{routing::Operation::Quotes, {&vendor}, desk},
        crypto{routing::Operation::Crypto, {}, desk},
        market{{.clock = kClock,
                .database = *database,
                .pool = pool,
                .hub = hub,
                .prices = bars,
                .quotes = quotes,
                .crypto = crypto,
                .desk = &desk,
                .shared = &shared},
               {.is_always_open = true, .answer_ttl = ttl}} {}

  testing::TempFolder folder;
  std::unique_ptr<store::Database> database = open_database(folder.path());
  net::BlockingPool pool{1, 64};
  NoEncoder encoder;
  streams::Hub hub{kClock, encoder};
  net::Redis redis;
  resilience::Breaker breaker{"redis", resilience::preset_settings(resilience::Preset::Redis),
                              kClock, 1};
  resilience::SharedCache shared{&redis, breaker, kClock};
  resilience::BreakerRegistry breakers{kClock, 1};
  routing::Desk desk{{.clock = kClock, .breakers = breakers}};
  routing::Chain bars;
  routing::Chain quotes;
  routing::Chain crypto;
  Market market;
};

class SharedAnswers : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::RedisServer::is_installed()) GTEST_SKIP() << "no redis-server";
    server_ = std::make_unique<testing::RedisServer>();
    make(seconds{30});
  }
  void make(milliseconds ttl) {
    for (auto& node : nodes_) {
      node = std::make_unique<Node>(loop_, server_->url(), vendor_, ttl);
    }
    ASSERT_TRUE(run_until([&] { return nodes_[0]->redis.is_up() && nodes_[1]->redis.is_up(); }));
  }
  template <class Done>
  bool run_until(Done done) {
    const Monotonic until = kClock.steady() + seconds{10};
    loop_.restart();
    const auto work = net::asio::make_work_guard(loop_);
    while (!done()) {
      if (kClock.steady() > until) return false;
      loop_.run_one_for(milliseconds{5});
    }
    return true;
  }
  Call call() const {
    Call call;
    call.deadline = kClock.steady() + seconds{5};
    return call;
  }
  static BarsQuery query(const Symbol& symbol) {
    BarsQuery query;
    query.symbol = symbol;
    return query;
  }

  net::asio::io_context loop_;
  Fake vendor_{"vendor"};
  std::unique_ptr<testing::RedisServer> server_;
  std::unique_ptr<Node> nodes_[2];
};

TEST_F(SharedAnswers, TwoNodesAskAVendorOnce) {
  vendor_.takes = milliseconds{30};
  vendor_.answer = reply_of(daily("2026-11-01", 10));
  vendor_.last = 42;
  std::vector<std::optional<Result<BarsAnswer>>> bars(8);
  std::vector<std::optional<Result<QuoteAnswer>>> quotes(8);
  for (std::size_t i = 0; i < 8; ++i) {
    Market& market = nodes_[i % 2]->market;
    net::asio::co_spawn(
        loop_, market.bars(query(kAbc), call()),
        [&, i](std::exception_ptr, Result<BarsAnswer> answer) { bars[i] = std::move(answer); });
    net::asio::co_spawn(
        loop_, market.quote(kAbc, call()),
        [&, i](std::exception_ptr, Result<QuoteAnswer> answer) { quotes[i] = std::move(answer); });
  }
  ASSERT_TRUE(run_until([&] {
    return std::ranges::all_of(bars, [](const auto& one) { return one.has_value(); }) &&
           std::ranges::all_of(quotes, [](const auto& one) { return one.has_value(); });
  }));
  EXPECT_EQ(vendor_.asked, 2);  // once for bars, once for the quote
  for (std::size_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(bars[i]->has_value()) << (*bars[i]).error().detail();
    EXPECT_EQ(*(*bars[i])->bars, daily("2026-11-01", 10));
    EXPECT_EQ((*bars[i])->version, (*bars[0])->version);
    EXPECT_EQ((*bars[i])->provenance.provider, "vendor");
    ASSERT_TRUE(quotes[i]->has_value());
    EXPECT_EQ((*quotes[i])->quote.last, 42);
    EXPECT_FALSE((*quotes[i])->provenance.stale);
  }
  // Later, too, and for many at once.
  const Symbol other = *Symbol::parse("XYZ");
  ASSERT_TRUE(testing::run_task(loop_, nodes_[0]->market.quote(other, call())).has_value());
  const auto many = testing::run_task(loop_, nodes_[1]->market.quotes({other, kAbc}, call()));
  EXPECT_EQ(many[0]->quote.last, 42);
  EXPECT_EQ(vendor_.asked, 3);
}

TEST_F(SharedAnswers, WhatIsNoVendorsAnswerIsNotShared) {
  const auto unknown = testing::run_task(loop_, nodes_[0]->market.bars(query(kAbc), call()));
  EXPECT_EQ(unknown.error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(vendor_.asked, 1);
  vendor_.answer = reply_of(daily("2026-11-01", 10));
  ASSERT_TRUE(testing::run_task(loop_, nodes_[1]->market.bars(query(kAbc), call())).has_value());
  EXPECT_EQ(vendor_.asked, 2);
}

TEST_F(SharedAnswers, WithRedisGoneEachNodeAsksForItself) {
  vendor_.answer = reply_of(daily("2026-11-01", 10));
  server_->stop();
  for (auto& node : nodes_) {
    const Monotonic began = kClock.steady();
    const auto answer = testing::run_task(loop_, node->market.bars(query(kAbc), call()));
    ASSERT_TRUE(answer.has_value()) << answer.error().detail();
    EXPECT_FALSE(answer->provenance.stale);
    EXPECT_LT(kClock.steady() - began, seconds{3});
  }
  EXPECT_EQ(vendor_.asked, 2);
}

TEST_F(SharedAnswers, GarbageInRedisIsAskedForAgain) {
  vendor_.last = 42;
  const bool is_put = testing::run_task(
      loop_, nodes_[0]->shared.put("quote:ABC:1", "not a quote", seconds{30}, call()));
  ASSERT_TRUE(is_put);
  const auto answer = testing::run_task(loop_, nodes_[0]->market.quote(kAbc, call()));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->quote.last, 42);
  EXPECT_EQ(vendor_.asked, 1);
}

}  // namespace
}  // namespace ziggy::market
