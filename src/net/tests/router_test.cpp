#include "ziggy/net/router.hpp"

#include <gtest/gtest.h>

#include "server_fixture.hpp"

namespace ziggy::net {
namespace {

using testing::open_policy;

bool answer(const Request&, Response&) { return true; }

Router make_router() {
  Router router;
  router.get("/", open_policy(), nullptr, answer)
      .get("/bars/{symbol}", open_policy(), nullptr, answer)
      .get("/bars/all", open_policy(), nullptr, answer)
      .get("/orders/{id:uuid}", open_policy(), nullptr, answer)
      .get("/orders/{n:int}", open_policy(), nullptr, answer)
      .get("/p/{a}/q/{b}", open_policy(), nullptr, answer);
  router.add(
      {.method = Method::Post, .pattern = "/bars/{name}", .policy = open_policy(), .fast = answer});
  router.add({.method = Method::Delete,
              .pattern = "/bars/{symbol}",
              .policy = open_policy(),
              .fast = answer});
  return router;
}

/// The pattern that answers, with its parameters; "405" or "404" if none.
std::string found(Method method, std::string_view path) {
  static const Router kRouter = make_router();
  std::vector<std::string> decoded;
  const Router::Match match = kRouter.match(method, path, decoded);
  if (match.is_malformed) return "malformed";
  if (match.route == nullptr) return match.path_known ? "405" : "404";
  std::string out = match.route->pattern;
  for (const Header& param : match.params.all()) {
    out += " " + std::string{param.name} + "=" + std::string{param.value};
  }
  return out;
}

TEST(Router, FindsRoutes) {
  const std::tuple<Method, std::string_view, std::string_view> table[] = {
      {Method::Get, "/", "/"},
      {Method::Head, "/", "/"},
      {Method::Get, "/bars/AAPL", "/bars/{symbol} symbol=AAPL"},
      {Method::Get, "/bars/all", "/bars/all"},
      {Method::Get, "/bars/BRK%2FB", "/bars/{symbol} symbol=BRK/B"},
      {Method::Get, "/%62ars/%41%42", "/bars/{symbol} symbol=AB"},
      {Method::Delete, "/bars/X", "/bars/{symbol} symbol=X"},
      {Method::Get, "/orders/12", "/orders/{n:int} n=12"},
      {Method::Get, "/orders/0190163d-8694-739b-aea5-966c26f8ad91",
       "/orders/{id:uuid} id=0190163d-8694-739b-aea5-966c26f8ad91"},
      {Method::Get, "/orders/abc", "404"},
      {Method::Get, "/p/1/q/2", "/p/{a}/q/{b} a=1 b=2"},
      {Method::Get, "/p/1/q", "404"},
      {Method::Get, "/bars/", "404"},
      {Method::Get, "/bars", "404"},
      {Method::Get, "//", "404"},
      {Method::Get, "/bars/a/b", "404"},
      {Method::Get, "", "404"},
      {Method::Get, "bars", "404"},
      {Method::Put, "/bars/X", "405"},
      {Method::Other, "/bars/X", "405"},
      {Method::Put, "/none", "404"},
      {Method::Get, "/bars/%", "malformed"},
      {Method::Get, "/bars/%00", "malformed"},
      {Method::Get, "/bars/%ff", "malformed"},
      {Method::Get, "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", "404"},
  };
  for (const auto& [method, path, expected] : table) EXPECT_EQ(found(method, path), expected);
}

TEST(Router, NamesTheMethodsOfAPath) {
  const Router router = make_router();
  EXPECT_EQ(router.allow("/"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(router.allow("/orders/1"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(router.allow("/none"), "");
}

TEST(Router, RefusesAFaultyTableNamingEveryFault) {
  Router router;
  Policy no_scope = open_policy();
  no_scope.scope.clear();
  router.get("/a", no_scope, nullptr, answer)
      .get("/b", {}, nullptr, answer)
      .get("/c", open_policy(), nullptr)
      .get("d", open_policy(), nullptr, answer)
      .get("/e/{}", open_policy(), nullptr, answer)
      .get("/f/{x:float}", open_policy(), nullptr, answer)
      .get("/g", open_policy(), nullptr, answer)
      .get("/g", open_policy(), nullptr, answer);
  const auto checked = router.check();
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code(), ErrorCode::Configuration);
  EXPECT_EQ(checked.error().detail(),
            "GET /a declares no policy (timeout, scope and rate class); "
            "GET /b declares no policy (timeout, scope and rate class); "
            "GET /c has no handler; "
            "GET d is no route: a method that can be routed and a pattern from / on; "
            "GET /e/{} has a malformed parameter; "
            "GET /f/{x:float} has a malformed parameter; "
            "GET /g is declared twice");
  EXPECT_TRUE(make_router().check().has_value());
}

TEST(Router, AServerWithAFaultyTableDoesNotStart) {
  Loops loops{1};
  const SystemClock clock;
  Router router;
  router.get("/a", {}, nullptr, answer);
  ServerSettings settings;
  settings.port = 0;
  Server server{loops, clock, std::move(router), settings, testing::render_plain_error};
  const auto port = server.listen();
  ASSERT_FALSE(port.has_value());
  EXPECT_EQ(port.error().code(), ErrorCode::Configuration);
}

}  // namespace
}  // namespace ziggy::net
