#include "rank.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace ziggy::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SlaWindow window_of(std::uint64_t good, std::uint64_t failed, double p95_ms = 50) {
  SlaWindow window;
  window.counted = window.calls = good + failed;
  window.failures = failed;
  window.p95_ms = p95_ms;
  return window;
}

double score(const SlaWindow& now, const SlaWindow& hour) {
  return score_of(now, hour, milliseconds{1'500}, std::nullopt)->value;
}

TEST(Score, TooFewAnswersSayNothing) {
  EXPECT_FALSE(score_of(window_of(9, 0), window_of(9, 0), milliseconds{1'500}, std::nullopt));
  EXPECT_TRUE(score_of(window_of(0, 0), window_of(10, 0), milliseconds{1'500}, std::nullopt));
}

TEST(Score, FailuresSlownessAgeViolationsAndDisagreementCost) {
  const SlaWindow good = window_of(100, 0);
  EXPECT_DOUBLE_EQ(score(good, good), 100);
  EXPECT_LT(score(window_of(90, 10), good), 90);
  EXPECT_LT(score(window_of(90, 10), window_of(900, 100)), score(window_of(90, 10), good));
  EXPECT_NEAR(score(window_of(100, 0, 1'500), window_of(100, 0, 1'500)), 80, 0.01);
  auto bad = good;
  bad.violations = 5;
  bad.disagreed = bad.agreed = 10;
  bad.missing = 1;
  bad.expected = 10;
  EXPECT_NEAR(score(bad, bad), 100 - 10 - 7.5 - 10, 0.01);
  auto late = good;
  late.freshness_ms = 900'000;
  const auto aged = score_of(late, late, milliseconds{1'500}, 1'000.0);
  EXPECT_DOUBLE_EQ(aged->value, 85);
  EXPECT_EQ(aged->worst, "data 900 s old, another's 1 s");
  EXPECT_DOUBLE_EQ(score(window_of(0, 100), window_of(0, 100)), 25);
}

Ranking ranking_of(std::size_t n) {
  Ranking ranking;
  for (std::size_t i = 0; i < n; ++i) ranking.add();
  return ranking;
}

TEST(Ranking, AVendorMovesOnlyAfterTheDwellAndComesBackWhenItIsWell) {
  Ranking ranking = ranking_of(2);
  Monotonic now{};
  const auto run = [&](double first, seconds span) {
    for (seconds done{0}; done < span; done += seconds{1}) {
      ranking.update(now += seconds{1}, {first, 100.0});
    }
    return ranking.order().front();
  };
  EXPECT_EQ(run(0, kDwell), 0U);
  EXPECT_EQ(run(80, seconds{1}), 0U);
  EXPECT_EQ(run(0, kDwell), 0U);
  EXPECT_EQ(run(0, seconds{1}), 1U);
  EXPECT_EQ(run(87, seconds{600}), 1U);
  EXPECT_EQ(run(88, kDwell + seconds{1}), 0U);
}

RC_GTEST_PROP(Ranking, ItIsAPermutationAndNoPairSwapsTwiceWithinTheDwell, ()) {
  const auto n = *rc::gen::inRange<std::size_t>(1, 5);
  Ranking ranking = ranking_of(n);
  Monotonic now{};
  std::map<std::pair<std::size_t, std::size_t>, Monotonic> swapped;
  const auto steps = *rc::gen::inRange(1, 120);
  for (int step = 0; step < steps; ++step) {
    now += seconds{*rc::gen::inRange(1, 40)};
    std::vector<std::optional<double>> scores;
    for (std::size_t i = 0; i < n; ++i) {
      const int score = *rc::gen::inRange(-20, 101);
      scores.push_back(score < 0 ? std::nullopt : std::optional<double>{score});
    }
    const auto before = ranking.order();
    ranking.update(now, scores);
    const auto after = ranking.order();
    RC_ASSERT(std::ranges::is_permutation(before, after));
    const auto place = [](const std::vector<std::size_t>& order, std::size_t who) {
      return std::ranges::find(order, who) - order.begin();
    };
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        if ((place(before, a) < place(before, b)) == (place(after, a) < place(after, b))) continue;
        const auto last = swapped.find({a, b});
        if (last != swapped.end()) RC_ASSERT(now - last->second >= kDwell);
        swapped[{a, b}] = now;
      }
    }
  }
}

RC_GTEST_PROP(Ranking, NoiseWithinTheHysteresisMovesAPairAtMostOnce, ()) {
  Ranking ranking = ranking_of(2);
  // 28 below the second is where the first falls, 12 below where it comes back.
  const auto low = *rc::gen::inRange(0, 86);
  Monotonic now{};
  int moves = 0;
  for (int step = 0; step < 2'000; ++step) {
    now += seconds{1};
    const double first = low + *rc::gen::inRange(0, 16);
    moves += ranking.update(now, {first, 100.0}) ? 1 : 0;
  }
  RC_ASSERT(moves <= 1);
}

TEST(Ranking, OrdinalsAreWords) {
  EXPECT_EQ(ordinal(1), "first");
  EXPECT_EQ(ordinal(10), "tenth");
  EXPECT_EQ(ordinal(11), "11th");
}

}  // namespace
}  // namespace ziggy::routing
