#include "ziggy/domain/calendar.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <sstream>

#include "ziggy/domain/new_york.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy {
namespace {

using namespace std::chrono;

Timestamp at(std::string_view text) { return parse_rfc3339(text).value(); }

const Calendar& nyse() { return Calendar::nyse(); }

TEST(NewYork, AgreesWithTheSystemsTimeZoneData) {
  setenv("TZ", "America/New_York", 1);
  tzset();
  // Every half hour around the changes of the clocks, every 31 hours otherwise.
  for (Timestamp time = at("1987-01-01"); time < at("2037-12-01");) {
    const std::time_t seconds = floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm local{};
    localtime_r(&seconds, &local);
    ASSERT_EQ(-local.tm_gmtoff, std::chrono::seconds{new_york_behind_utc(time)}.count())
        << to_rfc3339(time);
    const bool is_change =
        weekday{date_of(time)} == Sunday && year_month_day{date_of(time)}.day() <= day{14};
    time += is_change ? minutes{30} : minutes{31 * 60};
  }
  unsetenv("TZ");
  tzset();
}

TEST(NewYork, WallAndInstantAreInverse) {
  for (Timestamp time = at("1990-01-01"); time < at("2030-01-01"); time += hours{13}) {
    const sys_days date = new_york_date(time);
    const nanoseconds of_day = time - new_york_behind_utc(time) - Timestamp{date};
    const bool is_repeated_hour = new_york_behind_utc(time - hours{1}) < new_york_behind_utc(time);
    ASSERT_EQ(from_new_york(date, of_day), is_repeated_hour ? time - hours{1} : time)
        << to_rfc3339(time);
  }
}

TEST(Calendar, SessionsFollowTheClocks) {
  const Session winter = nyse().session_on(2024y / March / 8).value();
  EXPECT_EQ(to_rfc3339(winter.open), "2024-03-08T14:30:00Z");
  EXPECT_EQ(to_rfc3339(winter.close), "2024-03-08T21:00:00Z");
  const Session summer = nyse().session_on(2024y / March / 11).value();
  EXPECT_EQ(to_rfc3339(summer.pre_open), "2024-03-11T08:00:00Z");
  EXPECT_EQ(to_rfc3339(summer.open), "2024-03-11T13:30:00Z");
  EXPECT_EQ(to_rfc3339(summer.close), "2024-03-11T20:00:00Z");
  EXPECT_EQ(to_rfc3339(summer.post_close), "2024-03-12T00:00:00Z");
}

TEST(Calendar, KnowsHolidaysAfterTheReference) {
  for (const sys_days closed : {sys_days{2023y / June / 19}, sys_days{2024y / March / 29},
                                sys_days{2025y / January / 9}, sys_days{2026y / July / 3},
                                sys_days{2027y / December / 24}, sys_days{2028y / January / 17}}) {
    EXPECT_FALSE(nyse().session_on(closed)) << to_rfc3339(Timestamp{closed});
  }
  // 1 January 2028 is a Saturday: the Friday before trades.
  EXPECT_TRUE(nyse().session_on(2027y / December / 31));
  for (const sys_days early : {sys_days{2023y / July / 3}, sys_days{2024y / July / 3},
                               sys_days{2024y / November / 29}, sys_days{2025y / December / 24}}) {
    const Session session = nyse().session_on(early).value();
    EXPECT_EQ(session.close, from_new_york(early, hours{13}));
    EXPECT_EQ(session.post_close, from_new_york(early, hours{17}));
  }
}

TEST(Calendar, StatesOfADay) {
  EXPECT_EQ(nyse().state_at(at("2024-06-03T07:59:59Z")), MarketState::Closed);
  EXPECT_EQ(nyse().state_at(at("2024-06-03T08:00:00Z")), MarketState::Pre);
  EXPECT_EQ(nyse().state_at(at("2024-06-03T13:30:00Z")), MarketState::Open);
  EXPECT_EQ(nyse().state_at(at("2024-06-03T20:00:00Z")), MarketState::Post);
  EXPECT_EQ(nyse().state_at(at("2024-06-04T00:00:00Z")), MarketState::Closed);
  EXPECT_EQ(nyse().state_at(at("2024-06-01T15:00:00Z")), MarketState::Closed);
}

TEST(Calendar, NextAndPrevious) {
  EXPECT_EQ(nyse().next_open(at("2024-07-03T17:00:00Z")), at("2024-07-05T13:30:00Z"));
  EXPECT_EQ(nyse().next_close(at("2024-07-03T16:59:59Z")), at("2024-07-03T17:00:00Z"));
  EXPECT_EQ(nyse().next_close(at("2024-07-03T17:00:00Z")), at("2024-07-05T20:00:00Z"));
  EXPECT_EQ(nyse().previous_close(at("2001-09-17T13:00:00Z")), at("2001-09-10T20:00:00Z"));
  EXPECT_EQ(nyse().next_open(at("2024-06-03T13:30:00Z")), at("2024-06-04T13:30:00Z"));
}

TEST(Calendar, NextOpenIsTheFirstSessionsOpenAfter) {
  const auto sessions = nyse().sessions(2011y / January / 1, 2013y / January / 1);
  std::size_t next = 0;
  for (Timestamp time = at("2011-01-01"); time < at("2012-12-20"); time += minutes{97}) {
    while (sessions[next].open <= time) ++next;
    ASSERT_EQ(nyse().next_open(time), sessions[next].open);
    ASSERT_EQ(nyse().is_open(time), next > 0 && time < sessions[next - 1].close);
  }
}

TEST(Calendar, CryptoNeverCloses) {
  const Calendar& crypto = Calendar::of(*Symbol::parse("BTC-USD"));
  EXPECT_TRUE(crypto.never_closes());
  EXPECT_TRUE(crypto.is_open(at("2024-12-25T03:04:05Z")));
  EXPECT_EQ(crypto.next_close(at("2024-12-25T03:04:05Z")), at("2024-12-26"));
  EXPECT_EQ(crypto.sessions(2024y / December / 24, 2024y / December / 31).size(), 7);
  EXPECT_FALSE(Calendar::of(*Symbol::parse("AAPL")).never_closes());
}

TEST(Calendar, AgreesWithEverySessionOfTheReference) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  std::istringstream text{
      testing::read_file(testing::reference_data() / "calendar/xnys-sessions.csv")};
  std::vector<Session> expected;
  std::string line;
  std::getline(text, line);
  while (std::getline(text, line)) {
    Session session;
    session.date = date_of(at(line.substr(0, 20)));
    session.open = at(line.substr(21, 20));
    session.close = at(line.substr(42, 20));
    expected.push_back(session);
  }
  ASSERT_EQ(expected.size(), 8324);
  const auto sessions = nyse().sessions(1990y / January / 1, expected.back().date + days{1});
  ASSERT_EQ(sessions.size(), expected.size());
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    ASSERT_EQ(sessions[i].date, expected[i].date);
    ASSERT_EQ(sessions[i].open, expected[i].open) << to_rfc3339(sessions[i].open);
    ASSERT_EQ(sessions[i].close, expected[i].close) << to_rfc3339(sessions[i].close);
  }
}

}  // namespace
}  // namespace ziggy
