#include <fmt/format.h>

#include <set>

#include "ziggy/api/route_spec.hpp"
#include "ziggy/api/status.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::api {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string form_of(const ParamSpec& param) {
  switch (param.kind) {
    case ParamKind::Symbol:
      return "symbol";
    case ParamKind::SymbolList:
      return fmt::format("up to {} symbols, comma between", param.max);
    case ParamKind::Interval: {
      std::string names;
      for (const Interval interval : kIntervals) {
        names += fmt::format("{}{}", names.empty() ? "" : ", ", interval_name(interval));
      }
      return names;
    }
    case ParamKind::Time:
      return "RFC 3339 time or date";
    case ParamKind::Integer:
      return fmt::format("{} to {}", param.min, param.max);
    case ParamKind::Choice: {
      std::string names;
      for (const auto& choice : param.choices) names += (names.empty() ? "" : ", ") + choice;
      return names;
    }
    case ParamKind::Text:
      return "text";
  }
  return {};
}

void write_route(std::string& out, const RouteSpec& spec) {
  const std::string_view verb = spec.is_websocket ? "WS" : net::method_name(spec.method);
  out += fmt::format("<section class=\"route\"><h3><code>{} {}</code></h3><p>{}</p>", verb,
                     escape(spec.path), escape(spec.summary));
  if (!spec.description.empty()) out += fmt::format("<p>{}</p>", escape(spec.description));
  out += fmt::format("<p class=\"quiet\">Scope <code>{}</code>, rate class <code>{}</code>.",
                     escape(spec.policy.scope), escape(spec.policy.rate_class));
  if (!spec.schema.empty()) {
    out += fmt::format(" Answers <a href=\"#schema-{0}\">{0}</a>.", escape(spec.schema));
  }
  out += "</p>";
  if (!spec.params.empty()) {
    out +=
        "<table><thead><tr><th scope=\"col\">Parameter</th><th scope=\"col\">In</th>"
        "<th scope=\"col\">Form</th><th scope=\"col\">Default</th><th scope=\"col\">Meaning</th>"
        "</tr></thead><tbody>";
    for (const ParamSpec& param : spec.params) {
      const bool required = param.in_path || param.required;
      out += fmt::format(
          "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
          escape(param.name), param.in_path ? "path" : "query", escape(form_of(param)),
          required ? "required" : escape(param.fallback), escape(param.description));
    }
    out += "</tbody></table>";
  }
  out += "</section>";
}

void write_errors(std::string& out) {
  out +=
      "<h2 id=\"errors\">Errors</h2><p>Every answer that is not 2xx is "
      "<code>application/problem+json</code>. Branch on <code>code</code>.</p><table><thead><tr>"
      "<th scope=\"col\">Code</th><th scope=\"col\">Status</th><th scope=\"col\">Title</th></tr>"
      "</thead><tbody>";
  for (const ErrorCode code : public_codes()) {
    const PublicError& error = public_error(code);
    out += fmt::format("<tr id=\"{0}\"><td><code>{0}</code></td><td>{1}</td><td>{2}</td></tr>",
                       error.code, error.status, escape(error.title));
  }
  out += "</tbody></table>";
}

}  // namespace

std::string render_reference(const std::vector<RouteSpec>& specs, std::string_view version) {
  std::string out = fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>Ziggy API {0}</title>"
      "<link rel=\"icon\" href=\"data:,\">"
      "<link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><header><h1>Ziggy API "
      "{0}</h1>"
      "<p>The same as <a href=\"/openapi.json\">OpenAPI 3.1</a>. <a href=\"/\">Back to the "
      "chart</a>."
      "</p></header><main>",
      escape(version));
  out +=
      "<h2>Conventions</h2><p>JSON in UTF-8; times are RFC 3339 in UTC; a bar's <code>t</code> is "
      "the start of its period. A parameter that a route does not know is refused with 422 rather "
      "than ignored, since a misspelled one would quietly answer another question. Lists take "
      "<code>limit</code> and <code>cursor</code> and answer <code>items</code> and "
      "<code>next_cursor</code>.</p><p>Until accounts exist this server listens on loopback only "
      "and "
      "asks for no credential.</p>";
  std::set<std::string> tags;
  for (const RouteSpec& spec : specs) {
    if (spec.is_page || !tags.insert(spec.tag).second) continue;
    out += fmt::format("<h2>{}</h2>", escape(spec.tag));
    for (const RouteSpec& other : specs) {
      if (other.tag == spec.tag && !other.is_page) write_route(out, other);
    }
  }
  write_errors(out);
  out += "<h2>Schemas</h2>";
  for (const Schema& schema : schemas()) {
    out += fmt::format("<h3 id=\"schema-{0}\">{0}</h3><pre tabindex=\"0\">{1}</pre>", schema.name,
                       escape(schema.json));
  }
  return out + "</main></body></html>";
}

std::string_view reference_style() noexcept {
  return R"(:root{color-scheme:light dark;--text:#1b1e1a;--quiet:#565c54;--page:#fbfbfa;--line:#d9dbd7;--link:#0b5394}
@media(prefers-color-scheme:dark){:root{--text:#e8ebe6;--quiet:#a6ada3;--page:#121412;--line:#363b36;--link:#8ab8ea}}
body{margin:0 auto;padding:1rem 1.25rem 4rem;max-width:60rem;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
a{color:var(--link)}h2{margin-top:2.5rem}.route{margin:1.5rem 0;padding-top:.5rem;border-top:1px solid var(--line)}
h3{margin:.5rem 0}.quiet{color:var(--quiet);font-size:.9rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid var(--line)}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow-x:auto;padding:.75rem;border:1px solid var(--line);border-radius:6px}
)";
}

}  // namespace ziggy::api
