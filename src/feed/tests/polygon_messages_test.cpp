#include "polygon_messages.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "stream_lines.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy::feed {
namespace {

using testing::LinesSink;
using Lines = std::vector<std::string>;

Lines read(std::string_view payload) {
  PolygonMessages messages;
  LinesSink sink;
  const auto understood = messages.read(payload, sink);
  if (!understood) sink.lines.emplace_back(code_name(understood.error().code()));
  return sink.lines;
}

TEST(PolygonMessages, ReadsEachKindOfTick) {
  EXPECT_EQ(read(R"([{"ev":"T","sym":"BRK.B","x":4,"i":"12345","z":3,"p":412.5,"s":100,
                      "c":[0,12],"t":1709567504208,"q":3681328}])"),
            Lines{"trade BRK.B 2024-03-04T15:51:44.208Z 412.5x100 #3681328"});
  EXPECT_EQ(read(R"([{"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":2,"ax":7,"ap":114.25,
                      "as":160,"t":1709567504208}])"),
            Lines{"quote MSFT 2024-03-04T15:51:44.208Z 114.125x200 114.25x16000 last -"});
  EXPECT_EQ(read(R"([{"ev":"A","sym":"SPCE","v":200,"av":8642007,"op":25.66,"o":25.5,"c":25.5,
                      "h":25.75,"l":25.25,"s":1610144868000,"e":1610144869000},
                     {"ev":"AM","sym":"GTE","v":4110,"o":0.5,"c":0.25,"h":0.75,"l":0.125,
                      "s":1610144640000,"e":1610144700000}])"),
            (Lines{"bar SPCE 1s closed 2021-01-08T22:27:48Z 25.5/25.75/25.25/25.5 200",
                   "bar GTE 1m closed 2021-01-08T22:24:00Z 0.5/0.75/0.125/0.25 4110"}));
  EXPECT_EQ(read(R"([{"ev":"XT","pair":"BTC-USD","p":33021.5,"t":1610462007425,"s":0.01616617,
                      "c":[2],"i":14272084,"x":3},
                     {"ev":"XQ","pair":"X:BTC-USD","bp":33052.5,"bs":0.48,"ap":33073.25,
                      "as":0.601,"t":1610462411115},
                     {"ev":"XAS","pair":"ETH/USD","v":951.5,"o":1,"c":2,"h":3,"l":0.5,
                      "s":1610463240000,"e":1610463241000},
                     {"ev":"XA","pair":"ETH-USD","v":951.5,"o":1,"c":2,"h":3,"l":0.5,
                      "s":1610463240000,"e":1610463300000}])"),
            (Lines{"trade BTC-USD 2021-01-12T14:33:27.425Z 33021.5x0.01616617 #14272084",
                   "quote BTC-USD 2021-01-12T14:40:11.115Z 33052.5x0.48 33073.25x0.601 last -",
                   "bar ETH-USD 1s closed 2021-01-12T14:54:00Z 1/3/0.5/2 951.5",
                   "bar ETH-USD 1m closed 2021-01-12T14:54:00Z 1/3/0.5/2 951.5"}));
  EXPECT_EQ(read(R"([{"ev":"LULD","T":"MSFT"},{"ev":"XL2","pair":"BTC-USD"},{"ev":7},{}])"),
            Lines(4, "ignored"));
}

TEST(PolygonMessages, TakesTimesInFinerUnitsToo) {
  const auto time_of = [](std::string_view count) {
    const Lines lines = read(fmt::format(R"({{"ev":"T","sym":"A","p":1,"s":1,"t":{}}})", count));
    return lines.front();
  };
  EXPECT_EQ(time_of("1709567504208"), "trade A 2024-03-04T15:51:44.208Z 1x1 #0");
  EXPECT_EQ(time_of("1709567504208123"), "trade A 2024-03-04T15:51:44.208123Z 1x1 #0");
  EXPECT_EQ(time_of("1709567504208123456"), "trade A 2024-03-04T15:51:44.208123456Z 1x1 #0");
  EXPECT_EQ(time_of("0"), "dropped");
  EXPECT_EQ(time_of("-5"), "dropped");
  EXPECT_EQ(time_of("\"soon\""), "dropped");
}

TEST(PolygonMessages, NamesItsStatuses) {
  const auto said = [](std::string_view status, std::string_view message) {
    return read(fmt::format(R"([{{"ev":"status","status":"{}","message":"{}"}}])", status, message))
        .front();
  };
  EXPECT_EQ(said("connected", "Connected Successfully"), "greeting");
  EXPECT_EQ(said("auth_success", "authenticated"), "authenticated");
  EXPECT_EQ(said("auth_failed", "authentication failed"),
            "failed credentials_rejected (auth_failed: authentication failed)");
  EXPECT_TRUE(said("auth_failed", "Your plan doesn't include websocket access.")
                  .starts_with("failed not_entitled"));
  EXPECT_TRUE(said("auth_timeout", "").starts_with("failed provider_timeout"));
  EXPECT_TRUE(said("max_connections", "Maximum number of connections exceeded.")
                  .starts_with("failed provider_quota"));
  EXPECT_TRUE(said("force_disconnect", "").starts_with("failed provider_unavailable"));
  EXPECT_TRUE(said("slow_consumer", "").starts_with("failed provider_unavailable"));
  EXPECT_TRUE(said("error", "not authorized").starts_with("denied not_entitled"));
  EXPECT_TRUE(said("error", "no such channel").starts_with("denied not_supported"));
  EXPECT_EQ(said("success", "unsubscribed to: T.MSFT"), "ignored");
  EXPECT_EQ(read(R"([{"ev":"status","status":"success","message":"subscribed to: T.MSFT"},
                     {"ev":"status","status":"success",
                      "message":"subscribed to: XA.BTC-USD,XT.X:BTC-USD"}])"),
            (Lines{"subscribed MSFT", "subscribed BTC-USD", "subscribed BTC-USD"}));
}

TEST(PolygonMessages, DropsWhatMakesNoSenseAndTellsNothingOfABrokenMessage) {
  EXPECT_EQ(read(R"([{"ev":"T","sym":"A","p":-1,"s":1,"t":1709567504208},
                     {"ev":"T","sym":"A","p":1e999,"s":1,"t":1709567504208}])"),
            Lines{"bad_payload"});  // no JSON number is infinite
  EXPECT_EQ(read(R"([{"ev":"T","sym":"A","p":-1,"s":1,"t":1709567504208},
                     {"ev":"T","sym":"","p":1,"s":1,"t":1709567504208},
                     {"ev":"Q","sym":"A","bp":-1,"ap":1,"t":1709567504208},
                     {"ev":"Q","sym":"A","t":1709567504208},
                     {"ev":"AM","sym":"A","o":1,"h":1,"l":1,"c":0,"v":1,"s":1709567504208},
                     {"ev":"XT","sym":"A","p":1,"s":1,"t":1709567504208},
                     "text"])"),
            Lines(7, "dropped"));
  const std::string good = R"([{"ev":"status","status":"connected"}])";
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(read(good.substr(0, size)), Lines{"bad_payload"}) << size;
  }
  EXPECT_EQ(read("7"), Lines{"bad_payload"});
}

TEST(PolygonMessages, NamesChannelsByAssetClass) {
  const std::vector<Symbol> shares = {*Symbol::parse("AAPL"), *Symbol::parse("BRK.B")};
  EXPECT_EQ(polygon_request("subscribe", shares).payload,
            R"({"action":"subscribe","params":"T.AAPL,Q.AAPL,A.AAPL,AM.AAPL,)"
            R"(T.BRK.B,Q.BRK.B,A.BRK.B,AM.BRK.B"})");
  const std::vector<Symbol> preferred = {*Symbol::parse("BAC.PRL")};
  EXPECT_EQ(polygon_request("subscribe", preferred).payload,
            R"({"action":"subscribe","params":"T.BACpL,Q.BACpL,A.BACpL,AM.BACpL"})");
  EXPECT_EQ(read(R"({"ev":"T","sym":"BACpL","p":1,"s":1,"t":1709567504208})"),
            Lines{"trade BAC.PRL 2024-03-04T15:51:44.208Z 1x1 #0"});
  EXPECT_EQ(read(R"({"ev":"status","status":"success","message":"subscribed to: AM.BACpL"})"),
            Lines{"subscribed BAC.PRL"});
  const std::vector<Symbol> pairs = {*Symbol::parse("BTC-USD")};
  EXPECT_EQ(polygon_request("unsubscribe", pairs).payload,
            R"({"action":"unsubscribe","params":"XT.BTC-USD,XQ.BTC-USD,XAS.BTC-USD,XA.BTC-USD"})");
  EXPECT_EQ(polygon_auth(Secret{"k\"1"}).payload, R"({"action":"auth","params":"k\"1"})");
}

TEST(PolygonMessages, ReadsTheVendorsOwnExamples) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const std::string file = ziggy::testing::read_file(ziggy::testing::reference_data() /
                                                     "providers/polygon/ws/spec-examples.json");
  simdjson::dom::parser parser;
  simdjson::dom::array examples;
  ASSERT_EQ(parser.parse(file).get_array().get(examples), simdjson::SUCCESS);
  Lines said;
  for (const simdjson::dom::element each : examples) {
    const std::string_view channel = each["channel"].get_string().value_unsafe();
    if (!channel.starts_with("/stocks/") && !channel.starts_with("/crypto/")) continue;
    const std::string text =
        simdjson::minify(simdjson::dom::element{each["example"].value_unsafe()});
    const Lines lines = read("[" + text + "]");
    said.insert(said.end(), lines.begin(), lines.end());
  }
  EXPECT_EQ(
      said,
      (Lines{"trade MSFT 2018-09-04T04:53:38.784Z 114.125x100 #3681328",
             "quote MSFT 2018-09-04T04:53:38.784Z 114.125x10000 114.128x16000 last -",
             "bar SPCE 1s closed 2021-01-08T22:27:48Z 25.39/25.39/25.39/25.39 200",
             "bar GTE 1m closed 2021-01-08T22:24:00Z 0.4488/0.4489/0.4486/0.4486 4110", "ignored",
             "ignored", "trade BTC-USD 2021-01-12T14:33:27.425Z 33021.9x0.01616617 #14272084",
             "quote BTC-USD 2021-01-12T14:40:11.115Z 33052.79x0.48 33073.19x0.601 last -",
             "ignored",
             "bar BCD-USD 1m closed 2021-01-12T14:54:00Z 0.772/0.784/0.771/0.784 951.6112",
             "bar BCD-USD 1s closed 2021-01-12T14:54:00Z 0.772/0.784/0.771/0.784 951.6112"}));
}

}  // namespace
}  // namespace ziggy::feed
