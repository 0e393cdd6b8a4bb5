#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gzip.hpp"
#include "request_parser.hpp"
#include "server_core.hpp"
#include "ziggy/net/http.hpp"

namespace ziggy::net {

/// What the writer must know about the request.
struct WriteContext {
  const ServerCore& core;
  Gzip& gzip;
  const KnownHeaders& known;
  std::string_view date;  ///< the value of the Date header
  std::string_view correlation_id;
  bool is_read = false;  ///< GET or HEAD: caching applies
  bool is_head = false;  ///< no body is sent
  bool keep_alive = false;
  bool is_http_11 = true;
};

/// A body too large to be copied behind its head.
struct LargeBody {
  std::string own;
  std::shared_ptr<const SharedBody> shared;
  std::string_view rest;  ///< what is still to be sent, in one of the two

  void clear() {
    own = {};
    shared.reset();
    rest = {};
  }
};

/// Larger bodies are written from where they are, beside the head, by one gathered write.
inline constexpr std::size_t kCopyMax = 16 * 1024;

/// Compressing more than this would hold the loop up for more than about two milliseconds (zlib's
/// level 1 makes 100 to 200 MB a second of JSON).
inline constexpr std::size_t kCompressAtOnceMax = 256 * 1024;

/// Whether the answer should be compressed elsewhere before write_response.
[[nodiscard]] bool is_compression_long(const Response& response, const WriteContext& context);

/// What went out, for the access log and the metrics.
struct Written {
  int status = 0;
  std::size_t body_bytes = 0;
};

/// Appends the answer to `out`: status line, headers, and the body, unless that is large and is
/// moved to `large`. Turns a 200 into 304 where the ETag matches, and compresses.
Written write_response(std::string& out, LargeBody& large, Response& response,
                       const WriteContext& context);

/// "Tue, 15 Nov 1994 08:12:31 GMT" (RFC 9110, section 5.6.7), UTC.
[[nodiscard]] std::string http_date(Timestamp time);

/// The fixed blocks of security headers; `csp` is one value of Content-Security-Policy.
[[nodiscard]] std::string security_headers(std::string_view csp);

}  // namespace ziggy::net
