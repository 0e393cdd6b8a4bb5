#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ziggy/base/result.hpp"

namespace ziggy::standin {

/// One request as it came. The stand-in has an HTTP of its own, since a server that keeps the rules
/// can't break them as vendors do.
struct WireRequest {
  std::string method;
  std::string path;                                          ///< still percent-encoded
  std::string query;                                         ///< without `?`
  std::vector<std::pair<std::string, std::string>> headers;  ///< lower-case names
  std::string body;

  /// Empty when absent.
  [[nodiscard]] std::string_view header(std::string_view lower_name) const noexcept;
  [[nodiscard]] bool keeps_alive() const noexcept;
  [[nodiscard]] bool is_websocket() const noexcept;
};

struct WireAnswer {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string_view, std::string>> headers{};
};

/// The part before the empty line; the body is not yet there. Errors: MalformedRequest.
[[nodiscard]] Result<WireRequest> parse_head(std::string_view head);

/// Head and body; the head announces the whole body, and that the connection ends if not
/// `keeps_alive`.
[[nodiscard]] std::string render(const WireAnswer& answer, bool keeps_alive);

/// The answer 101 to a WebSocket's handshake (RFC 6455, section 4.2.2).
[[nodiscard]] std::string render_upgrade(std::string_view key);

}  // namespace ziggy::standin
