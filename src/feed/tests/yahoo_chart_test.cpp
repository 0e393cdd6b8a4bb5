#include "yahoo_chart.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>

#include "ziggy/domain/adjust.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy::feed {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

constexpr std::string_view kNewYork =
    R"("symbol":"ACME","instrumentType":"EQUITY","gmtoffset":-18000,)"
    R"("exchangeTimezoneName":"America/New_York")";

std::string chart(std::string_view meta, std::string_view rest) {
  return fmt::format(R"({{"chart":{{"result":[{{"meta":{{{}}},{}}}],"error":null}}}})", meta, rest);
}

std::string columns(std::string_view times, std::string_view open, std::string_view high,
                    std::string_view low, std::string_view close, std::string_view volume) {
  return fmt::format(
      R"("timestamp":[{}],"indicators":{{"quote":[{{"open":[{}],"high":[{}],"low":[{}],)"
      R"("close":[{}],"volume":[{}]}}]}})",
      times, open, high, low, close, volume);
}

Timestamp day(int y, unsigned m, unsigned d) { return sys_days{year{y} / m / d}; }

TEST(YahooChart, BringsDaysToSessionDatesAndUndoesTheSplit) {
  // AAPL around its 4-for-1 of 2020-08-31, as Yahoo sends it since: all in new shares.
  const std::string body = chart(
      kNewYork,
      columns("1598621400,1598880600,1598967000", "126.0124969482422,127.58000183105469,132.75999",
              "126.44249725341797,131,134.8000030517578",
              "124.57749938964844,126,130.52999877929688",
              "124.80750274658203,129.0399932861328,134.17999267578125",
              "187630000,225702700,151948100") +
          R"(,"events":{"splits":{"1598880600":{"date":1598880600,"numerator":4,"denominator":1,)"
          R"("splitRatio":"4:1"}},"dividends":{"1596807000":{"amount":0.205,"date":1596807000}}})");
  auto parsed = parse_chart(body, Interval::Day);
  ASSERT_TRUE(parsed) << parsed.error().detail();
  ASSERT_EQ(parsed->bars.size(), 3U);
  ASSERT_EQ(parsed->splits.size(), 1U);
  EXPECT_EQ(parsed->splits[0],
            (CorporateAction{CorporateAction::Kind::Split, day(2020, 8, 31), 4}));
  ASSERT_TRUE(unadjust(parsed->bars, parsed->splits, Interval::Day));
  const Bar before{day(2020, 8, 28), 504.05, 505.77, 498.31, 499.23, 46'907'500};
  const Bar after{day(2020, 8, 31), 127.58, 131, 126, 129.04, 225'702'700};
  EXPECT_EQ(parsed->bars.at(0), before);
  EXPECT_EQ(parsed->bars.at(1), after);
  const auto actions = paid_actions(parsed->splits, parsed->dividends);
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(actions[0], (CorporateAction{CorporateAction::Kind::Dividend, day(2020, 8, 7), 0.82}));
  // Adjusting on read gives back what Yahoo sent.
  const BarColumns again = adjust(parsed->bars, actions, Adjustment::Split);
  EXPECT_DOUBLE_EQ(again.close[0], 124.8075);
  EXPECT_EQ(again.volume[0], 187'630'000);
}

TEST(YahooChart, DropsAndCountsHalfFilledRows) {
  const auto parsed = parse_chart(
      chart(kNewYork, columns("1598880600,1598967000,1599053400,1599139800,null,1599485400",
                              "1,null,3,4,5,0", "1,null,3,4,5,6", "1,null,3,4,5,6",
                              "1,null,null,4,5,6", "10,null,30,null,50,60")),
      Interval::Day);
  ASSERT_TRUE(parsed) << parsed.error().detail();
  EXPECT_EQ(parsed->bars.size(), 1U);
  EXPECT_EQ(parsed->dropped, 5U);
}

TEST(YahooChart, TakesIndexesWithoutVolume) {
  const auto parsed = parse_chart(
      chart(R"("symbol":"^X","gmtoffset":-18000)",
            R"("timestamp":[1598880600],"indicators":{"quote":[{"open":[1],"high":[2],"low":[1],)"
            R"("close":[2]}]})"),
      Interval::Day);
  ASSERT_TRUE(parsed) << parsed.error().detail();
  ASSERT_EQ(parsed->bars.size(), 1U);
  EXPECT_EQ(parsed->bars.volume[0], 0);
  const auto none = parse_chart(
      chart(R"("symbol":"^X")", columns("1598880600", "1", "2", "1", "2", "null")), Interval::Day);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->bars.size(), 1U);
}

TEST(YahooChart, LaysTheRunningRowOverItsDay) {
  // During the session the day comes twice: as a row of the chart and as of the last trade.
  const std::string meta = std::string{kNewYork} + R"(,"regularMarketTime":1740074817)";
  const auto parsed = parse_chart(chart(meta, columns("1739975400,1740061800,1740074817", "1,2,2.5",
                                                      "1,3,4", "1,2,1.5", "1,2.5,3.5", "10,20,21")),
                                  Interval::Day);
  ASSERT_TRUE(parsed) << parsed.error().detail();
  ASSERT_EQ(parsed->bars.size(), 2U);
  EXPECT_EQ(parsed->bars.at(1), (Bar{day(2025, 2, 20), 2.5, 4, 1.5, 3.5, 21}));

  // In weeks and months the running day is apart from the rest of its period.
  const auto week = parse_chart(
      chart(meta, columns("1739768400,1740074817", "1,2.5", "3,4", "0.5,1.5", "2,3.5", "10,21")),
      Interval::Week);
  ASSERT_TRUE(week) << week.error().detail();
  ASSERT_EQ(week->bars.size(), 1U);
  EXPECT_EQ(week->bars.at(0), (Bar{day(2025, 2, 17), 1, 4, 0.5, 3.5, 31}));

  // A running minute has the second of its last trade.
  const auto minute = parse_chart(chart(meta, columns("1740074640,1740074700,1740074817", "1,2,2.5",
                                                      "1,3,4", "1,2,1.5", "1,2.5,3.5", "10,20,1")),
                                  Interval::Minute);
  ASSERT_TRUE(minute) << minute.error().detail();
  ASSERT_EQ(minute->bars.size(), 3U);
  EXPECT_EQ(minute->bars.time_at(2), Timestamp{seconds{1740074760}});
}

TEST(YahooChart, KnowsDatesEastAndWestAndInSummer) {
  const auto date = [](std::string_view meta, std::int64_t time) {
    const auto parsed = parse_chart(
        chart(meta, columns(std::to_string(time), "1", "1", "1", "1", "1")), Interval::Day);
    return parsed && parsed->bars.size() == 1 ? parsed->bars.time_at(0) : Timestamp{};
  };
  const auto at = [](Timestamp time) {
    return std::chrono::floor<seconds>(time).time_since_epoch().count();
  };
  // New York, told in winter about a summer's day that opens at 09:30.
  EXPECT_EQ(date(kNewYork, at(day(2020, 7, 1) + hours{13} + minutes{30})), day(2020, 7, 1));
  // Sydney opens at 10:00, which is the evening before in UTC.
  EXPECT_EQ(date(R"("gmtoffset":39600,"exchangeTimezoneName":"Australia/Sydney")",
                 at(day(2020, 1, 14) + hours{23})),
            day(2020, 1, 15));
  // London's currencies trade from midnight; told in winter about summer.
  EXPECT_EQ(date(R"("gmtoffset":0,"exchangeTimezoneName":"Europe/London")",
                 at(day(2020, 6, 30) + hours{23})),
            day(2020, 7, 1));
  // A coin's running day at 23:30.
  EXPECT_EQ(date(R"("gmtoffset":0,"exchangeTimezoneName":"UTC","instrumentType":"CRYPTOCURRENCY")",
                 at(day(2020, 7, 1) + hours{23} + minutes{30})),
            day(2020, 7, 1));
}

TEST(YahooChart, RefusesBrokenColumns) {
  const auto code = [](const std::string& body) {
    const auto parsed = parse_chart(body, Interval::Day);
    return parsed ? ErrorCode::Internal : parsed.error().code();
  };
  EXPECT_EQ(code(chart(kNewYork, columns("1,2", "1", "1,2", "1,2", "1,2", "1,2"))),
            ErrorCode::BadPayload);
  EXPECT_EQ(code(chart(kNewYork, columns("1", "1,2", "1,2", "1,2", "1,2", "1,2"))),
            ErrorCode::BadPayload);
  EXPECT_EQ(code(chart(kNewYork, R"("timestamp":[1])")), ErrorCode::BadPayload);
  EXPECT_EQ(
      code(chart(kNewYork, columns("1598880600,1598621400", "1,1", "1,1", "1,1", "1,1", "1,1"))),
      ErrorCode::BadPayload);
  EXPECT_EQ(
      code(chart(R"("dataGranularity":"1h")", columns("1598880600", "1", "1", "1", "1", "1"))),
      ErrorCode::BadPayload);
  EXPECT_EQ(
      code(chart(R"("dataGranularity":"1d")", columns("1598880600", "1", "1", "1", "1", "1"))),
      ErrorCode::Internal);
  EXPECT_EQ(code(R"({"chart":{"result":[],"error":null}})"), ErrorCode::BadPayload);
  EXPECT_EQ(code(R"({"quoteResponse":{"result":[]}})"), ErrorCode::BadPayload);
  EXPECT_EQ(code("[]"), ErrorCode::BadPayload);
  EXPECT_EQ(code("<html>"), ErrorCode::BadPayload);
  const std::string whole = chart(kNewYork, columns("1598880600", "1", "1", "1", "1", "1"));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(code(whole.substr(0, cut)), ErrorCode::BadPayload) << cut;
  }
  EXPECT_EQ(code(whole), ErrorCode::Internal);
}

TEST(YahooChart, TypesTheErrorsInside) {
  const auto code = [](std::string_view name, std::string_view words) {
    const auto parsed = parse_chart(
        fmt::format(R"({{"chart":{{"result":null,"error":{{"code":"{}","description":"{}"}}}}}})",
                    name, words),
        Interval::Day);
    return parsed ? ErrorCode::Internal : parsed.error().code();
  };
  EXPECT_EQ(code("Not Found", "No data found, symbol may be delisted"), ErrorCode::UnknownSymbol);
  EXPECT_EQ(code("Bad Request", "Data doesn't exist for startDate = 1, endDate = 2"),
            ErrorCode::Internal);
  EXPECT_EQ(code("Unprocessable Entity",
                 "1m data not available for startTime=1 and endTime=2. The requested range must be "
                 "within the last 30 days."),
            ErrorCode::NotSupported);
  EXPECT_EQ(code("Unauthorized", "Invalid Crumb"), ErrorCode::CredentialsRejected);
  EXPECT_EQ(code("Too Many Requests", ""), ErrorCode::ProviderQuota);
  EXPECT_EQ(code("internal-error", "x"), ErrorCode::ProviderUnavailable);
  EXPECT_EQ(code("Made Up Error", "I'm made up"), ErrorCode::BadPayload);
}

TEST(YahooChart, TakesNothingFromAbsurdSplits) {
  std::string splits;
  for (int i = 0; i < 20; ++i) {
    splits += fmt::format(R"({}"{}":{{"date":{},"numerator":1000,"denominator":1}})",
                          i == 0 ? "" : ",", i, 1600000000 + i * 86400);
  }
  auto parsed = parse_chart(chart(kNewYork, columns("1598880600", "1", "1", "1", "1", "1") +
                                                R"(,"events":{"splits":{)" + splits + "}}"),
                            Interval::Day);
  ASSERT_TRUE(parsed);
  const auto raw = unadjust(parsed->bars, parsed->splits, Interval::Day);
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().code(), ErrorCode::BadPayload);
  const auto none = parse_chart(
      chart(kNewYork, columns("1598880600", "1", "1", "1", "1", "1") +
                          R"(,"events":{"splits":{"1":{"date":1598880600,"numerator":4,)"
                          R"("denominator":0},"2":{"date":1598880600},"3":7,"4":null}})"),
      Interval::Day);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->splits.empty());
}

// Random bars as traded, random splits: told Yahoo's way (floats, adjusted), read back as traded.
TEST(YahooChart, ComesBackAsTraded) {
  EXPECT_TRUE(rc::check([] {
    const int days = *rc::gen::inRange(2, 40);
    BarColumns raw;
    for (int i = 0; i < days; ++i) {
      const auto cents = [] { return *rc::gen::inRange(100, 99'999) / 100.0; };
      // Volumes that any of the ratios below divides.
      raw.push_back({day(2020, 1, 1) + std::chrono::days{i}, cents(), cents(), cents(), cents(),
                     *rc::gen::inRange(1, 10'000) * 64'000.0});
    }
    std::vector<CorporateAction> splits;
    const auto split_days = *rc::gen::unique<std::vector<int>>(3, rc::gen::inRange(0, 41));
    for (const int at : split_days) {
      const double ratio = *rc::gen::element(2.0, 4.0, 5.0, 1.5, 0.1, 0.25);
      splits.push_back(
          {CorporateAction::Kind::Split, day(2020, 1, 1) + std::chrono::days{at}, ratio});
    }
    std::ranges::sort(splits, std::ranges::less{}, &CorporateAction::ex_date);
    const BarColumns sent = adjust(raw, splits, Adjustment::Split);
    std::array<std::string, 6> texts;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const auto add = [&](std::size_t column, const std::string& value) {
        texts[column] += (i == 0 ? "" : ",") + value;
      };
      const auto noisy = [](double price) {
        return fmt::format("{}", static_cast<double>(static_cast<float>(price)));
      };
      add(0, std::to_string(sent.time[i] / 1'000'000'000 + 14 * 3600 + 1800));
      add(1, noisy(sent.open[i]));
      add(2, noisy(sent.high[i]));
      add(3, noisy(sent.low[i]));
      add(4, noisy(sent.close[i]));
      add(5, fmt::format("{:.0f}", sent.volume[i]));
    }
    std::string events;
    for (const CorporateAction& split : splits) {
      const auto at = split.ex_date.time_since_epoch() / seconds{1} + 14 * 3600 + 1800;
      events += fmt::format(R"({}"{}":{{"date":{},"numerator":{},"denominator":1}})",
                            events.empty() ? "" : ",", at, at, split.value);
    }
    auto parsed = parse_chart(
        chart(kNewYork, columns(texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]) +
                            R"(,"events":{"splits":{)" + events + "}}"),
        Interval::Day);
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(parsed->splits == splits);
    RC_ASSERT(unadjust(parsed->bars, parsed->splits, Interval::Day).has_value());
    RC_ASSERT(parsed->bars == raw);
  }));
}

TEST(YahooChart, TurnsItsMetaIntoAQuote) {
  const std::string meta =
      R"("symbol":"ACME","range":"1d","regularMarketPrice":244.87,"regularMarketTime":1739998801,)"
      R"("chartPreviousClose":244.47,"regularMarketVolume":32129951,"currentTradingPeriod":{)"
      R"("pre":{"start":1740042000,"end":1740061800},"regular":{"start":1740061800,)"
      R"("end":1740085200},"post":{"start":1740085200,"end":1740099600}})";
  const auto parsed = parse_chart_events(chart(meta, R"("indicators":{"quote":[{}]})"));
  ASSERT_TRUE(parsed) << parsed.error().detail();
  const auto symbol = *Symbol::parse("ACME");
  const auto quote = [&](std::int64_t now) {
    return *quote_of(parsed->meta, symbol, Timestamp{seconds{now}});
  };
  EXPECT_EQ(quote(1740061800).last, 244.87);
  EXPECT_EQ(quote(1740061800).prev_close, 244.47);
  EXPECT_EQ(quote(1740061800).volume, 32129951);
  EXPECT_EQ(quote(1740061800).as_of, Timestamp{seconds{1739998801}});
  EXPECT_FALSE(quote(1740061800).bid);
  EXPECT_EQ(quote(1740061800).market_state, MarketState::Open);
  EXPECT_EQ(quote(1740061799).market_state, MarketState::Pre);
  EXPECT_EQ(quote(1740085200).market_state, MarketState::Post);
  EXPECT_EQ(quote(1740099600).market_state, MarketState::Closed);
  const auto empty = quote_of({}, symbol, {});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code(), ErrorCode::UnknownSymbol);
}

}  // namespace
}  // namespace ziggy::feed
