#include "ziggy/resilience/backoff.hpp"

#include <gtest/gtest.h>

namespace ziggy::resilience {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, GrowsByItsFactorUpToTheCapAndStartsOverAfterAReset) {
  Backoff backoff{{.first = milliseconds{100}, .max = milliseconds{350}, .jitter = 0}};
  EXPECT_EQ(backoff.next(), milliseconds{100});
  EXPECT_EQ(backoff.next(), milliseconds{200});
  EXPECT_EQ(backoff.next(), milliseconds{350});
  EXPECT_EQ(backoff.next(), milliseconds{350});
  backoff.reset();
  EXPECT_EQ(backoff.next(), milliseconds{100});
}

TEST(Backoff, TakesOffAtMostItsJitterAndNotAlwaysTheSame) {
  Backoff backoff{{.first = milliseconds{1'000}, .max = milliseconds{1'000}, .jitter = 0.25}};
  std::chrono::nanoseconds shortest = milliseconds{1'000};
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 1'000; ++i) {
    const auto wait = backoff.next();
    shortest = std::min(shortest, wait);
    longest = std::max(longest, wait);
  }
  EXPECT_GE(shortest, milliseconds{750});
  EXPECT_LT(shortest, milliseconds{760});
  EXPECT_LE(longest, milliseconds{1'000});
  EXPECT_GT(longest, milliseconds{990});
}

TEST(Backoff, DiffersBySeed) {
  Backoff one{{.seed = 1}};
  Backoff two{{.seed = 2}};
  EXPECT_NE(one.next(), two.next());
}

}  // namespace
}  // namespace ziggy::resilience
