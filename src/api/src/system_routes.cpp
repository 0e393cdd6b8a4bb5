#include "metrics_text.hpp"
#include "state.hpp"
#include "ziggy/api/json.hpp"
#include "ziggy/api/problem.hpp"

namespace ziggy::api {
namespace {

constexpr std::chrono::seconds kTimeout{5};

// Probes come often and from everywhere: answered from memory, without a coroutine.
bool live(const net::Request& request, net::Response& response) {
  if (!request.query.empty()) return false;
  response.status = 200;
  response.content_type = "application/json";
  response.body = R"({"status":"OK"})";
  return true;
}

net::Task<Result<net::Response>> live_slowly(net::Request, Params) {
  co_return json_response(R"({"status":"OK"})");
}

net::Task<Result<net::Response>> ready(Api::State* state, net::Request request, Params) {
  const health::Report report = state->parts.health.report();
  if (report.is_ready) co_return json_response(R"({"status":"OK"})");
  // Asked every second while the server starts or drains: not worth a line in the log each time.
  const bool is_draining = report.not_ready_because == "draining";
  net::Response response;
  write_problem(Error{is_draining ? ErrorCode::Draining : ErrorCode::StorageUnavailable, ""},
                request, response);
  co_return response;
}

net::Task<Result<net::Response>> summary(Api::State* state, net::Request, Params) {
  const health::Report report = state->parts.health.report();
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(state->parts.clock.steady() -
                                                                       state->started_at);
  std::string body;
  JsonOut json{body};
  json.begin_object()
      .field("status", health::status_name(report.overall))
      .field("timestamp", report.at)
      .field("version", state->settings.version)
      .field("uptime_s", static_cast<std::int64_t>(uptime.count()))
      .field("exposure", state->settings.exposure)
      .key("checks")
      .begin_object();
  for (const health::CheckReport& check : report.checks) {
    json.field(check.name, health::status_name(check.outcome.status));
  }
  json.end_object().end_object();
  net::Response response = json_response(std::move(body));
  if (report.overall == health::Status::Error) response.status = 503;
  co_return response;
}

/// A proxy on this machine makes every caller a loopback peer; its headers give it away.
bool is_direct_loopback(const net::Request& request) {
  if (!request.is_loopback) return false;
  for (const std::string_view name :
       {"X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"}) {
    if (!request.header(name).empty()) return false;
  }
  return true;
}

net::Task<Result<net::Response>> metrics(Api::State* state, net::Request request, Params) {
  if (!is_direct_loopback(request)) {
    co_return fail(ErrorCode::Forbidden, "metrics are for direct callers on this machine");
  }
  net::Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = render_metrics(*state);
  co_return response;
}

constexpr std::string_view kNoPage =
    "<!doctype html><html lang=\"en\"><head><meta "
    "charset=\"utf-8\"><title>Ziggy</title></head><body><main>"
    "<h1>Ziggy runs, its page is not built</h1><p>Run <code>./dev build</code> (or "
    "<code>web/build.sh</code>) and start the server again.</p><p>The API is here all the same: "
    "<a href=\"/docs\">reference</a>, <a href=\"/health\">health</a>.</p></main></body></html>";

bool page_missing(const net::Request&, net::Response& response) {
  response.status = 200;
  response.content_type = "text/html; charset=utf-8";
  response.body = kNoPage;
  return true;
}

/// A route that serves one rendered document.
RouteSpec document_route(Api::State* state, std::string path, std::string summary, std::string name,
                         std::string content_type, bool is_page) {
  return {.path = std::move(path),
          .tag = "System",
          .summary = std::move(summary),
          .policy = policy("public", "other", kTimeout),
          .content_type = std::move(content_type),
          .is_page = is_page,
          .handler = nullptr,
          .fast = [state, name = std::move(name)](const net::Request&, net::Response& response) {
            return state->documents.serve(name, response);
          }};
}

}  // namespace

void add_reference_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  routes.push_back(document_route(state, "/openapi.json", "The contract as OpenAPI 3.1.",
                                  "openapi.json", "application/json", false));
  routes.push_back(
      document_route(state, "/docs", "This reference.", "docs.html", "text/html", false));
  routes.push_back(document_route(state, "/docs/style.css", "", "style.css", "text/css", true));
}

void add_system_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  routes.push_back({.path = "/health",
                    .tag = "System",
                    .summary = "How the server is: 200 with OK or WARNING, 503 with ERROR.",
                    .description =
                        "Only a critical check makes an ERROR: storage, migrations, less than "
                        "1 GB of free disk.",
                    .policy = policy("public", "health", kTimeout),
                    .schema = "Health",
                    .handler = [state](net::Request request, Params params) {
                      return summary(state, request, std::move(params));
                    }});
  routes.push_back(
      {.path = "/health/live",
       .tag = "System",
       .summary = "Whether the process answers; asks nothing else.",
       .policy = policy("public", "unlimited", kTimeout),
       .schema = "Probe",
       .handler = [](net::Request request,
                     Params params) { return live_slowly(request, std::move(params)); },
       .fast = &live});
  routes.push_back(
      {.path = "/health/ready",
       .tag = "System",
       .summary = "Whether to send traffic here: 503 while starting, draining or without storage.",
       .policy = policy("public", "unlimited", kTimeout),
       .schema = "Probe",
       .errors = {ErrorCode::Draining, ErrorCode::StorageUnavailable},
       .handler = [state](net::Request request, Params params) {
         return ready(state, request, std::move(params));
       }});
  routes.push_back({.path = "/metrics",
                    .tag = "System",
                    .summary = "Counters as Prometheus text, for direct callers on this machine.",
                    .policy = policy("public", "other", kTimeout),
                    .content_type = "text/plain",
                    .errors = {ErrorCode::Forbidden},
                    .handler = [state](net::Request request, Params params) {
                      return metrics(state, request, std::move(params));
                    }});
  if (state == nullptr || state->has_page) return;
  routes.push_back({.path = "/",
                    .tag = "System",
                    .summary = "The page.",
                    .policy = policy("public", "other", kTimeout),
                    .content_type = "text/html",
                    .is_page = true,
                    .handler = nullptr,
                    .fast = &page_missing});
}

}  // namespace ziggy::api
