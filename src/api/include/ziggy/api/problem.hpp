#pragma once

#include <string>

#include "ziggy/base/error.hpp"
#include "ziggy/net/http.hpp"

namespace ziggy::api {

/// Turns any failure into the one body that all errors have (RFC 9457, `application/problem+json`):
/// `type title status detail instance code correlation_id`, `errors` on 422, `retry_after` where
/// the error knows it (and the Retry-After header). A 5xx never shows its cause: it is logged, and
/// the body has a sentence of ours. The exception is `provider_unavailable`, which names each
/// source that was asked and its typed reason. Also what the server's own failures are rendered
/// with.
void render_problem(const Error& error, const net::Request& request, net::Response& response);

/// The same without a line in the log: for failures that are no news, such as a probe's.
void write_problem(const Error& error, const net::Request& request, net::Response& response);

/// What a client may read of an error: the `detail` of its problem.
[[nodiscard]] std::string public_detail(const Error& error);

[[nodiscard]] net::Response problem_response(const Error& error, const net::Request& request);

}  // namespace ziggy::api
