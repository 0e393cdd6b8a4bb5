#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/net/http.hpp"

namespace ziggy::net {

/// What a route demands and grants. Deny by default: a route that leaves `timeout`, `scope` or
/// `rate_class` unsaid keeps the server from starting.
struct Policy {
  std::size_t body_max = 0;              ///< bytes; 0: the route takes no body
  std::chrono::milliseconds timeout{0};  ///< from the complete request to the answer, then 504
  std::string scope{};                   ///< opaque here; `api` reads it ("public", "market:read")
  std::string rate_class{};              ///< opaque here ("market_quotes")
};

using Handler = std::function<Task<Response>(Request)>;
/// Answers at once, without a coroutine frame, into a cleared Response; false: use the Handler.
using FastHandler = std::function<bool(const Request&, Response&)>;

/// `pattern`: "/api/v1/market/bars/{symbol}", a parameter is one whole segment; "{id:uuid}" and
/// "{n:int}" match only such segments. GET also answers HEAD. Needs a handler, a fast one or both.
/// On a WebSocket route (GET) the handler decides on the upgrade by Response::upgrade.
struct Route {
  Method method = Method::Get;
  std::string pattern{};
  Policy policy{};
  Handler handler{};
  FastHandler fast{};
  bool is_websocket = false;
  std::size_t index = 0;  ///< set by the router: the place in routes()
};

/// From path to route. Filled at start, then read by every loop without a lock.
class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
  ~Router();

  Router& add(Route route);
  Router& get(std::string pattern, Policy policy, Handler handler, FastHandler fast = nullptr);
  Router& post(std::string pattern, Policy policy, Handler handler);
  Router& websocket(std::string pattern, Policy policy, Handler handler);

  /// Every fault of the table at once. Errors: Configuration for a route without a declared policy,
  /// without a handler, with a malformed pattern, or declared twice.
  [[nodiscard]] Result<> check() const;

  struct Match {
    const Route* route = nullptr;  ///< nullptr: no such path, or not by this method
    bool path_known = false;
    bool is_malformed = false;  ///< a wrong escape in the path
    PathParams params;
  };
  /// Decoded parameters that need storage are put in `decoded` (empty), which must outlive the
  /// match.
  [[nodiscard]] Match match(Method method, std::string_view path,
                            std::vector<std::string>& decoded) const;
  /// The methods of a path, as the Allow header writes them: "GET, HEAD, OPTIONS".
  [[nodiscard]] std::string allow(std::string_view path) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const noexcept {
    return routes_;
  }

 private:
  struct Node;
  struct Segments;
  static const Node* walk(const Node& node, const Segments& segments, std::size_t at,
                          PathParams& params);
  const Node* find(std::string_view path, PathParams& params, std::vector<std::string>& decoded,
                   bool& is_malformed) const;

  std::vector<std::unique_ptr<Route>> routes_;
  std::unique_ptr<Node> root_;
  std::vector<std::string> faults_;
};

}  // namespace ziggy::net
