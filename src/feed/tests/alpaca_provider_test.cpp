#include <gtest/gtest.h>

#include "rest_provider_test.hpp"
#include "ziggy/feed/alpaca.hpp"

namespace ziggy::feed {
namespace {

using testing::Answer;
using testing::Asked;
using testing::at;
using testing::FakeVendor;
using testing::sym;

std::string row(std::string_view time, double close) {
  return fmt::format(R"({{"t":"{}","o":{},"h":{},"l":{},"c":{},"v":10,"n":1,"vw":1}})", time, close,
                     close, close, close);
}

class AlpacaProviderTest : public testing::RestProviderTest<AlpacaProvider, AlpacaSettings> {
 protected:
  void start(FakeVendor::Script script, resilience::Budget* budget = nullptr) {
    AlpacaSettings settings;
    settings.key_id = Secret{"key-id-of-alpaca"};
    settings.secret_key = Secret{"secret-of-alpaca"};
    RestProviderTest::start(std::move(settings), std::move(script), budget);
  }
};

TEST_F(AlpacaProviderTest, SaysWhatIsMissingAndWhatItCant) {
  AlpacaProvider none{{}, http_, clock_, nullptr};
  EXPECT_EQ(none.not_configured(), "ALPACA_KEY_ID is not set");
  AlpacaProvider half{{.key_id = Secret{"x"}}, http_, clock_, nullptr};
  EXPECT_EQ(half.not_configured(), "ALPACA_SECRET_KEY is not set");
  const Capability can = half.bars()->bars_capability();
  EXPECT_FALSE(can.serves(Interval::Second));
  EXPECT_TRUE(can.serves(Interval::Hour4));
  EXPECT_FALSE(can.serves(AssetKind::Index));
  EXPECT_FALSE(half.crypto()->bars_capability().serves(AssetKind::Share));
  BarsRequest seconds = days("2024-01-01", "2024-01-02");
  seconds.interval = Interval::Second;
  const auto reply = ziggy::testing::run_task(half.bars()->bars(seconds, Call{}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::NotSupported);
}

TEST_F(AlpacaProviderTest, FollowsPagesByToken) {
  start([](const Asked& asked) -> Answer {
    if (asked.query.contains("page_token")) {
      EXPECT_EQ(asked.query.at("page_token"), "dG9r%3D");
      return {.body = R"({"bars":{"ACME":[)" + row("2024-01-04T05:00:00Z", 3) + "," +
                      row("2024-01-05T05:00:00Z", 4) + R"(]},"next_page_token":null})"};
    }
    return {.body = R"({"bars":{"ACME":[)" + row("2024-01-01T05:00:00Z", 0.5) + "," +
                    row("2024-01-02T05:00:00Z", 1) + "," + row("2024-01-03T05:00:00Z", 2) +
                    R"(]},"next_page_token":"dG9r="})"};
  });
  const auto reply = bars(days("2024-01-02", "2024-01-05"));
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->bars.close, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(reply->bars.time_at(0), at("2024-01-02"));
  const auto asked = vendor_->asked();
  ASSERT_EQ(asked.size(), 2U);
  EXPECT_EQ(asked[0].path, "/v2/stocks/bars");
  EXPECT_EQ(asked[0].query.at("symbols"), "ACME");
  EXPECT_EQ(asked[0].query.at("timeframe"), "1Day");
  EXPECT_EQ(asked[0].query.at("adjustment"), "raw");
  EXPECT_EQ(asked[0].query.at("feed"), "iex");
  EXPECT_EQ(asked[0].query.at("start"), "2024-01-02T05:00:00Z");
  EXPECT_EQ(asked[0].query.at("end"), "2024-01-05T04:59:59.999999999Z");
  for (const Asked& each : asked) {
    EXPECT_EQ(each.headers.at("apca-api-key-id"), "key-id-of-alpaca");
    EXPECT_EQ(each.headers.at("apca-api-secret-key"), "secret-of-alpaca");
  }
}

TEST_F(AlpacaProviderTest, CoinsHaveTheirOwnRoutes) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v1beta3/crypto/us/bars") {
      EXPECT_EQ(asked.query.at("symbols"), "BTC/USD");
      EXPECT_FALSE(asked.query.contains("feed"));
      return {.body = R"({"bars":{"BTC/USD":[)" + row("2024-01-02T14:00:00Z", 9) + "]}}"};
    }
    if (asked.path == "/v1beta3/crypto/us/snapshots") {
      return {.body = R"({"snapshots":{"BTC/USD":{"latestQuote":
          {"t":"2024-06-03T15:00:00Z","bp":1,"bs":0.5,"ap":2,"as":0.25}}}})"};
    }
    return {};
  });
  BarsRequest request = days("2024-01-02", "2024-01-03", true);
  request.symbol = sym("BTC-USD");
  request.interval = Interval::Hour;
  const auto reply = ziggy::testing::run_task(provider_->crypto()->bars(request, Call{}));
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->bars.size(), 1U);
  const auto coin = ziggy::testing::run_task(provider_->crypto()->quote(sym("BTC-USD"), Call{}));
  ASSERT_TRUE(coin);
  EXPECT_EQ(coin->bid_size, 0.5);
  EXPECT_EQ(coin->market_state, MarketState::Open);
  EXPECT_EQ(vendor_->asked().size(), 2U);
}

TEST_F(AlpacaProviderTest, ActionsComeInPagesAndAreKept) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v1/corporate-actions") {
      if (asked.query.contains("page_token")) {
        return {.body = R"({"corporate_actions":{"cash_dividends":[
            {"symbol":"ACME","ex_date":"2020-08-07","rate":0.82}]}})"};
      }
      return {.body = R"({"corporate_actions":{"forward_splits":[
          {"symbol":"ACME","ex_date":"2020-08-31","new_rate":4,"old_rate":1}]},
          "next_page_token":"n"})"};
    }
    return {.body = R"({"bars":{"ACME":[)" + row("2024-01-02T05:00:00Z", 1) + "]}}"};
  });
  const auto reply = bars(days("2024-01-02", "2024-01-05", true));
  ASSERT_TRUE(reply) << reply.error().detail();
  ASSERT_EQ(reply->actions.size(), 2U);
  EXPECT_TRUE(reply->actions_whole);
  EXPECT_EQ(reply->actions[1].value, 4);
  const auto again = ziggy::testing::run_task(provider_->actions()->actions(sym("ACME"), Call{}));
  EXPECT_EQ(*again, reply->actions);
  EXPECT_EQ(vendor_->asked().size(), 3U);
}

TEST_F(AlpacaProviderTest, AJumpIsExplainedEvenWhereNobodyAsksForActions) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v1/corporate-actions") {
      return {.body = R"({"corporate_actions":{"forward_splits":[
          {"symbol":"ACME","ex_date":"2024-01-03","new_rate":20,"old_rate":1}]}})"};
    }
    return {.body = R"({"bars":{"ACME":[)" + row("2024-01-02T05:00:00Z", 200) + "," +
                    row("2024-01-03T05:00:00Z", 10) + "]}}"};
  });
  const auto reply = bars(days("2024-01-02", "2024-01-05", false));
  ASSERT_TRUE(reply) << reply.error().detail();
  ASSERT_EQ(reply->actions.size(), 1U);
  EXPECT_EQ(reply->actions[0].value, 20);
}

TEST_F(AlpacaProviderTest, OptionalRoutesMayBeAbsent) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v2/stocks/bars") {
      return {.body = R"({"bars":{"ACME":[)" + row("2024-01-02T05:00:00Z", 1) + "]}}"};
    }
    return {.status = 404, .body = "<html>", .type = "text/html"};
  });
  const auto reply = bars(days("2024-01-02", "2024-01-05", true));
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_FALSE(reply->actions_whole);
  EXPECT_TRUE(reply->basis_known);
  EXPECT_FALSE(ziggy::testing::run_task(provider_->actions()->actions(sym("ACME"), Call{})));
}

TEST_F(AlpacaProviderTest, WhatHasNeitherBarsNorASnapshotIsUnknown) {
  Answer snapshot{.body = "{}"};
  start([&](const Asked& asked) -> Answer {
    if (asked.path == "/v2/stocks/bars") return {.body = R"({"bars":{},"next_page_token":null})"};
    if (asked.path == "/v2/stocks/snapshots") return snapshot;
    return {};
  });
  auto reply = bars(days("2024-01-02", "2024-01-05"));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code(), ErrorCode::UnknownSymbol);
  for (Answer next : {Answer{.body = R"({"ACME":{"latestTrade":{"p":1,"s":1}}})"},
                      Answer{.status = 404, .body = "{}"}, Answer{.status = 500, .body = "{}"}}) {
    snapshot = std::move(next);
    reply = bars(days("2024-01-02", "2024-01-05"));
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->bars.empty());
  }
}

TEST_F(AlpacaProviderTest, EveryRefusalHasItsType) {
  Answer answer;
  start([&](const Asked&) { return answer; });
  const auto code = [&](Answer next) {
    answer = std::move(next);
    const auto reply = bars(days("2024-01-01", "2024-02-01"));
    return reply ? ErrorCode::Internal : reply.error().code();
  };
  EXPECT_EQ(code({.status = 401, .body = R"({"message":"unauthorized."})"}),
            ErrorCode::CredentialsRejected);
  EXPECT_EQ(code({.status = 403, .body = R"({"code":40310000,"message":"forbidden."})"}),
            ErrorCode::CredentialsRejected);
  EXPECT_EQ(
      code({.status = 403,
            .body = R"({"message":"subscription does not permit querying recent SIP data"})"}),
      ErrorCode::NotEntitled);
  EXPECT_EQ(
      code({.status = 400, .body = R"({"message":"code=400, message=invalid symbol: ACME"})"}),
      ErrorCode::UnknownSymbol);
  EXPECT_EQ(code({.status = 422, .body = R"({"code":42210000,"message":"invalid symbol: ACME"})"}),
            ErrorCode::UnknownSymbol);
  EXPECT_EQ(code({.status = 400, .body = R"({"message":"invalid timeframe"})"}),
            ErrorCode::BadPayload);
  EXPECT_EQ(code({.status = 404, .body = R"({"code":40410000,"message":"not found"})"}),
            ErrorCode::UnknownSymbol);
  EXPECT_EQ(code({.status = 404, .body = "<html>", .type = "text/html"}), ErrorCode::BadPayload);
  EXPECT_EQ(code({.status = 429, .body = R"({"message":"too many requests."})"}),
            ErrorCode::ProviderQuota);
  EXPECT_EQ(code({.status = 502, .body = "<html>", .type = "text/html"}),
            ErrorCode::ProviderUnavailable);
  EXPECT_EQ(code({.body = R"({"bars":{"ACME":[{"t":"20)"}), ErrorCode::BadPayload);
  EXPECT_EQ(code({.body = R"({"bars":{"OTHER":[]}})"}), ErrorCode::BadPayload);
}

TEST_F(AlpacaProviderTest, OneInvalidSymbolDoesNotSpoilTheOthers) {
  start([](const Asked& asked) -> Answer {
    if (asked.query.at("symbols").contains("BAD")) {
      return {.status = 400, .body = R"({"message":"code=400, message=invalid symbol: BAD"})"};
    }
    EXPECT_EQ(asked.query.at("symbols"), "ACME,NONE");
    return {.body = R"({"ACME":{"latestTrade":{"t":"2024-06-03T15:00:00Z","p":1,"s":1}}})"};
  });
  const auto reply = ziggy::testing::run_task(
      provider_->quotes()->quotes({sym("ACME"), sym("BAD"), sym("NONE"), sym("^SPX")}, Call{}));
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->quotes.size(), 1U);
  ASSERT_EQ(reply->missing.size(), 3U);
  EXPECT_EQ(reply->missing[0].second.code(), ErrorCode::NotSupported);
  EXPECT_EQ(reply->missing[1].second.code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(reply->missing[2].second.code(), ErrorCode::UnknownSymbol);
}

TEST_F(AlpacaProviderTest, LatestQuotesStandInForSnapshots) {
  start([](const Asked& asked) -> Answer {
    if (asked.path == "/v2/stocks/snapshots") {
      return {.status = 403, .body = R"({"message":"subscription does not permit snapshots"})"};
    }
    if (asked.path == "/v2/stocks/trades/latest") {
      if (asked.query.at("symbols") != "ACME") return {.body = R"({"trades":{}})"};
      return {.body = R"({"trades":{"ACME":{"t":"2024-06-03T14:59:59Z","p":1.5,"s":3}}})"};
    }
    return {};
  });
  const auto reply = quote("ACME");
  ASSERT_TRUE(reply) << reply.error().detail();
  EXPECT_EQ(reply->last, 1.5);
  EXPECT_EQ(vendor_->asked().size(), 3U);
  vendor_->forget();
  ASSERT_TRUE(quote("ACME"));
  EXPECT_EQ(vendor_->paths(),
            (std::vector<std::string>{"/v2/stocks/quotes/latest", "/v2/stocks/trades/latest"}));
  const auto none = quote("NONE");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::UnknownSymbol);
}

TEST_F(AlpacaProviderTest, NewsAscend) {
  start([](const Asked& asked) -> Answer {
    EXPECT_EQ(asked.path, "/v1beta1/news");
    if (asked.query.contains("page_token")) {
      return {.body = R"({"news":[{"headline":"a","created_at":"2024-05-02T00:00:00Z",
                          "symbols":["ACME"]}],"next_page_token":null})"};
    }
    return {.body = R"({"news":[{"headline":"b","created_at":"2024-05-03T00:00:00Z",
                        "symbols":["ACME"]}],"next_page_token":"n"})"};
  });
  const auto news = ziggy::testing::run_task(
      provider_->news()->headlines(sym("ACME"), {at("2024-05-01"), at("2024-06-01")}, Call{}));
  ASSERT_TRUE(news);
  ASSERT_EQ(news->size(), 2U);
  EXPECT_EQ((*news)[0].title, "a");
}

}  // namespace
}  // namespace ziggy::feed
