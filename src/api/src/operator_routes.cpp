// What an operator does about vendors: pins, and breakers held open or closed. Each deed is logged
// with the request it came by.
#include <fmt/core.h>

#include "body.hpp"
#include "provider_json.hpp"
#include "state.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::api {
namespace {

constexpr log::Logger kLog{"api"};

constexpr std::chrono::seconds kTimeout{10};
// Vendors, operations and breakers have short names of our own making.
constexpr std::int64_t kNameSizeMax = 64;
constexpr std::size_t kBodyMax = 4 * 1024;

Error no_operation() {
  return {ErrorCode::NotFound, "operations are bars, quotes, crypto, news and stream"};
}

net::Task<Result<net::Response>> pin(Api::State* state, net::Request request, Params params) {
  const auto operation = routing::parse_operation(*params.text("operation"));
  if (!operation) co_return fail(no_operation());
  ZIGGY_CO_TRY(object, read_object(request, {"provider"}));
  ZIGGY_CO_TRY(name, text_member(object, "provider", kNameSizeMax));
  if (auto done = state->parts.desk.pin(*operation, name); !done) {
    const ErrorCode code = done.error().code();
    if (code != ErrorCode::NotFound && code != ErrorCode::Configuration) {
      co_return std::unexpected{std::move(done).error()};
    }
    co_return fail(invalid_fields({{"provider", "invalid", done.error().detail()}}));
  }
  kLog.info(request.call, "operator_pinned_provider",
            {{"operation", routing::operation_name(*operation)}, {"provider", name}});
  std::string body;
  JsonOut{body}
      .begin_object()
      .field("operation", routing::operation_name(*operation))
      .field("provider", name)
      .end_object();
  co_return json_response(std::move(body));
}

net::Task<Result<net::Response>> unpin(Api::State* state, net::Request request, Params params) {
  const auto operation = routing::parse_operation(*params.text("operation"));
  if (!operation) co_return fail(no_operation());
  if (auto done = state->parts.desk.unpin(*operation); !done) {
    co_return std::unexpected{std::move(done).error()};
  }
  kLog.info(request.call, "operator_unpinned_provider",
            {{"operation", routing::operation_name(*operation)}});
  net::Response response;
  response.status = 204;
  co_return response;
}

net::Task<Result<net::Response>> breakers(Api::State* state, net::Request, Params) {
  std::string body;
  JsonOut json{body};
  json.begin_object().key("items").begin_array();
  for (const auto& breaker : state->parts.breakers.list()) write_breaker(json, breaker);
  json.end_array().key("next_cursor").null().end_object();
  co_return json_response(std::move(body));
}

/// What an operator does to a breaker.
struct Verb {
  std::string_view name;
  std::string_view summary;
  std::string_view event;
  void (resilience::Breaker::*action)();
};

constexpr Verb kVerbs[] = {{"open", "Holds a breaker open: nobody is asked until it is reset.",
                            "operator_opened_breaker", &resilience::Breaker::force_open},
                           {"close", "Holds a breaker closed, whatever happens, until it is reset.",
                            "operator_closed_breaker", &resilience::Breaker::force_close},
                           {"reset", "Closed, with nothing remembered; it works by itself again.",
                            "operator_reset_breaker", &resilience::Breaker::reset}};

net::Task<Result<net::Response>> act(Api::State* state, const Verb* verb, net::Request request,
                                     Params params) {
  resilience::Breaker* const breaker = state->parts.breakers.find(*params.text("name"));
  if (breaker == nullptr) co_return fail(ErrorCode::NotFound, "there is no such breaker");
  (breaker->*verb->action)();
  const resilience::BreakerStatus status = breaker->status();
  kLog.info(request.call, verb->event, {{"breaker", status.name}});
  std::string body;
  JsonOut json{body};
  write_breaker(json, status);
  co_return json_response(std::move(body));
}

ParamSpec name_param(std::string name, std::string description) {
  return {.name = std::move(name),
          .kind = ParamKind::Text,
          .description = std::move(description),
          .in_path = true,
          .max = kNameSizeMax};
}

void add_breaker_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  routes.push_back({.path = "/api/v1/circuit-breakers",
                    .tag = "Providers",
                    .summary = "Every breaker: whether a dependency is asked, and why not.",
                    .policy = policy("market:read", "default", kTimeout),
                    .schema = "Breakers",
                    .handler = [state](net::Request request, Params params) {
                      return breakers(state, request, std::move(params));
                    }});
  // Many clients send an empty object with every POST.
  net::Policy acting = policy("admin", "admin", kTimeout);
  acting.body_max = kBodyMax;
  for (const Verb& verb : kVerbs) {
    routes.push_back({.method = net::Method::Post,
                      .path = fmt::format("/api/v1/circuit-breakers/{{name}}/{}", verb.name),
                      .tag = "Providers",
                      .summary = std::string{verb.summary},
                      .policy = acting,
                      .params = {name_param("name", "As in the list: `polygon.bars`.")},
                      .schema = "Breaker",
                      .errors = {ErrorCode::NotFound},
                      .handler = [state, &verb](net::Request request, Params params) {
                        return act(state, &verb, request, std::move(params));
                      }});
  }
}

void add_pin_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  net::Policy pinning = policy("admin", "admin", kTimeout);
  pinning.body_max = kBodyMax;
  const ParamSpec operation = name_param("operation", "bars, quotes, crypto, news or stream.");
  routes.push_back({.method = net::Method::Put,
                    .path = "/api/v1/providers/{operation}/pin",
                    .tag = "Providers",
                    .summary = "Puts a provider first, whatever its score, until it is unpinned.",
                    .policy = pinning,
                    .params = {operation},
                    .body_schema = "PinIn",
                    .schema = "Pin",
                    .errors = {ErrorCode::NotFound, ErrorCode::StorageUnavailable},
                    .handler = [state](net::Request request, Params params) {
                      return pin(state, request, std::move(params));
                    }});
  routes.push_back({.method = net::Method::Delete,
                    .path = "/api/v1/providers/{operation}/pin",
                    .tag = "Providers",
                    .summary = "Lets the ranking decide again.",
                    .policy = policy("admin", "admin", kTimeout),
                    .params = {operation},
                    .errors = {ErrorCode::NotFound, ErrorCode::StorageUnavailable},
                    .handler = [state](net::Request request, Params params) {
                      return unpin(state, request, std::move(params));
                    }});
}

}  // namespace

void add_operator_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  add_pin_routes(routes, state);
  add_breaker_routes(routes, state);
}

}  // namespace ziggy::api
