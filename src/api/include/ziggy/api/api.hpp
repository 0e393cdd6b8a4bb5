#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ziggy/api/route_spec.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/health/health.hpp"
#include "ziggy/market/live.hpp"
#include "ziggy/market/market.hpp"
#include "ziggy/net/metrics.hpp"
#include "ziggy/net/router.hpp"
#include "ziggy/resilience/breaker_registry.hpp"
#include "ziggy/routing/desk.hpp"
#include "ziggy/streams/hub.hpp"

namespace ziggy::net {
class HttpClient;
class WebhookSender;
}  // namespace ziggy::net

namespace ziggy::api {

struct ApiSettings {
  std::string version = "0.0.0";
  /// /openapi.json and /docs.
  bool docs_enabled = true;
  /// The built page (index.html and assets); GET / explains how to build it when it is not there.
  std::filesystem::path web_folder;
  /// Said by /health: who can reach this server, and with which credential.
  std::string exposure = "loopback only, no credential asked";
  /// Bars kept as text: at 90 bytes a bar, 90 pages of a thousand.
  std::size_t encoded_bars_bytes = std::size_t{8} << 20U;
};

/// What the routes answer from; everything outlives the Api, and the Api the server.
struct ApiParts {
  const Clock& clock;
  market::Market& market;
  routing::Desk& desk;
  resilience::BreakerRegistry& breakers;
  streams::Hub& hub;
  health::Health& health;
  /// Of the server, which is made after its routes; called on a loop.
  std::function<net::ServerMetrics()> server_metrics;
  /// Symbols are streamed while sockets listen to them; nullptr: only what is pushed anyway.
  market::LiveFeeds* live = nullptr;
  /// For /metrics alone; nullptr where there is none.
  const net::HttpClient* http = nullptr;
  const net::WebhookSender* webhook = nullptr;
};

/// What pages may load, for net::ServerSettings::page_csp: their own files and nothing else; no
/// inline script or style.
[[nodiscard]] std::string_view page_content_security_policy() noexcept;

/// The public contract over HTTP and WebSocket: every route of this program.
class Api {
 public:
  Api(ApiParts parts, ApiSettings settings);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  ~Api();

  /// The one table that router, reference and checks come from.
  [[nodiscard]] const std::vector<RouteSpec>& routes() const noexcept { return routes_; }
  /// A router with every route and the page's files; their handlers refer to this.
  [[nodiscard]] net::Router router() const;

  /// Inside this room only.
  struct State;

 private:
  std::unique_ptr<State> state_;
  std::vector<RouteSpec> routes_;
};

/// The OpenAPI document without a server: `ziggy openapi`.
[[nodiscard]] std::string openapi_document(std::string_view version);

}  // namespace ziggy::api
