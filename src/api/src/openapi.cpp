#include <fmt/format.h>

#include <set>

#include "ziggy/api/json.hpp"
#include "ziggy/api/route_spec.hpp"
#include "ziggy/api/status.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::api {
namespace {

void write_param_schema(JsonOut& out, const ParamSpec& param) {
  out.key("schema").begin_object();
  switch (param.kind) {
    case ParamKind::Symbol:
      out.raw(R"("type":"string","pattern":"^[A-Za-z0-9^][A-Za-z0-9.=_-]{0,22}$")");
      break;
    case ParamKind::SymbolList:
      out.raw(R"("type":"array","items":{"type":"string"},"maxItems":)");
      out.raw(std::to_string(param.max));
      break;
    case ParamKind::Interval:
      out.field("type", "string").key("enum").begin_array();
      for (const Interval interval : kIntervals) out.value(interval_name(interval));
      out.end_array();
      break;
    case ParamKind::Time:
      out.raw(R"("type":"string","anyOf":[{"format":"date-time"},{"format":"date"}])");
      break;
    case ParamKind::Integer:
      out.field("type", "integer").field("minimum", param.min).field("maximum", param.max);
      break;
    case ParamKind::Choice:
      out.field("type", "string").key("enum").begin_array();
      for (const std::string& choice : param.choices) out.value(choice);
      out.end_array();
      break;
    case ParamKind::Text:
      out.field("type", "string").field("maxLength", param.max);
      break;
  }
  const bool states_default =
      !param.fallback.empty() && param.kind != ParamKind::Time && param.kind != ParamKind::Symbol;
  if (states_default && param.kind == ParamKind::Integer) out.key("default").raw(param.fallback);
  if (states_default && param.kind != ParamKind::Integer) out.field("default", param.fallback);
  out.end_object();
  if (param.kind == ParamKind::SymbolList) out.raw(R"("style":"form","explode":false)");
}

void write_params(JsonOut& out, const RouteSpec& spec) {
  if (spec.params.empty()) return;
  out.key("parameters").begin_array();
  for (const ParamSpec& param : spec.params) {
    out.begin_object()
        .field("name", param.name)
        .field("in", param.in_path ? "path" : "query")
        .field("required", param.in_path || param.required)
        .field("description", param.description);
    write_param_schema(out, param);
    out.end_object();
  }
  out.end_array();
}

void write_body(JsonOut& out, const RouteSpec& spec) {
  if (spec.body_schema.empty()) return;
  out.key("requestBody").begin_object().field("required", true).key("content").begin_object();
  out.key("application/json").begin_object().key("schema").begin_object();
  out.field("$ref", "#/components/schemas/" + spec.body_schema);
  out.end_object().end_object().end_object().end_object();
}

/// The codes a route can answer with: its own and those that no route is spared.
std::set<ErrorCode> codes_of(const RouteSpec& spec) {
  std::set<ErrorCode> codes{spec.errors.begin(), spec.errors.end()};
  codes.insert({ErrorCode::MalformedRequest, ErrorCode::Internal, ErrorCode::Draining,
                ErrorCode::DeadlineExceeded});
  if (!spec.params.empty()) codes.insert(ErrorCode::ValidationFailed);
  if (!spec.body_schema.empty()) {
    codes.insert(
        {ErrorCode::ValidationFailed, ErrorCode::UnsupportedMediaType, ErrorCode::PayloadTooLarge});
  }
  return codes;
}

void write_responses(JsonOut& out, const RouteSpec& spec) {
  out.key("responses").begin_object();
  const bool has_answer = !spec.is_websocket && !spec.schema.empty();
  const bool is_empty = spec.method == net::Method::Delete && !has_answer;
  out.key(spec.is_websocket ? "101" : is_empty ? "204" : "200").begin_object();
  out.field("description", spec.is_websocket ? "The connection becomes a WebSocket." : "Done.");
  if (!spec.is_websocket && !is_empty) {
    out.key("content").begin_object();
    out.key(spec.content_type).begin_object();
    if (!spec.schema.empty()) {
      out.key("schema")
          .begin_object()
          .field("$ref", "#/components/schemas/" + spec.schema)
          .end_object();
    }
    out.end_object();
    for (const std::string& type : spec.other_content_types) {
      out.key(type).raw(R"({"schema":{"type":"string"}})");
    }
    out.end_object();
  }
  out.end_object();
  std::set<int> statuses;
  const auto codes = codes_of(spec);
  for (const ErrorCode code : codes) statuses.insert(public_error(code).status);
  for (const int status : statuses) {
    std::string named;
    for (const ErrorCode code : codes) {
      const PublicError& error = public_error(code);
      if (error.status != status) continue;
      named += fmt::format("{}`{}`", named.empty() ? "" : ", ", error.code);
    }
    out.key(std::to_string(status))
        .begin_object()
        .field("description", named)
        .key("content")
        .raw(R"({"application/problem+json":{"schema":{"$ref":"#/components/schemas/Problem"}}})")
        .end_object();
  }
  out.end_object();
}

/// `/api/v1/market/bars/{symbol}` by GET becomes `get_api_v1_market_bars_symbol`.
std::string operation_id(const RouteSpec& spec) {
  std::string id = text::lower(net::method_name(spec.method));
  for (const char c : spec.path) {
    if (c == '/' || c == '-' || c == '.') {
      if (id.back() != '_') id += '_';
    } else if (c != '{' && c != '}') {
      id += c;
    }
  }
  while (id.back() == '_') id.pop_back();
  return id;
}

void write_operation(JsonOut& out, const RouteSpec& spec) {
  out.key(text::lower(net::method_name(spec.method))).begin_object();
  out.key("tags").begin_array().value(spec.tag).end_array();
  out.field("operationId", operation_id(spec)).field("summary", spec.summary);
  if (!spec.description.empty()) out.field("description", spec.description);
  out.field("x-scope", spec.policy.scope).field("x-rate-class", spec.policy.rate_class);
  if (spec.is_websocket) out.field("x-websocket", true);
  write_params(out, spec);
  write_body(out, spec);
  write_responses(out, spec);
  out.end_object();
}

}  // namespace

std::string render_openapi(const std::vector<RouteSpec>& specs, std::string_view version) {
  std::string text;
  JsonOut out{text};
  out.begin_object().field("openapi", "3.1.0");
  out.key("info")
      .begin_object()
      .field("title", "Ziggy")
      .field("version", version)
      .field("description",
             "A self-hosted trading backend. Until accounts exist this server listens on loopback "
             "only "
             "and asks for no credential; `x-scope` names the scope that each route will demand.")
      .key("license")
      .raw(R"({"name":"Apache-2.0","identifier":"Apache-2.0"})")
      .end_object();
  out.key("servers").raw(R"([{"url":"/"}])");
  out.key("paths").begin_object();
  std::set<std::string> written;
  for (const RouteSpec& spec : specs) {
    if (spec.is_page || !written.insert(spec.path).second) continue;
    out.key(spec.path).begin_object();
    for (const RouteSpec& other : specs) {
      if (other.path == spec.path && !other.is_page) write_operation(out, other);
    }
    out.end_object();
  }
  out.end_object();
  out.key("components").begin_object().key("schemas").begin_object();
  for (const Schema& schema : schemas()) out.key(schema.name).raw(schema.json);
  out.end_object().end_object().end_object();
  return text;
}

}  // namespace ziggy::api
