#pragma once

#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"

namespace ziggy::net {

/// Where a request goes, as libcurl itself reads it.
struct ClientUrl {
  std::string text;
  std::string authority;  ///< "host:port", lower case, always with the port
  bool is_https = false;
  bool is_loopback = false;  ///< by name (localhost) or number

  /// "https://host:port": all of a URL that may be shown, since paths and queries hold keys.
  [[nodiscard]] std::string origin() const;
  [[nodiscard]] bool has_origin_of(const ClientUrl& other) const noexcept;
};

/// Errors: ValidationFailed for what is no URL, another scheme than http or https, or a user name.
[[nodiscard]] Result<ClientUrl> parse_client_url(const std::string& text);

/// The target of a Location header. Errors: BadPayload for what is none, or leads to plain http.
[[nodiscard]] Result<ClientUrl> resolve_redirect(const ClientUrl& from,
                                                 const std::string& location);

}  // namespace ziggy::net
