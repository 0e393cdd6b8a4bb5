#include "alpaca_parse.hpp"

#include <gtest/gtest.h>

namespace ziggy::feed {
namespace {

Symbol sym(std::string_view text) { return *Symbol::parse(text); }
Timestamp at(std::string_view text) { return *parse_rfc3339(text); }

TEST(AlpacaSymbols, GoBothWays) {
  for (const auto& [ours, theirs] : {std::pair<std::string_view, std::string_view>{"AAPL", "AAPL"},
                                     {"BRK.B", "BRK.B"},
                                     {"BAC.PRL", "BAC.PRL"},
                                     {"BTC-USD", "BTC/USD"},
                                     {"ETH-BTC", "ETH/BTC"}}) {
    EXPECT_EQ(to_alpaca(sym(ours)), theirs);
    EXPECT_EQ(from_alpaca(theirs)->view(), ours);
  }
  EXPECT_FALSE(from_alpaca(""));
  EXPECT_FALSE(from_alpaca(std::string(100, 'A')));
}

TEST(AlpacaBarsTest, TakesEveryShape) {
  constexpr std::string_view kRow =
      R"({"t":"2021-05-03T04:00:00Z","o":2,"h":4,"l":1,"c":3,"v":25,"n":1,"vw":2.5})";
  const Bar bar{at("2021-05-03"), 2, 4, 1, 3, 25};
  for (const std::string& body :
       {fmt::format(R"({{"bars":{{"ACME":[{}]}},"next_page_token":null}})", kRow),
        fmt::format(R"({{"bars":[{}],"symbol":"ACME","next_page_token":null}})", kRow),
        fmt::format(R"({{"bars":{{"ACME":{},"OTHER":{}}}}})", kRow, kRow),
        fmt::format(R"({{"bar":{},"symbol":"ACME"}})", kRow)}) {
    const auto page = parse_alpaca_bars(body, sym("ACME"), Interval::Day);
    ASSERT_TRUE(page) << body << page.error().detail();
    ASSERT_EQ(page->bars.size(), 1U) << body;
    EXPECT_EQ(page->bars.at(0), bar);
    EXPECT_TRUE(page->next.empty());
  }
}

TEST(AlpacaBarsTest, NothingIsNoErrorAndOthersAre) {
  for (const std::string_view body :
       {R"({"bars":{},"next_page_token":null})", R"({"bars":null,"symbol":"ACME"})",
        R"({"bars":{"ACME":null}})", R"({"bars":{"ACME":[]}})", R"({"bars":[]})"}) {
    const auto page = parse_alpaca_bars(body, sym("ACME"), Interval::Day);
    ASSERT_TRUE(page) << body;
    EXPECT_TRUE(page->bars.empty());
    EXPECT_EQ(page->dropped, 0U);
  }
  for (const std::string_view body :
       {"", "<html>", "[]", "{}", R"({"message":"x"})", R"({"bars":7})", R"({"bars":{"OTHER":[]}})",
        R"({"bars":[],"symbol":"OTHER"})", R"({"bars":{"ACME":[{"t":)"}) {
    const auto page = parse_alpaca_bars(body, sym("ACME"), Interval::Day);
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().code(), ErrorCode::BadPayload);
  }
}

TEST(AlpacaBarsTest, CountsHalfRowsTurnsAroundAndNamesTheNextPage) {
  const auto page = parse_alpaca_bars(
      R"({"bars":{"BTC/USD":[{"t":"2023-09-27T05:00:00Z","o":2,"h":2,"l":2,"c":2,"v":0.5},
          {"t":"2023-09-26T05:00:00Z","o":1,"h":1,"l":1,"c":1,"v":0},
          {"t":"2023-09-25T05:00:00Z","o":1,"h":1,"l":1,"c":1},
          {"t":"yesterday","o":1,"h":1,"l":1,"c":1,"v":1},null]},"next_page_token":"abc="})",
      sym("BTC-USD"), Interval::Day);
  ASSERT_TRUE(page) << page.error().detail();
  EXPECT_EQ(page->dropped, 3U);
  ASSERT_EQ(page->bars.size(), 2U);
  EXPECT_EQ(page->bars.time_at(0), at("2023-09-26"));
  EXPECT_EQ(page->bars.volume[1], 0.5);
  EXPECT_EQ(page->next, "abc=");
  EXPECT_FALSE(page->is_ascending);
}

constexpr std::string_view kSnapshot =
    R"({"latestTrade":{"t":"2021-05-03T14:45:50.456Z","p":133.55,"s":200},
        "latestQuote":{"t":"2021-05-03T14:45:50.532316972Z","ap":133.56,"as":7,"bp":133.54,"bs":9},
        "minuteBar":{"t":"2021-05-03T14:44:00Z","c":1,"v":2},
        "dailyBar":{"t":"2021-05-03T04:00:00Z","c":133.4,"v":25094213},
        "prevDailyBar":{"t":"2021-04-30T04:00:00Z","c":131.46,"v":3}})";

TEST(AlpacaSnapshots, TakeEveryShape) {
  for (const std::string& body :
       {fmt::format(R"({{"ACME":{},"NONE":null,"EMPTY":{{}}}})", kSnapshot),
        fmt::format(R"({{"snapshots":{{"ACME":{}}}}})", kSnapshot),
        R"({"symbol":"ACME",)" + std::string{kSnapshot.substr(1)}}) {
    const auto quotes = parse_alpaca_snapshots(body);
    ASSERT_TRUE(quotes) << body;
    ASSERT_EQ(quotes->size(), 1U) << body;
    const Quote& quote = quotes->front();
    EXPECT_EQ(quote.symbol, sym("ACME"));
    EXPECT_EQ(quote.bid, 133.54);
    EXPECT_EQ(quote.bid_size, 900);  // lots of 100 then
    EXPECT_EQ(quote.ask, 133.56);
    EXPECT_EQ(quote.last, 133.55);
    EXPECT_EQ(quote.last_size, 200);
    EXPECT_EQ(quote.volume, 25094213);
    EXPECT_EQ(quote.prev_close, 131.46);
    EXPECT_EQ(quote.as_of, at("2021-05-03T14:45:50.532316972Z"));
  }
  EXPECT_TRUE(parse_alpaca_snapshots("{}")->empty());
  EXPECT_FALSE(parse_alpaca_snapshots(R"({"code":7,"message":"forbidden."})"));
  EXPECT_FALSE(parse_alpaca_snapshots("[]"));
}

TEST(AlpacaSnapshots, LeavePricesBelowZeroToTheContracts) {
  const auto quotes = parse_alpaca_snapshots(
      R"({"ACME":{"latestQuote":{"t":"2026-01-05T15:00:00Z","bp":-2.5,"bs":1,"ap":-2,"as":1},
          "latestTrade":{"t":"2026-01-05T15:00:00Z","p":-2.25,"s":1}}})");
  ASSERT_TRUE(quotes) << quotes.error().detail();
  ASSERT_EQ(quotes->size(), 1U);
  EXPECT_EQ(quotes->front().bid, -2.5);
  EXPECT_EQ(quotes->front().ask, -2);
  EXPECT_EQ(quotes->front().last, -2.25);
}

TEST(AlpacaSnapshots, TheDaysBarIsYesterdaysBeforeTheOpen) {
  const auto quotes = parse_alpaca_snapshots(
      R"({"ACME":{"latestTrade":{"t":"2022-08-17T10:18:24Z","p":172.61,"s":160},
          "latestQuote":{"t":"2022-08-17T10:18:27Z","ap":0,"as":0,"bp":172.6,"bs":2},
          "dailyBar":{"t":"2022-08-16T04:00:00Z","c":173.03,"v":56457696},
          "prevDailyBar":{"t":"2022-08-15T04:00:00Z","c":173.19,"v":3}}})");
  ASSERT_TRUE(quotes);
  EXPECT_EQ(quotes->front().prev_close, 173.03);
  EXPECT_FALSE(quotes->front().volume);
  EXPECT_FALSE(quotes->front().ask);
  EXPECT_FALSE(quotes->front().ask_size);
}

TEST(AlpacaLatest, FoldsQuotesAndTrades) {
  std::vector<Quote> quotes;
  ASSERT_TRUE(read_alpaca_latest(
      R"({"quotes":{"BTC/USD":{"t":"2022-03-18T14:03:13.661518592Z","bp":40517.08,"bs":4.0178,
          "ap":40765.93,"as":1.5516},"ACME":{"bp":0,"ap":0}}})",
      quotes));
  ASSERT_TRUE(read_alpaca_latest(
      R"({"symbol":"BTC/USD","trade":{"t":"2022-03-18T14:03:14Z","p":40600,"s":0.5}})", quotes));
  ASSERT_EQ(quotes.size(), 1U);
  EXPECT_EQ(quotes[0].bid_size, 4.0178);
  EXPECT_EQ(quotes[0].last, 40600);
  EXPECT_EQ(quotes[0].as_of, at("2022-03-18T14:03:14Z"));
  EXPECT_TRUE(read_alpaca_latest(R"({"trades":{}})", quotes));
  EXPECT_FALSE(read_alpaca_latest(R"({"message":"x"})", quotes));
}

TEST(AlpacaActionsTest, SplitsStockDividendsAndCash) {
  const auto page = parse_alpaca_actions(
      R"({"corporate_actions":{
          "forward_splits":[{"ex_date":"2020-08-31","new_rate":4,"old_rate":1,"symbol":"ACME"},
                            {"ex_date":"2020-08-31","new_rate":2,"old_rate":1,"symbol":"OTHER"}],
          "reverse_splits":[{"ex_date":"2019-01-02","new_rate":1,"old_rate":50,"symbol":"ACME"}],
          "stock_dividends":[{"ex_date":"2018-05-19","rate":0.05,"symbol":"ACME"}],
          "unit_splits":[{"effective_date":"2017-03-01","new_rate":1,"old_rate":1,
                          "new_symbol":"ACME","old_symbol":"ACMEU"}],
          "cash_dividends":[{"ex_date":"2023-05-04","rate":0.125,"symbol":"ACME"}],
          "spin_offs":[{"ex_date":"2023-08-15","source_symbol":"ACME"}]},"next_page_token":"x"})",
      sym("ACME"));
  ASSERT_TRUE(page) << page.error().detail();
  using Kind = CorporateAction::Kind;
  const std::vector<CorporateAction> expected = {{Kind::Split, at("2020-08-31"), 4},
                                                 {Kind::Split, at("2019-01-02"), 0.02},
                                                 {Kind::Split, at("2018-05-19"), 1.05},
                                                 {Kind::Dividend, at("2023-05-04"), 0.125}};
  EXPECT_EQ(page->actions, expected);
  EXPECT_EQ(page->next, "x");
  EXPECT_TRUE(
      parse_alpaca_actions(R"({"corporate_actions":{},"next_page_token":null})", sym("ACME"))
          ->actions.empty());
  EXPECT_FALSE(parse_alpaca_actions("[]", sym("ACME")));
}

TEST(AlpacaNewsTest, AboutTheOneAskedWithoutHtml) {
  const auto page = parse_alpaca_news(
      R"({"news":[{"headline":"A &amp; B&#39;s","created_at":"2021-04-03T15:35:21Z",
          "symbols":["BTCUSD"]},{"headline":"other","created_at":"2021-04-03T15:35:21Z",
          "symbols":["X"]}],"next_page_token":null})",
      sym("BTC-USD"));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->headlines.size(), 1U);
  EXPECT_EQ(page->headlines[0].title, "A & B's");
}

TEST(AlpacaRefusal, NamesASymbol) {
  const std::vector<Symbol> symbols = {sym("AAPL"), sym("FOO.X"), sym("BTC-USD")};
  EXPECT_EQ(named_symbol("code=400, message=invalid symbol: FOO.X", symbols), 1U);
  EXPECT_EQ(named_symbol("invalid symbol: BTC/USD", symbols), 2U);
  EXPECT_EQ(named_symbol("invalid symbol: FOO", symbols), 3U);
  EXPECT_EQ(named_symbol("", symbols), 3U);
}

}  // namespace
}  // namespace ziggy::feed
