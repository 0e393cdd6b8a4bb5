#include "ziggy/resilience/answer_cache.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

namespace ziggy::resilience {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AnswerCacheTest : public ::testing::Test {
 protected:
  ManualClock clock{Timestamp{seconds{1'000}}};
  AnswerCache<std::string, int> cache{{.refresh_lease = seconds{2}}, clock};
};

TEST_F(AnswerCacheTest, AnAnswerIsFreshThenStaleThenGone) {
  EXPECT_EQ(cache.find("a").kind, AnswerKind::Missing);
  EXPECT_TRUE(cache.find("a").should_refresh);
  cache.put("a", 7, 10, {.fresh_for = seconds{5}, .stale_for = seconds{20}});
  clock.advance(seconds{4});
  auto answer = cache.find("a");
  EXPECT_EQ(answer.kind, AnswerKind::Fresh);
  EXPECT_EQ(*answer.value, 7);
  EXPECT_EQ(answer.age, seconds{4});
  EXPECT_FALSE(answer.should_refresh);
  clock.advance(seconds{1});
  answer = cache.find("a");
  EXPECT_EQ(answer.kind, AnswerKind::StaleButUsable);
  EXPECT_EQ(*answer.value, 7);
  EXPECT_TRUE(answer.should_refresh);
  clock.advance(seconds{20});
  EXPECT_EQ(cache.find("a").kind, AnswerKind::Missing);
  EXPECT_EQ(cache.stats().entries, 0U);
  EXPECT_EQ(cache.stats().bytes, 0U);
}

TEST_F(AnswerCacheTest, OneCallerAtATimeIsToldToRefreshAndALostOneIsReplaced) {
  cache.put("a", 7, 10, {.fresh_for = seconds{1}, .stale_for = seconds{20}});
  clock.advance(seconds{1});
  EXPECT_TRUE(cache.find("a").should_refresh);
  EXPECT_FALSE(cache.find("a").should_refresh);
  clock.advance(seconds{2});
  EXPECT_TRUE(cache.find("a").should_refresh);
  cache.put("a", 8, 10, {.fresh_for = seconds{1}, .stale_for = seconds{20}});
  EXPECT_EQ(cache.find("a").kind, AnswerKind::Fresh);
  EXPECT_EQ(*cache.find("a").value, 8);
}

TEST_F(AnswerCacheTest, AnErrorIsAnAnswerForItsOwnTime) {
  cache.put_error("nope", Error{ErrorCode::UnknownSymbol, "no such symbol"}, seconds{30});
  clock.advance(seconds{29});
  const auto answer = cache.find("nope");
  EXPECT_EQ(answer.kind, AnswerKind::Negative);
  EXPECT_EQ(answer.error->code(), ErrorCode::UnknownSymbol);
  EXPECT_FALSE(answer.should_refresh);
  clock.advance(seconds{1});
  EXPECT_EQ(cache.find("nope").kind, AnswerKind::Missing);
  cache.put_error("nope", Error{ErrorCode::UnknownSymbol, ""}, seconds{30});
  cache.put("nope", 1, 1, {.fresh_for = seconds{1}});
  EXPECT_EQ(cache.find("nope").kind, AnswerKind::Fresh);
  EXPECT_FALSE(cache.find("nope").error.has_value());
}

TEST_F(AnswerCacheTest, TheLeastRecentlyUsedGoesFirst) {
  AnswerCache<int, int> small{{.bytes_max = 3 * (kAnswerOverhead + 100), .shards = 1}, clock};
  const AnswerLife life{.fresh_for = seconds{60}};
  small.put(1, 1, 100, life);
  small.put(2, 2, 100, life);
  small.put(3, 3, 100, life);
  EXPECT_EQ(small.find(1).kind, AnswerKind::Fresh);
  small.put(4, 4, 100, life);
  EXPECT_EQ(small.find(1).kind, AnswerKind::Fresh);
  EXPECT_EQ(small.find(2).kind, AnswerKind::Missing);
  EXPECT_EQ(small.stats().evicted_total, 1U);
  small.put(5, 5, 100'000, life);
  EXPECT_EQ(small.find(5).kind, AnswerKind::Missing) << "too heavy to keep";
  EXPECT_EQ(small.stats().entries, 3U) << "and nobody had to go for it";
}

TEST(AnswerCache, WeighsWhatItHoldsAndNeverMoreThanItMay) {
  EXPECT_TRUE(rc::check("bounded", [] {
    ManualClock clock{Timestamp{seconds{1'000}}};
    const std::size_t bytes_max = 4'000;
    AnswerCache<int, int> cache{{.bytes_max = bytes_max, .shards = 2}, clock};
    std::map<int, int> last;
    const auto steps = *rc::gen::inRange(0, 200);
    for (int i = 0; i < steps; ++i) {
      const int key = *rc::gen::inRange(0, 20);
      switch (*rc::gen::inRange(0, 5)) {
        case 0:
          cache.erase(key);
          last.erase(key);
          break;
        case 1:
          clock.advance(milliseconds{*rc::gen::inRange(0, 3'000)});
          break;
        case 2:
          cache.put_error(key, Error{ErrorCode::NoData, ""}, seconds{5});
          last.erase(key);
          break;
        default:
          cache.put(key, i, *rc::gen::inRange<std::size_t>(0, 800), {.fresh_for = seconds{5}});
          last[key] = i;
          break;
      }
      RC_ASSERT(cache.stats().bytes <= bytes_max);
      const auto found = cache.find(key);
      // It may have forgotten, but what it knows is the latest.
      if (found.value) RC_ASSERT(*found.value == last.at(key));
    }
    cache.clear();
    RC_ASSERT(cache.stats().bytes == 0U);
    RC_ASSERT(cache.stats().entries == 0U);
  }));
}

}  // namespace
}  // namespace ziggy::resilience
