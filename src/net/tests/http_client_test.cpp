/// The HTTP client against Ziggy's own server: what goes out and what comes back.
#include "ziggy/net/http_client.hpp"

#include <malloc.h>

#include <algorithm>

#include "asker.hpp"
#include "server_fixture.hpp"

namespace ziggy::net {
namespace {

using testing::Asker;
using testing::open_policy;

bool hello(const Request&, Response& response) {
  response.body = "hello";
  response.content_type = "text/plain";
  response.headers.push_back({"X-Two", "2"});
  return true;
}

bool missing(const Request&, Response& response) {
  response.status = 404;
  response.body = "none";
  return true;
}

/// Repeats the request as lines of text.
Task<Response> echo(Request request) {
  std::string text = std::string{method_name(request.method)} + " " + std::string{request.target};
  for (const Header& header : request.headers) {
    text += "\n" + std::string{header.name} + ": " + std::string{header.value};
  }
  text += "\n\n" + std::string{request.body};
  co_return make_response(200, "text/plain", std::move(text));
}

Task<Response> repetitive(Request) {
  co_return make_response(200, "text/plain", std::string(100'000, 'z'));
}

bool bounce(const Request&, Response& response) {
  response.status = 302;
  response.headers.push_back({"Location", "/hello"});
  return true;
}

bool endless(const Request&, Response& response) {
  response.status = 307;
  response.headers.push_back({"Location", "/endless"});
  return true;
}

bool to_file(const Request&, Response& response) {
  response.status = 302;
  response.headers.push_back({"Location", "file:///etc/passwd"});
  return true;
}

bool login(const Request&, Response& response) {
  response.headers.push_back({"Set-Cookie", "session=abc; Path=/"});
  return true;
}

class HttpClientTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    Router router;
    Policy policy = open_policy();
    policy.body_max = 100'000;
    router.get("/hello", policy, nullptr, hello)
        .get("/missing", policy, nullptr, missing)
        .get("/echo", policy, echo)
        .get("/long", policy, repetitive)
        .get("/bounce", policy, nullptr, bounce)
        .get("/endless", policy, nullptr, endless)
        .get("/file", policy, nullptr, to_file)
        .get("/login", policy, nullptr, login)
        .post("/echo", policy, echo);
    for (const Method method : {Method::Put, Method::Patch, Method::Delete}) {
      router.add({.method = method, .pattern = "/echo", .policy = policy, .handler = echo});
    }
    start(std::move(router));
  }
  [[nodiscard]] std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string{path};
  }

  Asker asker_;
};

TEST_F(HttpClientTest, GivesStatusHeadersAndBody) {
  const auto answer = asker_.get(url("/hello"));
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("content-type"), "text/plain");
  EXPECT_EQ(answer->header("x-two"), "2");
  EXPECT_EQ(answer->header("x-three"), "");
  EXPECT_EQ(answer->http_version, "1.1");
  EXPECT_EQ(answer->effective_url, url("/hello"));
}

TEST_F(HttpClientTest, AnyStatusIsAnAnswer) {
  const auto answer = asker_.get(url("/missing"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "none");
}

TEST_F(HttpClientTest, SendsMethodHeadersAndBody) {
  for (const Method method : {Method::Post, Method::Put, Method::Patch, Method::Delete}) {
    const auto answer = asker_.ask({.method = method,
                                    .url = url("/echo?a=1"),
                                    .headers = {{"X-Empty", ""}, {"Content-Type", "text/x"}},
                                    .body = "payload"});
    ASSERT_TRUE(answer.has_value()) << answer.error().detail();
    EXPECT_TRUE(answer->body.starts_with(std::string{method_name(method)} + " /echo?a=1\n"));
    EXPECT_TRUE(answer->body.ends_with("\n\npayload"));
    EXPECT_NE(answer->body.find("X-Empty: \n"), std::string::npos) << answer->body;
    EXPECT_NE(answer->body.find("Content-Type: text/x\n"), std::string::npos);
    EXPECT_NE(answer->body.find("User-Agent: ziggy"), std::string::npos);
    EXPECT_EQ(answer->body.find("Expect"), std::string::npos);
  }
  const auto plain = asker_.ask({.url = url("/echo"), .headers = {{"User-Agent", "other/2"}}});
  ASSERT_TRUE(plain.has_value());
  EXPECT_NE(plain->body.find("User-Agent: other/2\n"), std::string::npos) << plain->body;
  EXPECT_EQ(plain->body.find("Content-Type"), std::string::npos);
  EXPECT_EQ(plain->body.find("ziggy"), std::string::npos);
}

TEST_F(HttpClientTest, NothingOfOneRequestStaysForTheNext) {
  // The handles are used again; a body, a method or a header must not be.
  (void)asker_.ask(
      {.method = Method::Post, .url = url("/echo"), .headers = {{"X-Key", "k"}}, .body = "b"});
  const auto answer = asker_.get(url("/echo"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->body.starts_with("GET /echo\n"));
  EXPECT_TRUE(answer->body.ends_with("\n\n"));
  EXPECT_EQ(answer->body.find("X-Key"), std::string::npos);
}

TEST_F(HttpClientTest, HeadHasNoBody) {
  const auto answer = asker_.ask({.method = Method::Head, .url = url("/hello"), .body_max = 1});
  ASSERT_TRUE(answer.has_value()) << answer.error().detail();
  EXPECT_EQ(answer->body, "");
  EXPECT_EQ(answer->header("content-length"), "5");
}

TEST_F(HttpClientTest, UndoesCompression) {
  const auto answer = asker_.get(url("/long"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->header("content-encoding"), "gzip");
  EXPECT_EQ(answer->body, std::string(100'000, 'z'));
  EXPECT_LT(asker_.client().metrics().bytes_in, 5'000U);
}

TEST_F(HttpClientTest, ManyRequestsShareFewConnections) {
  std::vector<std::future<testing::Answered>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(asker_.start({.url = url("/hello")}));
  for (auto& answer : answers) {
    const auto got = answer.get();
    ASSERT_TRUE(got.has_value()) << got.error().detail();
    EXPECT_EQ(got->body, "hello");
  }
  EXPECT_LE(server_->metrics().connections_accepted, 8U);
  const HttpClientMetrics metrics = asker_.client().metrics();
  EXPECT_EQ(metrics.requests, 100U);
  EXPECT_EQ(metrics.answers, 100U);
  EXPECT_EQ(metrics.under_way, 0U);
  EXPECT_EQ(metrics.connections_opened, server_->metrics().connections_accepted);
}

TEST_F(HttpClientTest, KeepsCookiesPerJar) {
  const auto in = asker_.ask({.url = url("/login"), .cookie_jar = "yahoo"});
  ASSERT_TRUE(in.has_value());
  const auto body_with = [&](std::string jar) {
    const auto answer = asker_.ask({.url = url("/echo"), .cookie_jar = std::move(jar)});
    return answer ? answer->body : answer.error().detail();
  };
  EXPECT_NE(body_with("yahoo").find("Cookie: session=abc"), std::string::npos);
  EXPECT_EQ(body_with("other").find("Cookie"), std::string::npos);
  EXPECT_EQ(body_with("").find("Cookie"), std::string::npos);
  EXPECT_NE(body_with("yahoo").find("Cookie: session=abc"), std::string::npos);
}

TEST_F(HttpClientTest, AJarCostsNoMemoryForEachRequest) {
  const auto ask = [&](int times) {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(asker_.ask({.url = url("/echo"), .cookie_jar = "yahoo"}).has_value());
    }
  };
  ask(200);
  const std::size_t before = ::mallinfo2().uordblks;
  ask(2'000);
  const std::size_t after = ::mallinfo2().uordblks;
  EXPECT_LT(after, before + 32'000) << "sixteen bytes a request would be too many";
}

TEST_F(HttpClientTest, RedirectsAreAnswersUnlessTheyAreFollowed) {
  const auto plain = asker_.get(url("/bounce"));
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->status, 302);
  EXPECT_EQ(plain->header("location"), "/hello");
  const auto followed = asker_.ask({.url = url("/bounce"), .follow_redirects = true});
  ASSERT_TRUE(followed.has_value());
  EXPECT_EQ(followed->status, 200);
  EXPECT_EQ(followed->body, "hello");
  EXPECT_EQ(followed->effective_url, url("/hello"));
}

TEST_F(HttpClientTest, RedirectsEndSomewhere) {
  const auto endless_one = asker_.ask({.url = url("/endless"), .follow_redirects = true});
  ASSERT_FALSE(endless_one.has_value());
  EXPECT_EQ(endless_one.error().code(), ErrorCode::BadPayload);
  EXPECT_EQ(asker_.client().metrics().requests, 1U + kRedirectsMax);
  const auto file = asker_.ask({.url = url("/file"), .follow_redirects = true});
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code(), ErrorCode::BadPayload);
}

TEST_F(HttpClientTest, RefusesWhatCannotBeSent) {
  const auto code_of = [&](ClientRequest request) {
    const auto answer = asker_.ask(std::move(request));
    return answer ? ErrorCode::Internal : answer.error().code();
  };
  for (const char* bad : {"", "hello", "ftp://127.0.0.1/", "file:///etc/passwd", "http://",
                          "http://me:secret@127.0.0.1/", "http://127.0.0.1:99999/"}) {
    EXPECT_EQ(code_of({.url = bad}), ErrorCode::ValidationFailed) << bad;
  }
  EXPECT_EQ(code_of({.url = url("/echo"), .headers = {{"X-A", "1\r\nX-B: 2"}}}),
            ErrorCode::ValidationFailed);
  EXPECT_EQ(code_of({.url = url("/echo"), .headers = {{"X A", "1"}}}), ErrorCode::ValidationFailed);
  EXPECT_EQ(code_of({.url = url("/echo"), .headers = {{"Content-Length", "1"}}}),
            ErrorCode::ValidationFailed);
  EXPECT_EQ(server_->metrics().connections_accepted, 0U);
}

}  // namespace
}  // namespace ziggy::net
