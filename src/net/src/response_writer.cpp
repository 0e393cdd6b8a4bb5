#include "response_writer.hpp"

#include <fmt/chrono.h>
#include <fmt/compile.h>
#include <fmt/format.h>

#include "negotiate.hpp"

namespace ziggy::net {

namespace {

void append_number(std::string& out, std::size_t number) {
  const fmt::format_int text{number};
  out.append(text.data(), text.size());
}

/// A value that cannot end its line: a handler's text never makes a header of its own.
void append_value(std::string& out, std::string_view value) {
  const std::size_t start = out.size();
  out += value;
  for (std::size_t i = start; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    if (byte < 32 || byte == 127) out[i] = ' ';
  }
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(status));
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
}

void append_cors(std::string& out, const WriteContext& context) {
  const auto& origins = context.core.settings.cors_origins;
  if (origins.empty()) return;
  out += "Vary: Origin\r\n";
  if (!is_origin_allowed(context.known.origin, origins)) return;
  out += "Access-Control-Allow-Origin: ";
  append_value(out, context.known.origin);
  out +=
      "\r\nAccess-Control-Expose-Headers: X-Correlation-ID, ETag, Location, Retry-After, "
      "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset\r\n";
}

enum class TagKind : std::uint8_t { Strong, StrongGzip, Weak };

void append_cache(std::string& out, CachePolicy cache, std::string_view etag, TagKind kind) {
  switch (cache) {
    case CachePolicy::NoStore:
      out += "Cache-Control: no-store\r\n";
      break;
    case CachePolicy::Revalidate:
      out += "Cache-Control: private, no-cache\r\n";
      break;
    case CachePolicy::Immutable:
      out += "Cache-Control: public, max-age=31536000, immutable\r\n";
      break;
  }
  if (etag.empty()) return;
  out += kind == TagKind::Weak ? "ETag: W/\"" : "ETag: \"";
  append_value(out, etag);
  // Another representation needs another strong tag.
  out += kind == TagKind::StrongGzip ? "-gz\"\r\n" : "\"\r\n";
}

}  // namespace

Written write_response(std::string& out, LargeBody& large, Response& response,
                       const WriteContext& context) {
  std::string_view body = response.shared ? response.shared->bytes : response.body;
  const bool is_cacheable =
      context.is_read && response.status == 200 && response.cache != CachePolicy::NoStore;
  if (is_cacheable) {
    if (response.shared && response.etag.empty()) response.etag = response.shared->etag;
    if (response.etag.empty()) response.etag = make_etag(body);
  }

  const bool may_compress =
      body.size() >= context.core.settings.gzip_min && is_compressible(response.content_type);
  const bool not_modified = is_cacheable && !context.known.if_none_match.empty() &&
                            etag_matches(context.known.if_none_match, response.etag);
  std::string compressed;
  bool is_gzip = false;
  if (may_compress && accepts_gzip(context.known.accept_encoding)) {
    if (response.shared) {
      is_gzip = !response.shared->gzip.empty();
      if (is_gzip) body = response.shared->gzip;
    } else if (not_modified) {
      is_gzip = true;
    } else {
      compressed = context.gzip.compress(body);
      is_gzip = !compressed.empty() && compressed.size() < body.size();
      if (is_gzip) body = compressed;
    }
  }
  const int status = not_modified ? 304 : response.status;
  const bool has_body = status >= 200 && status != 204 && status != 304;

  out.reserve(out.size() + 1024 + (body.size() <= kCopyMax ? body.size() : 0));
  append_status_line(out, status);
  out += "Date: ";
  out += context.date;
  out += "\r\n";
  if (has_body) {
    if (!response.content_type.empty()) {
      out += "Content-Type: ";
      out += response.content_type;
      out += "\r\n";
    }
    out += "Content-Length: ";
    append_number(out, body.size());
    out += "\r\n";
    if (is_gzip) out += "Content-Encoding: gzip\r\n";
  }
  if (may_compress) out += "Vary: Accept-Encoding\r\n";
  out += "X-Correlation-ID: ";
  out += context.correlation_id;
  out += "\r\n";
  out += response.content_type.starts_with("text/html") ? context.core.page_headers
                                                        : context.core.api_headers;
  const TagKind tag_kind = response.is_etag_weak ? TagKind::Weak
                           : is_gzip             ? TagKind::StrongGzip
                                                 : TagKind::Strong;
  append_cache(out, is_cacheable ? response.cache : CachePolicy::NoStore,
               is_cacheable ? std::string_view{response.etag} : std::string_view{}, tag_kind);
  append_cors(out, context);
  for (const ResponseHeader& header : response.headers) {
    out += header.name;
    out += ": ";
    append_value(out, header.value);
    out += "\r\n";
  }
  if (!context.keep_alive) {
    out += "Connection: close\r\n";
  } else if (!context.is_http_11) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";

  if (!has_body || context.is_head) return {.status = status, .body_bytes = 0};
  const std::size_t size = body.size();
  if (size <= kCopyMax) {
    out += body;
  } else if (response.shared) {
    large.shared = std::move(response.shared);
    large.rest = body;
  } else {
    large.own = is_gzip ? std::move(compressed) : std::move(response.body);
    large.rest = large.own;
  }
  return {.status = status, .body_bytes = size};
}

std::string http_date(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  // fmt writes the names of days and months in the C locale, whatever the process's locale is.
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(static_cast<std::time_t>(seconds.time_since_epoch().count())));
}

std::string security_headers(std::string_view csp) {
  return fmt::format(
      "X-Content-Type-Options: nosniff\r\n"
      "X-Frame-Options: DENY\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "Content-Security-Policy: {}\r\n",
      csp);
}

}  // namespace ziggy::net
