// The three vendors on one history: AAPL around the dividend of 2020-08-07 and the 4-for-1 split of
// 2020-08-31, each in its own format and on its own price basis. Raw, split-adjusted and fully
// adjusted bars must be the same whoever told them.
#include <gtest/gtest.h>

#include <array>

#include "alpaca_parse.hpp"
#include "polygon_parse.hpp"
#include "vendor_history.hpp"
#include "yahoo_chart.hpp"
#include "ziggy/domain/adjust.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::feed {
namespace {

Timestamp at(std::string_view text) { return *parse_rfc3339(text); }
const Symbol kApple = *Symbol::parse("AAPL");

// As traded, rounded to the hundreds of shares that all three keep.
BarColumns traded() {
  BarColumns bars;
  for (const Bar& bar : {Bar{at("2020-08-06"), 441.62, 457.65, 439.19, 455.61, 50'607'200},
                         Bar{at("2020-08-07"), 452.82, 454.70, 441.17, 444.45, 49'511'400},
                         Bar{at("2020-08-28"), 504.05, 505.77, 498.31, 499.23, 46'907'600},
                         Bar{at("2020-08-31"), 127.58, 131.00, 126.00, 129.04, 225'702'700},
                         Bar{at("2020-09-01"), 132.76, 134.80, 130.53, 134.18, 152'470'100}}) {
    bars.push_back(bar);
  }
  return bars;
}

struct Told {
  BarColumns bars;
  std::vector<CorporateAction> actions;
};

std::int64_t midnight_ms(Timestamp date) {
  return from_new_york(date_of(date), std::chrono::nanoseconds::zero()).time_since_epoch() /
         std::chrono::milliseconds{1};
}

Told polygon(bool is_adjusted) {
  BarColumns bars = traded();
  const CorporateAction split{CorporateAction::Kind::Split, at("2020-08-31"), 4};
  if (is_adjusted) bars = adjust(bars, {&split, 1}, Adjustment::Split);
  std::string body =
      fmt::format(R"({{"ticker":"AAPL","status":"OK","adjusted":{},"results":[)", is_adjusted);
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar bar = bars.at(i);
    body += fmt::format(R"({}{{"v":{:.1f},"vw":1,"o":{},"c":{},"h":{},"l":{},"t":{},"n":9}})",
                        i == 0 ? "" : ",", bar.volume, bar.open, bar.close, bar.high, bar.low,
                        midnight_ms(bar.time));
  }
  auto page = parse_polygon_bars(body + "]}", kApple, Interval::Day);
  const auto splits = parse_polygon_actions(
      R"({"status":"OK","results":[{"ticker":"AAPL","execution_date":"2020-08-31","split_from":1,
          "split_to":4}]})",
      kApple);
  const auto dividends = parse_polygon_actions(
      R"({"status":"OK","results":[{"ticker":"AAPL","ex_dividend_date":"2020-08-07",
          "cash_amount":0.82,"currency":"USD"}]})",
      kApple);
  std::vector<CorporateAction> actions = splits->actions;
  actions.insert(actions.end(), dividends->actions.begin(), dividends->actions.end());
  actions = settle_actions(std::move(actions), at("2021-01-01"));
  if (page->is_adjusted) undo_splits(page->bars, actions, Interval::Day);
  return {page->bars, actions};
}

Told alpaca() {
  std::string body = R"({"bars":{"AAPL":[)";
  const BarColumns bars = traded();
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar bar = bars.at(i);
    body +=
        fmt::format(R"({}{{"t":"{}T04:00:00Z","o":{},"h":{},"l":{},"c":{},"v":{},"n":9,"vw":1}})",
                    i == 0 ? "" : ",", to_rfc3339(bar.time).substr(0, 10), bar.open, bar.high,
                    bar.low, bar.close, static_cast<std::int64_t>(bar.volume));
  }
  const auto page =
      parse_alpaca_bars(body + R"(]},"next_page_token":null})", kApple, Interval::Day);
  auto actions = parse_alpaca_actions(
      R"({"corporate_actions":{"forward_splits":[{"symbol":"AAPL","ex_date":"2020-08-31",
          "new_rate":4,"old_rate":1}],"cash_dividends":[{"symbol":"AAPL","ex_date":"2020-08-07",
          "rate":0.82,"special":false}]}})",
      kApple);
  return {page->bars, settle_actions(std::move(actions->actions), at("2021-01-01"))};
}

// All in new shares, prices as floats.
Told yahoo() {
  std::array<std::string, 6> columns;
  const BarColumns bars = traded();
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar bar = bars.at(i);
    const double ratio = bar.time < at("2020-08-31") ? 4 : 1;
    const auto add = [&](std::size_t column, const std::string& text) {
      columns[column] += (i == 0 ? "" : ",") + text;
    };
    add(0, fmt::format("{}", midnight_ms(bar.time) / 1000 + 9 * 3600 + 1800));
    for (const auto& [column, price] :
         {std::pair{1, bar.open}, {2, bar.high}, {3, bar.low}, {4, bar.close}}) {
      add(static_cast<std::size_t>(column),
          fmt::format("{}", static_cast<double>(static_cast<float>(price / ratio))));
    }
    add(5, fmt::format("{:.0f}", bar.volume * ratio));
  }
  const std::string body = fmt::format(
      R"({{"chart":{{"result":[{{"meta":{{"symbol":"AAPL","instrumentType":"EQUITY",
          "gmtoffset":-14400,"exchangeTimezoneName":"America/New_York"}},"timestamp":[{}],
          "indicators":{{"quote":[{{"open":[{}],"high":[{}],"low":[{}],"close":[{}],
          "volume":[{}]}}]}},"events":{{"splits":{{"1598880600":{{"date":1598880600,
          "numerator":4,"denominator":1,"splitRatio":"4:1"}}}},"dividends":{{"1596807000":
          {{"amount":0.205,"date":1596807000}}}}}}}}],"error":null}}}})",
      columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]);
  auto chart = parse_chart(body, Interval::Day);
  EXPECT_TRUE(chart) << chart.error().detail();
  EXPECT_TRUE(unadjust(chart->bars, chart->splits, Interval::Day));
  return {chart->bars, paid_actions(chart->splits, chart->dividends)};
}

TEST(VendorsAgree, OnApplesSplitRawSplitAndAll) {
  const std::array told = {polygon(false), polygon(true), alpaca(), yahoo()};
  const std::vector<CorporateAction> actions = {
      {CorporateAction::Kind::Dividend, at("2020-08-07"), 0.82},
      {CorporateAction::Kind::Split, at("2020-08-31"), 4}};
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].bars, traded()) << i;
    EXPECT_EQ(told[i].actions, actions) << i;
    for (const Adjustment adjustment : {Adjustment::Raw, Adjustment::Split, Adjustment::All}) {
      EXPECT_EQ(adjust(told[i].bars, told[i].actions, adjustment),
                adjust(traded(), actions, adjustment))
          << i << adjustment_name(adjustment);
    }
  }
  // And they are the figures everybody knows: 124.81 the day before, in today's shares.
  const BarColumns split = adjust(told[0].bars, told[0].actions, Adjustment::Split);
  EXPECT_DOUBLE_EQ(split.close[2], 124.8075);
  EXPECT_DOUBLE_EQ(split.volume[2], 187'630'400);
  const BarColumns all = adjust(told[0].bars, told[0].actions, Adjustment::All);
  EXPECT_DOUBLE_EQ(all.close[0], 455.61 / 4 * (1 - 0.82 / 455.61));
}

}  // namespace
}  // namespace ziggy::feed
