#include "alpaca_messages.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <limits>

#include "stream_lines.hpp"
#include "ziggy/net/msgpack.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy::feed {
namespace {

using net::MessageKind;
using net::MsgPackWriter;
using testing::LinesSink;
using Lines = std::vector<std::string>;

/// What a message says; the error as a last line.
Lines read(std::string_view payload, MessageKind kind = MessageKind::Text) {
  AlpacaMessages messages;
  LinesSink sink;
  const auto understood = messages.read(payload, kind, sink);
  if (!understood) sink.lines.emplace_back(code_name(understood.error().code()));
  return sink.lines;
}

/// JSON as MessagePack; times become the timestamp extension, as the vendor sends them.
void pack(MsgPackWriter& writer, simdjson::dom::element value, std::string_view key) {
  using Type = simdjson::dom::element_type;
  switch (value.type()) {
    case Type::ARRAY:
      writer.array(static_cast<std::uint32_t>(value.get_array().value_unsafe().size()));
      for (const auto each : value.get_array().value_unsafe()) pack(writer, each, "");
      return;
    case Type::OBJECT:
      writer.map(static_cast<std::uint32_t>(value.get_object().value_unsafe().size()));
      for (const auto [name, each] : value.get_object().value_unsafe()) {
        writer.text(name);
        pack(writer, each, name);
      }
      return;
    case Type::STRING: {
      const std::string_view text = value.get_string().value_unsafe();
      const auto time = parse_rfc3339(text);
      if (key == "t" && time) {
        writer.timestamp(*time);
      } else {
        writer.text(text);
      }
      return;
    }
    case Type::INT64:
      writer.integer(value.get_int64().value_unsafe());
      return;
    case Type::UINT64:
      writer.unsigned_integer(value.get_uint64().value_unsafe());
      return;
    case Type::DOUBLE:
      writer.number(value.get_double().value_unsafe());
      return;
    case Type::BOOL:
      writer.boolean(value.get_bool().value_unsafe());
      return;
    case Type::NULL_VALUE:
      writer.nil();
      return;
  }
}

std::string packed(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  EXPECT_EQ(parser.parse(json.data(), json.size()).get(root), simdjson::SUCCESS) << json;
  MsgPackWriter writer;
  pack(writer, root, "");
  return writer.take();
}

/// Both codecs must say the same.
void check(std::string_view json, const Lines& expected) {
  EXPECT_EQ(read(json), expected) << json;
  EXPECT_EQ(read(packed(json), MessageKind::Binary), expected) << json;
}

TEST(AlpacaMessages, SaysTheSameInBothCodecs) {
  check(R"([{"T":"success","msg":"connected"}])", {"greeting"});
  check(R"([{"T":"success","msg":"authenticated"}])", {"authenticated"});
  check(R"([{"T":"t","i":52983525029461,"S":"BRK.B","x":"D","p":412.5,"s":3,
             "t":"2024-03-04T15:51:44.208123456Z","c":["@","I"],"z":"C"}])",
        {"trade BRK.B 2024-03-04T15:51:44.208123456Z 412.5x3 #52983525029461"});
  check(R"([{"T":"q","S":"SPY","bx":"U","bp":511.25,"bs":100,"ax":"Q","ap":511.26,"as":400,
             "t":"2024-03-04T15:51:45.3Z","c":["R"],"z":"C"}])",
        {"quote SPY 2024-03-04T15:51:45.300Z 511.25x10000 511.26x40000 last -"});
  // The tape counts shares since the third of November 2025.
  check(R"([{"T":"q","S":"SPY","bp":511.25,"bs":100,"ap":511.26,"as":400,
             "t":"2026-03-04T15:51:45.3Z"}])",
        {"quote SPY 2026-03-04T15:51:45.300Z 511.25x100 511.26x400 last -"});
  check(R"([{"T":"b","S":"SPY","o":1.5,"h":2,"l":1,"c":1.75,"v":49378,"n":5,"vw":1.6,
             "t":"2024-03-04T19:15:00Z"},
            {"T":"u","S":"SPY","o":1.5,"h":2.5,"l":1,"c":1.75,"v":49379,
             "t":"2024-03-04T19:15:00Z"},
            {"T":"d","S":"SPY","o":1.5,"h":3,"l":1,"c":1.75,"v":749378,
             "t":"2024-03-04T05:00:00Z"}])",
        {"bar SPY 1m closed 2024-03-04T19:15:00Z 1.5/2/1/1.75 49378",
         "bar SPY 1m corrected 2024-03-04T19:15:00Z 1.5/2.5/1/1.75 49379",
         "bar SPY 1d running 2024-03-04T00:00:00Z 1.5/3/1/1.75 749378"});
  check(R"([{"T":"q","S":"BTC/USD","bp":67000.5,"bs":0.25,"ap":67001,"as":1.5,
             "t":"2024-03-04T15:51:45Z"},
            {"T":"t","S":"BTC/USD","p":67000.75,"s":0.01,"i":7,"tks":"B",
             "t":"2024-03-04T15:51:45.5Z"}])",
        {"quote BTC-USD 2024-03-04T15:51:45Z 67000.5x0.25 67001x1.5 last -",
         "trade BTC-USD 2024-03-04T15:51:45.500Z 67000.75x0.01 #7"});
  check(R"([{"T":"subscription","trades":["AAPL"],"quotes":["BTC/USD",17,["x"]],"bars":[],
             "dailyBars":["VOO"]}])",
        {"subscribed AAPL", "subscribed BTC-USD"});
  check(R"([{"T":"s","S":"AAPL","sc":"H","t":"2024-03-04T19:15:00Z"},{"T":"o","S":"BTC/USD"},
            {"T":"l","S":"AAPL"},{"T":"new one"},{}])",
        {"ignored", "ignored", "ignored", "ignored", "ignored"});
}

TEST(AlpacaMessages, NamesItsErrors) {
  const auto said = [](int code) {
    return read(fmt::format(R"([{{"T":"error","code":{},"msg":"why"}}])", code)).front();
  };
  EXPECT_EQ(said(400), "denied not_supported (400 why)");
  EXPECT_EQ(said(401), "failed provider_unavailable (401 why)");
  EXPECT_EQ(said(402), "failed credentials_rejected (402 why)");
  EXPECT_EQ(said(403), "ignored");
  EXPECT_EQ(said(404), "failed provider_timeout (404 why)");
  EXPECT_EQ(said(405), "denied not_entitled (405 why)");
  EXPECT_EQ(said(406), "failed provider_quota (406 why)");
  EXPECT_EQ(said(407), "failed provider_unavailable (407 why)");
  EXPECT_EQ(said(408), "failed not_entitled (408 why)");
  EXPECT_EQ(said(409), "denied not_entitled (409 why)");
  EXPECT_EQ(said(410), "denied not_supported (410 why)");
  EXPECT_EQ(said(500), "failed provider_unavailable (500 why)");
}

TEST(AlpacaMessages, DropsTicksThatMakeNoSense) {
  check(R"([{"T":"t","S":"A","p":-1,"s":1,"t":"2024-03-04T19:15:00Z"},
            {"T":"t","S":"A","p":0,"s":1,"t":"2024-03-04T19:15:00Z"},
            {"T":"t","S":"A","p":"1","s":1,"t":"2024-03-04T19:15:00Z"},
            {"T":"t","S":"A","p":1,"s":-1,"t":"2024-03-04T19:15:00Z"},
            {"T":"t","S":"A","p":1,"s":1,"t":"yesterday"},
            {"T":"t","S":"A","p":1,"s":1},
            {"T":"t","p":1,"s":1,"t":"2024-03-04T19:15:00Z"},
            {"T":"t","S":"?!","p":1,"s":1,"t":"2024-03-04T19:15:00Z"},
            {"T":"q","S":"A","bp":0,"bs":0,"ap":0,"as":0,"t":"2024-03-04T19:15:00Z"},
            {"T":"q","S":"A","bp":1,"bs":1,"ap":-2,"as":0,"t":"2024-03-04T19:15:00Z"},
            {"T":"b","S":"A","o":1,"h":1,"l":1,"v":1,"t":"2024-03-04T19:15:00Z"}])",
        Lines(11, "dropped"));
  check(R"([{"T":"q","S":"A","bp":0,"bs":0,"ap":2,"as":3,"t":"2024-03-04T19:15:00Z"}])",
        {"quote A 2024-03-04T19:15:00Z -x- 2x300 last -"});
  for (const double wrong : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    MsgPackWriter writer;
    writer.array(1).map(5).text("T").text("t").text("S").text("A").text("p").number(wrong);
    writer.text("s").integer(1).text("t").timestamp(*parse_rfc3339("2024-03-04T19:15:00Z"));
    EXPECT_EQ(read(writer.take(), MessageKind::Binary), Lines{"dropped"});
  }
}

TEST(AlpacaMessages, TellsNothingOfABrokenMessage) {
  const std::string good = R"([{"T":"success","msg":"connected"},{"T":"success","msg":"x"}])";
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(read(good.substr(0, size)), Lines{"bad_payload"}) << size;
  }
  const std::string bytes = packed(good);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(read(bytes.substr(0, size), MessageKind::Binary), Lines{"bad_payload"}) << size;
  }
  EXPECT_EQ(read(bytes + '\xc0', MessageKind::Binary), Lines{"bad_payload"});
  EXPECT_EQ(read("<html>"), Lines{"bad_payload"});
  EXPECT_EQ(read("{}"), Lines{"bad_payload"});
  EXPECT_EQ(read("[1,[]]"), (Lines{"dropped", "dropped"}));
  EXPECT_EQ(read(std::string(100'000, '[')), Lines{"bad_payload"});
}

TEST(AlpacaMessages, WritesRequestsInBothCodecs) {
  const std::vector<Symbol> symbols = {*Symbol::parse("BRK.B"), *Symbol::parse("BTC-USD")};
  EXPECT_EQ(alpaca_request(MessageKind::Text, "subscribe", symbols).payload,
            R"({"action":"subscribe","trades":["BRK.B","BTC/USD"],"quotes":["BRK.B","BTC/USD"],)"
            R"("bars":["BRK.B","BTC/USD"],"updatedBars":["BRK.B","BTC/USD"]})");
  EXPECT_EQ(alpaca_request(MessageKind::Binary, "subscribe", symbols).payload,
            packed(alpaca_request(MessageKind::Text, "subscribe", symbols).payload));
  const Secret key{"k\"1"};
  const Secret secret{"s"};
  EXPECT_EQ(alpaca_auth(MessageKind::Text, key, secret).payload,
            R"({"action":"auth","key":"k\"1","secret":"s"})");
  EXPECT_EQ(alpaca_auth(MessageKind::Binary, key, secret).payload,
            packed(alpaca_auth(MessageKind::Text, key, secret).payload));
}

TEST(AlpacaMessages, ReadsEveryRecordedMessageOfTheVendor) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const std::string file = ziggy::testing::read_file(
      ziggy::testing::reference_data() / "providers/alpaca/stream/stocks-v2-stream.json");
  simdjson::dom::parser parser;
  simdjson::dom::array messages;
  ASSERT_EQ(parser.parse(file)["messages"].get_array().get(messages), simdjson::SUCCESS);
  Lines said;
  for (const simdjson::dom::element message : messages) {
    std::string text = simdjson::minify(message);
    if (text.contains("\"action\"")) continue;  // the client's
    if (!text.starts_with('[')) text = "[" + text + "]";
    const Lines lines = read(text);
    EXPECT_EQ(read(packed(text), MessageKind::Binary), lines) << text;
    said.insert(said.end(), lines.begin(), lines.end());
  }
  EXPECT_EQ(std::ranges::count(said, "bad_payload"), 0);
  EXPECT_EQ(std::ranges::count(said, "dropped"), 0);
  for (const std::string_view line :
       {"trade AAPL 2021-02-22T15:51:44.208Z 126.55x1 #96921",
        "quote AMD 2021-02-22T15:51:45.335689322Z 87.66x100 87.68x400 last -",
        "bar SPY 1m closed 2021-02-22T19:15:00Z 388.985/389.13/388.975/389.12 49378",
        "bar SPY 1d running 2021-02-16T00:00:00Z 388.985/389.13/388.975/389.12 749378",
        "failed provider_quota (406 connection limit exceeded)"}) {
    EXPECT_EQ(std::ranges::count(said, line), 1) << line;
  }
}

}  // namespace
}  // namespace ziggy::feed
