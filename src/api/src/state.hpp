#pragma once

#include "encoded_bars.hpp"
#include "ziggy/api/api.hpp"
#include "ziggy/net/static_files.hpp"

namespace ziggy::api {

/// What the handlers share. Routes are made with a pointer to it, which only a request reads: a
/// table for the reference alone needs none.
struct Api::State {
  State(ApiParts parts_in, ApiSettings settings_in)
      : parts{std::move(parts_in)},
        settings{std::move(settings_in)},
        encoded_bars{settings.encoded_bars_bytes},
        started_at{parts.clock.steady()} {}

  ApiParts parts;
  ApiSettings settings;
  EncodedBars encoded_bars;
  Monotonic started_at;
  /// The built page; empty when there is none.
  net::StaticFiles page;
  bool has_page = false;
  /// openapi.json, docs.html and style.css, rendered once.
  net::StaticFiles documents;

  /// `state` may be null as long as no handler is called.
  static std::vector<RouteSpec> make_routes(State* state, bool docs_enabled);
};

/// One group of routes each; appended to `routes`.
void add_quote_routes(std::vector<RouteSpec>& routes, Api::State* state);
void add_bars_routes(std::vector<RouteSpec>& routes, Api::State* state);
void add_reference_routes(std::vector<RouteSpec>& routes, Api::State* state);
void add_catalog_routes(std::vector<RouteSpec>& routes, Api::State* state);
void add_provider_routes(std::vector<RouteSpec>& routes, Api::State* state);
void add_operator_routes(std::vector<RouteSpec>& routes, Api::State* state);
void add_stream_routes(std::vector<RouteSpec>& routes, Api::State* state);
void add_system_routes(std::vector<RouteSpec>& routes, Api::State* state);

/// Which symbols a route knows.
enum class Served : std::uint8_t { Everything, Crypto };
/// What a route for crypto alone answers to another symbol: UnknownSymbol.
[[nodiscard]] Error not_crypto(std::string_view symbol);

/// Shared by several groups.
[[nodiscard]] ParamSpec symbol_param();
[[nodiscard]] net::Response json_response(std::string body,
                                          net::CachePolicy cache = net::CachePolicy::NoStore);
[[nodiscard]] net::Policy policy(std::string_view scope, std::string_view rate_class,
                                 std::chrono::milliseconds timeout);

}  // namespace ziggy::api
