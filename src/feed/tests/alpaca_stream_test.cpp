/// The Alpaca stream against a vendor on loopback that behaves and misbehaves.
#include "ziggy/feed/alpaca_stream.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <set>

#include "stream_vendor.hpp"
#include "ziggy/net/msgpack.hpp"

namespace ziggy::feed {
namespace {

using namespace std::chrono_literals;
using net::Frame;
using testing::Running;
using testing::StreamVendor;
using Frames = StreamVendor::Frames;

Frame json(std::string_view text) { return Frame::text(text); }
Frame connected() { return json(R"([{"T":"success","msg":"connected"}])"); }
Frame authenticated() { return json(R"([{"T":"success","msg":"authenticated"}])"); }
Frame error(int code, std::string_view text) {
  return json(fmt::format(R"([{{"T":"error","code":{},"msg":"{}"}}])", code, text));
}
Frame trade(std::string_view symbol, double price) {
  return json(fmt::format(R"([{{"T":"t","S":"{}","p":{},"s":1,"i":1,"t":"2024-03-04T15:00:00Z"}}])",
                          symbol, price));
}

/// The list of one channel in a request.
std::vector<std::string> symbols_of(const std::string& message) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  std::vector<std::string> symbols;
  if (parser.parse(message)["trades"].get_array().get(list) != simdjson::SUCCESS) return symbols;
  for (const auto each : list) symbols.emplace_back(each.get_string().value_unsafe());
  return symbols;
}

Frame subscribed(const std::vector<std::string>& symbols) {
  std::string list;
  for (const std::string& each : symbols) list += (list.empty() ? "\"" : ",\"") + each + '"';
  return json(fmt::format(R"([{{"T":"subscription","trades":[{0}],"quotes":[{0}]}}])", list));
}

/// A vendor that behaves: JSON whatever was asked for.
Frames behave(const std::string& message) {
  if (message.contains(R"("action":"auth")")) return {authenticated()};
  if (message.contains(R"("action":"subscribe")")) return {subscribed(symbols_of(message))};
  return {json(R"([{"T":"subscription","trades":[],"quotes":[],"bars":[]}])")};
}

StreamVendor::Script good_script() {
  return {.on_open = [](int) { return Frames{connected()}; },
          .on_message = [](int, const std::string& message) { return behave(message); }};
}

AlpacaStreamSettings settings_for(const StreamVendor& vendor) {
  AlpacaStreamSettings settings;
  settings.url = vendor.url();
  settings.key_id = Secret{"key"};
  settings.secret = Secret{"secret"};
  settings.timings = testing::quick_timings();
  settings.seed = 7;
  return settings;
}

Symbol symbol(std::string_view text) { return *Symbol::parse(text); }

TEST(AlpacaStream, OpensWithTheFirstSymbolAndClosesAfterTheLast) {
  StreamVendor vendor{good_script()};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed")) << run.listener.lines.text();
  EXPECT_EQ(vendor.lines.count("1 opens /v2/iex application/msgpack"), 1U) << vendor.lines.text();
  EXPECT_EQ(vendor.lines.count(R"(1 says {"action":"auth","key":"key","secret":"secret"})"), 1U);
  run.stream.subscribe(symbol("AAPL"));
  run.stream.subscribe(symbol("BRK.B"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca BRK.B subscribed"));
  vendor.push(trade("BRK.B", 412.5));
  vendor.push(trade("STRANGER", 1));
  vendor.push(trade("AAPL", 170.25));
  ASSERT_TRUE(run.listener.lines.wait("trade AAPL 2024-03-04T15:00:00Z 170.25x1 #1"));
  EXPECT_EQ(run.listener.lines.count("trade BRK.B"), 1U);
  EXPECT_EQ(run.listener.lines.count("trade STRANGER"), 0U);

  run.stream.unsubscribe(symbol("BRK.B"));
  ASSERT_TRUE(vendor.lines.wait(R"(1 says {"action":"unsubscribe","trades":["BRK.B"])"));
  EXPECT_EQ(vendor.open_connections(), 1U);
  run.stream.unsubscribe(symbol("AAPL"));
  ASSERT_TRUE(vendor.lines.wait("1 closed")) << vendor.lines.text();
  ASSERT_TRUE(run.listener.lines.wait("alpaca is idle"));
  EXPECT_EQ(run.listener.lines.count("alpaca is down"), 0U);

  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca is up", 2));
  EXPECT_EQ(vendor.lines.count("2 opens"), 1U);
  EXPECT_EQ(run.stream.counts().connections, 2U);
}

TEST(AlpacaStream, SpeaksMessagePackWithAVendorThatDoes) {
  const auto packed = [](auto fill) {
    net::MsgPackWriter writer;
    fill(writer.array(1));
    return Frame::binary(writer.take());
  };
  StreamVendor vendor{
      {.on_open =
           [&](int) {
             return Frames{packed([](auto& writer) {
               writer.map(2).text("T").text("success").text("msg").text("connected");
             })};
           },
       .on_message = [&](int, const std::string& message) -> Frames {
         net::MsgPackReader reader{message};
         if (message.empty() || message[0] == '{' || !reader.skip()) return {};
         if (message.contains("secret")) {
           return {packed([](auto& writer) {
             writer.map(2).text("T").text("success").text("msg").text("authenticated");
           })};
         }
         return {packed([](auto& writer) {
                   writer.map(2).text("T").text("subscription").text("bars").array(1).text("AAPL");
                 }),
                 packed([](auto& writer) {
                   writer.map(5).text("T").text("t").text("S").text("AAPL").text("p").number(1.5);
                   writer.text("s").integer(2).text("t");
                   writer.timestamp(*parse_rfc3339("2024-03-04T15:00:00.123456789Z"));
                 })};
       }}};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  EXPECT_TRUE(run.listener.lines.wait("trade AAPL 2024-03-04T15:00:00.123456789Z 1.5x2 #0"))
      << run.listener.lines.text() << vendor.lines.text();
}

TEST(AlpacaStream, SubscribesAgainAfterEachLoss) {
  StreamVendor vendor{good_script()};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  run.stream.subscribe(symbol("MSFT"));
  for (std::size_t round = 1; round <= 5; ++round) {
    ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed", round));
    ASSERT_TRUE(run.listener.lines.wait("alpaca MSFT subscribed", round))
        << run.listener.lines.text();
    vendor.push(trade("AAPL", static_cast<double>(round)));
    ASSERT_TRUE(
        run.listener.lines.wait(fmt::format("trade AAPL 2024-03-04T15:00:00Z {}x1", round)));
    vendor.drop();
    ASSERT_TRUE(run.listener.lines.wait("alpaca is down", round));
  }
  ASSERT_TRUE(run.listener.lines.wait("alpaca is up", 6));
  EXPECT_EQ(run.listener.lines.count("alpaca is up"), 6U);
}

TEST(AlpacaStream, AsksAThousandSymbolsInAFewMessages) {
  StreamVendor vendor{good_script()};
  Running<AlpacaStream> run{settings_for(vendor)};
  for (int i = 0; i < 1'000; ++i) run.stream.subscribe(symbol("S" + std::to_string(i)));
  ASSERT_TRUE(run.listener.lines.wait("alpaca S", 1'000)) << run.listener.lines.count("alpaca S");
  EXPECT_LE(vendor.lines.count(R"(1 says {"action":"subscribe")"), 8U);
  for (int i = 0; i < 1'000; ++i) run.stream.unsubscribe(symbol("S" + std::to_string(i)));
  EXPECT_TRUE(vendor.lines.wait("1 closed"));
}

TEST(AlpacaStream, StopsWhenTheKeyIsRefusedUntilAskedToTryAgain) {
  std::atomic<bool> is_good = false;
  auto script = good_script();
  script.on_message = [&](int, const std::string& message) -> Frames {
    if (!is_good) return {error(402, "auth failed")};
    return behave(message);
  };
  StreamVendor vendor{script};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca is refused: 402 auth failed"))
      << run.listener.lines.text();
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL credentials_rejected"));
  run.stream.subscribe(symbol("MSFT"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca MSFT credentials_rejected"));
  EXPECT_EQ(vendor.lines.count("2 opens"), 0U);
  is_good = true;
  run.stream.reconnect();
  EXPECT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed"));
  EXPECT_TRUE(run.listener.lines.wait("alpaca MSFT subscribed"));
}

TEST(AlpacaStream, WaitsLongerAtTheConnectionLimit) {
  auto script = good_script();
  script.on_message = [&](int connection, const std::string& message) -> Frames {
    if (connection == 1) return {error(406, "connection limit exceeded")};
    return behave(message);
  };
  script.status = [](int connection) { return connection == 2 ? 406 : 101; };
  StreamVendor vendor{script};
  Running<AlpacaStream> run{settings_for(vendor)};
  const auto began = std::chrono::steady_clock::now();
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca is down: 406 connection limit exceeded; next try in"))
      << run.listener.lines.text();
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed")) << run.listener.lines.text();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 40ms);
  EXPECT_EQ(run.listener.lines.count("alpaca is down: the WebSocket handshake was answered with "
                                     "HTTP 406: too many connections"),
            1U);
}

TEST(AlpacaStream, GivesUpOnAVendorThatDoesNotAnswerTheKey) {
  auto script = good_script();
  script.on_message = [](int connection, const std::string& message) -> Frames {
    if (connection == 1) return {};
    return behave(message);
  };
  StreamVendor vendor{script};
  AlpacaStreamSettings settings = settings_for(vendor);
  settings.timings.auth_timeout = 30ms;
  Running<AlpacaStream> run{settings};
  run.stream.subscribe(symbol("AAPL"));
  EXPECT_TRUE(run.listener.lines.wait("alpaca is down: no answer to the key in time"))
      << run.listener.lines.text();
  EXPECT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed"));
}

TEST(AlpacaStream, FindsOutWhichSymbolsAreTooMany) {
  auto script = good_script();
  script.on_message = [held = std::set<std::string>{}](int, const std::string& message) mutable {
    if (!message.contains(R"("action":"subscribe")")) return behave(message);
    const auto more = symbols_of(message);
    if (held.size() + more.size() > 3) return Frames{error(405, "symbol limit exceeded")};
    held.insert(more.begin(), more.end());
    return Frames{subscribed({held.begin(), held.end()})};
  };
  StreamVendor vendor{script};
  Running<AlpacaStream> run{settings_for(vendor)};
  for (const char* each : {"A", "B", "C", "D", "E", "F", "G"}) run.stream.subscribe(symbol(each));
  ASSERT_TRUE(run.listener.lines.wait("alpaca G not_entitled (405 symbol limit exceeded)"))
      << run.listener.lines.text() << vendor.lines.text();
  std::size_t refused = 0;
  for (const std::string& line : run.listener.lines.all()) refused += line.contains("not_entitled");
  EXPECT_EQ(refused, 4U) << run.listener.lines.text();
  EXPECT_EQ(run.listener.lines.count("alpaca is refused"), 0U);
}

TEST(AlpacaStream, KeepsPairsOnASocketOfTheirOwn) {
  StreamVendor vendor{good_script()};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed"));
  run.stream.subscribe(symbol("BTC-USD"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca BTC-USD subscribed")) << run.listener.lines.text();
  EXPECT_EQ(vendor.lines.count("2 opens /v1beta3/crypto/us"), 1U);
  EXPECT_EQ(vendor.lines.count(R"(2 says {"action":"subscribe","trades":["BTC/USD"])"), 1U);
  vendor.push(trade("BTC/USD", 67'000));
  EXPECT_TRUE(run.listener.lines.wait("trade BTC-USD"));
  EXPECT_EQ(run.listener.lines.count("alpaca is up"), 1U);
  run.stream.unsubscribe(symbol("BTC-USD"));
  EXPECT_TRUE(vendor.lines.wait("2 closed"));
  EXPECT_EQ(vendor.open_connections(), 1U);
}

TEST(AlpacaStream, TellsSymbolsOneByOneWhenOnlyTheirSocketIsLost) {
  auto script = good_script();
  script.status = [](int connection) { return connection == 2 ? 503 : 101; };
  StreamVendor vendor{script};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed"));
  run.stream.subscribe(symbol("BTC-USD"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca BTC-USD subscribed"));
  EXPECT_EQ(run.listener.lines.count("alpaca BTC-USD provider_unavailable"), 1U)
      << run.listener.lines.text();
  EXPECT_EQ(run.listener.lines.count("alpaca is down"), 0U);
}

TEST(AlpacaStream, ComesBackFromAFloodOfGarbage) {
  StreamVendor vendor{good_script()};
  AlpacaStreamSettings settings = settings_for(vendor);
  settings.timings.malformed_max = 10;
  Running<AlpacaStream> run{settings};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed"));
  for (int i = 0; i < 9; ++i) vendor.push(json("[{\"T\":"));
  vendor.push(trade("AAPL", 1.5));
  ASSERT_TRUE(run.listener.lines.wait("trade AAPL"));
  EXPECT_EQ(run.stream.counts().malformed, 9U);
  EXPECT_EQ(run.listener.lines.count("alpaca is down"), 0U);
  for (int i = 0; i < 10; ++i) vendor.push(json("garbage"));
  EXPECT_TRUE(run.listener.lines.wait("alpaca is down: 10 broken messages in a row"));
  EXPECT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed", 2));
}

TEST(AlpacaStream, TakesANewConnectionWhenAskedTo) {
  StreamVendor vendor{good_script()};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed"));
  run.stream.reconnect();
  EXPECT_TRUE(run.listener.lines.wait("alpaca is down: a new connection was asked for"));
  EXPECT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed", 2)) << run.listener.lines.text();
  EXPECT_TRUE(vendor.lines.wait("1 closed"));
}

TEST(AlpacaStream, SaysNothingMoreOnceStopped) {
  StreamVendor vendor{good_script()};
  Running<AlpacaStream> run{settings_for(vendor)};
  run.stream.subscribe(symbol("AAPL"));
  ASSERT_TRUE(run.listener.lines.wait("alpaca AAPL subscribed"));
  run.stream.stop();
  ASSERT_TRUE(vendor.lines.wait("1 closed"));
  const std::size_t before = run.listener.lines.all().size();
  run.stream.subscribe(symbol("MSFT"));
  run.stream.reconnect();
  EXPECT_EQ(run.listener.lines.all().size(), before);
  EXPECT_EQ(run.listener.lines.count("alpaca is down"), 0U);
}

}  // namespace
}  // namespace ziggy::feed
