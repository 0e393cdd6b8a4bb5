#include "ziggy/api/api.hpp"

#include "state.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::api {
namespace {

constexpr log::Logger kLog{"api"};

}  // namespace

std::string_view page_content_security_policy() noexcept {
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
         "connect-src 'self'; "
         "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

Error not_crypto(std::string_view symbol) {
  return {ErrorCode::UnknownSymbol,
          fmt::format("{} is no crypto pair; those are written BTC-USD", symbol)};
}

ParamSpec symbol_param() {
  return {.name = "symbol",
          .kind = ParamKind::Symbol,
          .description = "A symbol such as AAPL, BRK.B, SPX or BTC-USD; case does not count.",
          .in_path = true,
          .required = true};
}

net::Response json_response(std::string body, net::CachePolicy cache) {
  net::Response response;
  response.body = std::move(body);
  response.cache = cache;
  return response;
}

net::Policy policy(std::string_view scope, std::string_view rate_class,
                   std::chrono::milliseconds timeout) {
  return {.body_max = 0,
          .timeout = timeout,
          .scope = std::string{scope},
          .rate_class = std::string{rate_class}};
}

std::vector<RouteSpec> Api::State::make_routes(State* state, bool docs_enabled) {
  std::vector<RouteSpec> routes;
  add_quote_routes(routes, state);
  add_bars_routes(routes, state);
  add_catalog_routes(routes, state);
  add_provider_routes(routes, state);
  add_operator_routes(routes, state);
  add_stream_routes(routes, state);
  add_system_routes(routes, state);
  if (docs_enabled) add_reference_routes(routes, state);
  return routes;
}

Api::Api(ApiParts parts, ApiSettings settings)
    : state_{std::make_unique<State>(std::move(parts), std::move(settings))} {
  const ApiSettings& with = state_->settings;
  auto page = net::StaticFiles::load(with.web_folder);
  if (page && page->has("index.html")) {
    state_->page = *std::move(page);
    state_->has_page = true;
  } else {
    kLog.warning("page_not_built", {{"folder", with.web_folder.string()}});
  }
  routes_ = State::make_routes(state_.get(), with.docs_enabled);
  if (with.docs_enabled) {
    state_->documents.put("openapi.json", render_openapi(routes_, with.version));
    state_->documents.put("docs.html", render_reference(routes_, with.version));
    state_->documents.put("style.css", std::string{reference_style()});
  }
}

Api::~Api() = default;

net::Router Api::router() const {
  net::Router router;
  add_routes(router, routes_);
  if (state_->has_page)
    state_->page.add_routes(router, policy("public", "other", std::chrono::seconds{10}));
  return router;
}

std::string openapi_document(std::string_view version) {
  return render_openapi(Api::State::make_routes(nullptr, true), version);
}

}  // namespace ziggy::api
