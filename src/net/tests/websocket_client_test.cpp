/// Our WebSocket client against our own server, a TLS server and servers that misbehave.
#include "ziggy/net/websocket_client.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <thread>

#include "server_fixture.hpp"
#include "tls_server.hpp"
#include "websocket_codec.hpp"
#include "websocket_session.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::net {
namespace {

using namespace std::chrono_literals;
using ziggy::testing::run_task;
using ziggy::testing::TempFolder;

/// Echoes, or does what it is told.
class Peer final : public WebSocketListener {
 public:
  explicit Peer(std::shared_ptr<WebSocket> socket) : socket_{std::move(socket)} {}
  void on_message(std::string_view payload, MessageKind kind) override {
    if (payload == "close") {
      socket_->close(close_code::kPolicy, "too slow");
    } else if (payload == "large") {
      socket_->send(Frame::text(std::string(100'000, 'l')));
    } else {
      socket_->send(kind == MessageKind::Text ? Frame::text(payload) : Frame::binary(payload));
    }
  }
  void on_close(std::uint16_t) override { socket_.reset(); }

 private:
  std::shared_ptr<WebSocket> socket_;
};

Task<Response> answer(Request request) {
  Response response;
  if (request.query.starts_with("status=")) {
    response.status = std::stoi(std::string{request.query.substr(7)});
    if (response.status == 429) response.headers.push_back({"Retry-After", "17"});
    co_return response;
  }
  response.upgrade = [key =
                          std::string{request.header("x-key")}](std::shared_ptr<WebSocket> socket) {
    socket->set_listener(std::make_shared<Peer>(socket));
    if (!key.empty()) socket->send(Frame::text(key));
  };
  co_return response;
}

class WebSocketClientTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    Router router;
    router.websocket("/ws", testing::open_policy(), answer);
    ServerSettings settings;
    settings.tick = 5ms;
    settings.websocket.messages_per_second_max = 0;
    settings.websocket.message_max = 1'000'000;
    start(std::move(router), settings);
  }
  [[nodiscard]] WebSocketClientSettings settings(std::string_view query = {}) const {
    WebSocketClientSettings out;
    out.url = fmt::format("ws://127.0.0.1:{}/ws{}", port_, query);
    return out;
  }
};

/// A bound port whose backlog takes connections that nobody ever answers.
class DeafServer {
 public:
  DeafServer() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(socket_, 4);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~DeafServer() { ::close(socket_); }
  DeafServer(const DeafServer&) = delete;
  DeafServer& operator=(const DeafServer&) = delete;
  [[nodiscard]] int accept() const { return ::accept(socket_, nullptr, nullptr); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

/// Connects, sends each text and gives what came back, or the first error.
Task<Result<std::vector<std::string>>> talk(WebSocketClientSettings settings,
                                            std::vector<std::string> texts) {
  ZIGGY_CO_TRY(client, co_await WebSocketClient::connect(std::move(settings), Call{}));
  std::vector<std::string> answers;
  for (std::string& text : texts) {
    const auto sent = co_await client->send_text(std::move(text));
    if (!sent) co_return fail(Error{sent.error()});
    ZIGGY_CO_TRY(message, co_await client->receive(5s));
    answers.push_back(std::move(message.payload));
  }
  co_await client->close(close_code::kNormal);
  co_return answers;
}

Task<Result<ClientMessage>> echo_binary(WebSocketClientSettings settings, std::string bytes) {
  ZIGGY_CO_TRY(client, co_await WebSocketClient::connect(std::move(settings), Call{}));
  const auto sent = co_await client->send_binary(std::move(bytes));
  if (!sent) co_return fail(Error{sent.error()});
  auto message = co_await client->receive(5s);
  co_return message;
}

TEST_F(WebSocketClientTest, SendsAndReceivesTextAndBinary) {
  const auto answers = run_task(talk(settings(), {"one", "zwei €", std::string(70'000, 'x')}));
  ASSERT_TRUE(answers.has_value()) << answers.error().detail();
  EXPECT_EQ((*answers)[1], "zwei €");
  EXPECT_EQ((*answers)[2].size(), 70'000U);
  const std::string bytes{"\0\xff\x80", 3};
  const auto binary = run_task(echo_binary(settings(), bytes));
  ASSERT_TRUE(binary.has_value()) << binary.error().detail();
  EXPECT_EQ(binary->kind, MessageKind::Binary);
  EXPECT_EQ(binary->payload, bytes);
}

Task<Result<std::string>> first_message(WebSocketClientSettings settings) {
  ZIGGY_CO_TRY(client, co_await WebSocketClient::connect(std::move(settings), Call{}));
  ZIGGY_CO_TRY(message, co_await client->receive(5s));
  co_return message.payload;
}

TEST_F(WebSocketClientTest, SendsHeadersOfTheCallers) {
  WebSocketClientSettings mine = settings();
  mine.headers = {{"X-Key", "abc"}};
  const auto heard = run_task(first_message(mine));
  ASSERT_TRUE(heard.has_value()) << heard.error().detail();
  EXPECT_EQ(*heard, "abc");
}

TEST_F(WebSocketClientTest, NamesWhatARefusalMeans) {
  const auto check = [&](int status, ErrorCode code) {
    const auto heard = run_task(first_message(settings("?status=" + std::to_string(status))));
    ASSERT_FALSE(heard.has_value());
    EXPECT_EQ(heard.error().code(), code) << status;
    EXPECT_TRUE(heard.error().detail().contains(std::to_string(status))) << heard.error().detail();
  };
  check(401, ErrorCode::CredentialsRejected);
  check(403, ErrorCode::NotEntitled);
  check(404, ErrorCode::BadPayload);
  check(406, ErrorCode::ProviderQuota);
  check(503, ErrorCode::ProviderUnavailable);
  check(200, ErrorCode::BadPayload);
  const auto limited = run_task(first_message(settings("?status=429")));
  EXPECT_EQ(limited.error().code(), ErrorCode::ProviderQuota);
  EXPECT_EQ(limited.error().retry_after(), 17s);
}

Task<Result<std::string>> receive_twice(WebSocketClientSettings settings) {
  ZIGGY_CO_TRY(client, co_await WebSocketClient::connect(std::move(settings), Call{}));
  const auto nothing = co_await client->receive(10ms);
  EXPECT_EQ(nothing.error().code(), ErrorCode::ProviderTimeout);
  const auto sent = co_await client->send_text("later");
  if (!sent) co_return fail(Error{sent.error()});
  ZIGGY_CO_TRY(message, co_await client->receive(5s));
  co_return message.payload;
}

TEST_F(WebSocketClientTest, ATimeoutLosesNothing) {
  EXPECT_EQ(*run_task(receive_twice(settings())), "later");
}

TEST_F(WebSocketClientTest, SaysHowThePeerClosed) {
  const auto answers = run_task(talk(settings(), {"close"}));
  ASSERT_FALSE(answers.has_value());
  EXPECT_EQ(answers.error().code(), ErrorCode::ProviderUnavailable);
  EXPECT_TRUE(answers.error().detail().contains("1008 too slow")) << answers.error().detail();
}

TEST_F(WebSocketClientTest, RefusesMessagesBeyondTheLimit) {
  WebSocketClientSettings small = settings();
  small.message_max = 1000;
  const auto answers = run_task(talk(small, {"large"}));
  ASSERT_FALSE(answers.has_value());
  EXPECT_EQ(answers.error().code(), ErrorCode::BadPayload);
}

TEST(WebSocketClientAlone, GivesUpOnAServerThatNeverAnswers) {
  const DeafServer deaf;
  WebSocketClientSettings settings;
  settings.url = fmt::format("ws://127.0.0.1:{}", deaf.port());
  settings.connect_timeout = 30ms;
  const auto heard = run_task(first_message(settings));
  EXPECT_EQ(heard.error().code(), ErrorCode::ProviderTimeout);
}

TEST(WebSocketClientAlone, SaysThatNobodyListens) {
  std::uint16_t port = 0;
  {
    const DeafServer gone;
    port = gone.port();
  }
  WebSocketClientSettings settings;
  settings.url = fmt::format("ws://127.0.0.1:{}", port);
  EXPECT_EQ(run_task(first_message(settings)).error().code(), ErrorCode::ProviderUnavailable);
  settings.url = "ws://name.invalid";
  EXPECT_EQ(run_task(first_message(settings)).error().code(), ErrorCode::ProviderUnavailable);
}

TEST(WebSocketClientAlone, BreaksWithAPeerThatAnswersNoPing) {
  const DeafServer mute;
  std::thread peer{[&] {
    const int socket = mute.accept();
    std::string head(2000, '\0');
    const auto got = ::recv(socket, head.data(), head.size(), 0);
    head.resize(static_cast<std::size_t>(got));
    const std::size_t key = head.find("Sec-WebSocket-Key: ") + 19;
    const std::string reply =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        websocket_accept(head.substr(key, 24)) + "\r\n\r\n";
    ::send(socket, reply.data(), reply.size(), 0);
    while (::recv(socket, head.data(), head.size(), 0) > 0) {
    }
    ::close(socket);
  }};
  WebSocketClientSettings settings;
  settings.url = fmt::format("ws://127.0.0.1:{}", mute.port());
  settings.ping_every = 20ms;
  settings.pong_timeout = 20ms;
  const auto heard = run_task(first_message(settings));
  peer.join();
  ASSERT_FALSE(heard.has_value());
  EXPECT_EQ(heard.error().code(), ErrorCode::ProviderUnavailable);
  EXPECT_TRUE(heard.error().detail().contains("ping")) << heard.error().detail();
}

TEST(WebSocketClientTls, VerifiesTheCertificateAndItsName) {
  const TempFolder folder;
  WebSocketClientSettings settings;
  {
    testing::TlsServer server{folder.path()};
    settings.url = fmt::format("wss://localhost:{}/", server.port());
    settings.ca_file = server.ca_file();
    const auto heard = run_task(talk(settings, {"ignored: the server speaks first"}));
    ASSERT_TRUE(heard.has_value()) << heard.error().detail();
    EXPECT_EQ(heard->front(), "hello");
    EXPECT_EQ(server.wait_for_name(), "localhost");
  }
  {
    testing::TlsServer server{folder.path()};
    settings.url = fmt::format("wss://127.0.0.1:{}/", server.port());
    settings.ca_file = server.ca_file();
    const auto other_name = run_task(talk(settings, {"x"}));
    EXPECT_EQ(other_name.error().code(), ErrorCode::ProviderUnavailable);
    EXPECT_TRUE(other_name.error().detail().contains("verify")) << other_name.error().detail();
  }
  {
    testing::TlsServer server{folder.path()};
    settings.url = fmt::format("wss://localhost:{}/", server.port());
    settings.ca_file.clear();
    const auto stranger = run_task(talk(settings, {"x"}));
    EXPECT_EQ(stranger.error().code(), ErrorCode::ProviderUnavailable);
    EXPECT_TRUE(stranger.error().detail().contains("verify")) << stranger.error().detail();
  }
}

TEST(WebSocketUrl, IsTakenApart) {
  const auto check = [](std::string_view url, bool is_tls, std::string_view host,
                        std::string_view port, std::string_view authority,
                        std::string_view target) {
    const auto parts = parse_websocket_url(url);
    ASSERT_TRUE(parts.has_value()) << url;
    EXPECT_EQ(parts->is_tls, is_tls) << url;
    EXPECT_EQ(parts->host, host) << url;
    EXPECT_EQ(parts->port, port) << url;
    EXPECT_EQ(parts->authority, authority) << url;
    EXPECT_EQ(parts->target, target) << url;
  };
  check("wss://a.b", true, "a.b", "443", "a.b", "/");
  check("ws://a.b:8080/v2/iex?x=1#y", false, "a.b", "8080", "a.b:8080", "/v2/iex?x=1");
  check("ws://a.b:80?x", false, "a.b", "80", "a.b", "/?x");
  check("ws://[::1]:99/", false, "::1", "99", "[::1]:99", "/");
  for (const std::string_view wrong : {"http://a", "wss://", "ws://u:p@a", "ws://a:99999",
                                       "ws://a b", "ws://a:x", "ws://a\r\nX: y", "ws://:80"}) {
    EXPECT_FALSE(parse_websocket_url(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace ziggy::net
