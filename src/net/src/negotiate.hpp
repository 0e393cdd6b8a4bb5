#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "request_parser.hpp"
#include "ziggy/base/correlation_id.hpp"

/// Pure rules of HTTP: what a header asks for, and what the answer is.
namespace ziggy::net {

/// Whether an Accept-Encoding header takes gzip (RFC 9110, section 12.5.3): named, or by `*`, with
/// a weight above 0.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;

/// Whether compressing pays for this media type: text, JSON, JavaScript, XML, SVG.
[[nodiscard]] bool is_compressible(std::string_view content_type) noexcept;

/// Whether If-None-Match names `etag` (without quotes) or its gzip twin; weak comparison.
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag) noexcept;

/// A strong ETag, without quotes, of the bytes: half a SHA-256 in hexadecimal digits.
[[nodiscard]] std::string make_etag(std::string_view bytes);

/// The id a request came with: X-Correlation-ID, else X-Request-ID, else the trace id of a
/// well-formed W3C traceparent, else a fresh one.
[[nodiscard]] CorrelationId correlation_id_of(const KnownHeaders& known);
[[nodiscard]] std::optional<std::string_view> trace_id_of(std::string_view traceparent) noexcept;

/// Whether a page of `origin` may call: listed exactly, or the list says "*".
[[nodiscard]] bool is_origin_allowed(std::string_view origin,
                                     const std::vector<std::string>& allowed) noexcept;

/// Whether a page of `origin` may open a WebSocket to `host`, or change anything there: no origin
/// (not a browser), the same host, or an allowed origin. A "*" in the list is not enough: it would
/// let any page in the world use what is open on loopback without credentials.
[[nodiscard]] bool is_own_origin(std::string_view origin, std::string_view host,
                                 const std::vector<std::string>& allowed) noexcept;

/// A request target's parts (RFC 9112, section 3.2): origin-form, absolute-form (its authority is
/// dropped) or "*". nullopt for anything else.
struct TargetParts {
  std::string_view path;
  std::string_view query;
};
[[nodiscard]] std::optional<TargetParts> split_target(std::string_view target) noexcept;

/// Whether a comma-separated header lists `token`, in any case.
[[nodiscard]] bool lists_token(std::string_view header, std::string_view token) noexcept;

}  // namespace ziggy::net
