#include <gmock/gmock.h>

#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <future>
#include <map>

#include "fixture.hpp"
#include "ziggy/net/msgpack.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/websocket_client.hpp"

namespace ziggy::standin::testing {
namespace {

namespace json = boost::json;
using net::WebSocketClient;

/// The program's own WebSocket client on the stand-in's loop, made blocking.
class Socket {
 public:
  Socket(net::Loops& loops, std::uint16_t port, std::string path,
         std::vector<net::ClientHeader> headers = {})
      : loops_{loops} {
    net::WebSocketClientSettings settings{.url = fmt::format("ws://127.0.0.1:{}{}", port, path),
                                          .headers = std::move(headers)};
    result_ = wait(WebSocketClient::connect(std::move(settings), {}));
  }
  ~Socket() {
    std::promise<void> done;
    net::asio::post(loops_.at(0), [&] {
      if (result_) result_->reset();
      done.set_value();
    });
    done.get_future().wait();
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] bool is_connected() const { return result_.has_value(); }
  [[nodiscard]] const Error& error() const { return result_.error(); }
  void send(std::string text) { static_cast<void>(wait((*result_)->send_text(std::move(text)))); }
  void send_binary(std::string bytes) {
    static_cast<void>(wait((*result_)->send_binary(std::move(bytes))));
  }
  /// Empty when nothing came in time or the connection is over.
  std::string receive(std::chrono::milliseconds patience = std::chrono::seconds{3}) {
    auto message = wait((*result_)->receive(patience));
    is_over_ = !message && message.error().code() == ErrorCode::ProviderUnavailable;
    return message ? message->payload : std::string{};
  }
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  template <class T>
  Result<T> wait(net::Task<Result<T>> task) {
    std::promise<Result<T>> promise;
    auto future = promise.get_future();
    net::spawn(loops_.at(0).get_executor(), fulfil(std::move(task), std::move(promise)), "test");
    return future.get();
  }
  template <class T>
  static net::Task<> fulfil(net::Task<Result<T>> task, std::promise<Result<T>> promise) {
    promise.set_value(co_await std::move(task));
  }

  net::Loops& loops_;
  Result<std::unique_ptr<WebSocketClient>> result_ = fail(ErrorCode::Internal, "not yet");
  bool is_over_ = false;
};

class StreamTest : public StandInTest {
 protected:
  void SetUp() override { start(); }
  /// A Polygon socket that has subscribed.
  std::unique_ptr<Socket> polygon(std::string_view topics) {
    auto socket = std::make_unique<Socket>(loops_, port_, "/polygon/stocks");
    EXPECT_THAT(socket->receive(), ::testing::HasSubstr("connected"));
    socket->send(R"({"action":"auth","params":"stand-in"})");
    EXPECT_THAT(socket->receive(), ::testing::HasSubstr("auth_success"));
    socket->send(fmt::format(R"({{"action":"subscribe","params":"{}"}})", topics));
    EXPECT_THAT(socket->receive(), ::testing::HasSubstr("subscribed to"));
    return socket;
  }
  /// All events until `count` of them have come.
  static json::array events(Socket& socket, std::size_t count) {
    json::array all;
    while (all.size() < count) {
      const std::string message = socket.receive();
      if (message.empty()) break;
      for (auto& each : json::parse(message).as_array()) all.push_back(each);
    }
    return all;
  }
};

TEST_F(StreamTest, PolygonTellsTradesQuotesAndBarsOfWhatIsSubscribed) {
  const auto socket = polygon("T.AAPL");
  socket->send(R"({"action":"subscribe","params":"Q.AAPL,A.AAPL,AM.AAPL"})");
  for (int i = 0; i < 3; ++i) EXPECT_THAT(socket->receive(), ::testing::HasSubstr("subscribed to"));
  clock_.advance(std::chrono::seconds{30});  // to the full minute
  const auto all = events(*socket, 33);
  std::map<std::string, int> kinds;
  for (const auto& event : all) ++kinds[std::string{event.at("ev").as_string()}];
  EXPECT_EQ(kinds["A"], 30) << "each second once";
  EXPECT_EQ(kinds["AM"], 1);
  EXPECT_EQ(kinds["T"], 1);
  EXPECT_EQ(kinds["Q"], 1);
  for (const auto& event : all) EXPECT_EQ(event.at("sym"), "AAPL");
  EXPECT_EQ(stand_in_->counts().of(Vendor::Polygon).subscriptions, 4U);
  socket->send(R"({"action":"unsubscribe","params":"T.AAPL,Q.AAPL,A.AAPL,AM.AAPL"})");
  for (int i = 0; i < 4; ++i) EXPECT_THAT(socket->receive(), ::testing::HasSubstr("unsubscribed"));
  clock_.advance(std::chrono::seconds{5});
  EXPECT_EQ(socket->receive(std::chrono::milliseconds{100}), "");
  EXPECT_EQ(stand_in_->counts().of(Vendor::Polygon).subscriptions, 0U);
}

TEST_F(StreamTest, PolygonRefusesAWrongKeyAndAnEarlySubscription) {
  Socket wrong{loops_, port_, "/polygon/stocks"};
  EXPECT_THAT(wrong.receive(), ::testing::HasSubstr("connected"));
  wrong.send(R"({"action":"auth","params":"guess"})");
  EXPECT_THAT(wrong.receive(), ::testing::HasSubstr("auth_failed"));
  EXPECT_EQ(wrong.receive(), "");
  EXPECT_TRUE(wrong.is_over());
  Socket early{loops_, port_, "/polygon/stocks"};
  EXPECT_THAT(early.receive(), ::testing::HasSubstr("connected"));
  early.send(R"({"action":"subscribe","params":"T.AAPL"})");
  EXPECT_THAT(early.receive(), ::testing::HasSubstr("auth_required"));
}

TEST_F(StreamTest, AlpacaSpeaksJsonAndAllowsOneConnection) {
  Socket socket{loops_, port_, "/alpaca/v2/iex"};
  EXPECT_EQ(socket.receive(), R"([{"T":"success","msg":"connected"}])");
  socket.send(R"({"action":"subscribe","trades":["AAPL"]})");
  EXPECT_EQ(socket.receive(), R"([{"T":"error","code":401,"msg":"not authenticated"}])");
  socket.send(R"({"action":"auth","key":"stand-in","secret":"stand-in"})");
  EXPECT_EQ(socket.receive(), R"([{"T":"success","msg":"authenticated"}])");
  socket.send(R"({"action":"subscribe","trades":["AAPL"],"quotes":["MSFT"],"bars":["*"]})");
  EXPECT_THAT(socket.receive(),
              ::testing::HasSubstr(R"("trades":["AAPL"],"quotes":["MSFT"],"bars":["*"])"));
  Socket second{loops_, port_, "/alpaca/v2/iex"};
  EXPECT_EQ(second.receive(), R"([{"T":"error","code":406,"msg":"connection limit exceeded"}])");
  EXPECT_EQ(second.receive(), "");
  EXPECT_TRUE(second.is_over());
  clock_.advance(std::chrono::seconds{30});
  const auto all = events(socket, 12);
  std::map<std::string, int> kinds;
  for (const auto& event : all) ++kinds[std::string{event.at("T").as_string()}];
  EXPECT_EQ(kinds["b"], 10) << "every listed share's minute";
  EXPECT_EQ(kinds["t"], 1);
  EXPECT_EQ(kinds["q"], 1);
}

TEST_F(StreamTest, AlpacaSpeaksMessagePackWhenAsked) {
  Socket socket{
      loops_, port_, "/alpaca/v1beta3/crypto/us", {{"Content-Type", "application/msgpack"}}};
  const std::string hello = socket.receive();
  net::MsgPackReader first{hello};
  EXPECT_EQ(first.next()->count, 1U);
  net::MsgPackWriter auth;
  auth.map(3)
      .text("action")
      .text("auth")
      .text("key")
      .text("stand-in")
      .text("secret")
      .text("stand-in");
  socket.send_binary(auth.take());
  EXPECT_THAT(socket.receive(), ::testing::HasSubstr("authenticated"));
  net::MsgPackWriter subscribe;
  subscribe.map(2).text("action").text("subscribe").text("trades").array(1).text("BTC/USD");
  socket.send_binary(subscribe.take());
  EXPECT_THAT(socket.receive(), ::testing::HasSubstr("BTC/USD"));
  clock_.advance(std::chrono::seconds{1});
  const std::string trade = socket.receive();
  net::MsgPackReader reader{trade};
  ASSERT_EQ(reader.next()->type, net::MsgPackType::Array);
  const auto map = reader.next();
  ASSERT_EQ(map->type, net::MsgPackType::Map);
  bool has_time = false;
  bool has_price = false;
  for (std::uint32_t i = 0; i < map->count; ++i) {
    const std::string key{reader.next()->bytes};
    const auto value = reader.next();
    has_time = has_time || (key == "t" && value->timestamp().has_value());
    has_price = has_price || (key == "p" && value->type == net::MsgPackType::Float);
  }
  EXPECT_TRUE(has_time);
  EXPECT_TRUE(has_price);
}

TEST_F(StreamTest, CutIsAResetAndIsCounted) {
  const auto socket = polygon("T.AAPL");
  stand_in_->cut_streams(Vendor::Alpaca);
  clock_.advance(std::chrono::seconds{1});
  EXPECT_NE(socket->receive(), "") << "another vendor's";
  stand_in_->cut_streams();
  EXPECT_EQ(socket->receive(), "");
  EXPECT_TRUE(socket->is_over());
  const auto again = polygon("T.AAPL");
  const auto counts = stand_in_->counts().of(Vendor::Polygon);
  EXPECT_EQ(counts.streams_cut, 1U);
  EXPECT_EQ(counts.streams_opened, 2U);
  EXPECT_EQ(counts.streams_open, 1U);
}

TEST_F(StreamTest, SilenceIsAConnectionThatSaysNothing) {
  const auto socket = polygon("T.AAPL");
  fault(R"({"at":0,"vendor":"polygon","route":"stream","fault":"silent"})");
  clock_.advance(std::chrono::seconds{1});
  EXPECT_EQ(socket->receive(std::chrono::milliseconds{100}), "");
  EXPECT_FALSE(socket->is_over());
  EXPECT_EQ(stand_in_->counts().of(Vendor::Polygon).streams_open, 1U);
  stand_in_->heal();
  clock_.advance(std::chrono::seconds{1});
  EXPECT_NE(socket->receive(), "");
}

TEST_F(StreamTest, DropByScriptCutsAndLetsComeBack) {
  const auto socket = polygon("T.AAPL");
  fault(R"({"at":0,"route":"stream","fault":"drop"})");
  EXPECT_EQ(socket->receive(), "");
  EXPECT_TRUE(socket->is_over());
  EXPECT_TRUE(Socket(loops_, port_, "/polygon/stocks").is_connected());
}

TEST_F(StreamTest, MessagesAreSpoiltAsAnswersAre) {
  const auto socket = polygon("Q.AAPL");
  const auto next = [&] {
    clock_.advance(std::chrono::seconds{1});
    return events(*socket, 1);
  };
  fault(R"({"at":0,"fault":"duplicate"})");
  EXPECT_EQ(next().size(), 2U);
  stand_in_->heal();
  fault(R"({"at":0,"fault":"wrong_symbol"})");
  EXPECT_EQ(next().at(0).at("sym"), "WRONG");
  stand_in_->heal();
  fault(R"({"at":0,"fault":"negative_price"})");
  EXPECT_LT(next().at(0).at("bp").to_number<double>(), 0);
  stand_in_->heal();
  fault(R"({"at":0,"fault":"stale","ms":3600000})");
  EXPECT_LT(next().at(0).at("t").as_int64(),
            clock_.now().time_since_epoch().count() / 1'000'000 - 3'500'000);
  stand_in_->heal();
  fault(R"({"at":0,"fault":"truncate"})");
  clock_.advance(std::chrono::seconds{1});
  boost::system::error_code ec;
  json::parse(socket->receive(), ec);
  EXPECT_TRUE(ec);
}

TEST_F(StreamTest, HandshakesFailByScript) {
  fault(R"({"at":0,"vendor":"polygon","route":"stream","fault":"status","status":503})");
  Socket refused{loops_, port_, "/polygon/stocks"};
  ASSERT_FALSE(refused.is_connected());
  EXPECT_EQ(refused.error().code(), ErrorCode::ProviderUnavailable);
  fault(R"({"at":0,"vendor":"alpaca","route":"stream","fault":"limit_connections"})");
  Socket limited{loops_, port_, "/alpaca/v2/iex"};
  EXPECT_THAT(limited.receive(), ::testing::HasSubstr("406"));
}

TEST_F(StreamTest, BrokenFramesAndWordsEndOneConnection) {
  RawClient raw{port_};
  raw.send(
      "GET /polygon/stocks HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  const Reply upgraded = raw.receive(std::chrono::milliseconds{200});
  EXPECT_EQ(upgraded.status, 101);
  EXPECT_EQ(upgraded.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
      << "RFC 6455, section 1.3";
  raw.send(std::string{"\x81\x05hello", 7});  // not masked
  EXPECT_NE(raw.receive().end, End::Open);
  Socket odd{loops_, port_, "/alpaca/v2/iex"};
  static_cast<void>(odd.receive());
  odd.send("nonsense");
  EXPECT_THAT(odd.receive(), ::testing::HasSubstr(R"("code":400)"));
}

}  // namespace
}  // namespace ziggy::standin::testing
