/// What a hostile, broken or slow client may send: each gets the documented answer or a clean
/// close, and the server lives.
#include <string>
#include <thread>
#include <vector>

#include "server_fixture.hpp"

namespace ziggy::net {
namespace {

using testing::Answer;
using testing::ask;
using testing::Client;
using testing::open_policy;

Task<Response> echo(Request request) {
  co_return make_response(200, "text/plain", std::string{request.body});
}

bool hello(const Request& request, Response& response) {
  response.content_type = "text/plain";
  response.body = "hello " + std::string{request.query};
  return true;
}

class BadInputTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    Router router;
    router.get("/hello", open_policy(), nullptr, hello).post("/echo", open_policy(), echo);
    ServerSettings settings;
    settings.tick = std::chrono::milliseconds{5};
    settings.head_max = 4096;
    settings.headers_max = 20;
    settings.head_timeout = std::chrono::milliseconds{150};
    settings.body_timeout = std::chrono::milliseconds{150};
    settings.idle_timeout = std::chrono::milliseconds{150};
    settings.write_timeout = std::chrono::milliseconds{150};
    settings.linger_timeout = std::chrono::milliseconds{300};
    settings.connections_max = 60;
    start(std::move(router), settings);
  }
  void TearDown() override {
    Client client{port_};
    EXPECT_EQ(client.get("/hello?still").body, "hello still");
    ServerFixture::TearDown();
  }

  /// Sends, expects this answer, and that the connection ends (or, for `lives`, serves on).
  void expect(std::string_view sent, int status, std::string_view code, bool lives = false) {
    SCOPED_TRACE(std::string{sent.substr(0, 120)});
    Client client{port_};
    client.send(sent);
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body.substr(0, answer.body.find(':')), code);
    EXPECT_EQ(answer.header("X-Correlation-ID").empty(), false);
    EXPECT_EQ(answer.header("Connection"), lives ? "" : "close");
    if (lives) {
      EXPECT_EQ(client.get("/hello?next").body, "hello next");
    } else {
      EXPECT_TRUE(client.is_closed());
    }
  }
};

TEST_F(BadInputTest, MalformedHeadsAreRefusedAtOnce) {
  using namespace std::string_view_literals;
  const std::string_view table[] = {
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv,  // the start of a TLS handshake
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv,
      "GET /hello\r\n\r\n"sv,
      "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n"sv,
      "GET /hello HTTP/3.0\r\nHost: a\r\n\r\n"sv,
      "GET /hello FTP/1.1\r\nHost: a\r\n\r\n"sv,
      "GET /hel lo HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "GET /hel\0lo HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "GET /hel\x7flo HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "GET /hel\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "G\0ET /hello HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"sv,
      "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n"sv,
      "GET /hello HTTP/1.1\r\nHost: a\r\nX y: a\r\n\r\n"sv,
      "GET /hello HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n"sv,
      "GET /hello HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n"sv,
      "GET /hello HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n"sv,
      "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n"sv,
      "GET /hello HTTP/1.1\nHost: a\n\n"sv,
      "GET /hello HTTP/1.1\r\n\r\n"sv,  // no Host
      "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"sv,
      "GET hello HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "GET host:80 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "CONNECT host:80 HTTP/1.1\r\nHost: a\r\n\r\n"sv,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"sv,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd"sv,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4x\r\n\r\nabcd"sv,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"sv,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"sv,
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 5\r\n\r\nabcd"sv,
  };
  for (const std::string_view sent : table) {
    SCOPED_TRACE(std::string{sent});
    Client client{port_};
    client.send(sent);
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body.substr(0, 17), "malformed_request");
  }
}

TEST_F(BadInputTest, SmuggledBodiesAreRefusedAndNeverTakenForRequests) {
  constexpr std::string_view kSmuggled = "GET /hello?smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string_view table[] = {
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: identity\r\n\r\n",
      "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      "Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n",
  };
  for (const std::string_view rest : table) {
    expect("POST /echo HTTP/1.1\r\nHost: a\r\n" + std::string{rest} + std::string{kSmuggled}, 400,
           "malformed_request");
  }
  // HTTP/1.0 knows no chunks.
  expect(
      "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + std::string{kSmuggled},
      400, "malformed_request");
}

TEST_F(BadInputTest, BrokenChunksAreRefused) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string_view chunks : {"zz\r\nabcd\r\n0\r\n\r\n", "4\r\nabcdefgh\r\n0\r\n\r\n",
                                        "-4\r\nabcd\r\n0\r\n\r\n", "4 \nabcd\r\n0\r\n\r\n"}) {
    expect(head + std::string{chunks}, 400, "malformed_request");
  }
  expect(head + std::string(8000, 'x'), 400, "malformed_request");
  expect(head + "4;" + std::string(20000, 'x'), 400, "malformed_request");
}

TEST_F(BadInputTest, OversizedHeadsAnswer431) {
  const std::string start = "GET /hello HTTP/1.1\r\nHost: a\r\n";
  expect(start + "X: " + std::string(5000, 'x') + "\r\n\r\n", 431, "headers_too_large");
  expect(start + "X: " + std::string(200'000, 'x'), 431, "headers_too_large");
  expect("GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 431,
         "headers_too_large");
  std::string many = start;
  for (int i = 0; i < 30; ++i) many += "X: 1\r\n";
  expect(many + "\r\n", 431, "headers_too_large");
  // Just within both limits.
  std::string fits = start;
  for (int i = 0; i < 18; ++i) fits += "X: " + std::string(200, 'x') + "\r\n";
  Client client{port_};
  client.send(fits + "\r\n");
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(BadInputTest, OversizedBodiesAnswer413BeforeTheyAreRead) {
  const std::string start = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  expect(start + "Content-Length: 1001\r\n\r\n", 413, "payload_too_large");
  expect(start + "Content-Length: 5000000000\r\n\r\nabc", 413, "payload_too_large");
  expect(start + "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413, "payload_too_large");
  expect(start + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
             "\r\n0\r\n\r\n",
         413, "payload_too_large");
  expect(start + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabcd\r\n", 413,
         "payload_too_large");
  std::string chunks = start + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
  expect(chunks + "0\r\n\r\n", 413, "payload_too_large");
  // A GET route takes no body at all, and one that is sent is no next request.
  expect("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x'),
         413, "payload_too_large");
  const Answer answer = ask(port_, start + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'y'));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::string(1000, 'y'));
}

TEST_F(BadInputTest, ARefusedUploadStillGetsItsAnswer) {
  // The client goes on sending: the answer must not be lost to a reset.
  Client client{port_};
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
  client.send(std::string(3'000'000, 'x'));
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(BadInputTest, UnknownPathsAndMethodsKeepTheConnection) {
  expect("GET /none HTTP/1.1\r\nHost: a\r\n\r\n", 404, "not_found", true);
  expect("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed", true);
  expect("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed", true);
  expect("TRACE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed", true);
  expect("BREW /none HTTP/1.1\r\nHost: a\r\n\r\n", 404, "not_found", true);
  expect("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request", true);
  expect("GET /hel%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed_request", true);
  const Answer answer = ask(port_, "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("Allow"), "POST, OPTIONS");
  EXPECT_EQ(ask(port_, "PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n").header("Allow"),
            "GET, HEAD, OPTIONS");
  // Its body would be unread: the connection closes.
  expect("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd", 404, "not_found");
}

TEST_F(BadInputTest, AbsoluteAndServerWideTargetsAreUnderstood) {
  Client client{port_};
  client.send("GET http://other/hello?a HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().body, "hello a");
  client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().status, 204);
  client.send("\r\n\r\nGET /hello?b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().body, "hello b");
}

TEST_F(BadInputTest, ATricklingHeadIsRefusedWhenItsTimeIsUp) {
  Client client{port_};
  const std::string head = "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(100, 'x');
  const auto begin = std::chrono::steady_clock::now();
  // Each byte comes in time for an idle time-out; the head as a whole does not.
  for (const char c : head) {
    if (!client.send(std::string{c})) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    if (std::chrono::steady_clock::now() - begin > std::chrono::milliseconds{250}) break;
  }
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "malformed_request: the request head was not complete within 150 ms");
  EXPECT_EQ(server_->metrics().timeouts, 1U);
}

TEST_F(BadInputTest, ATricklingBodyIsRefusedWhenItsTimeIsUp) {
  Client client{port_};
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "malformed_request: the body was not complete within 150 ms");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(BadInputTest, ASilentConnectionIsClosedWithoutAWord) {
  Client fresh{port_};
  EXPECT_TRUE(fresh.is_closed());
  Client used{port_};
  EXPECT_EQ(used.get("/hello").status, 200);
  EXPECT_TRUE(used.is_closed());
}

TEST_F(BadInputTest, AHeadInSingleBytesIsAnswered) {
  Client client{port_};
  for (const char c : std::string{"GET /hello?x HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    client.send(std::string{c});
  }
  EXPECT_EQ(client.receive().body, "hello x");
}

TEST_F(BadInputTest, ABodyInPiecesIsAnswered) {
  Client client{port_};
  for (const char c :
       std::string{"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3;ext=1\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"}) {
    client.send(std::string{c});
  }
  EXPECT_EQ(client.receive().body, "abc0123456789");
  EXPECT_EQ(client.get("/hello?after").body, "hello after");
}

TEST_F(BadInputTest, HalfClosedConnectionsAreAnsweredAndClosed) {
  Client whole{port_};
  whole.send("GET /hello?1 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello?2 HTTP/1.1\r\nHost: a\r\n\r\n");
  whole.finish_sending();
  EXPECT_EQ(whole.receive().body, "hello 1");
  EXPECT_EQ(whole.receive().body, "hello 2");
  EXPECT_TRUE(whole.is_closed());

  Client posted{port_};
  posted.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  posted.finish_sending();
  EXPECT_EQ(posted.receive().body, "abc");
  EXPECT_TRUE(posted.is_closed());

  for (const std::string_view part :
       {"GET /hello HTTP/1.1\r\nHo",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"}) {
    Client cut{port_};
    cut.send(part);
    cut.finish_sending();
    EXPECT_EQ(cut.receive().status, 400);
    EXPECT_TRUE(cut.is_closed());
  }
  Client nothing{port_};
  nothing.finish_sending();
  EXPECT_TRUE(nothing.is_closed());
}

TEST_F(BadInputTest, ConnectionsOverTheLimitAreClosedAndTheOthersServe) {
  std::vector<Client> clients;
  for (int i = 0; i < 60; ++i) {
    clients.emplace_back(port_);
    ASSERT_EQ(clients.back().get("/hello").status, 200) << i;
  }
  Client refused{port_};
  EXPECT_TRUE(refused.is_closed());
  EXPECT_EQ(clients.front().get("/hello").status, 200);
  EXPECT_EQ(server_->metrics().connections_refused, 1U);
  clients.clear();
  // The places are free again as soon as the server has seen the ends.
  for (int i = 0; i < 1000 && server_->metrics().connections_open > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(server_->metrics().connections_open, 0U);
}

TEST_F(BadInputTest, RandomBytesNeverHurt) {
  std::uint32_t state = 12345;
  for (int round = 0; round < 200; ++round) {
    std::string bytes = round % 2 == 0 ? "GET /hello HTTP/1.1\r\nHost: a\r\n" : "";
    for (int i = 0; i < 300; ++i) {
      state = state * 1664525 + 1013904223;
      bytes += static_cast<char>(state >> 24);
    }
    Client client{port_};
    client.send(bytes);
    client.finish_sending();
    const Answer answer = client.receive();
    EXPECT_TRUE(answer.status == 400 || answer.status == 431) << answer.status;
  }
}

}  // namespace
}  // namespace ziggy::net
