#include "server_fixture.hpp"

namespace ziggy::net {
namespace {

using testing::Answer;
using testing::Client;

using testing::open_policy;

Task<Response> say_later(Request request) {
  co_await sleep_for(std::chrono::milliseconds{1});
  co_return make_response(200, "text/plain", "later " + std::string{request.param("name")});
}

Task<Response> echo(Request request) {
  co_return make_response(200, "text/plain", std::string{request.body});
}

Task<Response> throw_up(Request) {
  throw std::runtime_error{"inner secret"};
  co_return Response{};
}

Task<Response> never(Request) {
  co_await sleep_for(std::chrono::hours{1});
  co_return Response{};
}

bool hello(const Request& request, Response& response) {
  response.content_type = "text/plain";
  response.body = "hello";
  if (!request.query.empty()) response.body += " " + std::string{request.query};
  return true;
}

Router make_router() {
  Router router;
  router.get("/hello", open_policy(), nullptr, hello)
      .get("/later/{name}", open_policy(), say_later)
      .get("/throw", open_policy(), throw_up)
      .post("/echo", open_policy(), echo);
  Policy brief = open_policy();
  brief.timeout = std::chrono::milliseconds{50};
  router.get("/never", brief, never);
  return router;
}

class ServerTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    ServerSettings settings;
    settings.tick = std::chrono::milliseconds{10};
    start(make_router(), settings);
  }
};

TEST_F(ServerTest, AnswersByFastHandlerAndByCoroutineOnOneConnection) {
  Client client{port_};
  const Answer first = client.get("/hello?a=1");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, "hello a=1");
  const Answer second = client.get("/later/b%20c");
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, "later b c");
}

TEST_F(ServerTest, AnHandlerThatThrowsAnswers500WithoutItsReason) {
  Client client{port_};
  const Answer answer = client.get("/throw");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "internal: the handler threw");
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST_F(ServerTest, AHandlerThatTakesTooLongAnswers504AndCloses) {
  Client client{port_};
  const Answer answer = client.get("/never");
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, "deadline_exceeded: no answer within 50 ms");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server_->metrics().timeouts, 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  Client client{port_};
  client.send(
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /later/x HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"
      "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /hello?z HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_EQ(client.receive().body, "later x");
  EXPECT_EQ(client.receive().body, "abcd");
  EXPECT_EQ(client.receive().status, 404);
  EXPECT_EQ(client.receive().body, "hello z");
}

}  // namespace
}  // namespace ziggy::net
