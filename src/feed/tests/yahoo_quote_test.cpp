#include "yahoo_quote.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "yahoo_search.hpp"

namespace ziggy::feed {
namespace {

using std::chrono::seconds;

Symbol symbol(std::string_view text) { return *Symbol::parse(text); }

Result<Quote> quote_of(std::string_view fields) {
  const auto reply = parse_quotes(
      fmt::format(R"({{"quoteResponse":{{"result":[{{"symbol":"ACME",{}}}],"error":null}}}})",
                  fields),
      {symbol("ACME")});
  if (!reply) return std::unexpected{reply.error()};
  if (reply->quotes.empty()) return std::unexpected{reply->missing.at(0).second};
  return reply->quotes.at(0);
}

TEST(YahooQuote, ReadsAClosedMarket) {
  const auto quote = quote_of(
      R"("quoteType":"EQUITY","marketState":"CLOSED","regularMarketPrice":244.6,)"
      R"("regularMarketTime":1739566800,"postMarketPrice":244.64,"postMarketTime":1739581198,)"
      R"("bid":244.44,"ask":253.37,"bidSize":2,"askSize":1,"regularMarketPreviousClose":241.53,)"
      R"("regularMarketVolume":40896227)");
  ASSERT_TRUE(quote) << quote.error().detail();
  EXPECT_EQ(quote->last, 244.6);
  EXPECT_EQ(quote->as_of, Timestamp{seconds{1739566800}});
  EXPECT_EQ(quote->prev_close, 241.53);
  EXPECT_EQ(quote->bid, 244.44);
  EXPECT_EQ(quote->ask, 253.37);
  EXPECT_EQ(quote->bid_size, 200);
  EXPECT_EQ(quote->ask_size, 100);
  EXPECT_EQ(quote->volume, 40896227);
  EXPECT_EQ(quote->market_state, MarketState::Closed);
}

TEST(YahooQuote, TakesExtendedHoursWhileTheyRun) {
  const auto pre = quote_of(
      R"("quoteType":"EQUITY","marketState":"PRE","regularMarketPrice":160.07,)"
      R"("regularMarketTime":1645650002,"preMarketPrice":155.82,"preMarketTime":1645697777,)"
      R"("bid":0,"ask":0,"bidSize":9,"askSize":10,"regularMarketPreviousClose":164.32)");
  ASSERT_TRUE(pre) << pre.error().detail();
  EXPECT_EQ(pre->last, 155.82);
  EXPECT_EQ(pre->as_of, Timestamp{seconds{1645697777}});
  EXPECT_EQ(pre->prev_close, 160.07);
  EXPECT_EQ(pre->market_state, MarketState::Pre);
  EXPECT_FALSE(pre->bid);
  EXPECT_FALSE(pre->ask);
  EXPECT_FALSE(pre->bid_size);
  EXPECT_FALSE(pre->ask_size);

  const auto post =
      quote_of(R"("marketState":"POST","regularMarketPrice":{"raw":10.5,"fmt":"10.50"},)"
               R"("regularMarketTime":1645650002,"postMarketPrice":11,"postMarketTime":1645650100,)"
               R"("regularMarketPreviousClose":10)");
  ASSERT_TRUE(post) << post.error().detail();
  EXPECT_EQ(post->last, 11);
  EXPECT_EQ(post->prev_close, 10);
  EXPECT_EQ(post->market_state, MarketState::Post);

  const auto early =
      quote_of(R"("marketState":"PRE","regularMarketPrice":10.5,"regularMarketTime":1645650002)");
  ASSERT_TRUE(early);
  EXPECT_EQ(early->last, 10.5);
}

TEST(YahooQuote, MissesWhatIsNotTheOne) {
  const auto reply = parse_quotes(
      R"({"quoteResponse":{"result":[{"symbol":"brk-b","regularMarketPrice":480,)"
      R"("regularMarketTime":1739566800,"marketState":"REGULAR"},{"symbol":"SI","quoteType":"NONE"},)"
      R"({"symbol":"EXTRA"},7,null,{}],"error":null}})",
      {symbol("SI"), symbol("BRK.B"), symbol("NONEXIST")});
  ASSERT_TRUE(reply) << reply.error().detail();
  ASSERT_EQ(reply->quotes.size(), 1U);
  EXPECT_EQ(reply->quotes[0].symbol.view(), "BRK.B");
  EXPECT_EQ(reply->quotes[0].market_state, MarketState::Open);
  ASSERT_EQ(reply->missing.size(), 2U);
  for (const auto& [name, error] : reply->missing) {
    EXPECT_EQ(error.code(), ErrorCode::UnknownSymbol) << name.view();
  }
}

TEST(YahooQuote, RefusesWhatIsNoAnswer) {
  for (const std::string_view body : {R"({"quoteResponse":{"result":null,"error":null}})",
                                      R"({"chart":{}})", "[]", "{", "<html>"}) {
    const auto reply = parse_quotes(body, {symbol("ACME")});
    ASSERT_FALSE(reply) << body;
    EXPECT_EQ(reply.error().code(), ErrorCode::BadPayload) << body;
  }
  const auto refused = parse_quotes(
      R"({"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})",
      {symbol("ACME")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::CredentialsRejected);
}

constexpr std::string_view kSearch =
    R"({"count":3,"quotes":[{"symbol":"BRK-B","shortname":"Berkshire","longname":"Berkshire )"
    R"(Hathaway Inc.","quoteType":"EQUITY","isYahooFinance":true},{"name":"Some company",)"
    R"("isYahooFinance":false,"symbol":"X"},{"index":"abc"},{"symbol":"BTC-USD","shortname":"Bitcoin )"
    R"(USD","quoteType":"CRYPTOCURRENCY"},{"symbol":"not a symbol"}],"news":[{"title":"Late",)"
    R"("providerPublishTime":1740442800,"relatedTickers":["AAPL","BRK-B"]},{"title":"Early",)"
    R"("providerPublishTime":1740000000},{"title":"Other","providerPublishTime":1740000001,)"
    R"("relatedTickers":["TSLA"]},{"providerPublishTime":1740000002},{"title":"No time"}]})";

TEST(YahooSearch, FindsInstruments) {
  const auto found = parse_search(kSearch, 10);
  ASSERT_TRUE(found) << found.error().detail();
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->at(0).symbol.view(), "BRK.B");
  EXPECT_EQ(found->at(0).name, "Berkshire Hathaway Inc.");
  EXPECT_EQ(found->at(0).asset_class, "equity");
  EXPECT_EQ(found->at(1).asset_class, "crypto");
  EXPECT_EQ(parse_search(kSearch, 1)->size(), 1U);
  const auto refused = parse_search(
      R"({"finance":{"result":null,"error":{"code":"Bad Request","description":"Missing q"}}})", 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::NotSupported);
  EXPECT_EQ(parse_search("{}", 1).error().code(), ErrorCode::BadPayload);
}

TEST(YahooSearch, GivesHeadlinesOfTheSymbol) {
  const TimeRange ever{Timestamp{}, Timestamp{seconds{2'000'000'000}}};
  const auto news = parse_headlines(kSearch, symbol("BRK.B"), ever);
  ASSERT_TRUE(news) << news.error().detail();
  ASSERT_EQ(news->size(), 2U);
  EXPECT_EQ(news->at(0).title, "Early");
  EXPECT_EQ(news->at(1).title, "Late");
  EXPECT_EQ(news->at(1).time, Timestamp{seconds{1740442800}});
  const auto none = parse_headlines(kSearch, symbol("BRK.B"), {Timestamp{}, Timestamp{seconds{1}}});
  EXPECT_TRUE(none->empty());
}

}  // namespace
}  // namespace ziggy::feed
