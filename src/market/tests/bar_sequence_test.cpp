#include "bar_sequence.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace ziggy::market {
namespace {

using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const Symbol kBitcoin = *Symbol::parse("BTC-USD");
const Symbol kApple = *Symbol::parse("AAPL");
const Timestamp kStart = *parse_rfc3339("2026-11-20T18:00:00Z");  // a Friday, New York is open

Bar bar_at(Timestamp time, double close = 10) { return {time, 10, 20, 5, close, 100}; }

/// `0 1 gap 2-4 2 3 healed 2-4`: bars by their minute after kStart.
class Told final : public BarOutlet {
 public:
  void tell(const streams::BarMessage& message) override {
    const auto minute = (message.bar.time - kStart) / minutes{1};
    const std::string_view mark = message.phase == BarPhase::Running     ? "~"
                                  : message.phase == BarPhase::Corrected ? "!"
                                                                         : "";
    text += fmt::format("{}{}{}", text.empty() ? "" : " ", mark, minute);
    if (message.phase == BarPhase::Closed) closed.push_back(message.bar.time);
    if (message.phase == BarPhase::Corrected) corrected.push_back(message.bar.time);
  }
  void tell(const streams::GapMessage& message) override {
    text += fmt::format("{}{} {}-{}", text.empty() ? "" : " ", message.healed ? "healed" : "gap",
                        (message.from - kStart) / minutes{1}, (message.to - kStart) / minutes{1});
    gaps.push_back(message);
  }
  std::string text;
  std::vector<Timestamp> closed;
  std::vector<Timestamp> corrected;
  std::vector<streams::GapMessage> gaps;
};

class BarSequenceTest : public ::testing::Test {
 protected:
  [[nodiscard]] Moment now() const { return {clock_.now(), clock_.steady()}; }
  /// The bar of a minute as a stream sends it: half a second after its end, or now if that is over.
  void push(int minute, double close = 10, BarPhase phase = BarPhase::Closed) {
    go_to(kStart + minutes{minute + 1} + std::chrono::milliseconds{500});
    bars_.on_bar("a", bar_at(kStart + minutes{minute}, close), phase, now(), told_);
  }
  void go_to(Timestamp time) {
    if (time > clock_.now()) clock_.advance(time - clock_.now());
  }
  void cut() { bars_.begin_outage(clock_.now()); }
  void up() { bars_.end_outage(now(), told_); }
  /// Answers what is wanted, if anything, with these minutes.
  bool fetch(std::initializer_list<int> found) {
    const auto range = bars_.wanted(now());
    if (!range) return false;
    BarColumns columns;
    for (const int minute : found) columns.push_back(bar_at(kStart + minutes{minute}));
    bars_.fetched("rest", columns, now(), told_);
    return true;
  }

  LiveSettings settings_;
  BarSequence::Counts counts_;
  ManualClock clock_{kStart};
  BarSequence bars_{kBitcoin, settings_, counts_};
  Told told_;
};

TEST_F(BarSequenceTest, AHoleIsAnnouncedFilledAndToldBeforeLaterBars) {
  push(0);
  push(1);
  cut();
  go_to(kStart + minutes{5} + seconds{20});
  up();
  EXPECT_EQ(told_.text, "0 1 gap 2-5");
  push(5);
  push(6);
  EXPECT_EQ(told_.text, "0 1 gap 2-5");
  EXPECT_TRUE(fetch({2, 3, 4}));
  EXPECT_EQ(told_.text, "0 1 gap 2-5 2 3 4 healed 2-5 5 6");
  push(7);
  EXPECT_EQ(told_.text, "0 1 gap 2-5 2 3 4 healed 2-5 5 6 7");
  EXPECT_FALSE(fetch({}));
}

TEST_F(BarSequenceTest, ACutWithinAMinuteLosesNoBar) {
  push(0);
  go_to(kStart + minutes{1} + seconds{20});
  cut();
  go_to(kStart + minutes{1} + seconds{50});
  up();
  push(1);
  EXPECT_EQ(told_.text, "0 1");
}

TEST_F(BarSequenceTest, TheFirstBarAfterACutEndsTheHole) {
  push(0);
  cut();
  push(4);
  EXPECT_EQ(told_.text, "0 gap 1-4");
  go_to(clock_.now() + seconds{5});
  EXPECT_TRUE(fetch({1, 2, 3}));
  EXPECT_EQ(told_.text, "0 gap 1-4 1 2 3 healed 1-4 4");
}

TEST_F(BarSequenceTest, AHoleWithoutTradesHealsWithoutBars) {
  push(0);
  cut();
  go_to(kStart + minutes{4});
  up();
  go_to(kStart + minutes{4} + seconds{30});
  EXPECT_TRUE(fetch({}));
  EXPECT_EQ(told_.text, "0 gap 1-4 healed 1-4");
}

TEST_F(BarSequenceTest, AnAnswerWithoutTheFreshLastMinuteIsAskedForAgain) {
  push(0);
  cut();
  go_to(kStart + minutes{3});
  up();
  EXPECT_FALSE(fetch({1, 2}));  // not before it has settled
  go_to(kStart + minutes{3} + seconds{3});
  EXPECT_TRUE(fetch({1}));
  EXPECT_EQ(told_.text, "0 gap 1-3");
  EXPECT_FALSE(fetch({1, 2}));
  go_to(kStart + minutes{3} + seconds{8});
  EXPECT_TRUE(fetch({1, 2}));
  EXPECT_EQ(told_.text, "0 gap 1-3 1 2 healed 1-3");
}

TEST_F(BarSequenceTest, MissingMinutesAreAHoleOnlyIfSomebodyHasBarsThere) {
  push(0);
  push(3);
  EXPECT_EQ(told_.text, "0");
  go_to(clock_.now() + seconds{3});
  EXPECT_TRUE(fetch({}));
  EXPECT_EQ(told_.text, "0 3");
  go_to(kStart + minutes{8});
  push(8);
  go_to(clock_.now() + seconds{3});
  EXPECT_TRUE(fetch({5, 6}));
  EXPECT_EQ(told_.text, "0 3 gap 4-8 5 6 healed 4-8 8");
  EXPECT_EQ(counts_.announced, 1U);
}

TEST_F(BarSequenceTest, LookingInVainBecomesSeldom) {
  int looks = 0;
  for (int minute = 0; minute < 200; minute += 2) {
    push(minute);
    go_to(clock_.now() + seconds{3});
    if (fetch({})) ++looks;
  }
  EXPECT_EQ(told_.closed.size(), 100U);
  EXPECT_LE(looks, 8);
  EXPECT_GE(looks, 4);
  EXPECT_TRUE(told_.gaps.empty());
}

TEST_F(BarSequenceTest, ABarThatIsLateForItsPlaceIsACorrection) {
  push(0);
  for (const int minute : {2, 4}) {
    push(minute);
    go_to(clock_.now() + seconds{3});
    EXPECT_TRUE(fetch({}));
  }
  // From here on nobody looks for three minutes.
  push(6);
  push(5);
  push(5);
  EXPECT_EQ(told_.text, "0 2 4 6 !5");
}

TEST_F(BarSequenceTest, BarsThatOnlyCameOutOfOrderAreSorted) {
  push(0);
  push(2);
  push(3);
  EXPECT_EQ(told_.text, "0");
  push(1);
  EXPECT_EQ(told_.text, "0 1 2 3");
  EXPECT_FALSE(fetch({}));
}

TEST_F(BarSequenceTest, ARepeatedBarIsDroppedAndAChangedOneIsACorrection) {
  push(0);
  push(1);
  push(1);
  push(1, 12);
  push(0, 13);  // too late to know what it is
  push(0, 14, BarPhase::Corrected);
  EXPECT_EQ(told_.text, "0 1 !1 !0");
  EXPECT_EQ(counts_.repeated, 2U);
}

TEST_F(BarSequenceTest, RunningBarsPassUnlessMinutesAreMissingBeforeThem) {
  push(0, 11, BarPhase::Running);
  push(0);
  push(0, 11, BarPhase::Running);  // late
  cut();
  go_to(kStart + minutes{4});
  up();
  push(4, 11, BarPhase::Running);
  EXPECT_EQ(told_.text, "~0 0 gap 1-4");
}

TEST_F(BarSequenceTest, AHoleThatNobodyFillsIsLeftAndLaterBarsGoOn) {
  push(0);
  cut();
  go_to(kStart + minutes{3});
  up();
  push(3);
  int tries = 0;
  for (int second = 0; second < 130; ++second) {
    go_to(clock_.now() + seconds{1});
    bars_.tick(now(), told_);
    if (!bars_.wanted(now())) continue;
    ++tries;
    bars_.not_fetched(now());
  }
  EXPECT_EQ(told_.text, "0 gap 1-3 3");
  EXPECT_EQ(counts_.left, 1U);
  EXPECT_GE(tries, 8);
  EXPECT_LE(tries, 15);
  EXPECT_EQ(bars_.holes(), 0U);
}

TEST_F(BarSequenceTest, HolesInARowHealInOrder) {
  push(0);
  cut();
  go_to(kStart + minutes{3});
  up();
  push(3);
  cut();
  go_to(kStart + minutes{6});
  up();
  push(6);
  EXPECT_EQ(told_.text, "0 gap 1-3 gap 4-6");
  EXPECT_TRUE(fetch({1, 2}));
  EXPECT_EQ(told_.text, "0 gap 1-3 gap 4-6 1 2 healed 1-3 3");
  EXPECT_TRUE(fetch({4, 5}));
  EXPECT_EQ(told_.text, "0 gap 1-3 gap 4-6 1 2 healed 1-3 3 4 5 healed 4-6 6");
}

TEST_F(BarSequenceTest, WhatWaitsIsBounded) {
  push(0);
  for (int i = 0; i < 40; ++i) {
    cut();
    go_to(clock_.now() + minutes{3});
    up();
  }
  EXPECT_LE(bars_.holes(), 8U);
  for (int i = 0; i < 200; ++i) push(200 + i);
  EXPECT_GT(told_.closed.size(), 100U);
}

TEST_F(BarSequenceTest, TheNightIsNoHole) {
  BarSequence bars{kApple, settings_, counts_};
  const auto go = [&](std::string_view time) { go_to(*parse_rfc3339(time)); };
  go("2026-11-21T00:59:58Z");
  bars.on_bar("a", bar_at(*parse_rfc3339("2026-11-21T00:58:00Z")), BarPhase::Closed, now(), told_);
  go("2026-11-21T01:00:02Z");  // 20:00 in New York: the end of late trading
  bars.on_bar("a", bar_at(*parse_rfc3339("2026-11-21T00:59:00Z")), BarPhase::Closed, now(), told_);
  bars.begin_outage(*parse_rfc3339("2026-11-21T01:10:00Z"));
  go("2026-11-23T08:59:00Z");  // Monday, a minute before early trading
  bars.end_outage(now(), told_);
  EXPECT_TRUE(told_.gaps.empty());
  bars.begin_outage(clock_.now());
  go("2026-11-23T09:05:00Z");
  bars.end_outage(now(), told_);
  ASSERT_EQ(told_.gaps.size(), 1U);
  EXPECT_EQ(to_rfc3339(told_.gaps[0].from), "2026-11-23T09:00:00Z");
  EXPECT_EQ(to_rfc3339(told_.gaps[0].to), "2026-11-23T09:05:00Z");
}

/// A vendor's day: some minutes have no trades; the stream is cut at random; bars come late, twice
/// and out of order; the REST side fails now and then.
TEST(BarSequence, WhateverHappensTheSequenceAscendsAndIsCompleteButForHolesLeft) {
  const bool holds = rc::check([](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    const auto chance = [&](int percent) {
      return random() % 100 < static_cast<unsigned>(percent);
    };
    LiveSettings settings;
    BarSequence::Counts counts;
    ManualClock clock{kStart};
    BarSequence bars{kBitcoin, settings, counts};
    Told told;
    const auto now = [&] { return Moment{clock.now(), clock.steady()}; };
    std::map<Timestamp, Bar> truth;
    std::optional<Bar> late;
    bool is_up = true;
    for (int second = 1; second <= 90 * 60 + 30; ++second) {
      clock.advance(seconds{1});
      const bool is_end = second > 85 * 60;  // time to heal
      if (second % 60 == 0) {
        const Timestamp time = clock.now() - minutes{1};
        if (second == 60 || chance(80)) truth.emplace(time, bar_at(time));
      }
      if (second % 60 == 1 && truth.contains(clock.now() - seconds{61}) && is_up) {
        const Bar bar = truth.at(clock.now() - seconds{61});
        if (second > 120 && !is_end && !late && chance(10)) {
          late = bar;
        } else {
          bars.on_bar("a", bar, BarPhase::Closed, now(), told);
          if (chance(10)) bars.on_bar("a", bar, BarPhase::Closed, now(), told);
        }
      }
      if (late && is_up && second % 60 == 45) {
        bars.on_bar("a", *std::exchange(late, std::nullopt), BarPhase::Closed, now(), told);
      }
      if (is_up && second > 62 && !is_end && chance(1)) {
        is_up = false;
        late.reset();
        bars.begin_outage(clock.now());
      } else if (!is_up && (is_end || chance(2))) {
        is_up = true;
        bars.end_outage(now(), told);
      }
      bars.tick(now(), told);
      const auto range = bars.wanted(now());
      if (!range) continue;
      if (chance(30)) {
        bars.not_fetched(now());
        continue;
      }
      BarColumns found;
      for (const auto& [time, bar] : truth) {
        if (time >= range->start && time < range->end) found.push_back(bar);
      }
      bars.fetched("rest", found, now(), told);
    }
    RC_ASSERT(bars.holes() == 0U);
    RC_ASSERT(std::ranges::is_sorted(told.closed, std::ranges::less_equal{}));
    std::set<Timestamp> seen(told.closed.begin(), told.closed.end());
    RC_ASSERT(seen.size() == told.closed.size());
    seen.insert(told.corrected.begin(), told.corrected.end());
    std::set<std::pair<Timestamp, Timestamp>> open;
    std::vector<TimeRange> announced;
    for (const streams::GapMessage& gap : told.gaps) {
      const std::pair key{gap.from, gap.to};
      if (gap.healed) {
        RC_ASSERT(open.erase(key) == 1U);
      } else {
        RC_ASSERT(open.insert(key).second);
        for (const TimeRange& other : announced) RC_ASSERT(gap.from >= other.end);
        announced.push_back({gap.from, gap.to});
      }
    }
    RC_ASSERT(open.size() == counts.left);
    for (const auto& [time, bar] : truth) {
      const bool is_left = std::ranges::any_of(
          open, [at = time](const auto& hole) { return at >= hole.first && at < hole.second; });
      if (seen.contains(time) || is_left) continue;
      RC_FAIL(fmt::format("{} is missing: {}", (time - kStart) / minutes{1}, told.text));
    }
  });
  EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace ziggy::market
