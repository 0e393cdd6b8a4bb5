// The vendors as an operator sees them: who is asked first and why, breakers, incidents, pins, and
// the answers that were refused.
#include <algorithm>

#include "body.hpp"
#include "paging.hpp"
#include "state.hpp"
#include "ziggy/api/json.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/routing/desk.hpp"

namespace ziggy::api {
namespace {

constexpr std::chrono::seconds kTimeout{10};
// Vendors, operations and breakers have short names of our own making.
constexpr std::int64_t kNameSizeMax = 64;
constexpr std::size_t kBodyMax = 4 * 1024;
constexpr std::chrono::hours kHistoryDefault{24};

void write_breaker(JsonOut& json, const resilience::BreakerStatus& breaker) {
  json.begin_object()
      .field("name", breaker.name)
      .field("state", resilience::breaker_state_name(breaker.state))
      .field("forced", breaker.forced)
      .field("reason", log::redact(breaker.reason))
      .field("changed_at", breaker.changed_at)
      .key("retry_in_ms");
  if (breaker.retry_in) {
    json.value(static_cast<std::int64_t>(breaker.retry_in->count()));
  } else {
    json.null();
  }
  json.field("calls", static_cast<std::uint64_t>(breaker.calls))
      .field("failures", static_cast<std::uint64_t>(breaker.failures))
      .field("slow", static_cast<std::uint64_t>(breaker.slow))
      .field("consecutive_failures", static_cast<std::uint64_t>(breaker.consecutive_failures))
      .field("failure_rate", breaker.failure_rate)
      .field("probes_out", static_cast<std::uint64_t>(breaker.probes_out))
      .field("opened_total", breaker.opened_total)
      .field("rejected_total", breaker.rejected_total)
      .field("success_total", breaker.success_total)
      .field("failure_total", breaker.failure_total)
      .end_object();
}

void write_budget(JsonOut& json, const std::optional<resilience::BudgetStatus>& budget) {
  if (!budget) {
    json.null();
    return;
  }
  json.begin_object()
      .field("limit", static_cast<std::uint64_t>(budget->limit))
      .field("period_s", static_cast<std::int64_t>(budget->period.count()))
      .field("left", static_cast<std::uint64_t>(budget->left))
      .field("left_batch", static_cast<std::uint64_t>(budget->left_batch))
      .field("resets_at", budget->resets_at)
      .end_object();
}

void write_window(JsonOut& json, const routing::SlaWindow& window) {
  json.key(window.label)
      .begin_object()
      .field("calls", window.calls)
      .field("success_rate", window.success_rate)
      .field("p50_ms", window.p50_ms)
      .field("p95_ms", window.p95_ms)
      .field("p99_ms", window.p99_ms)
      .field("freshness_ms", window.freshness_ms)
      .field("violations", window.violations)
      .field("gap_rate", window.gap_rate)
      .field("agreement", window.agreement)
      .key("outcomes")
      .begin_object();
  for (std::size_t i = 0; i < routing::kAnswerClasses; ++i) {
    if (window.classes[i] == 0) continue;
    json.field(routing::answer_class_name(static_cast<routing::AnswerClass>(i)), window.classes[i]);
  }
  json.end_object().end_object();
}

void write_operation(JsonOut& json, const routing::OperationStatus& operation) {
  json.key(routing::operation_name(operation.operation)).begin_object();
  json.key("rank");
  if (operation.rank == 0) {
    json.null();
  } else {
    json.value(static_cast<std::uint64_t>(operation.rank));
  }
  json.field("configured_rank", static_cast<std::uint64_t>(operation.configured_rank))
      .field("score", operation.score)
      .field("reason", log::redact(operation.reason))
      .field("pinned", operation.pinned)
      .key("breaker");
  write_breaker(json, operation.breaker);
  json.key("budget");
  write_budget(json, operation.budget);
  json.key("windows").begin_object();
  for (const routing::SlaWindow& window : operation.windows) write_window(json, window);
  json.end_object().end_object();
}

void write_provider(JsonOut& json, const routing::ProviderStatus& provider) {
  json.begin_object()
      .field("name", provider.name)
      .field("state", provider.state)
      .field("configured", provider.configured);
  if (!provider.configured) json.field("missing", provider.not_configured);
  json.key("operations").begin_object();
  for (const routing::OperationStatus& operation : provider.operations) {
    write_operation(json, operation);
  }
  json.end_object().end_object();
}

net::Task<Result<net::Response>> providers(Api::State* state, net::Request, Params) {
  std::string body;
  JsonOut json{body};
  json.begin_object().key("providers").begin_array();
  for (const auto& provider : state->parts.desk.status()) write_provider(json, provider);
  json.end_array().end_object();
  co_return json_response(std::move(body));
}

Error no_provider() { return {ErrorCode::NotFound, "no chain names such a provider"}; }

net::Task<Result<net::Response>> provider(Api::State* state, net::Request, Params params) {
  const auto status = state->parts.desk.status(*params.text("name"));
  if (!status) co_return fail(no_provider());
  std::string body;
  JsonOut json{body};
  write_provider(json, *status);
  co_return json_response(std::move(body));
}

net::Task<Result<net::Response>> history(Api::State* state, net::Request, Params params) {
  const Timestamp now = state->parts.clock.now();
  const TimeRange range{params.time("start").value_or(now - kHistoryDefault),
                        params.time("end").value_or(Timestamp::max())};
  if (range.end <= range.start) {
    co_return fail(invalid_fields({{"end", "invalid", "must be after start"}}));
  }
  auto samples = co_await state->parts.desk.history(*params.text("name"), range);
  if (!samples) co_return std::unexpected{std::move(samples).error()};
  ZIGGY_CO_TRY(page, page_of(samples->size(), params));
  std::string body;
  JsonOut json{body};
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.begin; i < page.end; ++i) {
    const store::ProviderSample& sample = (*samples)[i];
    json.begin_object()
        .field("operation", sample.operation)
        .field("minute", sample.minute)
        .field("calls", sample.calls)
        .field("failures", sample.failures)
        .field("violations", sample.violations)
        .field("p50_ms", sample.p50_ms)
        .field("p95_ms", sample.p95_ms)
        .field("p99_ms", sample.p99_ms)
        .field("freshness_ms", sample.freshness_ms)
        .field("outcomes", sample.outcomes)
        .end_object();
  }
  json.end_array().field("next_cursor", page.next_cursor).end_object();
  co_return json_response(std::move(body));
}

/// The id that a list's next page begins after; pages of stored rows go by ids.
std::string id_after(const Params& params) { return params.text("cursor").value_or(""); }

net::Task<Result<net::Response>> incidents(Api::State* state, net::Request, Params params) {
  const std::size_t limit = list_limit(params);
  auto rows = co_await state->parts.desk.incidents(limit + 1, id_after(params));
  if (!rows) co_return std::unexpected{std::move(rows).error()};
  const bool has_more = rows->size() > limit;
  if (has_more) rows->resize(limit);
  std::string body;
  JsonOut json{body};
  json.begin_object().key("items").begin_array();
  for (const store::Incident& incident : *rows) {
    json.begin_object()
        .field("id", incident.id)
        .field("provider", incident.provider)
        .field("operation", incident.operation)
        .field("kind", incident.kind)
        .field("severity", store::severity_name(incident.severity))
        .field("state", incident.closed_at ? "closed" : "open")
        .field("opened_at", incident.opened_at)
        .field("closed_at", incident.closed_at)
        .field("reason", log::redact(incident.reason))
        .field("closing", log::redact(incident.closing))
        .end_object();
  }
  json.end_array()
      .field("next_cursor", has_more ? std::optional{rows->back().id} : std::nullopt)
      .end_object();
  co_return json_response(std::move(body));
}

net::Task<Result<net::Response>> quarantine(Api::State* state, net::Request request,
                                            Params params) {
  const std::size_t limit = list_limit(params);
  auto rows = co_await state->parts.market.quarantined(limit + 1, id_after(params), request.call);
  if (!rows) co_return std::unexpected{std::move(rows).error()};
  const bool has_more = rows->size() > limit;
  if (has_more) rows->resize(limit);
  std::string body;
  JsonOut json{body};
  json.begin_object().key("items").begin_array();
  for (const store::Quarantined& row : *rows) {
    json.begin_object()
        .field("id", row.id)
        .field("ts", row.ts)
        .field("provider", row.provider)
        .field("operation", row.operation)
        .field("symbol", row.symbol.view())
        .key("interval");
    if (row.interval) {
      json.value(interval_name(*row.interval));
    } else {
      json.null();
    }
    json.field("rule", row.rule)
        .field("row_count", row.row_count)
        .field("detail", row.detail)
        .field("sample", row.sample)
        .field("correlation_id", row.correlation_id)
        .end_object();
  }
  json.end_array()
      .field("next_cursor", has_more ? std::optional{rows->back().id} : std::nullopt)
      .end_object();
  co_return json_response(std::move(body));
}

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
  std::string body;
  JsonOut{body}
      .begin_object()
      .field("operation", routing::operation_name(*operation))
      .field("provider", name)
      .end_object();
  co_return json_response(std::move(body));
}

net::Task<Result<net::Response>> unpin(Api::State* state, net::Request, Params params) {
  const auto operation = routing::parse_operation(*params.text("operation"));
  if (!operation) co_return fail(no_operation());
  if (auto done = state->parts.desk.unpin(*operation); !done) {
    co_return std::unexpected{std::move(done).error()};
  }
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

using Act = void (resilience::Breaker::*)();

net::Task<Result<net::Response>> act(Api::State* state, Act action, Params params) {
  resilience::Breaker* const breaker = state->parts.breakers.find(*params.text("name"));
  if (breaker == nullptr) co_return fail(ErrorCode::NotFound, "there is no such breaker");
  (breaker->*action)();
  std::string body;
  JsonOut json{body};
  write_breaker(json, breaker->status());
  co_return json_response(std::move(body));
}

ParamSpec name_param(std::string name, std::string description) {
  return {.name = std::move(name),
          .kind = ParamKind::Text,
          .description = std::move(description),
          .in_path = true,
          .max = kNameSizeMax};
}

std::vector<ParamSpec> list_params(std::vector<ParamSpec> params = {}) {
  add_list_params(params);
  return params;
}

RouteSpec read_route(std::string path, std::string summary, std::string schema,
                     std::string_view scope, std::vector<ParamSpec> params, RouteHandler handler) {
  return {.path = std::move(path),
          .tag = "Providers",
          .summary = std::move(summary),
          .policy = policy(scope, scope == "admin" ? "admin" : "default", kTimeout),
          .params = std::move(params),
          .schema = std::move(schema),
          .errors = {ErrorCode::StorageUnavailable},
          .handler = std::move(handler)};
}

void add_breaker_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  routes.push_back(read_route(
      "/api/v1/circuit-breakers", "Every breaker: whether a dependency is asked, and why not.",
      "Breakers", "market:read", {}, [state](net::Request request, Params params) {
        return breakers(state, request, std::move(params));
      }));
  struct Verb {
    std::string_view name;
    std::string_view summary;
    Act action;
  };
  for (const Verb& verb :
       {Verb{"open", "Holds a breaker open: nobody is asked until it is reset.",
             &resilience::Breaker::force_open},
        Verb{"close", "Holds a breaker closed, whatever happens, until it is reset.",
             &resilience::Breaker::force_close},
        Verb{"reset", "Closed, with nothing remembered; it works by itself again.",
             &resilience::Breaker::reset}}) {
    routes.push_back({.method = net::Method::Post,
                      .path = fmt::format("/api/v1/circuit-breakers/{{name}}/{}", verb.name),
                      .tag = "Providers",
                      .summary = std::string{verb.summary},
                      .policy = policy("admin", "admin", kTimeout),
                      .params = {name_param("name", "As in the list: `polygon.bars`.")},
                      .schema = "Breaker",
                      .errors = {ErrorCode::NotFound},
                      .handler = [state, action = verb.action](net::Request, Params params) {
                        return act(state, action, std::move(params));
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

void add_provider_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  const auto bound = [state](auto handler) -> RouteHandler {
    return [state, handler](net::Request request, Params params) {
      return handler(state, request, std::move(params));
    };
  };
  const ParamSpec name = name_param("name", "As in a chain: `polygon`.");
  routes.push_back(read_route("/api/v1/providers",
                              "Every provider: its rank for each operation, why, and how it does.",
                              "Providers", "market:read", {}, bound(&providers)));
  routes.push_back(read_route("/api/v1/providers/{name}", "One provider.", "Provider",
                              "market:read", {name}, bound(&provider)));
  routes.back().errors.push_back(ErrorCode::NotFound);
  routes.push_back(read_route(
      "/api/v1/providers/{name}/history", "What was measured of a provider, minute by minute.",
      "ProviderHistory", "market:read",
      list_params({name,
                   {.name = "start",
                    .kind = ParamKind::Time,
                    .description = "The first minute; without it a day ago."},
                   {.name = "end", .kind = ParamKind::Time, .description = "Exclusive."}}),
      bound(&history)));
  routes.back().errors.push_back(ErrorCode::NotFound);
  routes.push_back(read_route(
      "/api/v1/incidents",
      "Times in which a provider's operation was not what it should be, the newest first.",
      "Incidents", "market:read", list_params(), bound(&incidents)));
  routes.push_back(read_route("/api/v1/admin/quarantine",
                              "Answers that broke a data contract and were not used, the newest "
                              "first.",
                              "Quarantine", "admin", list_params(), bound(&quarantine)));
  add_pin_routes(routes, state);
  add_breaker_routes(routes, state);
}

}  // namespace ziggy::api
