/// Request targets and query strings: nothing crashes, and what is decoded keeps its promises.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "negotiate.hpp"
#include "ziggy/net/query.hpp"
#include "ziggy/net/router.hpp"

namespace {

using namespace ziggy::net;

void require(bool holds) {
  if (!holds) std::abort();
}

Router make_router() {
  const Policy policy{
      .timeout = std::chrono::seconds{1}, .scope = "public", .rate_class = "default"};
  const auto answer = [](const Request&, Response&) { return true; };
  Router router;
  for (const char* pattern :
       {"/", "/a/{x}", "/a/b", "/a/{id:uuid}/c", "/a/{n:int}/{x}", "/b/{x}/c/{y}"}) {
    router.get(pattern, policy, nullptr, answer);
  }
  return router;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Router kRouter = make_router();
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto parts = split_target(text)) {
    require(parts->path == "*" || parts->path.starts_with('/'));
    std::vector<std::string> decoded;
    const Router::Match match = kRouter.match(Method::Get, parts->path, decoded);
    for (const Header& param : match.params.all()) {
      require(!param.value.empty() && is_utf8(param.name));
      require(param.value.find('\0') == std::string_view::npos ||
              parts->path.find('\0') != std::string_view::npos);
    }
    (void)kRouter.allow(parts->path);
  }
  if (const auto query = QueryParams::parse(text)) {
    require(query->all().size() <= QueryParams::kParamsMax);
    std::string again;
    for (const auto& [name, value] : query->all()) {
      require(is_utf8(name) && is_utf8(value));
      again += "&" + percent_encode(name) + "=" + percent_encode(value);
    }
    // A raw NUL may stand in the input; the server's request parser lets none through.
    if (text.find('\0') == std::string_view::npos) {
      const auto twice = QueryParams::parse(again);
      require(twice.has_value() && twice->all() == query->all());
    }
  }
  (void)accepts_gzip(text);
  (void)etag_matches(text, "abc");
  (void)trace_id_of(text);
  (void)may_open_websocket(text, "host", {"https://app.example"});
  return 0;
}
