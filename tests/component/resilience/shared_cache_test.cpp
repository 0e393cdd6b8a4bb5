#include "ziggy/resilience/shared_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>

#include "redis_server.hpp"
#include "ziggy/net/loops.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/breaker_registry.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SystemClock kClock;

template <class Done>
bool eventually(Done done) {
  const Monotonic until = kClock.steady() + seconds{10};
  while (!done()) {
    if (kClock.steady() > until) return false;
    std::this_thread::sleep_for(milliseconds{2});
  }
  return true;
}

/// One of several nodes: a process would have its own loop, connection and breaker.
struct Node {
  explicit Node(const std::string& url)
      : redis{std::make_unique<net::Redis>(
            net::RedisSettings{.url = Secret{url}, .backoff_first = milliseconds{10}},
            loops.at(0).get_executor())},
        cache{redis.get(), breaker, kClock} {
    loops.run();
  }
  ~Node() {
    redis.reset();
    loops.stop();
  }
  bool wait_until_up() {
    return eventually([this] { return redis->is_up(); });
  }

  net::Loops loops{1};
  std::unique_ptr<net::Redis> redis;
  Breaker breaker{"redis", preset_settings(Preset::Redis), kClock, 1};
  SharedCache cache;
};

net::Task<Result<std::string>> answer(std::atomic<int>* asked, milliseconds time,
                                      std::string what) {
  asked->fetch_add(1);
  co_await net::sleep_for(time);
  if (what == "fail") co_return fail(ErrorCode::ProviderUnavailable, "503");
  if (what == "throw") throw std::runtime_error{"bug"};
  co_return what;
}

SharedCache::Ask asking(std::atomic<int>* asked, milliseconds time, std::string what = "answer") {
  return [=] { return answer(asked, time, what); };
}

const SharedLife kLife{.value_ttl = seconds{30}};

/// Fetches on the node's own loop.
void fetch(Node& node, SharedCache::Ask ask, SharedLife life,
           std::optional<Result<SharedAnswer>>& result, std::latch& done, Call call = {}) {
  boost::asio::co_spawn(node.loops.at(0), node.cache.fetch("key", life, std::move(ask), call),
                        [&](std::exception_ptr thrown, Result<SharedAnswer> value) {
                          if (!thrown) result.emplace(std::move(value));
                          done.count_down();
                        });
}

class SharedCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::RedisServer::is_installed()) GTEST_SKIP() << "redis-server is not installed";
    server = std::make_unique<testing::RedisServer>();
    one = std::make_unique<Node>(server->url());
    two = std::make_unique<Node>(server->url());
    ASSERT_TRUE(one->wait_until_up());
    ASSERT_TRUE(two->wait_until_up());
  }

  template <class T>
  T run(net::Task<T> task) {
    return testing::run_task(std::move(task));
  }

  std::unique_ptr<testing::RedisServer> server;
  std::unique_ptr<Node> one;
  std::unique_ptr<Node> two;
  std::atomic<int> asked{0};
};

TEST_F(SharedCacheTest, WhatOneNodePutsAnotherGets) {
  const std::string bytes{"\0\r\n\xff binary", 12};
  EXPECT_EQ(run(one->cache.get("key", {})), std::nullopt);
  EXPECT_TRUE(run(one->cache.put("key", bytes, seconds{30}, {})));
  EXPECT_EQ(run(two->cache.get("key", {})), bytes);
  EXPECT_TRUE(run(one->cache.put("brief", "x", milliseconds{1}, {})));
  EXPECT_TRUE(eventually([&] { return !run(two->cache.get("brief", {})); }));
  EXPECT_FALSE(run(one->cache.put("none", "x", milliseconds{0}, {})));
}

TEST_F(SharedCacheTest, ALeaseIsOneNodesUntilItLetsGoOrItsTimeIsOver) {
  const auto first = run(one->cache.lease("key", seconds{30}, {}));
  ASSERT_TRUE(first);
  EXPECT_FALSE(run(two->cache.lease("key", seconds{30}, {})));
  // Who does not hold it can't end it.
  auto foreign = *first;
  foreign.token = "another";
  testing::run_task([](SharedCache* cache, SharedLease lease) -> net::Task<int> {
    co_await cache->release(std::move(lease), {});
    co_return 0;
  }(&two->cache, foreign));
  EXPECT_FALSE(run(two->cache.lease("key", seconds{30}, {})));
  testing::run_task([](SharedCache* cache, SharedLease lease) -> net::Task<int> {
    co_await cache->release(std::move(lease), {});
    co_return 0;
  }(&one->cache, *first));
  EXPECT_TRUE(run(two->cache.lease("key", milliseconds{5}, {})));
  EXPECT_TRUE(eventually([&] { return run(one->cache.lease("key", seconds{1}, {})).has_value(); }));
}

TEST_F(SharedCacheTest, TwoNodesAskOnceAndBothHaveIt) {
  std::optional<Result<SharedAnswer>> results[2];
  std::latch done{2};
  fetch(*one, asking(&asked, milliseconds{60}), kLife, results[0], done);
  fetch(*two, asking(&asked, milliseconds{60}), kLife, results[1], done);
  done.wait();
  ASSERT_TRUE(results[0] && *results[0] && results[1] && *results[1]);
  EXPECT_EQ((*results[0])->value, "answer");
  EXPECT_EQ((*results[1])->value, "answer");
  EXPECT_EQ(asked, 1);
  EXPECT_NE((*results[0])->is_own, (*results[1])->is_own);
  EXPECT_EQ(one->cache.stats().led_total + two->cache.stats().led_total, 1U);
  EXPECT_EQ(one->cache.stats().followed_total + two->cache.stats().followed_total, 1U);
  const auto later = run(two->cache.fetch("key", kLife, asking(&asked, milliseconds{1}), {}));
  EXPECT_EQ(later->value, "answer");
  EXPECT_EQ(asked, 1);
}

TEST_F(SharedCacheTest, WhenTheOneThatAsksFailsTheOtherAsks) {
  for (const std::string how : {"fail", "throw"}) {
    asked = 0;
    std::optional<Result<SharedAnswer>> results[2];
    std::latch done{2};
    fetch(*one, asking(&asked, milliseconds{40}, how), kLife, results[0], done);
    ASSERT_TRUE(eventually([&] { return asked == 1; }));
    fetch(*two, asking(&asked, milliseconds{5}, how + " not"), kLife, results[1], done);
    done.wait();
    EXPECT_EQ(asked, 2);
    EXPECT_TRUE(!results[0] || !*results[0]);
    ASSERT_TRUE(results[1] && *results[1]);
    EXPECT_EQ((*results[1])->value, how + " not");
    ASSERT_TRUE(run(one->cache.put("key", "gone", milliseconds{1}, {})));
    ASSERT_TRUE(eventually([&] { return !run(one->cache.get("key", {})); }));
  }
}

TEST_F(SharedCacheTest, ADeadLeaderHoldsNobodyUpForLong) {
  // A lease whose holder will never release it: first it runs out, then patience does.
  ASSERT_TRUE(run(one->cache.lease("key", milliseconds{80}, {})));
  auto answer = run(two->cache.fetch("key", kLife, asking(&asked, milliseconds{1}), {}));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_own);
  ASSERT_TRUE(run(one->cache.put("key", "gone", milliseconds{1}, {})));
  ASSERT_TRUE(eventually([&] { return !run(one->cache.get("key", {})); }));
  ASSERT_TRUE(run(one->cache.lease("key", seconds{30}, {})));
  Call call;
  call.deadline = kClock.steady() + milliseconds{400};
  answer = run(two->cache.fetch("key", kLife, asking(&asked, milliseconds{1}), call));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_own);
  EXPECT_LT(kClock.steady(), call.deadline);
  EXPECT_EQ(asked, 2);
}

TEST_F(SharedCacheTest, WithoutRedisEachNodeAsksForItselfAndItsReturnIsNoticed) {
  EXPECT_TRUE(one->cache.stats().is_up);
  server->stop();
  ASSERT_TRUE(eventually([&] { return !one->redis->is_up() && !two->redis->is_up(); }));
  EXPECT_FALSE(one->cache.stats().is_up);
  const Monotonic start = kClock.steady();
  for (Node* const node : {one.get(), two.get()}) {
    const auto answer = run(node->cache.fetch("key", kLife, asking(&asked, milliseconds{1}), {}));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->is_own);
    EXPECT_EQ(run(node->cache.get("key", {})), std::nullopt);
    EXPECT_FALSE(run(node->cache.put("key", "x", seconds{1}, {})));
  }
  EXPECT_EQ(asked, 2);
  EXPECT_LT(kClock.steady() - start, seconds{2});
  EXPECT_GT(one->cache.stats().failures_total, 0U);
  server->start();
  ASSERT_TRUE(one->wait_until_up());
  EXPECT_TRUE(eventually([&] { return run(one->cache.put("key", "x", seconds{30}, {})); }));
}

TEST(SharedCache, WithoutRedisConfiguredEverythingIsLocal) {
  Breaker breaker{"redis", preset_settings(Preset::Redis), kClock, 1};
  SharedCache cache{nullptr, breaker, kClock};
  std::atomic<int> asked{0};
  const auto answer =
      testing::run_task(cache.fetch("key", kLife, asking(&asked, milliseconds{1}), {}));
  EXPECT_EQ(answer->value, "answer");
  EXPECT_FALSE(cache.stats().is_up);
  EXPECT_EQ(cache.stats().failures_total, 0U);
}

}  // namespace
}  // namespace ziggy::resilience
