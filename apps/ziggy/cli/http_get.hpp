#pragma once

#include <chrono>
#include <string>

#include "ziggy/base/result.hpp"

namespace ziggy::app {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// One GET, for commands that ask a running server; blocks. Plain HTTP only: TLS is the proxy's.
/// Errors: ValidationFailed for a URL that is not http://host[:port][/path];
/// ProviderUnavailable when nobody answers; ProviderTimeout; BadPayload for what is not HTTP.
[[nodiscard]] Result<HttpAnswer> http_get(const std::string& url,
                                          std::chrono::milliseconds timeout);

}  // namespace ziggy::app
