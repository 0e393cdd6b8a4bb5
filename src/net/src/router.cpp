#include "ziggy/net/router.hpp"

#include <algorithm>
#include <map>

#include "ziggy/net/query.hpp"

namespace ziggy::net {

namespace {

enum class ParamKind { Text, Int, Uuid };

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool fits(ParamKind kind, std::string_view value) noexcept {
  if (value.empty()) return false;
  if (kind == ParamKind::Text) return true;
  if (kind == ParamKind::Int) return value.size() <= 18 && std::ranges::all_of(value, is_digit);
  if (value.size() != 36) return false;
  for (std::size_t i = 0; i < 36; ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? value[i] != '-' : !is_hex(value[i])) return false;
  }
  return true;
}

/// The next segment of a path that starts with `/`; moves `path` behind it.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

constexpr std::size_t kMethods = static_cast<std::size_t>(Method::Other);

}  // namespace

struct Router::Node {
  struct Param {
    std::string name;
    ParamKind kind = ParamKind::Text;
    std::unique_ptr<Node> node;
  };
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> fixed;
  std::vector<Param> params;
  std::array<const Route*, kMethods> routes{};

  [[nodiscard]] bool has_routes() const {
    return std::ranges::any_of(routes, [](const Route* route) { return route != nullptr; });
  }
};

Router::Router() : root_{std::make_unique<Node>()} {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

Router& Router::add(Route route) {
  const std::string name = fmt::format("{} {}", method_name(route.method), route.pattern);
  if (route.policy.timeout.count() <= 0 || route.policy.scope.empty() ||
      route.policy.rate_class.empty()) {
    faults_.push_back(name + " declares no policy (timeout, scope and rate class)");
  }
  if (!route.handler && !route.fast) faults_.push_back(name + " has no handler");
  if (route.pattern.empty() || route.pattern.front() != '/' ||
      static_cast<std::size_t>(route.method) >= kMethods) {
    faults_.push_back(name + " is no route: a method that can be routed and a pattern from / on");
    return *this;
  }
  route.index = routes_.size();
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  const Route& kept = *routes_.back();

  Node* node = root_.get();
  std::string_view rest = kept.pattern;
  std::size_t params = 0;
  while (!rest.empty()) {
    const std::string_view segment = next_segment(rest);
    if (segment.starts_with('{') && segment.ends_with('}')) {
      std::string_view inside = segment.substr(1, segment.size() - 2);
      const std::size_t colon = std::min(inside.find(':'), inside.size());
      const std::string_view kind_name = inside.substr(std::min(colon + 1, inside.size()));
      const std::string_view param_name = inside.substr(0, colon);
      const bool is_known = kind_name.empty() || kind_name == "int" || kind_name == "uuid";
      if (param_name.empty() || !is_known || ++params > PathParams::kParamsMax) {
        faults_.push_back(name + " has a malformed parameter");
        return *this;
      }
      const ParamKind kind = kind_name == "int"    ? ParamKind::Int
                             : kind_name == "uuid" ? ParamKind::Uuid
                                                   : ParamKind::Text;
      auto at = std::ranges::find_if(node->params, [&](const Node::Param& param) {
        return param.name == param_name && param.kind == kind;
      });
      if (at == node->params.end()) {
        // Narrow kinds are tried before free text.
        const auto place = kind == ParamKind::Text ? node->params.end() : node->params.begin();
        at = node->params.insert(
            place, Node::Param{std::string{param_name}, kind, std::make_unique<Node>()});
      }
      node = at->node.get();
    } else {
      auto at = std::ranges::find(node->fixed, segment,
                                  [](const auto& pair) { return std::string_view{pair.first}; });
      if (at == node->fixed.end()) {
        node->fixed.emplace_back(std::string{segment}, std::make_unique<Node>());
        at = std::prev(node->fixed.end());
      }
      node = at->second.get();
    }
  }
  const Route*& slot = node->routes[static_cast<std::size_t>(kept.method)];
  if (slot != nullptr) faults_.push_back(name + " is declared twice");
  slot = &kept;
  return *this;
}

Router& Router::get(std::string pattern, Policy policy, Handler handler, FastHandler fast) {
  return add({.method = Method::Get,
              .pattern = std::move(pattern),
              .policy = std::move(policy),
              .handler = std::move(handler),
              .fast = std::move(fast)});
}

Router& Router::post(std::string pattern, Policy policy, Handler handler) {
  return add({.method = Method::Post,
              .pattern = std::move(pattern),
              .policy = std::move(policy),
              .handler = std::move(handler)});
}

Router& Router::websocket(std::string pattern, Policy policy, Handler handler) {
  return add({.method = Method::Get,
              .pattern = std::move(pattern),
              .policy = std::move(policy),
              .handler = std::move(handler),
              .is_websocket = true});
}

Result<> Router::check() const {
  if (faults_.empty()) return {};
  std::string all;
  for (const std::string& fault : faults_) {
    if (!all.empty()) all += "; ";
    all += fault;
  }
  return fail(ErrorCode::Configuration, "{}", all);
}

/// The segments of a path, decoded.
struct Router::Segments {
  static constexpr std::size_t kMax = 24;  // thrice the longest route
  std::array<std::string_view, kMax> parts;
  std::size_t count = 0;
};

const Router::Node* Router::walk(const Node& node, const Segments& segments, std::size_t at,
                                 PathParams& params) {
  if (at == segments.count) return node.has_routes() ? &node : nullptr;
  const std::string_view segment = segments.parts[at];
  for (const auto& [name, next] : node.fixed) {
    if (name != segment) continue;
    if (const Node* found = walk(*next, segments, at + 1, params)) return found;
    break;
  }
  const PathParams before = params;
  for (const Node::Param& param : node.params) {
    if (!fits(param.kind, segment)) continue;
    params.add(param.name, segment);
    if (const Node* found = walk(*param.node, segments, at + 1, params)) return found;
    params = before;
  }
  return nullptr;
}

const Router::Node* Router::find(std::string_view path, PathParams& params,
                                 std::vector<std::string>& decoded, bool& is_malformed) const {
  if (path.empty() || path.front() != '/') return nullptr;
  Segments segments;
  while (!path.empty()) {
    if (segments.count == Segments::kMax) return nullptr;
    std::string_view segment = next_segment(path);
    if (segment.find('%') != std::string_view::npos) {
      auto plain = percent_decode(segment, Plus::IsPlus);
      if (!plain || !is_utf8(*plain)) {
        is_malformed = true;
        return nullptr;
      }
      decoded.reserve(Segments::kMax);  // views into short strings must stay where they are
      decoded.push_back(std::move(*plain));
      segment = decoded.back();
    }
    segments.parts[segments.count++] = segment;
  }
  return walk(*root_, segments, 0, params);
}

Router::Match Router::match(Method method, std::string_view path,
                            std::vector<std::string>& decoded) const {
  Match match;
  const Node* node = find(path, match.params, decoded, match.is_malformed);
  if (node == nullptr) return match;
  match.path_known = true;
  if (method == Method::Head && node->routes[static_cast<std::size_t>(method)] == nullptr) {
    method = Method::Get;
  }
  const auto index = static_cast<std::size_t>(method);
  if (index < kMethods) match.route = node->routes[index];
  return match;
}

std::string Router::allow(std::string_view path) const {
  std::vector<std::string> decoded;
  bool is_malformed = false;
  PathParams params;
  const Node* node = find(path, params, decoded, is_malformed);
  std::string out;
  if (node == nullptr) return out;
  for (std::size_t i = 0; i < kMethods; ++i) {
    const auto method = static_cast<Method>(i);
    const bool by_get = method == Method::Head && node->routes[0] != nullptr;
    if (node->routes[i] == nullptr && !by_get && method != Method::Options) continue;
    if (!out.empty()) out += ", ";
    out += method_name(method);
  }
  return out;
}

}  // namespace ziggy::net
