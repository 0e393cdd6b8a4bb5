// The vendors' own bodies: every one that carries bars, quotes or trades, to its figures.
#include <gtest/gtest.h>

#include <memory>

#include "alpaca_parse.hpp"
#include "fake_vendor.hpp"
#include "polygon_parse.hpp"
#include "vendor_json.hpp"
#include "ziggy/feed/alpaca.hpp"
#include "ziggy/feed/polygon.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/testing/reference_data.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::feed {
namespace {

Symbol sym(std::string_view text) { return *Symbol::parse(text); }
Timestamp at(std::string_view text) { return *parse_rfc3339(text); }
Timestamp ns(std::int64_t count) { return Timestamp{std::chrono::nanoseconds{count}}; }

std::string body_of(std::string_view file) {
  return ziggy::testing::read_file(ziggy::testing::reference_data() / "providers" / file);
}
std::string polygon_body(std::string_view file) {
  return body_of("polygon/rest/" + std::string{file} + ".json");
}
std::string alpaca_body(std::string_view file) {
  return body_of("alpaca/rest/" + std::string{file} + ".json");
}

TEST(PolygonRecordings, Bars) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto days =
      parse_polygon_bars(polygon_body("v2_aggs_ticker_AAPL_range_1_day_2005-04-01_2005-04-04"),
                         sym("AAPL"), Interval::Day);
  ASSERT_TRUE(days) << days.error().detail();
  ASSERT_EQ(days->bars.size(), 2U);
  EXPECT_TRUE(days->is_adjusted);
  EXPECT_EQ(days->bars.at(0), (Bar{at("2005-04-01"), 1.5032, 1.5064, 1.4489, 1.4604, 642646396}));
  EXPECT_EQ(days->bars.at(1), (Bar{at("2005-04-04"), 1.4639, 1.4754, 1.4343, 1.4675, 578172308}));

  const auto before =
      parse_polygon_bars(polygon_body("v2_aggs_ticker_AAPL_prev"), sym("AAPL"), Interval::Day);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->bars.at(0), (Bar{at("2022-04-26"), 162.25, 162.34, 156.72, 156.8, 95595226}));

  const auto spelled = parse_polygon_bars(
      polygon_body("v1_open-close_AAPL_2005-04-01_adjusted_true"), sym("AAPL"), Interval::Day);
  ASSERT_TRUE(spelled);
  EXPECT_EQ(spelled->bars.at(0), (Bar{at("2021-04-01"), 123.66, 124.18, 122.49, 123, 75089134}));

  const auto grouped = parse_polygon_grouped(
      polygon_body("v2_aggs_grouped_locale_us_market_stocks_2005-04-04_adjusted_true"));
  ASSERT_TRUE(grouped);
  ASSERT_EQ(grouped->bars.size(), 1U);
  EXPECT_EQ(grouped->bars[0].symbol, sym("GIK"));
  EXPECT_EQ(grouped->bars[0].bar, (Bar{at("2020-10-14"), 9.99, 10.02, 9.9, 10.02, 895345}));

  // The machine's recording is wrapped in its request and headers.
  const auto recording = JsonDocument::parse(
      "test", body_of("polygon/recorded/aggs-AAPL-day-2023-01-01-2023-01-10.json"));
  ASSERT_TRUE(recording);
  const std::string inside =
      simdjson::minify(*json_path(recording->root(), {"response", "bodyJson"}));
  const auto recorded = parse_polygon_bars(inside, sym("AAPL"), Interval::Day);
  ASSERT_TRUE(recorded) << recorded.error().detail();
  ASSERT_EQ(recorded->bars.size(), 6U);
  EXPECT_EQ(recorded->bars.at(0),
            (Bar{at("2023-01-03"), 130.28, 130.9, 124.17, 125.07, 112117471}));
  EXPECT_EQ(recorded->bars.at(5),
            (Bar{at("2023-01-10"), 130.26, 131.2636, 128.12, 130.73, 63896155}));
}

TEST(PolygonRecordings, Quotes) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto snapshots =
      parse_polygon_snapshots(polygon_body("v2_snapshot_locale_us_markets_stocks_tickers_AAPL"));
  ASSERT_TRUE(snapshots);
  ASSERT_EQ(snapshots->size(), 1U);
  const Quote& quote = snapshots->front();
  EXPECT_EQ(quote.bid, 159.98);
  EXPECT_EQ(quote.ask, 159.99);
  EXPECT_EQ(quote.bid_size, 300);
  EXPECT_EQ(quote.ask_size, 500);
  EXPECT_EQ(quote.last, 159.99);
  EXPECT_EQ(quote.prev_close, 163.64);
  EXPECT_EQ(quote.volume, 68840127);
  EXPECT_EQ(quote.as_of, ns(1651251948407646487));

  const auto universal = parse_polygon_snapshots(polygon_body("v3_snapshot"));
  ASSERT_TRUE(universal);
  ASSERT_EQ(universal->size(), 1U);  // options have no name of ours, one row is an error
  EXPECT_EQ(universal->front().symbol, sym("AAPL"));
  EXPECT_EQ(universal->front().bid, 20.9);
  EXPECT_EQ(universal->front().last, 0.05);
  EXPECT_EQ(universal->front().prev_close, 22.45);
  EXPECT_EQ(universal->front().volume, 37);

  Quote last;
  last.symbol = sym("AAPL");
  ASSERT_TRUE(read_polygon_trade(polygon_body("v2_last_trade_AAPL"), last));
  EXPECT_EQ(last.last, 166.25);
  EXPECT_EQ(last.last_size, 2);
  EXPECT_EQ(last.as_of, ns(1651179319310617300));
  Quote book;
  book.symbol = sym("AAPL");
  ASSERT_TRUE(read_polygon_nbbo(polygon_body("v3_quotes_AAPL"), book));
  EXPECT_EQ(book.bid, 155.85);
  EXPECT_EQ(book.ask, 155.87);
  EXPECT_EQ(book.bid_size, 400);
  EXPECT_EQ(book.as_of, ns(1652191872800638700));
  ASSERT_TRUE(read_polygon_trade(polygon_body("v3_trades_AAPL_limit_2"), book));
  EXPECT_EQ(book.last, 156.43);
  EXPECT_EQ(book.last_size, 10);
}

TEST(PolygonRecordings, ReferenceData) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto splits = parse_polygon_actions(polygon_body("v3_reference_splits"), sym("BRW"));
  ASSERT_TRUE(splits);
  ASSERT_EQ(splits->actions.size(), 1U);
  EXPECT_EQ(splits->actions[0],
            (CorporateAction{CorporateAction::Kind::Split, at("2022-05-20"), 0.5}));
  EXPECT_EQ(parse_polygon_actions(polygon_body("v3_reference_splits"), sym("SHOP"))->actions.size(),
            2U);
  const auto tickers = parse_polygon_tickers(polygon_body("v3_reference_tickers"));
  ASSERT_TRUE(tickers);
  ASSERT_EQ(tickers->size(), 2U);
  EXPECT_EQ((*tickers)[1].name, "Alcoa Corporation");
  const auto news = parse_polygon_news(polygon_body("v2_reference_news_ticker_NFLX"), sym("NFLX"));
  ASSERT_TRUE(news);
  ASSERT_EQ(news->headlines.size(), 1U);
  EXPECT_EQ(news->headlines[0].time, at("2022-04-28T17:08:00Z"));
}

struct RecordedBar {
  std::string_view file;
  std::string_view symbol;
  Interval interval;
  std::size_t count;
  Bar first;
};

TEST(AlpacaRecordings, Bars) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const RecordedBar expected[] = {
      {"py-historical_stock_data--get_bars_desc",
       "TSLA",
       Interval::Day,
       3,
       {at("2023-09-25"), 243.38, 247.1, 238.31, 246.99, 104668716}},
      {"py-historical_crypto_data--get_crypto_bars",
       "BTC-USD",
       Interval::Day,
       1,
       {at("2022-03-09"), 161.51, 163.41, 159.41, 162.95, 88496480}},
      {"py-historical_crypto_data--get_crypto_bars",
       "ETH-USD",
       Interval::Day,
       1,
       {at("2022-03-09"), 839, 860.56, 832.01, 858.97, 19227323}},
      {"py-historical_crypto_data--crypto_latest_bar",
       "BTC-USD",
       Interval::Minute,
       1,
       {at("2022-05-27T10:18:00Z"), 28999, 29003, 28999, 29003, 0.01}},
      {"py-historical_stock_data--multi_stock_latest_bar",
       "SPY",
       Interval::Minute,
       1,
       {at("2022-07-26T20:50:00Z"), 392.18, 392.18, 392.18, 392.18, 2100}},
      {"py-historical_stock_data--multi_stock_latest_bar",
       "TSLA",
       Interval::Minute,
       1,
       {at("2022-07-26T19:59:00Z"), 776.605, 776.95, 776.41, 776.63, 5993}},
      {"go-marketdata-DefaultDo",
       "SPY",
       Interval::Minute,
       1,
       {at("2021-11-20T00:59:00Z"), 469.18, 469.18, 469.11, 469.17, 740}},
      {"py-historical_option_data--multisymbol_get_bars",
       "SPY240426C00550000",
       Interval::Hour,
       2,
       {at("2024-03-12T13:00:00Z"), 0.37, 0.37, 0.37, 0.37, 1}}};
  for (const RecordedBar& each : expected) {
    const auto page = parse_alpaca_bars(alpaca_body(each.file), sym(each.symbol), each.interval);
    ASSERT_TRUE(page) << each.file << page.error().detail();
    ASSERT_EQ(page->bars.size(), each.count) << each.file;
    EXPECT_EQ(page->bars.at(0), each.first) << each.file;
    EXPECT_EQ(page->dropped, 0U);
  }
  EXPECT_EQ(parse_alpaca_bars(alpaca_body("py-historical_stock_data--get_bars_desc"), sym("TSLA"),
                              Interval::Day)
                ->next,
            "VFNMQXxEfDc1Mjc3NTc2MzYwMDAwMDAwMDA=");
  for (const std::string_view file : {"py-historical_stock_data--get_bars_single_empty_response",
                                      "py-historical_option_data--get_bars_multi_empty_response"}) {
    const auto page = parse_alpaca_bars(alpaca_body(file), sym("AAPL"), Interval::Day);
    ASSERT_TRUE(page) << file;
    EXPECT_TRUE(page->bars.empty());
  }
}

TEST(AlpacaRecordings, Quotes) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto snapshot = parse_alpaca_snapshots(alpaca_body("go-marketdata-Snapshot"));
  ASSERT_TRUE(snapshot);
  ASSERT_EQ(snapshot->size(), 1U);
  const Quote& quote = snapshot->front();
  EXPECT_EQ(quote.symbol, sym("AAPL"));
  EXPECT_EQ(quote.bid, 133.54);
  EXPECT_EQ(quote.ask, 133.55);
  EXPECT_EQ(quote.bid_size, 900);
  EXPECT_EQ(quote.ask_size, 700);
  EXPECT_EQ(quote.last, 133.55);
  EXPECT_EQ(quote.last_size, 200);
  EXPECT_EQ(quote.volume, 25094213);
  EXPECT_EQ(quote.prev_close, 131.46);
  EXPECT_EQ(quote.as_of, at("2021-05-03T14:45:50.532316972Z"));
  for (const std::string_view file :
       {"py-historical_stock_data--get_snapshot_multi_empty_response",
        "py-historical_option_data--get_snapshot_single_empty_response"}) {
    EXPECT_TRUE(parse_alpaca_snapshots(alpaca_body(file))->empty()) << file;
  }
  EXPECT_EQ(parse_alpaca_snapshots(alpaca_body("py-historical_option_data--get_option_chain"))
                ->front()
                .last,
            0.34);
  EXPECT_EQ(parse_alpaca_snapshots(
                alpaca_body("py-historical_option_data--get_snapshot_latest_quote_only"))
                ->front()
                .ask,
            0.59);

  const auto latest = [](std::string_view file, std::string_view symbol) {
    std::vector<Quote> quotes;
    EXPECT_TRUE(read_alpaca_latest(alpaca_body(file), quotes)) << file;
    for (const Quote& each : quotes) {
      if (each.symbol == sym(symbol)) return each;
    }
    return Quote{};
  };
  const Quote coin = latest("py-historical_crypto_data--get_crypto_latest_quote", "BTC-USD");
  EXPECT_EQ(coin.bid, 40517.08);
  EXPECT_EQ(coin.ask_size, 1.5516);
  EXPECT_EQ(coin.as_of, at("2022-03-18T14:03:13.661518592Z"));
  EXPECT_EQ(latest("py-historical_crypto_data--get_crypto_trades", "ETH-USD").last, 2715.06);
  EXPECT_EQ(latest("py-historical_stock_data--get_latest_trade", "AAPL").last, 161.2958);
  EXPECT_EQ(latest("py-historical_stock_data--multisymbol_get_trades", "TSLA").last, 833);
  EXPECT_EQ(latest("py-historical_option_data--multisymbol_get_trades", "SPY240426C00555000").last,
            0.24);
  const Quote first = latest("py-historical_stock_data--get_quotes", "AAPL");
  EXPECT_EQ(first.bid, 159.52);
  EXPECT_EQ(first.ask, 158.65);
  EXPECT_EQ(first.bid_size, 400);
  EXPECT_EQ(
      latest("py-historical_option_data--get_latest_quote_with_feed", "AAPL240126P00050000").bid,
      0.05);
  EXPECT_EQ(
      latest("py-historical_option_data--get_latest_trade_with_feed", "AAPL240126P00050000").last,
      0.06);
  for (const std::string_view file :
       {"py-historical_stock_data--get_quotes_multi_empty_response",
        "py-historical_stock_data--get_latest_quote_multi_empty_response",
        "py-historical_stock_data--get_latest_trade_multi_not_found",
        "py-historical_option_data--get_latest_quote_multi_empty_response",
        "py-historical_option_data--get_latest_trade_multi_not_found",
        "py-historical_option_data--get_trades_multi_empty_response"}) {
    std::vector<Quote> quotes;
    EXPECT_TRUE(read_alpaca_latest(alpaca_body(file), quotes)) << file;
    EXPECT_TRUE(quotes.empty()) << file;
  }
}

TEST(AlpacaRecordings, ActionsAndNews) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const std::string actions = alpaca_body("py-corporate_actions--get_corporate_actions");
  using Kind = CorporateAction::Kind;
  for (const auto& [symbol, action] :
       {std::pair<std::string_view, CorporateAction>{"MNTS", {Kind::Split, at("2023-08-24"), 0.02}},
        {"SRE", {Kind::Split, at("2023-08-22"), 2}},
        {"MSBC", {Kind::Split, at("2023-05-19"), 1.05}},
        {"FCF", {Kind::Dividend, at("2023-05-04"), 0.125}}}) {
    const auto page = parse_alpaca_actions(actions, sym(symbol));
    ASSERT_TRUE(page) << symbol;
    ASSERT_EQ(page->actions.size(), 1U) << symbol;
    EXPECT_EQ(page->actions[0], action);
  }
  const auto news = parse_alpaca_news(alpaca_body("go-marketdata-GetNews"), sym("TSLA"));
  ASSERT_TRUE(news);
  ASSERT_EQ(news->headlines.size(), 2U);
  EXPECT_EQ(news->headlines[0].title, "CEO John Krafcik Leaves Waymo");
  EXPECT_EQ(news->next, "MTYxNzQ2MzIxMjAwMDAwMDAwMHwyMDQ3MjUxMg==");
}

// Asks a provider whose vendor answers with one body and one status for everything.
template <class Make>
ErrorCode refused_as(int status, const std::string& body, Make make) {
  testing::FakeVendor vendor{
      [&](const testing::Asked&) { return testing::Answer{.status = status, .body = body}; }};
  const ManualClock clock{at("2024-06-03T15:00:00Z")};
  net::HttpClient http{clock};
  auto provider = make(vendor.url(), http, clock);
  const BarsRequest request{.symbol = sym("AAPL"),
                            .interval = Interval::Day,
                            .range = {at("2024-01-02"), at("2024-02-01")},
                            .limit = 100,
                            .with_actions = false};
  const auto reply = ziggy::testing::run_task(provider->bars()->bars(request, Call{}));
  const auto quote = ziggy::testing::run_task(provider->quotes()->quote(sym("AAPL"), Call{}));
  EXPECT_FALSE(reply) << body;
  EXPECT_FALSE(quote) << body;
  if (reply || quote) return ErrorCode::Internal;
  EXPECT_EQ(reply.error().code(), quote.error().code()) << body;
  return reply.error().code();
}

ErrorCode polygon_code(int status, const std::string& body) {
  return refused_as(status, body, [](std::string url, net::HttpClient& http, const Clock& clock) {
    return std::make_unique<PolygonProvider>(
        PolygonSettings{.base_url = std::move(url), .key = Secret{"k"}}, http, clock, nullptr);
  });
}

ErrorCode alpaca_code(int status, const std::string& body) {
  return refused_as(status, body, [](std::string url, net::HttpClient& http, const Clock& clock) {
    return std::make_unique<AlpacaProvider>(
        AlpacaSettings{
            .base_url = std::move(url), .key_id = Secret{"k"}, .secret_key = Secret{"s"}},
        http, clock, nullptr);
  });
}

TEST(QuotedErrors, HaveTheirTypes) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const std::string file = body_of("errors-quoted-give.json");
  const auto quoted = JsonDocument::parse("test", file);
  ASSERT_TRUE(quoted);
  std::size_t seen = 0;
  const auto errors = json_array(quoted->root(), "errors");
  ASSERT_TRUE(errors);
  for (const JsonValue each : *errors) {
    const auto vendor = json_text(each, "provider");
    const auto status = json_integer(each, "status");
    if (!status || (vendor != "polygon" && vendor != "alpaca")) continue;
    const std::string body = simdjson::minify(*json_member(each, "body"));
    const ErrorCode expected = *status == 429 ? ErrorCode::ProviderQuota : ErrorCode::NotEntitled;
    const int code = static_cast<int>(*status);
    EXPECT_EQ(vendor == "polygon" ? polygon_code(code, body) : alpaca_code(code, body), expected)
        << body;
    ++seen;
  }
  EXPECT_EQ(seen, 4U);
  // Of the trading API, and no answer to a question about data.
  for (const std::string_view name : {"oldpy-errors-2", "oldpy-errors-3", "oldpy-errors-5"}) {
    EXPECT_EQ(alpaca_code(422, alpaca_body(name)), ErrorCode::BadPayload) << name;
  }
}

}  // namespace
}  // namespace ziggy::feed
