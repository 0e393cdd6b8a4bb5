#include <gtest/gtest.h>

#include "rest_provider_test.hpp"
#include "ziggy/feed/polygon.hpp"
#include "ziggy/resilience/budget.hpp"

namespace ziggy::feed {
namespace {

using testing::Answer;
using testing::Asked;
using testing::at;
using testing::FakeVendor;
using testing::sym;

constexpr std::string_view kNothing = R"({"status":"OK","results":[]})";

std::string row(std::string_view date, double close) {
  const auto ms = at(date).time_since_epoch() / std::chrono::milliseconds{1};
  return fmt::format(R"({{"t":{},"o":{},"h":{},"l":{},"c":{},"v":10}})", ms, close, close, close,
                     close);
}

std::string rows(std::initializer_list<std::string> each, std::string_view more = "") {
  std::string body = R"({"status":"OK","adjusted":false,"results":[)";
  for (const std::string& one : each) body += (body.back() == '}' ? "," : "") + one;
  return body + "]" + std::string{more} + "}";
}

class PolygonProviderTest : public testing::RestProviderTest<PolygonProvider, PolygonSettings> {
 protected:
  void start(FakeVendor::Script script, resilience::Budget* budget = nullptr) {
    PolygonSettings settings;
    settings.key = Secret{"the-key-of-polygon"};
    RestProviderTest::start(std::move(settings), std::move(script), budget);
  }
};

TEST_F(PolygonProviderTest, SaysWhatIsMissing) {
  PolygonProvider without{{}, http_, clock_, nullptr};
  EXPECT_EQ(without.not_configured(), "POLYGON_API_KEY is not set");
  EXPECT_TRUE(without.is_real());
  PolygonProvider demo{{.key = Secret{"x"}, .is_rehearsal = true}, http_, clock_, nullptr};
  EXPECT_EQ(demo.not_configured(), "");
  EXPECT_FALSE(demo.is_real());
}

TEST_F(PolygonProviderTest, FollowsPagesOnItsOwnHostWithTheKeyInTheHeader) {
  start([](const Asked& asked) -> Answer {
    if (asked.query.contains("cursor")) {
      return {.body = rows({row("2024-01-03", 2), row("2024-01-04", 3), row("2024-01-05", 4)})};
    }
    return {.body =
                rows({row("2024-01-01", 0.5), row("2024-01-02", 1), row("2024-01-03", 2)},
                     R"(,"next_url":"https://elsewhere.example/v2/aggs/more?cursor=c2&apiKey=x")")};
  });
  const auto reply = bars(days("2024-01-02", "2024-01-05"));
  ASSERT_TRUE(reply) << reply.error().detail();
  // Wider than asked on both sides, and one bar told twice.
  EXPECT_EQ(reply->bars.close, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(reply->as_of, clock_.now());
  const auto asked = vendor_->asked();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].path, "/v2/aggs/ticker/ACME/range/1/day/2024-01-02/2024-01-04");
  EXPECT_EQ(asked[0].query.at("adjusted"), "false");
  EXPECT_EQ(asked[0].query.at("sort"), "asc");
  EXPECT_EQ(asked[1].path, "/v2/aggs/more");
  for (const Asked& each : asked) {
    EXPECT_EQ(each.headers.at("authorization"), "Bearer the-key-of-polygon");
    EXPECT_FALSE(each.query.contains("apiKey"));
  }
}

TEST_F(PolygonProviderTest, IntradayIsAskedInMilliseconds) {
  start([](const Asked&) -> Answer {
    return {.body = rows({row("2024-01-02T14:30:00Z", 1), row("2024-01-02T14:35:00Z", 2)})};
  });
  BarsRequest request = days("2024-01-02T14:30:00Z", "2024-01-02T15:00:00Z");
  request.interval = Interval::Minute5;
  const auto reply = bars(request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->bars.time_at(1), at("2024-01-02T14:35:00Z"));
  EXPECT_EQ(vendor_->asked()[0].path,
            "/v2/aggs/ticker/ACME/range/5/minute/1704205800000/1704207599999");
  EXPECT_EQ(vendor_->asked()[0].query.at("limit"), "5005");
}

TEST_F(PolygonProviderTest, FourHoursAreMadeOfHoursFromMidnightUtc) {
  start([](const Asked&) -> Answer {
    return {.body = rows({row("2024-01-02T03:00:00Z", 1), row("2024-01-02T04:00:00Z", 2),
                          row("2024-01-02T07:00:00Z", 3), row("2024-01-02T08:00:00Z", 4)})};
  });
  BarsRequest request = days("2024-01-02T01:00:00Z", "2024-01-02T09:00:00Z");
  request.interval = Interval::Hour4;
  const auto reply = bars(request);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->bars.size(), 2U);
  EXPECT_EQ(reply->bars.at(0), (Bar{at("2024-01-02T04:00:00Z"), 2, 3, 2, 3, 20}));
  EXPECT_EQ(reply->bars.time_at(1), at("2024-01-02T08:00:00Z"));
  EXPECT_TRUE(vendor_->asked()[0].path.starts_with("/v2/aggs/ticker/ACME/range/1/hour/17041680"));
}

TEST_F(PolygonProviderTest, TheLastBarsAreLookedForFurtherBackOnce) {
  start([](const Asked& asked) -> Answer {
    EXPECT_EQ(asked.query.at("sort"), "desc");
    if (asked.path.contains("/1990-01-01/")) return {.body = rows({row("2001-01-02", 1)})};
    return {.body = rows({row("2024-05-31", 3), row("2024-05-30", 2)})};
  });
  BarsRequest request = days("2024-01-01", "2024-06-01");
  request.range.start = kNoStart;
  request.limit = 3;
  auto reply = bars(request);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->bars.close, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(vendor_->asked().size(), 2U);
  request.limit = 1;
  reply = bars(request);
  EXPECT_EQ(reply->bars.close, (std::vector<double>{3}));
  EXPECT_EQ(vendor_->asked().size(), 3U);
}

TEST_F(PolygonProviderTest, APlanThatReachesLessFarBackStillGivesWhatItHas) {
  start([](const Asked& asked) -> Answer {
    if (asked.path.contains("/1990-01-01/")) {
      return {.status = 403, .body = R"({"status":"NOT_AUTHORIZED","message":"upgrade"})"};
    }
    return {.body = rows({row("2024-05-31", 3)})};
  });
  BarsRequest request = days("2024-01-01", "2024-06-01");
  request.range.start = kNoStart;
  request.limit = 2;
  const auto reply = bars(request);
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->bars.size(), 1U);
}

TEST_F(PolygonProviderTest, SplitsFoldedInAllTheSameAreUndone) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v3/reference/splits") {
      EXPECT_EQ(asked.query.at("ticker"), "ACME");
      return {.body = R"({"status":"OK","results":[{"ticker":"ACME","split_from":1,"split_to":4,
                          "execution_date":"2024-01-03"}]})"};
    }
    if (asked.path == "/v3/reference/dividends") {
      return {.body = R"({"status":"OK","results":[{"ticker":"ACME","cash_amount":0.5,
                          "ex_dividend_date":"2024-01-02"}]})"};
    }
    return {.body = R"({"status":"OK","adjusted":true,"results":[)" + row("2024-01-02", 25) + "," +
                    row("2024-01-03", 26) + "]}"};
  });
  const auto reply = bars(days("2024-01-01", "2024-02-01"));
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->bars.close, (std::vector<double>{100, 26}));
  EXPECT_EQ(reply->bars.volume, (std::vector<double>{2.5, 10}));
  ASSERT_EQ(reply->actions.size(), 2U);
  EXPECT_EQ(vendor_->asked().size(), 3U);
  // Actions are kept.
  ASSERT_TRUE(bars(days("2024-01-01", "2024-02-01", true)));
  EXPECT_EQ(vendor_->asked().size(), 4U);
}

TEST_F(PolygonProviderTest, SplitsFoldedInAndNotSaidLeaveTheBasisOpen) {
  for (const std::string_view refused : {"/v3/reference/splits", "/v3/reference/dividends"}) {
    start([&](const Asked& asked) -> Answer {
      if (asked.path == refused) return {.status = 403, .body = R"({"status":"NOT_AUTHORIZED"})"};
      if (asked.path == "/v3/reference/splits") {
        return {.body = R"({"status":"OK","results":[{"ticker":"ACME","split_from":1,"split_to":4,
                            "execution_date":"2024-01-03"}]})"};
      }
      if (asked.path.starts_with("/v3")) return {.body = std::string{kNothing}};
      return {.body = R"({"status":"OK","adjusted":true,"results":[)" + row("2024-01-02", 25) +
                      "," + row("2024-01-03", 26) + "]}"};
    });
    const auto reply = bars(days("2024-01-01", "2024-02-01"));
    ASSERT_TRUE(reply) << reply.error().detail();
    const bool knows_splits = refused.ends_with("dividends");
    EXPECT_FALSE(reply->actions_whole);
    EXPECT_EQ(reply->basis_known, knows_splits);
    EXPECT_EQ(reply->bars.close[0], knows_splits ? 100 : 25);
  }
}

TEST_F(PolygonProviderTest, ActionsAreAskedWhenAJumpNeedsThem) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v3/reference/splits") {
      return {.body = R"({"status":"OK","results":[{"ticker":"ACME","split_from":1,"split_to":5,
                          "execution_date":"2024-01-03"}]})"};
    }
    if (asked.path.starts_with("/v3")) return {.body = std::string{kNothing}};
    return {.body = rows({row("2024-01-02", 100), row("2024-01-03", 20)})};
  });
  const auto reply = bars(days("2024-01-01", "2024-02-01"));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->bars.close, (std::vector<double>{100, 20}));
  EXPECT_EQ(reply->actions.size(), 1U);
}

TEST_F(PolygonProviderTest, WithoutReferenceDataBarsComeWithoutActions) {
  for (const int status : {403, 404}) {
    for (const std::string_view type : {"application/json", "text/html"}) {
      start([&](const Asked& asked) -> Answer {
        if (asked.path.starts_with("/v3")) {
          return {.status = status,
                  .body = type == "text/html" ? "<html>no</html>" : R"({"message":"no"})",
                  .type = type};
        }
        return {.body = rows({row("2024-01-02", 1)})};
      });
      const auto reply = bars(days("2024-01-01", "2024-02-01", true));
      ASSERT_TRUE(reply) << status << type << reply.error().detail();
      EXPECT_EQ(reply->bars.size(), 1U);
      EXPECT_TRUE(reply->actions.empty());
      EXPECT_FALSE(reply->actions_whole);
      EXPECT_TRUE(reply->basis_known);
      EXPECT_FALSE(bars(days("2024-01-01", "2024-02-01", true))->actions_whole) << "kept";
      EXPECT_TRUE(bars(days("2024-01-01", "2024-02-01"))->actions_whole) << "not asked";
      const auto said =
          ziggy::testing::run_task(provider_->actions()->actions(sym("ACME"), Call{}));
      ASSERT_FALSE(said) << "none is not what it said";
      EXPECT_EQ(said.error().code(), ErrorCode::NoData);
    }
  }
  // A failure is no absence: adjusted figures would be wrong without a word.
  start([](const Asked& asked) -> Answer {
    if (asked.path.starts_with("/v3")) return {.status = 503, .body = "{}"};
    return {.body = rows({row("2024-01-02", 1)})};
  });
  const auto reply = bars(days("2024-01-01", "2024-02-01", true));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::ProviderUnavailable);
}

TEST_F(PolygonProviderTest, NothingIsTellingOnlyWhenTheTickerIsUnknown) {
  int known = 0;
  start([&](const Asked& asked) -> Answer {
    if (asked.path == "/v3/reference/tickers/ACME" && known == 0) {
      return {.status = 404, .body = R"({"status":"NOT_FOUND","message":"Ticker not found."})"};
    }
    if (asked.path.starts_with("/v3")) return {.status = known, .body = "{\"status\":\"ERROR\"}"};
    return {.body = R"({"status":"OK","resultsCount":0,"queryCount":0})"};
  });
  auto reply = bars(days("2024-01-01", "2024-02-01"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::UnknownSymbol);
  for (const int status : {200, 403, 500}) {
    known = status;
    reply = bars(days("2024-01-01", "2024-02-01"));
    ASSERT_TRUE(reply) << status;
    EXPECT_TRUE(reply->bars.empty());
  }
}

TEST_F(PolygonProviderTest, EveryRefusalHasItsType) {
  Answer answer;
  start([&](const Asked&) { return answer; });
  const auto code = [&](Answer next) {
    answer = std::move(next);
    const auto reply = bars(days("2024-01-01", "2024-02-01"));
    return reply ? ErrorCode::Internal : reply.error().code();
  };
  EXPECT_EQ(code({.status = 401, .body = R"({"status":"ERROR","error":"Unknown API Key"})"}),
            ErrorCode::CredentialsRejected);
  EXPECT_EQ(code({.status = 403, .body = R"({"status":"ERROR","error":"Unknown API Key"})"}),
            ErrorCode::CredentialsRejected);
  EXPECT_EQ(code({.status = 403, .body = R"({"status":"NOT_AUTHORIZED","message":"Upgrade"})"}),
            ErrorCode::NotEntitled);
  EXPECT_EQ(code({.status = 404, .body = R"({"status":"NOT_FOUND","message":"no such"})"}),
            ErrorCode::UnknownSymbol);
  EXPECT_EQ(code({.status = 404, .body = R"({"whatever":1})"}), ErrorCode::UnknownSymbol);
  EXPECT_EQ(code({.status = 404, .body = "<html>", .type = "text/html"}), ErrorCode::BadPayload);
  EXPECT_EQ(code({.status = 500, .body = "{}"}), ErrorCode::ProviderUnavailable);
  EXPECT_EQ(code({.status = 200, .body = "<html>", .type = "text/html"}), ErrorCode::BadPayload);
  EXPECT_EQ(code({.status = 200, .body = R"({"status":"OK","results":[{"t":1)"}),
            ErrorCode::BadPayload);
  answer = {.status = 429,
            .body = R"({"status":"ERROR","error":"exceeded"})",
            .headers = {{"Retry-After", "17"}}};
  const auto reply = bars(days("2024-01-01", "2024-02-01"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::ProviderQuota);
  EXPECT_EQ(reply.error().retry_after(), std::chrono::seconds{17});
}

TEST_F(PolygonProviderTest, PagesEndSomehow) {
  // One that leads to itself, as a recording does, is the last.
  start([](const Asked&) -> Answer {
    return {.body = rows({row("2024-01-02", 1)}, R"(,"next_url":"https://x/v2/same?c=1")")};
  });
  const auto reply = bars(days("2024-01-01", "2024-02-01"));
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->bars.size(), 1U);
  EXPECT_EQ(vendor_->asked().size(), 2U);
  // Ever new ones are too many.
  start([count = 0](const Asked&) mutable -> Answer {
    return {.body = rows({}, fmt::format(R"(,"next_url":"https://x/v2/more?c={}")", ++count))};
  });
  const auto endless = bars(days("2024-01-01", "2024-02-01"));
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code(), ErrorCode::BadPayload);
  EXPECT_EQ(vendor_->asked().size(), 200U);
}

TEST_F(PolygonProviderTest, TheOtherOrderIsReadToItsEnd) {
  // Asked for the first bars, told the last ones first.
  start([](const Asked& asked) -> Answer {
    if (asked.query.contains("c")) {
      return {.body = rows({row("2024-01-03", 2), row("2024-01-02", 1)})};
    }
    return {.body = rows({row("2024-01-05", 4), row("2024-01-04", 3)},
                         R"(,"next_url":"https://x/v2/more?c=1")")};
  });
  BarsRequest request = days("2024-01-01", "2024-02-01");
  request.limit = 2;
  const auto reply = bars(request);
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->bars.close, (std::vector<double>{1, 2}));
}

TEST_F(PolygonProviderTest, QuotesFallBackAndRememberWhatThePlanRefuses) {
  start([](const Asked& asked) -> Answer {
    if (asked.path.starts_with("/v2/snapshot") || asked.path.starts_with("/v2/last")) {
      return {.status = 403, .body = R"({"status":"NOT_AUTHORIZED","message":"upgrade"})"};
    }
    EXPECT_EQ(asked.path, "/v2/aggs/ticker/ACME/prev");
    return {.body = rows({row("2024-05-31T04:00:00Z", 42)})};
  });
  auto reply = quote("ACME");
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->last, 42);
  EXPECT_EQ(reply->volume, 10);
  EXPECT_EQ(reply->as_of, at("2024-05-31T20:00:00Z"));
  EXPECT_EQ(reply->market_state, MarketState::Open);
  EXPECT_EQ(vendor_->asked().size(), 4U);
  vendor_->forget();
  ASSERT_TRUE(quote("ACME"));
  EXPECT_EQ(vendor_->asked().size(), 1U);
  clock_.advance(std::chrono::hours{1});
  vendor_->forget();
  ASSERT_TRUE(quote("ACME"));
  EXPECT_EQ(vendor_->asked().size(), 4U);
}

TEST_F(PolygonProviderTest, LastQuoteAndTradeStandInForASnapshot) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v2/last/nbbo/BRK.B") {
      return {.body = R"({"status":"OK","results":{"T":"BRK.B","p":1,"P":2,"s":1,"S":1,
                          "t":1717426800000000000}})"};
    }
    if (asked.path == "/v2/last/trade/BRK.B") {
      return {.body = R"({"status":"OK","results":{"T":"BRK.B","p":1.5,"s":3,
                          "t":1717426801000000000}})"};
    }
    return {};
  });
  const auto reply = quote("BRK.B");
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->bid, 1);
  EXPECT_EQ(reply->ask_size, 100);
  EXPECT_EQ(reply->last, 1.5);
  EXPECT_EQ(reply->as_of, at("2024-06-03T15:00:01Z"));
  const auto none = quote("NONE");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::UnknownSymbol);
}

TEST_F(PolygonProviderTest, AnUnknownTickerCostsOneRequest) {
  start([](const Asked&) -> Answer {
    return {.status = 404, .body = R"({"status":"NOT_FOUND","message":"Ticker not found."})"};
  });
  const auto reply = quote("ACME");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(vendor_->asked().size(), 1U);
}

TEST_F(PolygonProviderTest, ManyQuotesAreOneRequestAMarket) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v2/snapshot/locale/us/markets/stocks/tickers") {
      EXPECT_EQ(asked.query.at("tickers"), "ACME,BACpL,NONE");
      return {.body = R"({"status":"OK","tickers":[
          {"ticker":"BACpL","lastTrade":{"p":2,"t":1717426800000000000}},
          {"ticker":"ACME","lastTrade":{"p":1,"t":1717426800000000000}}]})"};
    }
    if (asked.path == "/v2/snapshot/locale/global/markets/crypto/tickers/X:BTCUSD") {
      return {.body = R"({"status":"OK","ticker":{"ticker":"X:BTCUSD",
                          "lastTrade":{"p":3,"t":1717426800000}}})"};
    }
    return {};
  });
  const auto reply = ziggy::testing::run_task(provider_->quotes()->quotes(
      {sym("ACME"), sym("BTC-USD"), sym("BAC.PRL"), sym("NONE")}, Call{}));
  ASSERT_TRUE(reply) << reply.error().detail();
  ASSERT_EQ(reply->quotes.size(), 3U);
  EXPECT_EQ(reply->quotes[1].symbol, sym("BAC.PRL"));
  EXPECT_EQ(reply->quotes[1].last, 2);
  EXPECT_EQ(reply->quotes[2].symbol, sym("BTC-USD"));
  ASSERT_EQ(reply->missing.size(), 1U);
  EXPECT_EQ(reply->missing[0].second.code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(vendor_->asked().size(), 2U);
}

TEST_F(PolygonProviderTest, EveryPagePays) {
  resilience::Budget budget{{.name = "polygon", .count = 2}, clock_};
  start(
      [](const Asked& asked) -> Answer {
        const std::string next = asked.query.contains("c") ? asked.query.at("c") + "1" : "1";
        return {.body = rows({}, R"(,"next_url":"https://x/v2/more?c=)" + next + "\"")};
      },
      &budget);
  const auto reply = bars(days("2024-01-01", "2024-02-01"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::ProviderQuota);
  EXPECT_EQ(vendor_->asked().size(), 2U);
  EXPECT_EQ(provider_->budget(), &budget);
}

TEST_F(PolygonProviderTest, ReferenceQuestions) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v3/reference/tickers") {
      return {.body = R"({"status":"OK","results":[{"ticker":"AA"},{"ticker":"XAN"},
                          {"ticker":"A"}]})"};
    }
    if (asked.path == "/v2/aggs/grouped/locale/us/market/stocks/2024-05-31") {
      return {.body = R"({"status":"OK","results":[{"T":"ACME",)" +
                      row("2024-05-31T20:00:00Z", 7).substr(1) + R"(,{"T":"OLD",)" +
                      row("2024-05-30T20:00:00Z", 7).substr(1) + "]}"};
    }
    if (asked.path == "/v2/reference/news") {
      EXPECT_EQ(asked.query.at("published_utc.gte"), "2024-05-01T00:00:00Z");
      return {.body = R"({"status":"OK","results":[
          {"title":"b","published_utc":"2024-05-03T00:00:00Z","tickers":["ACME"]},
          {"title":"a","published_utc":"2024-05-02T00:00:00Z","tickers":["ACME"]},
          {"title":"x","published_utc":"2024-06-02T00:00:00Z","tickers":["ACME"]}]})"};
    }
    return {};
  });
  const auto found = ziggy::testing::run_task(provider_->symbol_search()->search("a", 2, Call{}));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].symbol, sym("A"));
  EXPECT_EQ((*found)[1].symbol, sym("AA"));
  const auto day =
      ziggy::testing::run_task(provider_->grouped()->grouped_day(at("2024-05-31"), Call{}));
  ASSERT_TRUE(day) << day.error().detail();
  ASSERT_EQ(day->size(), 1U);
  EXPECT_EQ((*day)[0].bar.close, 7);
  const auto news = ziggy::testing::run_task(
      provider_->news()->headlines(sym("ACME"), {at("2024-05-01"), at("2024-06-01")}, Call{}));
  ASSERT_TRUE(news) << news.error().detail();
  ASSERT_EQ(news->size(), 2U);
  EXPECT_EQ((*news)[0].title, "a");
}

}  // namespace
}  // namespace ziggy::feed
