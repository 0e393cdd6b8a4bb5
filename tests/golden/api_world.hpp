#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ziggy/api/api.hpp"
#include "ziggy/net/http.hpp"

namespace ziggy::golden {

/// What came back, as far as a client's code looks at it.
struct Answer {
  int status = 0;
  std::string content_type;
  std::string body;
  std::vector<net::ResponseHeader> headers;
  std::string etag;
  bool is_upgrade = false;
};

/// A small market that never changes: one vendor with fixed quotes and bars, one without a key that
/// would bring news, one imported symbol in a SQLite file of its own, and a clock that stands at
/// 2024-06-03T14:30:00Z, a Monday in New York's session.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Asks as a direct caller on this machine, past the socket but through the router.
  [[nodiscard]] Answer get(std::string_view target, std::span<const net::Header> headers = {});
  /// The same for any method; `type` is the body's, none without one.
  [[nodiscard]] Answer send(net::Method method, std::string_view target, std::string_view body = {},
                            std::string_view type = "application/json");
  [[nodiscard]] const api::Api& api() const;
  [[nodiscard]] routing::Desk& desk();
  [[nodiscard]] resilience::BreakerRegistry& breakers();
  [[nodiscard]] store::Database& database();
  [[nodiscard]] ManualClock& clock();

 private:
  Answer ask(net::Request request);

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ziggy::golden
