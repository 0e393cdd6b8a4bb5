#include <map>
#include <set>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "fixture.hpp"
#include "ziggy/net/query.hpp"

namespace ziggy::standin::testing {
namespace {

namespace json = boost::json;

class Formats : public StandInTest {
 protected:
  [[nodiscard]] json::value read(std::string_view target, std::string_view headers = {}) const {
    const Reply reply = get(target, headers);
    EXPECT_EQ(reply.status, 200) << target << reply.body;
    return json::parse(reply.body);
  }
  [[nodiscard]] json::value polygon(std::string_view target) const {
    return read(fmt::format("/polygon{}", target), kPolygonKey);
  }
  [[nodiscard]] json::value alpaca(std::string_view target) const {
    return read(fmt::format("/alpaca{}", target), kAlpacaKeys);
  }
  static double number(const json::value& value, std::string_view pointer) {
    return value.at_pointer(pointer).to_number<double>();
  }
};

TEST_F(Formats, TheThreeTellOfOneMarket) {
  start();
  // 2024-06-10 and -11, days in New York.
  const auto p = polygon("/v2/aggs/ticker/AAPL/range/1/day/2024-06-10/2024-06-11?adjusted=false");
  const auto a =
      alpaca("/v2/stocks/bars?symbols=AAPL&timeframe=1Day&start=2024-06-10&end=2024-06-12");
  const auto y =
      read("/yahoo/v8/finance/chart/AAPL?interval=1d&period1=1717977600&period2=1718150400");
  ASSERT_EQ(p.at("resultsCount").as_int64(), 2);
  ASSERT_EQ(a.at_pointer("/bars/AAPL").as_array().size(), 2U);
  ASSERT_EQ(y.at_pointer("/chart/result/0/timestamp").as_array().size(), 2U);
  EXPECT_EQ(number(p, "/results/0/t"), 1'717'992'000'000.0) << "New York's midnight";
  EXPECT_EQ(a.at_pointer("/bars/AAPL/0/t"), "2024-06-10T04:00:00Z");
  EXPECT_EQ(number(y, "/chart/result/0/timestamp/0"), 1'718'026'200.0) << "the opening bell";
  for (const int i : {0, 1}) {
    for (const auto& [short_name, long_name] : {std::pair{"o", "open"}, std::pair{"h", "high"},
                                                std::pair{"l", "low"}, std::pair{"c", "close"}}) {
      const double price = number(p, fmt::format("/results/{}/{}", i, short_name));
      EXPECT_GT(price, 1);
      EXPECT_EQ(number(a, fmt::format("/bars/AAPL/{}/{}", i, short_name)), price);
      // The test's own parser is a bit off in the last place.
      EXPECT_NEAR(number(y, fmt::format("/chart/result/0/indicators/quote/0/{}/{}", long_name, i)),
                  static_cast<double>(static_cast<float>(price)), 1e-9)
          << "32-bit floats";
    }
  }
}

TEST_F(Formats, PolygonPagesWithoutLossOrRepetition) {
  start({.page_max = 7});
  std::string target =
      "/v2/aggs/ticker/MSFT/range/5/minute/1718193600000/1718197200000?limit=50000&sort=asc";
  std::vector<std::int64_t> times;
  int pages = 0;
  while (!target.empty() && pages < 9) {
    const auto page = polygon(target);
    ++pages;
    for (const auto& row : page.at("results").as_array()) times.push_back(row.at("t").as_int64());
    const auto* next = page.as_object().if_contains("next_url");
    target.clear();
    if (next != nullptr) {
      const std::string url{next->as_string()};
      ASSERT_EQ(url.rfind("http://127.0.0.1/v2/", 0), 0U) << "the host it was asked by: " << url;
      target = url.substr(std::string_view{"http://127.0.0.1"}.size());
      EXPECT_EQ(get(target, kPolygonKey).status, 200) << "as it is, too";
    }
  }
  EXPECT_EQ(pages, 2);
  ASSERT_EQ(times.size(), 13U) << "both ends are inside";
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(times[i], 1'718'193'600'000 + static_cast<std::int64_t>(i) * 300'000);
  }
}

TEST_F(Formats, PolygonsLimitCountsBaseBars) {
  start();
  const auto page = polygon("/v2/aggs/ticker/MSFT/range/1/hour/2024-06-10/2024-06-11?limit=180");
  EXPECT_EQ(page.at("resultsCount").as_int64(), 3) << "180 minutes";
  EXPECT_TRUE(page.as_object().contains("next_url"));
}

TEST_F(Formats, PolygonTellsTheUnknownByNothing) {
  start();
  const auto page = polygon("/v2/aggs/ticker/NOSUCH/range/1/day/2024-06-10/2024-06-11");
  EXPECT_EQ(page.at("resultsCount").as_int64(), 0);
  EXPECT_FALSE(page.as_object().contains("results"));
  EXPECT_EQ(get("/polygon/v2/last/trade/NOSUCH", kPolygonKey).status, 404);
}

TEST_F(Formats, AlpacaPagesOverSymbolsInOrder) {
  start();
  std::string token;
  std::vector<std::string> rows;
  for (int page = 0; page < 9; ++page) {
    const auto body = alpaca(fmt::format(
        "/v2/stocks/"
        "bars?symbols=MSFT,AAPL&timeframe=1Day&start=2024-06-03&end=2024-06-08&limit=3{}",
        token.empty() ? "" : "&page_token=" + token));
    for (const auto& [symbol, bars] : body.at("bars").as_object()) {
      for (const auto& bar : bars.as_array()) {
        rows.push_back(fmt::format("{} {}", std::string_view{symbol},
                                   std::string_view{bar.at("t").as_string()}.substr(0, 10)));
      }
    }
    if (body.at("next_page_token").is_null()) break;
    token = std::string_view{body.at("next_page_token").as_string()};
  }
  std::vector<std::string> expected;
  for (const auto* symbol : {"AAPL", "MSFT"}) {
    for (int day = 3; day <= 7; ++day)
      expected.push_back(fmt::format("{} 2024-06-0{}", symbol, day));
  }
  EXPECT_EQ(rows, expected);
}

TEST_F(Formats, KeysAreChecked) {
  start();
  EXPECT_EQ(get("/polygon/v2/last/trade/AAPL").status, 401);
  EXPECT_EQ(get("/polygon/v2/last/trade/AAPL?apiKey=stand-in").status, 200);
  EXPECT_EQ(get("/polygon/v2/last/trade/AAPL?apiKey=wrong").status, 401);
  EXPECT_EQ(get("/alpaca/v2/stocks/quotes/latest?symbols=AAPL").status, 401);
  EXPECT_EQ(get("/alpaca/v1beta3/crypto/us/latest/quotes?symbols=BTC/USD").status, 200)
      << "coins are free";
  EXPECT_EQ(get("/alpaca/v1beta3/crypto/us/latest/quotes?symbols=BTC/USD", "APCA-API-KEY-ID: x\r\n")
                .status,
            401);
}

TEST_F(Formats, YahooWantsCookieAndCrumb) {
  start();
  constexpr std::string_view kQuote = "/yahoo/v7/finance/quote?symbols=AAPL,NOSUCH,BRK-B,BTC-USD";
  EXPECT_EQ(get(kQuote).status, 401);
  EXPECT_EQ(get("/yahoo/v1/test/getcrumb").status, 401);
  const std::string set = get("/yahoo/").header("set-cookie");
  const std::string cookie = fmt::format("Cookie: {}\r\n", set.substr(0, set.find(';')));
  const Reply crumb = get("/yahoo/v1/test/getcrumb", cookie);
  ASSERT_EQ(crumb.status, 200);
  EXPECT_EQ(get(kQuote, cookie).status, 401) << "no crumb";
  const auto body =
      read(fmt::format("{}&crumb={}", kQuote, net::percent_encode(crumb.body)), cookie);
  const auto& list = body.at_pointer("/quoteResponse/result").as_array();
  ASSERT_EQ(list.size(), 3U) << "the unknown is left out";
  EXPECT_EQ(list[0].at("symbol"), "AAPL");
  EXPECT_EQ(list[1].at("symbol"), "BRK-B");
  EXPECT_EQ(list[2].at("quoteType"), "CRYPTOCURRENCY");
}

TEST_F(Formats, YahooRefusesWhatItDoesNotKeep) {
  start();
  EXPECT_EQ(get("/yahoo/v8/finance/chart/NOSUCH?interval=1d&range=5d").status, 404);
  EXPECT_EQ(get("/yahoo/v8/finance/chart/AAPL?interval=7m").status, 422);
  EXPECT_EQ(get("/yahoo/v8/finance/chart/AAPL?interval=1m&range=6mo").status, 422)
      << "a month of minutes";
  EXPECT_EQ(get("/yahoo/v8/finance/chart/AAPL?period1=20&period2=10").status, 400);
}

/// The simulator's own splits, as each vendor tells them; NVDA has had some by 2024.
TEST_F(Formats, SplitsAreInEachVendorsBasis) {
  start({}, feed::SimSessions::Exchange);
  std::string_view symbol;
  json::array splits;
  for (const std::string_view candidate : {"NVDA", "TSLA", "AAPL", "AMZN", "GOOGL", "MSFT"}) {
    splits =
        polygon(fmt::format("/v3/reference/splits?ticker={}", candidate)).at("results").as_array();
    symbol = candidate;
    if (!splits.empty()) break;
  }
  ASSERT_FALSE(splits.empty()) << "the simulated exchange has splits";
  const std::string date{splits[0].at("execution_date").as_string()};
  const double ratio = number(splits[0], "/split_to") / number(splits[0], "/split_from");
  const auto ex = parse_rfc3339(date);
  ASSERT_TRUE(ex.has_value());
  const Timestamp before = *ex - std::chrono::days{5};
  const std::string range = fmt::format("{}/{}", to_rfc3339(before).substr(0, 10),
                                        to_rfc3339(*ex - std::chrono::days{1}).substr(0, 10));
  const auto raw =
      polygon(fmt::format("/v2/aggs/ticker/{}/range/1/day/{}?adjusted=false", symbol, range));
  const auto adjusted = polygon(fmt::format("/v2/aggs/ticker/{}/range/1/day/{}", symbol, range));
  const double raw_close = number(raw, "/results/0/c");
  EXPECT_NEAR(number(adjusted, "/results/0/c"), raw_close / ratio, 1e-9);
  const std::string days = fmt::format("symbols={}&timeframe=1Day&start={}&end={}", symbol,
                                       to_rfc3339(before).substr(0, 10), date);
  EXPECT_EQ(number(alpaca("/v2/stocks/bars?" + days), fmt::format("/bars/{}/0/c", symbol)),
            raw_close);
  EXPECT_NEAR(number(alpaca("/v2/stocks/bars?adjustment=split&" + days),
                     fmt::format("/bars/{}/0/c", symbol)),
              raw_close / ratio, 1e-9);
  const auto chart = read(
      fmt::format("/yahoo/v8/finance/chart/{}?interval=1d&events=div%7Csplit&period1={}&period2={}",
                  symbol, before.time_since_epoch().count() / 1'000'000'000,
                  (*ex + std::chrono::days{2}).time_since_epoch().count() / 1'000'000'000));
  EXPECT_NEAR(number(chart, "/chart/result/0/indicators/quote/0/close/0"), raw_close / ratio,
              raw_close * 1e-6);
  const auto& told = chart.at_pointer("/chart/result/0/events/splits").as_object();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(
      number(told.begin()->value(), "/numerator") / number(told.begin()->value(), "/denominator"),
      ratio);
  const auto actions = alpaca(
      fmt::format("/v1/corporate-actions?symbols={}&start=2000-01-01&types=forward_split", symbol));
  EXPECT_EQ(actions.at_pointer("/corporate_actions/forward_splits").as_array().size(),
            splits.size());
}

TEST_F(Formats, NothingIsNews) {
  start();
  EXPECT_TRUE(polygon("/v2/reference/news?ticker=AAPL").at("results").as_array().empty());
  EXPECT_TRUE(alpaca("/v1beta1/news?symbols=AAPL").at("news").as_array().empty());
  EXPECT_TRUE(read("/yahoo/v1/finance/search?q=AAPL").at("news").as_array().empty());
}

TEST_F(Formats, EverySymbolHasItsOwnPrice) {
  start();
  std::set<double> prices;
  for (int i = 0; i < 200; ++i) {
    prices.insert(number(polygon(fmt::format("/v2/last/trade/T{}", i)), "/results/p"));
  }
  EXPECT_GT(prices.size(), 190U);
}

TEST_F(Formats, CoinsInEachSpelling) {
  start();
  const double p = number(polygon("/v1/last/crypto/BTC/USD"), "/last/price");
  EXPECT_EQ(number(polygon("/v2/snapshot/locale/global/markets/crypto/tickers/X:BTCUSD"),
                   "/ticker/lastTrade/p"),
            p);
  const auto a = alpaca("/v1beta3/crypto/us/latest/trades?symbols=BTC%2FUSD");
  EXPECT_EQ(a.at("trades").as_object().at("BTC/USD").at("p").to_number<double>(), p);
  const auto y = read("/yahoo/v8/finance/chart/BTC-USD?range=5d&interval=1d");
  EXPECT_EQ(number(y, "/chart/result/0/meta/regularMarketPrice"), p);
  EXPECT_EQ(static_cast<std::int64_t>(number(y, "/chart/result/0/timestamp/0")) % 86'400, 0)
      << "UTC days";
}

}  // namespace
}  // namespace ziggy::standin::testing
