// The vendors as an operator sees them: who is asked first and why, incidents, and the answers that
// were refused.
#include <algorithm>

#include "paging.hpp"
#include "provider_json.hpp"
#include "state.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::api {
namespace {

constexpr std::chrono::seconds kTimeout{10};
// Vendors have short names of our own making.
constexpr std::int64_t kNameSizeMax = 64;
constexpr std::chrono::hours kHistoryDefault{24};

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
        .field("p50_ms", rounded(sample.p50_ms, kFigureScale))
        .field("p95_ms", rounded(sample.p95_ms, kFigureScale))
        .field("p99_ms", rounded(sample.p99_ms, kFigureScale))
        .field("freshness_ms", rounded(sample.freshness_ms, kFigureScale))
        .field("outcomes", sample.outcomes)
        .end_object();
  }
  json.end_array().field("next_cursor", page.next_cursor).end_object();
  co_return json_response(std::move(body));
}

/// The id that a list's next page begins after; pages of stored rows go by ids. Empty: the first.
Result<std::string> id_after(const Params& params) {
  const auto cursor = params.text("cursor");
  if (!cursor) return std::string{};
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char got, char shape) {
    if (shape == '-') return got == '-';
    return (got >= '0' && got <= '9') || (got >= 'a' && got <= 'f');
  };
  if (!std::ranges::equal(*cursor, kShape, fits)) return fail(wrong_cursor());
  return *cursor;
}

net::Task<Result<net::Response>> incidents(Api::State* state, net::Request, Params params) {
  const std::size_t limit = list_limit(params);
  ZIGGY_CO_TRY(after, id_after(params));
  auto rows = co_await state->parts.desk.incidents(limit + 1, after);
  if (!rows) co_return std::unexpected{std::move(rows).error()};
  const auto next = cut_to_page(*rows, limit);
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
  json.end_array().field("next_cursor", next).end_object();
  co_return json_response(std::move(body));
}

net::Task<Result<net::Response>> quarantine(Api::State* state, net::Request request,
                                            Params params) {
  const std::size_t limit = list_limit(params);
  ZIGGY_CO_TRY(after, id_after(params));
  auto rows = co_await state->parts.market.quarantined(limit + 1, after, request.call);
  if (!rows) co_return std::unexpected{std::move(rows).error()};
  const auto next = cut_to_page(*rows, limit);
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
        .field("detail", log::redact(row.detail))
        .field("sample", log::redact(row.sample))
        .field("correlation_id", row.correlation_id)
        .end_object();
  }
  json.end_array().field("next_cursor", next).end_object();
  co_return json_response(std::move(body));
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

}  // namespace

void add_provider_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  const auto bound = [state](auto handler) -> RouteHandler {
    return [state, handler](net::Request request, Params params) {
      return handler(state, request, std::move(params));
    };
  };
  const ParamSpec name = {.name = "name",
                          .kind = ParamKind::Text,
                          .description = "As in a chain: `polygon`.",
                          .in_path = true,
                          .max = kNameSizeMax};
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
}

}  // namespace ziggy::api
