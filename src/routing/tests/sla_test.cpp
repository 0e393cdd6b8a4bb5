#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sla_track.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kStart = *parse_rfc3339("2026-11-20T18:30:00Z");

enum Which : std::size_t { k1m, k5m, k1h, k24h };

SlaWindow look(SlaTrack& track, Timestamp now, Which which) {
  return track.window(now, which, milliseconds{100});
}

RC_GTEST_PROP(SlaTrack, PercentilesAreWithinTwoAndAHalfPercentOfTheSortedValues, ()) {
  const auto micros =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(100, 20'000'000)));
  SlaTrack track;
  for (const int one : micros) {
    track.record(kStart, AnswerClass::Success, std::chrono::microseconds{one});
  }
  auto sorted = micros;
  std::ranges::sort(sorted);
  const SlaWindow window = look(track, kStart, k5m);
  for (const auto& [q, got] :
       {std::pair{0.5, window.p50_ms}, {0.95, window.p95_ms}, {0.99, window.p99_ms}}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    const double exact = sorted[std::max<std::size_t>(rank, 1) - 1] / 1000.0;
    RC_ASSERT(std::abs(*got - exact) <= 0.0251 * exact);
  }
}

// A model: every event with its time, summed up again for each window.
RC_GTEST_PROP(SlaTrack, EveryWindowHoldsWhatFellIntoIt, ()) {
  struct Event {
    Timestamp time;
    AnswerClass answer;
  };
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(rc::gen::pair(
      rc::gen::weightedOneOf<int>({{8, rc::gen::inRange(0, 20)}, {2, rc::gen::inRange(0, 4'000)}}),
      rc::gen::inRange(0, 9)));
  SlaTrack track;
  std::vector<Event> events;
  Timestamp now = kStart;
  for (const auto& [wait, answer] : steps) {
    // Somebody looks at least every minute, as the desk does.
    for (int left = wait; left > 0; left -= 30) {
      now += seconds{std::min(left, 30)};
      look(track, now, k1m);
    }
    track.record(now, static_cast<AnswerClass>(answer), milliseconds{10});
    events.push_back({now, static_cast<AnswerClass>(answer)});
  }
  for (std::size_t which = 0; which < kSlaWindows; ++which) {
    const bool is_short = kSlaWindowLengths[which] <= minutes{5};
    const auto step = is_short ? seconds{5} : seconds{60};
    const auto index = [&](Timestamp time) { return time.time_since_epoch() / step; };
    const auto first = index(now) - kSlaWindowLengths[which] / step;
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    for (const Event& event : events) {
      if (index(event.time) <= first) continue;
      ++calls;
      failures += is_failure(event.answer) ? 1 : 0;
    }
    const SlaWindow window = look(track, now, static_cast<Which>(which));
    RC_ASSERT(window.calls == calls);
    RC_ASSERT(window.failures == failures);
  }
}

TEST(SlaTrack, WhatWasNotMeasuredIsAbsent) {
  SlaTrack track;
  const SlaWindow window = look(track, kStart, k24h);
  EXPECT_EQ(window.calls, 0U);
  EXPECT_FALSE(window.success_rate || window.p95_ms || window.freshness_ms || window.agreement ||
               window.gap_rate);
}

TEST(SlaTrack, PlansQuotasAndLostHedgesSayNothingOfHealth) {
  SlaTrack track;
  for (const auto answer : {AnswerClass::NotEntitled, AnswerClass::Quota, AnswerClass::Canceled}) {
    track.record(kStart, answer, milliseconds{1});
  }
  EXPECT_EQ(look(track, kStart, k1m).calls, 3U);
  EXPECT_EQ(look(track, kStart, k1m).counted, 0U);
  EXPECT_FALSE(look(track, kStart, k1m).success_rate);
  EXPECT_FALSE(look(track, kStart, k1m).p50_ms);
  track.record(kStart, AnswerClass::Empty, milliseconds{200});
  track.record(kStart, AnswerClass::Unavailable, milliseconds{1});
  EXPECT_DOUBLE_EQ(*look(track, kStart, k1m).success_rate, 0.5);
  // A refused connection is quick and says nothing about speed.
  EXPECT_EQ(look(track, kStart, k1m).timed, 1U);
  EXPECT_EQ(look(track, kStart, k1m).slow, 1U);
}

TEST(SlaTrack, AgesGapsAndAgreementAreKept) {
  SlaTrack track;
  for (int i = 0; i < 9; ++i) {
    track.record(kStart, AnswerClass::Success, milliseconds{1}, seconds{i < 6 ? 2 : 900});
  }
  track.add_agreement(kStart, true);
  track.add_agreement(kStart, false);
  track.add_gaps(kStart, 10, 1);
  track.add_violation(kStart);
  const SlaWindow window = look(track, kStart, k5m);
  EXPECT_NEAR(*window.freshness_ms, 2'000, 200);
  EXPECT_DOUBLE_EQ(*window.agreement, 0.5);
  EXPECT_DOUBLE_EQ(*window.gap_rate, 0.1);
  EXPECT_EQ(window.violations, 1U);
}

TEST(SlaTrack, MinutesAreTakenOnceAndRestoredIntoAnother) {
  SlaTrack first;
  Timestamp now = kStart;
  for (int i = 0; i < 3; ++i) {
    first.record(now, AnswerClass::Success, milliseconds{10 * (i + 1)}, seconds{1});
    first.record(now, AnswerClass::Timeout, milliseconds{500});
    now += minutes{1};
  }
  auto taken = first.take_minutes(now);
  ASSERT_EQ(taken.size(), 3U);
  EXPECT_TRUE(first.take_minutes(now).empty());
  first.record(now, AnswerClass::Success, milliseconds{1});
  ASSERT_EQ(first.take_minutes(now, true).size(), 1U);

  SlaTrack second;
  for (Minute& minute : taken) second.restore(std::move(minute), now);
  for (const Which which : {k5m, k1h, k24h}) {
    const SlaWindow window = look(second, now, which);
    EXPECT_EQ(window.calls, 6U);
    EXPECT_DOUBLE_EQ(*window.success_rate, 0.5);
    EXPECT_NEAR(*window.p99_ms, 500, 13);
  }
  EXPECT_EQ(look(second, now, k1m).calls, 0U);
  second.record(now, AnswerClass::Success, milliseconds{1});
  EXPECT_EQ(look(second, now, k5m).calls, 7U);
  EXPECT_EQ(look(second, now, k1h).calls, 7U);
  // A day later all of it is forgotten.
  EXPECT_EQ(look(second, now + hours{25}, k24h).calls, 0U);
}

}  // namespace
}  // namespace ziggy::routing
