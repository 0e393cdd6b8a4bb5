/// What every answer gets on its way: ids, caching, compression, CORS, security headers, metrics.
#include <zlib.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "server_fixture.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/static_files.hpp"

namespace ziggy::net {
namespace {

using testing::Answer;
using testing::Client;
using testing::open_policy;

std::string gunzip(std::string_view bytes) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string out(1 << 22, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  inflateEnd(&stream);
  return out;
}

std::string long_text(int numbers = 500) {
  std::string text = "[";
  for (int i = 0; i < numbers; ++i) text += std::to_string(i) + ",";
  return text + "0]";
}

bool hello(const Request& request, Response& response) {
  response.body = "hello " + std::string{request.call.correlation_id.view()};
  response.content_type = "text/plain";
  return true;
}

bool cached(const Request&, Response& response) {
  response.body = long_text();
  response.cache = CachePolicy::Revalidate;
  return true;
}

bool large(const Request&, Response& response) {
  response.body = long_text(100'000);
  response.cache = CachePolicy::Revalidate;
  return true;
}

bool named(const Request&, Response& response) {
  response.body = "x";
  response.cache = CachePolicy::Revalidate;
  response.etag = "v1";
  return true;
}

bool named_weakly(const Request&, Response& response) {
  response.body = long_text();
  response.cache = CachePolicy::Revalidate;
  response.etag = "v2";
  response.is_etag_weak = true;
  return true;
}

bool split(const Request&, Response& response) {
  response.headers.push_back({"Location", "/a\r\nSet-Cookie: stolen=1"});
  response.body = "{}";
  return true;
}

bool item(const Request&, Response& response) {
  response.body = "{}";
  return true;
}

bool page(const Request&, Response& response) {
  response.content_type = "text/html; charset=utf-8";
  response.body = "<p>hi</p>";
  return true;
}

Task<Response> echo(Request request) {
  co_return make_response(201, "text/plain", std::string{request.body});
}

class MiddlewareTest : public testing::ServerFixture {
 protected:
  void SetUp() override {
    Router router;
    router.get("/hello", open_policy(), nullptr, hello)
        .get("/cached", open_policy(), nullptr, cached)
        .get("/large", open_policy(), nullptr, large)
        .get("/named", open_policy(), nullptr, named)
        .get("/named-weakly", open_policy(), nullptr, named_weakly)
        .get("/split", open_policy(), nullptr, split)
        .get("/items/{id}", open_policy(), nullptr, item)
        .get("/page", open_policy(), nullptr, page)
        .post("/echo", open_policy(), echo);
    StaticFiles files;
    files.put("index.html", "<html>" + long_text() + "</html>");
    files.put("assets/app-3f9a1c2b.js", "let a = " + long_text());
    files.put("favicon.ico", std::string(2000, 'i'));
    files.add_routes(router, open_policy());
    ServerSettings settings;
    settings.tick = std::chrono::milliseconds{10};
    settings.cors_origins = {"https://app.example"};
    start(std::move(router), settings);
  }
};

TEST_F(MiddlewareTest, CorrelationIdsComeInAreReplacedOrAreMade) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string parent = "traceparent: 00-" + trace + "-00f067aa0ba902b7-01\r\n";
  const std::pair<std::string, std::string> table[] = {
      {"X-Correlation-ID: my.id_1-A\r\n", "my.id_1-A"},
      {"x-request-id: r1\r\n", "r1"},
      {"X-Request-ID: r1\r\nX-Correlation-ID: c1\r\n", "c1"},
      {"X-Correlation-ID: bad id\r\nX-Request-ID: r1\r\n", "r1"},
      {parent, trace},
      {"X-Request-ID: r1\r\n" + parent, "r1"},
  };
  Client client{port_};
  for (const auto& [headers, expected] : table) {
    const Answer answer = client.get("/hello", headers);
    EXPECT_EQ(answer.header("X-Correlation-ID"), expected) << headers;
    EXPECT_EQ(answer.body, "hello " + expected);
  }
  for (const std::string& headers : {std::string{}, std::string{"X-Correlation-ID: bad id\r\n"},
                                     std::string{"X-Correlation-ID: zk_0199ab_s3cr3tS3cr3t\r\n"},
                                     "X-Correlation-ID: " + std::string(65, 'x') + "\r\n",
                                     std::string{"traceparent: 00-x\r\n"}}) {
    const Answer answer = client.get("/hello", headers);
    const std::string id = answer.header("X-Correlation-ID");
    EXPECT_EQ(id.size(), 36U) << headers;
    EXPECT_EQ(id[14], '7') << "a UUIDv7";
    EXPECT_EQ(answer.body, "hello " + id);
  }
}

TEST_F(MiddlewareTest, EveryAnswerHasSecurityHeaders) {
  Client client{port_};
  for (const std::string_view target : {"/hello", "/none"}) {
    const Answer answer = client.get(target);
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("X-Frame-Options"), "DENY");
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(answer.header("Content-Security-Policy"),
              "default-src 'none'; frame-ancestors 'none'");
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_TRUE(answer.header("Date").ends_with(" GMT"));
  }
  EXPECT_TRUE(
      client.get("/page").header("Content-Security-Policy").starts_with("default-src 'self'"));
}

TEST_F(MiddlewareTest, AHandlersTextCannotMakeAHeader) {
  Client client{port_};
  const Answer answer = client.get("/split");
  EXPECT_EQ(answer.header("Location"), "/a  Set-Cookie: stolen=1");
  EXPECT_EQ(answer.header("Set-Cookie"), "");
}

TEST_F(MiddlewareTest, CompressesLongTextForThoseWhoAsk) {
  Client client{port_};
  const Answer plain = client.get("/cached");
  EXPECT_EQ(plain.body, long_text());
  EXPECT_EQ(plain.header("Content-Encoding"), "");
  EXPECT_NE(plain.head.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  const Answer packed = client.get("/cached", "Accept-Encoding: br, gzip;q=0.5\r\n");
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), plain.body.size());
  EXPECT_EQ(gunzip(packed.body), long_text());
  EXPECT_EQ(client.get("/cached", "Accept-Encoding: gzip;q=0\r\n").header("Content-Encoding"), "");
  EXPECT_EQ(client.get("/hello", "Accept-Encoding: gzip\r\n").header("Content-Encoding"), "")
      << "too short to pay";
}

TEST_F(MiddlewareTest, CompressesLargeBodiesOffTheLoopInOrder) {
  Client client{port_};
  const std::string ask = " HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
  client.send("GET /large" + ask + "GET /hello" + ask + "GET /large" + ask);
  const Answer first = client.receive();
  EXPECT_EQ(first.header("Content-Encoding"), "gzip");
  EXPECT_TRUE(gunzip(first.body) == long_text(100'000));
  EXPECT_TRUE(first.header("ETag").ends_with("-gz\""));
  EXPECT_EQ(client.receive().header("Content-Type"), "text/plain");
  const Answer second = client.receive();
  EXPECT_TRUE(second.body == first.body);
  EXPECT_EQ(client.get("/large", "If-None-Match: " + first.header("ETag") + "\r\n").status, 304);
  EXPECT_TRUE(client.get("/large").body == long_text(100'000));
}

TEST_F(MiddlewareTest, AnswersNotModifiedToWhoHasIt) {
  Client client{port_};
  const std::string tag = client.get("/cached").header("ETag");
  ASSERT_EQ(tag.size(), 34U);
  const Answer same = client.get("/cached", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.header("ETag"), tag);
  EXPECT_EQ(same.header("Content-Length"), "");
  EXPECT_EQ(same.header("Cache-Control"), "private, no-cache");
  const std::string packed_tag = client.get("/cached", "Accept-Encoding: gzip\r\n").header("ETag");
  EXPECT_EQ(packed_tag, tag.substr(0, 33) + "-gz\"");
  EXPECT_EQ(client.get("/cached", "If-None-Match: " + packed_tag + "\r\n").status, 304);
  EXPECT_EQ(client.get("/cached", "If-None-Match: \"other\"\r\n").status, 200);
  EXPECT_EQ(client.get("/named").header("ETag"), "\"v1\"");
  EXPECT_EQ(client.get("/named", "If-None-Match: W/\"v1\"\r\n").status, 304);
  // A weak tag is the same for every encoding.
  EXPECT_EQ(client.get("/named-weakly").header("ETag"), "W/\"v2\"");
  EXPECT_EQ(client.get("/named-weakly", "Accept-Encoding: gzip\r\n").header("ETag"), "W/\"v2\"");
  EXPECT_EQ(client.get("/named-weakly", "If-None-Match: W/\"v2\"\r\n").status, 304);
  EXPECT_EQ(client.get("/hello", "If-None-Match: *\r\n").status, 200) << "not a cacheable answer";
}

TEST_F(MiddlewareTest, AnswersHeadAsGetWithoutTheBody) {
  Client client{port_};
  client.send("HEAD /cached HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const Answer head = client.receive(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(long_text().size()));
  EXPECT_EQ(client.receive().status, 200);
}

TEST_F(MiddlewareTest, AllowsListedOriginsOnly) {
  Client client{port_};
  const Answer listed = client.get("/hello", "Origin: https://app.example\r\n");
  EXPECT_EQ(listed.header("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(listed.header("Vary"), "Origin");
  const Answer other = client.get("/hello", "Origin: https://evil.example\r\n");
  EXPECT_EQ(other.header("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(other.status, 200);

  client.send(
      "OPTIONS /echo HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
      "Access-Control-Request-Method: POST\r\n\r\n");
  const Answer preflight = client.receive();
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_NE(preflight.header("Access-Control-Allow-Headers").find("Authorization"),
            std::string::npos);
  client.send(
      "OPTIONS /echo HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.example\r\n"
      "Access-Control-Request-Method: POST\r\n\r\n");
  const Answer refused = client.receive();
  EXPECT_EQ(refused.header("Access-Control-Allow-Methods"), "");
  EXPECT_EQ(refused.header("Allow"), "POST, OPTIONS");
  client.send("OPTIONS /none HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive().status, 404);
}

TEST_F(MiddlewareTest, PagesOfOthersMayReadButChangeNothing) {
  const auto post = [this](const std::string& headers) {
    Client client{port_};
    client.send("POST /echo HTTP/1.1\r\nHost: a:1\r\n" + headers + "Content-Length: 2\r\n\r\nhi");
    return client.receive().status;
  };
  EXPECT_EQ(post(""), 201);
  EXPECT_EQ(post("Origin: http://a:1\r\n"), 201);
  EXPECT_EQ(post("Origin: https://app.example\r\n"), 201);
  EXPECT_EQ(post("Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(post("Origin: http://a:2\r\n"), 403);
  EXPECT_EQ(post("Origin: null\r\n"), 403);
}

TEST_F(MiddlewareTest, SpeaksHttp10) {
  Client brief{port_};
  brief.send("GET /hello HTTP/1.0\r\n\r\n");
  const Answer answer = brief.receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(brief.is_closed());
  Client kept{port_};
  kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.receive().header("Connection"), "keep-alive");
  EXPECT_EQ(kept.get("/hello").status, 200);
}

TEST_F(MiddlewareTest, ClosesWhenAsked) {
  Client client{port_};
  EXPECT_EQ(client.get("/hello", "Connection: close\r\n").header("Connection"), "close");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(MiddlewareTest, InvitesABodyThatWaits) {
  Client client{port_};
  client.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  const std::string expected = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(client.receive_bytes(expected.size()), expected);
  client.send("abc");
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "abc");
}

TEST_F(MiddlewareTest, ServesFilesFromMemory) {
  Client client{port_};
  const Answer index = client.get("/");
  EXPECT_EQ(index.body, "<html>" + long_text() + "</html>");
  EXPECT_EQ(index.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(index.header("Cache-Control"), "private, no-cache");
  EXPECT_EQ(client.get("/", "If-None-Match: " + index.header("ETag") + "\r\n").status, 304);
  const Answer script = client.get("/assets/app-3f9a1c2b.js", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(script.header("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(script.header("Content-Encoding"), "gzip");
  EXPECT_EQ(gunzip(script.body), "let a = " + long_text());
  const Answer icon = client.get("/favicon.ico", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(icon.header("Content-Encoding"), "");
  EXPECT_EQ(icon.body, std::string(2000, 'i'));
  EXPECT_EQ(client.get("/assets/../index.html").status, 404);
  EXPECT_EQ(client.get("/assets/%2e%2e/index.html").status, 404);
}

TEST_F(MiddlewareTest, LogsOneLineARequestByItsTemplate) {
  char name[] = "/tmp/ziggy-access-log-XXXXXX";
  log::LogSettings settings;
  settings.output = ::mkstemp(name);
  settings.format = log::Format::Json;
  ASSERT_GE(settings.output, 0);
  log::start(settings);
  Client client{port_};
  (void)client.get("/items/abc?secret=1", "X-Correlation-ID: c1\r\n");
  (void)client.get("/none/abc", "X-Correlation-ID: c2\r\n");
  (void)client.get("/hello", "X-Correlation-ID: c3\r\nConnection: close\r\n");
  server_.reset();
  log::stop();
  std::ifstream file{name};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  log::start({});
  ::close(settings.output);
  std::filesystem::remove(name);
  ASSERT_EQ(lines.size(), 3U);
  const auto expect = [](const std::string& line, std::string_view start, std::string_view end) {
    EXPECT_NE(line.find(start), std::string::npos) << line;
    EXPECT_TRUE(line.ends_with(end)) << line;
    EXPECT_NE(line.find(",\"duration_us\":"), std::string::npos) << line;
    EXPECT_EQ(line.find("abc"), std::string::npos) << "neither values nor queries are logged";
  };
  expect(lines[0],
         R"("level":"info","logger":"http.access","message":"request","correlation_id":"c1",)"
         R"("method":"GET","route":"/items/{id}","status":200,)",
         R"("bytes":2,"peer":"127.0.0.1"})");
  expect(lines[1], R"x("correlation_id":"c2","method":"GET","route":"(unmatched)","status":404,)x",
         R"("bytes":23,"peer":"127.0.0.1"})");
  expect(lines[2], R"("correlation_id":"c3","method":"GET","route":"/hello","status":200,)",
         R"("bytes":8,"peer":"127.0.0.1"})");
}

TEST_F(MiddlewareTest, CountsByRouteAndStatus) {
  Client client{port_};
  (void)client.get("/hello");
  (void)client.get("/hello");
  (void)client.get("/none");
  const ServerMetrics metrics = server_->metrics();
  EXPECT_EQ(metrics.routes[0].route, "/hello");
  EXPECT_EQ(metrics.routes[0].by_status_class[2], 2U);
  EXPECT_EQ(metrics.routes[0].bytes_out, 2 * (6 + 36U));
  std::uint64_t timed = 0;
  for (const std::uint64_t bucket : metrics.routes[0].latency) timed += bucket;
  EXPECT_EQ(timed, 2U);
  EXPECT_EQ(metrics.routes.back().route, "(unmatched)");
  EXPECT_EQ(metrics.routes.back().by_status_class[4], 1U);
  EXPECT_EQ(metrics.connections_open, 1U);
  EXPECT_EQ(metrics.connections_accepted, 1U);
}

TEST(StaticFiles, LoadsAFolderWithoutItsHiddenFiles) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("ziggy-static-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / "assets");
  std::filesystem::create_directories(folder / ".git");
  std::ofstream{folder / "index.html"} << "page";
  std::ofstream{folder / "assets" / "a.css"} << "css";
  std::ofstream{folder / ".env"} << "SECRET=1";
  std::ofstream{folder / ".git" / "config"} << "x";
  const auto files = StaticFiles::load(folder);
  ASSERT_TRUE(files.has_value());
  EXPECT_TRUE(files->has("index.html"));
  EXPECT_TRUE(files->has("assets/a.css"));
  EXPECT_FALSE(files->has(".env"));
  EXPECT_FALSE(files->has(".git/config"));
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(StaticFiles::load(folder).has_value());
}

}  // namespace
}  // namespace ziggy::net
