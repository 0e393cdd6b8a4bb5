#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/api/params.hpp"
#include "ziggy/net/router.hpp"

namespace ziggy::api {

/// Answers a request whose parameters are already checked.
using RouteHandler = std::function<net::Task<Result<net::Response>>(net::Request, Params)>;

/// One route: what is served, what is checked and what the reference says of it, in one place. The
/// router, /openapi.json and /docs are all made from the same list of these.
struct RouteSpec {
  net::Method method = net::Method::Get;
  std::string path;
  std::string tag;      ///< the heading in the reference: "Market data"
  std::string summary;  ///< one line
  std::string description = {};
  net::Policy policy;
  std::vector<ParamSpec> params = {};
  /// The name of the JSON body's schema in schemas(); empty when the route takes none.
  std::string body_schema = {};
  /// The name of the answer's schema in schemas(); empty when it is not JSON.
  std::string schema = {};
  std::string content_type = "application/json";
  /// Other forms of the answer: "text/csv".
  std::vector<std::string> other_content_types = {};
  /// Beside those that any route can give.
  std::vector<ErrorCode> errors = {};
  bool is_websocket = false;
  /// Read by people's browsers, which add what they like to the address: not checked for unknown
  /// parameters, and absent from the reference.
  bool is_page = false;
  RouteHandler handler;
  /// Optional: answers from memory without a coroutine, when it can.
  net::FastHandler fast = {};
};

/// Adds `specs` to `router`, each behind the check of its parameters and the rendering of its
/// errors. The router keeps a copy.
void add_routes(net::Router& router, const std::vector<RouteSpec>& specs);

/// OpenAPI 3.1 of the routes; `version` is the program's.
[[nodiscard]] std::string render_openapi(const std::vector<RouteSpec>& specs,
                                         std::string_view version);
/// The same as a page for people: HTML without scripts; its style is at /docs/style.css.
[[nodiscard]] std::string render_reference(const std::vector<RouteSpec>& specs,
                                           std::string_view version);
[[nodiscard]] std::string_view reference_style() noexcept;

/// A named JSON schema (2020-12) of the public contract, as JSON.
struct Schema {
  std::string_view name;
  std::string_view json;
};
[[nodiscard]] const std::vector<Schema>& schemas();

}  // namespace ziggy::api
