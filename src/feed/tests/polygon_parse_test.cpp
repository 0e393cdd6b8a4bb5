#include "polygon_parse.hpp"

#include <gtest/gtest.h>

#include "polygon_symbols.hpp"

namespace ziggy::feed {
namespace {

using std::chrono::milliseconds;

Symbol sym(std::string_view text) { return *Symbol::parse(text); }
Timestamp at(std::string_view text) { return *parse_rfc3339(text); }

ErrorCode code_of(std::string_view body) {
  const auto parsed = parse_polygon_bars(body, sym("ACME"), Interval::Day);
  return parsed ? ErrorCode::Internal : parsed.error().code();
}

TEST(PolygonSymbols, GoBothWays) {
  const std::pair<std::string_view, std::string_view> pairs[] = {
      {"AAPL", "AAPL"},          {"BRK.B", "BRK.B"},      {"BAC.PRL", "BACpL"},
      {"KIM.PR", "KIMp"},        {"ABC.RT", "ABCr"},      {"ABC.WI", "ABCw"},
      {"ABC.WS", "ABC.WS"},      {"BTC-USD", "X:BTCUSD"}, {"ETH-BTC", "X:ETHBTC"},
      {"SOL-USDT", "X:SOLUSDT"}, {"^SPX", "I:SPX"},       {"EURUSD=X", "C:EURUSD"}};
  for (const auto& [ours, theirs] : pairs) {
    EXPECT_EQ(to_polygon(sym(ours)), theirs);
    const auto back = from_polygon(theirs);
    ASSERT_TRUE(back) << theirs;
    EXPECT_EQ(back->view(), ours);
  }
  EXPECT_EQ(to_polygon(sym("^GSPC")), "I:SPX");
  EXPECT_EQ(to_polygon(sym("JPY=X")), "C:USDJPY");
  EXPECT_EQ(to_polygon(sym("PRO")), "PRO");
  for (const std::string_view none : {"", "O:SPY251219C00650000", "X:", "X:ABC", "BACxL", "aapl"}) {
    EXPECT_FALSE(from_polygon(none)) << none;
  }
}

TEST(PolygonBarsTest, DaysGetTheirSessionsDate) {
  // Midnight in New York, in summer and in winter.
  const auto page = parse_polygon_bars(
      R"({"ticker":"ACME","queryCount":4,"resultsCount":4,"adjusted":false,"status":"DELAYED",
          "results":[{"v":10.5,"vw":1,"o":2,"c":3,"h":4,"l":1,"t":1593576000000,"n":1},
                     {"v":20,"o":3,"c":3.5,"h":4,"l":3,"t":1606712400000},
                     {"v":null,"o":3,"c":3.5,"h":4,"l":3,"t":1606798800000},
                     {"v":1,"o":3,"c":3.5,"l":3,"t":1606885200000}, null, 7]})",
      sym("ACME"), Interval::Day);
  ASSERT_TRUE(page) << page.error().detail();
  ASSERT_EQ(page->bars.size(), 2U);
  EXPECT_EQ(page->bars.at(0), (Bar{at("2020-07-01"), 2, 4, 1, 3, 10.5}));
  EXPECT_EQ(page->bars.at(1), (Bar{at("2020-11-30"), 3, 4, 3, 3.5, 20}));
  EXPECT_EQ(page->dropped, 4U);
  EXPECT_FALSE(page->is_adjusted);
  EXPECT_TRUE(page->next.empty());
}

TEST(PolygonBarsTest, NewestFirstIsTurnedAroundAndBrokenOrderIsLeft) {
  const auto rows = [](std::string_view times) {
    std::string body = R"({"status":"OK","adjusted":true,"results":[)";
    for (const char c : times) {
      if (body.back() == '}') body += ',';
      body += R"({"t":160000000000)" + std::string{c} + R"(,"o":1,"h":1,"l":1,"c":1,"v":1})";
    }
    return body + "]}";
  };
  const auto times = [&](std::string_view text) {
    const auto page = parse_polygon_bars(rows(text), sym("ACME"), Interval::Second);
    std::string out;
    for (std::size_t i = 0; page && i < page->bars.size(); ++i) {
      out += static_cast<char>('0' + page->bars.time[i] / 1'000'000 % 10);
    }
    return out;
  };
  EXPECT_EQ(times("321"), "123");
  EXPECT_EQ(times("123"), "123");
  EXPECT_EQ(times("132"), "132");
  EXPECT_EQ(times("211"), "211");
  EXPECT_TRUE(parse_polygon_bars(rows("1"), sym("ACME"), Interval::Second)->is_adjusted);
}

TEST(PolygonBarsTest, IndicesHaveNoVolume) {
  constexpr std::string_view kBody =
      R"({"ticker":"I:SPX","status":"OK","results":[{"c":4,"h":5,"l":1,"o":2,"t":1678221584688}]})";
  const auto page = parse_polygon_bars(kBody, sym("^SPX"), Interval::Minute);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->bars.size(), 1U);
  EXPECT_EQ(page->bars.volume.at(0), 0);
}

TEST(PolygonBarsTest, WeeksBeginOnMondayAndMonthsOnTheFirst) {
  const auto time_of = [](std::int64_t t, Interval interval) {
    const auto page = parse_polygon_bars(
        fmt::format(R"({{"status":"OK","results":[{{"t":{},"o":1,"h":1,"l":1,"c":1,"v":1}}]}})", t),
        sym("ACME"), interval);
    return to_rfc3339(page->bars.time_at(0));
  };
  EXPECT_EQ(time_of(1596340800000, Interval::Week), "2020-08-03T00:00:00Z");  // Sunday the 2nd
  EXPECT_EQ(time_of(1596254400000, Interval::Month), "2020-08-01T00:00:00Z");
}

TEST(PolygonBarsTest, NothingIsNoError) {
  for (const std::string_view body :
       {R"({"ticker":"ACME","queryCount":0,"resultsCount":0,"adjusted":false,"status":"OK"})",
        R"({"status":"OK","results":[]})", R"({"status":"OK","results":null,"resultsCount":0})"}) {
    const auto page = parse_polygon_bars(body, sym("ACME"), Interval::Day);
    ASSERT_TRUE(page) << body;
    EXPECT_TRUE(page->bars.empty());
  }
}

TEST(PolygonBarsTest, ABodyCanRefuse) {
  EXPECT_EQ(code_of(R"({"status":"NOT_AUTHORIZED","message":"not entitled"})"),
            ErrorCode::NotEntitled);
  EXPECT_EQ(code_of(R"({"status":"NOT_FOUND","message":"Ticker not found."})"),
            ErrorCode::UnknownSymbol);
  EXPECT_EQ(code_of(R"({"status":"ERROR","error":"Unknown API Key"})"),
            ErrorCode::CredentialsRejected);
  const auto quota = parse_polygon_bars(
      R"({"status":"ERROR","error":"You've exceeded the maximum requests per minute, wait"})",
      sym("ACME"), Interval::Day);
  ASSERT_FALSE(quota);
  EXPECT_EQ(quota.error().code(), ErrorCode::ProviderQuota);
  EXPECT_TRUE(quota.error().retry_after());
  for (const std::string_view body : {"", "<html></html>", "[]", "{}", "7", R"({"status":"ERROR"})",
                                      R"({"results":7})", R"({"status":"OK","results":[{"t":1)",
                                      R"({"ticker":"OTHER","status":"OK","results":[]})"}) {
    EXPECT_EQ(code_of(body), ErrorCode::BadPayload) << body;
  }
}

TEST(PolygonNext, StaysOnOurHostWithoutAKey) {
  EXPECT_EQ(polygon_next_path("https://api.massive.com/v2/aggs/x?cursor=abc&limit=2"),
            "/v2/aggs/x?cursor=abc&limit=2");
  EXPECT_EQ(polygon_next_path("https://evil.example:443/v2/x?cursor=a&apiKey=S"), "/v2/x?cursor=a");
  EXPECT_EQ(polygon_next_path("/v2/x?apiKey=S"), "/v2/x");
  EXPECT_EQ(polygon_next_path("/v2/x#f"), "/v2/x");
  for (const std::string_view bad :
       {"", "https://host", "x", "//evil.example/x", "/a b", "/a\nb"}) {
    EXPECT_EQ(polygon_next_path(bad), "") << bad;
  }
  EXPECT_EQ(polygon_next_path("/" + std::string(5000, 'a')), "");
}

TEST(PolygonSnapshots, BecomeQuotes) {
  const auto quotes = parse_polygon_snapshots(
      R"({"status":"OK","ticker":{"ticker":"ACME","updated":1651251948294080343,
          "day":{"c":160.3,"v":68840127},"prevDay":{"c":163.64,"v":1},
          "lastQuote":{"P":159.99,"S":5,"p":159.98,"s":3,"t":1651251948407646487},
          "lastTrade":{"c":null,"p":159.97,"s":200,"t":1651251948294080343},
          "min":{"av":68834255,"t":1684428600000}}})");
  ASSERT_TRUE(quotes) << quotes.error().detail();
  ASSERT_EQ(quotes->size(), 1U);
  const Quote& quote = quotes->front();
  EXPECT_EQ(quote.symbol, sym("ACME"));
  EXPECT_EQ(quote.bid, 159.98);
  EXPECT_EQ(quote.ask, 159.99);
  EXPECT_EQ(quote.bid_size, 300);  // lots of 100 then
  EXPECT_EQ(quote.ask_size, 500);
  EXPECT_EQ(quote.last, 159.97);
  EXPECT_EQ(quote.last_size, 200);
  EXPECT_EQ(quote.prev_close, 163.64);
  EXPECT_EQ(quote.volume, 68840127);
  EXPECT_EQ(quote.as_of.time_since_epoch().count(), 1651251948407646487);
}

TEST(PolygonSnapshots, KnowManyAndCoinsAndNothing) {
  const auto many = parse_polygon_snapshots(
      R"({"status":"OK","count":3,"tickers":[
          {"ticker":"X:BTCUSD","day":{"c":0,"v":0},"prevDay":{"c":5},"updated":1605330008999,
           "lastTrade":{"p":16242.31,"s":0.001933,"t":1605294230780}},
          {"ticker":"NEW","day":{"c":0,"v":0},"prevDay":{"c":0},"updated":0,
           "lastQuote":{"P":0,"S":0,"p":0,"s":0,"t":0}},
          {"ticker":"ACME","lastQuote":{"P":2,"S":40,"p":1,"s":0,"t":1767625200000000000},
           "min":{"av":17,"c":1}}, {"ticker":7}, 7]})");
  ASSERT_TRUE(many) << many.error().detail();
  ASSERT_EQ(many->size(), 2U);
  EXPECT_EQ(many->front().symbol, sym("BTC-USD"));
  EXPECT_EQ(many->front().last_size, 0.001933);
  EXPECT_FALSE(many->front().volume);
  EXPECT_EQ(many->front().as_of, Timestamp{milliseconds{1605330008999}});
  EXPECT_EQ(many->back().ask_size, 40);  // shares since November 2025
  EXPECT_FALSE(many->back().bid_size);
  EXPECT_EQ(many->back().volume, 17);
  EXPECT_TRUE(parse_polygon_snapshots(R"({"status":"OK","count":0,"tickers":[]})")->empty());
  EXPECT_FALSE(parse_polygon_snapshots("{}"));
}

TEST(PolygonSnapshots, LeavePricesBelowZeroToTheContracts) {
  const auto quotes = parse_polygon_snapshots(
      R"({"status":"OK","ticker":{"ticker":"ACME","day":{"c":-3,"v":5},"prevDay":{"c":4},
          "lastQuote":{"P":-2,"S":1,"p":-2.5,"s":1,"t":1767625200000000000},
          "lastTrade":{"p":-2.25,"s":1,"t":1767625200000000000}}})");
  ASSERT_TRUE(quotes) << quotes.error().detail();
  ASSERT_EQ(quotes->size(), 1U);
  EXPECT_EQ(quotes->front().bid, -2.5);
  EXPECT_EQ(quotes->front().ask, -2);
  EXPECT_EQ(quotes->front().last, -2.25);
}

TEST(PolygonLast, FoldsQuoteAndTrade) {
  Quote quote;
  quote.symbol = sym("ACME");
  ASSERT_TRUE(read_polygon_nbbo(
      R"({"status":"OK","results":{"P":127.98,"S":7,"T":"ACME","p":127.96,"s":1,
          "t":1617827221349730300}})",
      quote));
  ASSERT_TRUE(read_polygon_trade(
      R"({"status":"OK","results":{"T":"ACME","p":127.97,"s":25,"t":1617827221000000000}})",
      quote));
  EXPECT_EQ(quote.bid, 127.96);
  EXPECT_EQ(quote.bid_size, 100);
  EXPECT_EQ(quote.last, 127.97);
  EXPECT_EQ(quote.as_of.time_since_epoch().count(), 1617827221349730300);
  const auto other = read_polygon_trade(
      R"({"status":"OK","results":{"T":"OTHER","p":1,"s":1,"t":1617827221000000000}})", quote);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), ErrorCode::BadPayload);
  Quote coin;
  coin.symbol = sym("BTC-USD");
  ASSERT_TRUE(read_polygon_trade(
      R"({"last":{"price":16835.42,"size":0.006909,"timestamp":1605560885027},
          "status":"success","symbol":"BTC-USD"})",
      coin));
  EXPECT_EQ(coin.last, 16835.42);
  EXPECT_EQ(coin.as_of, Timestamp{milliseconds{1605560885027}});
}

TEST(PolygonReference, SplitsAndDividendsOfTheOneAsked) {
  const auto splits = parse_polygon_actions(
      R"({"status":"OK","next_url":"https://api.massive.com/v3/reference/splits?cursor=x",
          "results":[{"execution_date":"2020-08-31","split_from":1,"split_to":4,"ticker":"ACME"},
                     {"execution_date":"2019-01-02","split_from":10,"split_to":1,"ticker":"ACME"},
                     {"execution_date":"2020-08-31","split_from":1,"split_to":20,"ticker":"OTHER"},
                     {"execution_date":"2020-08-31","split_from":0,"split_to":4,"ticker":"ACME"},
                     {"execution_date":"soon","split_from":1,"split_to":4,"ticker":"ACME"}]})",
      sym("ACME"));
  ASSERT_TRUE(splits);
  ASSERT_EQ(splits->actions.size(), 2U);
  EXPECT_EQ(splits->actions[0],
            (CorporateAction{CorporateAction::Kind::Split, at("2020-08-31"), 4}));
  EXPECT_EQ(splits->actions[1].value, 0.1);
  EXPECT_EQ(splits->next, "/v3/reference/splits?cursor=x");
  const auto dividends = parse_polygon_actions(
      R"({"status":"OK","results":[{"cash_amount":0.22,"ex_dividend_date":"2021-08-06",
          "ticker":"ACME","dividend_type":"CD"},{"cash_amount":0,"ex_dividend_date":"2021-08-06"}]})",
      sym("ACME"));
  ASSERT_TRUE(dividends);
  ASSERT_EQ(dividends->actions.size(), 1U);
  EXPECT_EQ(dividends->actions[0],
            (CorporateAction{CorporateAction::Kind::Dividend, at("2021-08-06"), 0.22}));
}

TEST(PolygonReference, TickersNewsAndGroupedDays) {
  const auto found = parse_polygon_tickers(
      R"({"status":"OK","results":[{"ticker":"A","name":"Agilent","market":"stocks","type":"CS"},
          {"ticker":"SPY","name":"S","market":"stocks","type":"ETF"},
          {"ticker":"X:BTCUSD","name":"Bitcoin","market":"crypto"},
          {"ticker":"O:A","name":"no"},{"ticker":"I:SPX","market":"indices"}]})");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 4U);
  EXPECT_EQ((*found)[0].asset_class, "equity");
  EXPECT_EQ((*found)[1].asset_class, "etf");
  EXPECT_EQ((*found)[2].symbol, sym("BTC-USD"));
  const auto news = parse_polygon_news(
      R"({"status":"OK","results":[{"title":"T","published_utc":"2022-04-28T17:08:00Z",
          "tickers":["ACME"]},{"title":"U","published_utc":"2022-04-28T17:08:00Z",
          "tickers":["OTHER"]},{"title":"","published_utc":"2022-04-28T17:08:00Z"}]})",
      sym("ACME"));
  ASSERT_TRUE(news);
  ASSERT_EQ(news->headlines.size(), 1U);
  EXPECT_EQ(news->headlines[0].time, at("2022-04-28T17:08:00Z"));
  const auto grouped = parse_polygon_grouped(
      R"({"status":"OK","adjusted":false,"results":[
          {"T":"KIMpL","c":25.9,"h":26.25,"l":25.9,"o":26,"t":1602705600000,"v":4369},
          {"T":"ACME","c":25.9,"h":26.25,"l":25.9,"o":26,"t":1602705600000},
          {"T":"O:X","c":25.9,"h":26.25,"l":25.9,"o":26,"t":1602705600000,"v":1}]})");
  ASSERT_TRUE(grouped);
  ASSERT_EQ(grouped->bars.size(), 1U);
  EXPECT_EQ(grouped->bars[0].symbol, sym("KIM.PRL"));
  EXPECT_EQ(grouped->bars[0].bar.time, at("2020-10-14"));
  EXPECT_EQ(grouped->dropped, 2U);
}

}  // namespace
}  // namespace ziggy::feed
