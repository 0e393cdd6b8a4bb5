#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

#include "live_world.hpp"

namespace ziggy::market {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// What one subscriber saw of a day, held against what truly happened.
void check_day(const std::vector<std::string>& got, const std::set<Timestamp>& missed_live,
               std::size_t holes_min) {
  std::vector<Timestamp> bars;
  std::map<std::string, int> gaps;
  std::vector<TimeRange> announced;
  std::string open;
  for (const std::string& line : got) {
    const auto rest = line.substr(line.find(' ') + 1);
    if (line.starts_with("bar ")) bars.push_back(*parse_rfc3339(rest));
    if (line.starts_with("gap ")) {
      EXPECT_EQ(gaps[rest]++, 0) << rest;
      announced.push_back({*parse_rfc3339(rest.substr(0, rest.find(' '))),
                           *parse_rfc3339(rest.substr(rest.find(' ') + 1))});
    }
    if (line.starts_with("healed ")) EXPECT_EQ(gaps[rest]++, 1) << rest;
  }
  for (const auto& [gap, times] : gaps) EXPECT_EQ(times, 2) << gap;
  EXPECT_GE(announced.size(), holes_min);
  std::vector<Timestamp> truth;
  for (Timestamp time = bars.front(); time <= bars.back(); time += minutes{1}) {
    if (has_trades(time)) truth.push_back(time);
  }
  EXPECT_EQ(bars, truth);
  for (const Timestamp time : missed_live) {
    EXPECT_TRUE(std::ranges::any_of(announced, [&](const TimeRange& range) {
      return time >= range.start && time < range.end;
    })) << to_rfc3339(time);
  }
}

TEST_F(LiveFeedsTest, FiftyCutsOfAReplayedSessionLeaveACompleteSequenceAndEveryHoleIsAnnounced) {
  constexpr int kCuts = 50;
  constexpr int kSeconds = 390 * 60;
  const auto handle = subscribe(kApple);
  const auto socket = std::make_shared<LineSocket>(loop_);
  // Store, then tell: whoever is told can read it.
  socket->on_send = [&](const std::string& line) {
    if (!line.starts_with("bar ")) return;
    const Timestamp time = *parse_rfc3339(line.substr(4));
    const auto stored =
        database_->bars().read({kApple, Interval::Minute}, {time, time + minutes{1}});
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->bars.size(), 1U) << line;
  };
  const auto subscription = listen(socket, kApple);
  std::mt19937_64 random{20'261'120};
  std::set<int> cuts;
  while (cuts.size() < kCuts) cuts.insert(120 + static_cast<int>(random() % (kSeconds - 1'200)));
  std::set<Timestamp> missed;
  int heal_at = 0;
  int done = 0;
  for (int second = 1; second < kSeconds; ++second) {
    clock_.advance(seconds{1});
    if (cuts.contains(second)) {
      first_.cut();
      if (done % 5 == 4) second_.cut();
      first_.rest_failures = static_cast<int>(random() % 3);
      second_.rest_failures = first_.rest_failures;
      // Some for a blink, some for minutes.
      heal_at = second + 1 + static_cast<int>(random() % (done % 2 == 0 ? 5 : 200));
      ++done;
    }
    if (second == heal_at) {
      first_.heal();
      second_.heal();
    }
    if (second % 60 == 1 && second > 60) {
      const Timestamp minute = clock_.now() - seconds{61};
      if (has_trades(minute)) {
        const LiveStatus status = live_->status();
        const std::array<bool, 2> pushed{first_.say_bar(kApple, minute),
                                         second_.say_bar(kApple, minute)};
        const bool is_heard = (pushed[0] && status.vendors[0].serving == 1) ||
                              (pushed[1] && status.vendors[1].serving == 1);
        if (!is_heard) missed.insert(minute);
      }
    }
    first_.say_quote(kApple, 100 + second % 13);
    second_.say_quote(kApple, 100 + second % 13);
    live_->tick();
    if (second % 2 == 0 || second % 60 == 1) settle();
  }
  settle();
  EXPECT_EQ(done, kCuts);
  EXPECT_GE(missed.size(), 10U);
  const LiveStatus status = live_->status();
  EXPECT_EQ(status.holes_open, 0U);
  EXPECT_EQ(status.holes_left, 0U);
  EXPECT_EQ(status.holes_announced, status.holes_healed);
  check_day(socket->got, missed, 10);
  EXPECT_GE(status.vendors[0].outages, 25U);
  EXPECT_GT(status.moves, 5U);
}

}  // namespace
}  // namespace ziggy::market
