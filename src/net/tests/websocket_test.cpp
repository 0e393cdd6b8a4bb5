/// WebSockets through real sockets: handshake, messages, bursts, limits, close codes, drain.
#include "ziggy/net/websocket.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

#include "server_fixture.hpp"
#include "websocket_frames.hpp"

namespace ziggy::net {
namespace {

using testing::Answer;
using testing::Client;
using testing::client_frame;
using testing::open_policy;

/// What the server's side has seen, for the test's thread to read.
struct Log {
  std::mutex mutex;
  std::vector<std::string> lines;
  std::shared_ptr<WebSocket> socket;

  void add(std::string line) {
    const std::lock_guard lock{mutex};
    lines.push_back(std::move(line));
  }
  /// Waits for the line, five seconds at most.
  bool has(std::string_view line) {
    for (int i = 0; i < 5000; ++i) {
      {
        const std::lock_guard lock{mutex};
        for (const std::string& each : lines) {
          if (each == line) return true;
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return false;
  }
};

/// Echoes; some messages are orders.
class Echo final : public WebSocketListener {
 public:
  Echo(std::shared_ptr<WebSocket> socket, Log& log) : socket_{std::move(socket)}, log_{log} {}

  void on_message(std::string_view payload, MessageKind kind) override {
    if (payload == "close me") {
      socket_->close(close_code::kUnauthenticated, "as you wish");
    } else if (payload == "throw") {
      throw std::runtime_error{"boom"};
    } else if (payload == "burst") {
      for (int i = 0; i < 100; ++i) socket_->send(Frame::text("burst " + std::to_string(i)));
    } else if (payload == "flood") {
      while (socket_->is_open() && !socket_->is_congested()) {
        socket_->send(Frame::text(std::string(1000, 'f')));
      }
      log_.add("congested");
    } else if (payload == "pump") {
      for (int i = 0; i < 20; ++i) socket_->send(Frame::text(std::string(10'007, 'p')));
      log_.add("pumped");
    } else if (payload == "drown") {
      while (socket_->is_open()) socket_->send(Frame::text(std::string(10'000, 'd')));
      log_.add("drowned");
    } else {
      socket_->send(kind == MessageKind::Text ? Frame::text(payload) : Frame::binary(payload));
    }
  }
  void on_writable() override { log_.add("writable"); }
  void on_shutdown() override { socket_->send(Frame::text("last words")); }
  void on_close(std::uint16_t code) override {
    log_.add("closed " + std::to_string(code));
    socket_.reset();
  }

 private:
  std::shared_ptr<WebSocket> socket_;
  Log& log_;
};

Task<Response> open_echo(Request request, Log* log) {
  Response response;
  if (request.query == "deny") {
    response.status = 401;
    co_return response;
  }
  if (request.query == "later") co_await sleep_for(std::chrono::milliseconds{2});
  response.upgrade = [log](std::shared_ptr<WebSocket> socket) {
    socket->set_listener(std::make_shared<Echo>(socket, *log));
    socket->send(Frame::text("welcome"));
    log->add("id " + std::string{socket->call().correlation_id.view()});
    const std::lock_guard lock{log->mutex};
    log->socket = std::move(socket);
  };
  co_return response;
}

constexpr std::string_view kHandshake =
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

class WebSocketTest : public testing::ServerFixture {
 protected:
  void SetUp() override { start_with_pings(std::chrono::seconds{60}); }

  void start_with_pings(std::chrono::milliseconds every,
                        std::chrono::milliseconds close_timeout = std::chrono::milliseconds{400}) {
    Router router;
    router.websocket("/ws", open_policy(),
                     [this](Request request) { return open_echo(request, &log_); });
    ServerSettings settings;
    settings.tick = std::chrono::milliseconds{5};
    settings.websocket.message_max = 1000;
    settings.websocket.messages_per_second_max = 50;
    settings.websocket.outbox_max = 1'000'000;
    settings.websocket.ping_every = every;
    settings.websocket.pong_timeout = every;
    settings.websocket.close_timeout = close_timeout;
    start(std::move(router), settings);
  }
  void TearDown() override {
    server_.reset();
    log_.socket.reset();
    ServerFixture::TearDown();
  }

  /// A connection after its handshake and the greeting.
  Client open(std::string_view target = "/ws") {
    Client client{port_};
    const Answer answer = client.get(target, kHandshake);
    EXPECT_EQ(answer.status, 101);
    EXPECT_EQ(answer.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    EXPECT_EQ(receive(client), "welcome");
    return client;
  }

  /// The next message's payload; "close N" for a close, "ping" for a ping, "end" at the end.
  static std::string receive(Client& client) {
    const std::string head = client.receive_bytes(2);
    if (head.size() < 2) return "end";
    const auto first = static_cast<unsigned char>(head[0]);
    std::size_t size = static_cast<unsigned char>(head[1]);
    const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (extra > 0) {
      size = 0;
      for (const char c : client.receive_bytes(extra)) {
        size = size << 8 | static_cast<unsigned char>(c);
      }
    }
    const std::string payload = client.receive_bytes(size);
    if (first == 0x88 && payload.size() < 2) return "close";
    if (first == 0x88) {
      return "close " + std::to_string(static_cast<unsigned char>(payload[0]) * 256 +
                                       static_cast<unsigned char>(payload[1]));
    }
    if (first == 0x89) return "ping";
    return (first == 0x8A ? "pong " : first == 0x82 ? "binary " : "") + payload;
  }

  Log log_;
};

TEST_F(WebSocketTest, EchoesTextAndBinaryAndAnswersPings) {
  for (const std::string_view target : {"/ws", "/ws?later"}) {
    Client client = open(target);
    client.send(client_frame(0x81, "hi €") + client_frame(0x82, "\x01\x02") +
                client_frame(0x89, "p"));
    EXPECT_EQ(receive(client), "hi €");
    EXPECT_EQ(receive(client), "binary \x01\x02");
    EXPECT_EQ(receive(client), "pong p");
  }
}

TEST_F(WebSocketTest, TakesAMessageSentWithTheHandshake) {
  Client client{port_};
  client.send("GET /ws HTTP/1.1\r\nHost: a\r\nX-Correlation-ID: mine\r\n" +
              std::string{kHandshake} + "\r\n" + client_frame(0x81, "early"));
  EXPECT_EQ(client.receive().status, 101);
  EXPECT_EQ(receive(client), "welcome");
  EXPECT_EQ(receive(client), "early");
  EXPECT_TRUE(log_.has("id mine"));
}

TEST_F(WebSocketTest, RefusesImproperHandshakes) {
  const std::string_view table[] = {
      "",
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      "Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: short\r\n",
  };
  for (const std::string_view headers : table) {
    Client client{port_};
    const Answer answer = client.get("/ws", headers);
    EXPECT_EQ(answer.status, 400) << headers;
    EXPECT_EQ(answer.body, "malformed_request: this path speaks WebSocket, version 13");
  }
  Client foreign{port_};
  EXPECT_EQ(foreign.get("/ws", std::string{kHandshake} + "Origin: https://evil.example\r\n").status,
            403);
  Client own{port_};
  EXPECT_EQ(own.get("/ws", std::string{kHandshake} + "Origin: http://test\r\n").status, 101);
  Client denied{port_};
  EXPECT_EQ(denied.get("/ws?deny", kHandshake).status, 401);
  EXPECT_EQ(denied.get("/ws?deny", kHandshake).status, 401) << "the connection lives";
}

TEST_F(WebSocketTest, AnswersACloseAndEnds) {
  using namespace std::string_literals;
  Client client = open();
  client.send(client_frame(0x88, "\x03\xE8"s + "bye"));
  EXPECT_EQ(receive(client), "close 1000");
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(log_.has("closed 1000"));
  Client silent = open();
  silent.send(client_frame(0x88, ""));
  EXPECT_EQ(receive(silent), "close");
  EXPECT_TRUE(log_.has("closed 1005"));
}

TEST_F(WebSocketTest, ClosesByOurOwnWill) {
  using namespace std::string_literals;
  Client client = open();
  client.send(client_frame(0x81, "close me"));
  EXPECT_EQ(receive(client), "close 4401");
  EXPECT_TRUE(log_.has("closed 4401"));
  client.send(client_frame(0x88, "\x11\x31"s));
  EXPECT_TRUE(client.is_closed());
  Client stubborn = open();
  stubborn.send(client_frame(0x81, "close me"));
  EXPECT_EQ(receive(stubborn), "close 4401");
  EXPECT_TRUE(stubborn.is_closed()) << "cut when it does not answer the close";
  Client unlucky = open();
  unlucky.send(client_frame(0x81, "throw"));
  EXPECT_EQ(receive(unlucky), "close 1011");
}

TEST_F(WebSocketTest, ClosesOnBrokenFrames) {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> table[] = {
      {"\x81\x02hi"s, "close 1002"},
      {client_frame(0x81, "\xFF\xFE"), "close 1007"},
      {client_frame(0x81, std::string(1001, 'x')), "close 1009"},
      {"\x81\xFF\x00\x00\x00\x00\x7F\xFF\xFF\xFF"s, "close 1009"},
      {client_frame(0xF1, "x") + std::string(100'000, 'x'), "close 1002"},
  };
  for (const auto& [bytes, expected] : table) {
    Client client = open();
    client.send(bytes);
    EXPECT_EQ(receive(client), expected);
    EXPECT_TRUE(client.is_closed());
  }
}

TEST_F(WebSocketTest, AFragmentedMessageInSingleBytesIsOne) {
  Client client = open();
  for (const char c : client_frame(0x01, std::string(200, 'a')) + client_frame(0x80, "b")) {
    client.send(std::string{c});
  }
  EXPECT_EQ(receive(client), std::string(200, 'a') + "b");
}

TEST_F(WebSocketTest, ClosesOnTooManyMessages) {
  Client client = open();
  std::string many;
  for (int i = 0; i < 60; ++i) many += client_frame(0x8A, "");
  client.send(many);
  EXPECT_EQ(receive(client), "close 4429");
}

TEST_F(WebSocketTest, ABurstArrivesInOrder) {
  Client client = open();
  client.send(client_frame(0x81, "burst"));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(receive(client), "burst " + std::to_string(i));
  }
}

TEST_F(WebSocketTest, FramesOfOtherThreadsArriveInOrder) {
  Client client = open();
  ASSERT_TRUE(log_.has("id " + std::string{log_.socket->call().correlation_id.view()}));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 300; ++i) {
        log_.socket->send(Frame::text(std::to_string(thread) + ":" + std::to_string(i)));
      }
    });
  }
  std::array<int, 3> next{};
  for (int i = 0; i < 900; ++i) {
    const std::string message = receive(client);
    ASSERT_GT(message.size(), 2U);
    const auto thread = static_cast<std::size_t>(message[0] - '0');
    ASSERT_EQ(message.substr(2), std::to_string(next.at(thread)++));
  }
  for (std::thread& thread : threads) thread.join();
  log_.socket->close(close_code::kPolicy, "enough");
  EXPECT_EQ(receive(client), "close 1008");
}

TEST_F(WebSocketTest, TellsWhenACongestedOutboxIsWritten) {
  Client client{port_};
  client.set_receive_buffer(4096);
  EXPECT_EQ(client.get("/ws", kHandshake).status, 101);
  EXPECT_EQ(receive(client), "welcome");
  client.send(client_frame(0x81, "flood"));
  EXPECT_TRUE(log_.has("congested"));
  EXPECT_EQ(receive(client), std::string(1000, 'f'));
  while (log_.socket->outbox_bytes() > 0) (void)receive(client);
  EXPECT_TRUE(log_.has("writable"));
  EXPECT_TRUE(log_.socket->is_open());
}

class WebSocketSlowClientTest : public WebSocketTest {
 protected:
  void SetUp() override { start_with_pings(std::chrono::seconds{60}, std::chrono::seconds{10}); }
};

TEST_F(WebSocketSlowClientTest, TheCloseNeverLandsWithinAFrame) {
  Client client{port_};
  client.set_receive_buffer(128 * 1024);
  EXPECT_EQ(client.get("/ws", kHandshake).status, 101);
  EXPECT_EQ(receive(client), "welcome");
  // Until the kernel takes no more and a frame is half sent, then until the outbox overflows.
  for (int i = 0; i < 45 && log_.socket->is_open(); ++i) {
    client.send(client_frame(0x81, "pump"));
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  EXPECT_TRUE(log_.has("closed 4408"));
  std::string next = receive(client);
  while (next == std::string(10'007, 'p')) next = receive(client);
  EXPECT_TRUE(next == "close 4408") << next.substr(0, 100);
}

TEST_F(WebSocketTest, AClientThatDoesNotReadIsClosedAsSlow) {
  Client client = open();
  client.send(client_frame(0x81, "drown"));
  EXPECT_TRUE(log_.has("drowned"));
  EXPECT_TRUE(log_.has("closed 4408"));
  EXPECT_EQ(server_->metrics().slow_consumers, 1U);
  std::string last;
  for (std::string next = receive(client); next != "end"; next = receive(client)) last = next;
  EXPECT_EQ(last, "close 4408");
}

class WebSocketPingTest : public WebSocketTest {
 protected:
  void SetUp() override { start_with_pings(std::chrono::milliseconds{150}); }
};

TEST_F(WebSocketPingTest, PingsTheSilentAndCutsTheDead) {
  Client client = open();
  EXPECT_EQ(receive(client), "ping");
  client.send(client_frame(0x8A, ""));
  EXPECT_EQ(receive(client), "ping") << "an answered ping keeps it alive";
  EXPECT_EQ(receive(client), "end");
  EXPECT_TRUE(log_.has("closed 1006"));
}

TEST_F(WebSocketTest, ACutConnectionIsTold) {
  {
    Client client = open();
  }
  EXPECT_TRUE(log_.has("closed 1006"));
  for (int i = 0; i < 1000 && server_->metrics().websockets_open > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(server_->metrics().websockets_open, 0U);
}

TEST_F(WebSocketTest, DrainingSaysLastWordsAndCloses) {
  using namespace std::string_literals;
  Client client = open();
  auto done = std::async(std::launch::async,
                         [this] { server_->shutdown(std::chrono::milliseconds{2000}); });
  EXPECT_EQ(receive(client), "last words");
  EXPECT_EQ(receive(client), "close 1012");
  client.send(client_frame(0x88, "\x03\xF4"s));
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(log_.has("closed 1012"));
  done.wait();
}

}  // namespace
}  // namespace ziggy::net
