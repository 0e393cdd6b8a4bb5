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

/// What of a response is sent, after caching and compression have been thought about.
struct Chosen {
  std::string_view body;
  std::string compressed;  ///< holds `body` when it was compressed just now
  bool may_compress = false;
  bool is_gzip = false;
  bool is_cacheable = false;
  bool is_not_modified = false;
};

bool is_worth_compressing(const Response& response, std::string_view body,
                          const WriteContext& context) {
  return body.size() >= context.core.settings.gzip_min && is_compressible(response.content_type);
}

void compress(Chosen& chosen, const Response& response, const WriteContext& context) {
  if (response.shared) {
    chosen.is_gzip = !response.shared->gzip.empty();
    if (chosen.is_gzip) chosen.body = response.shared->gzip;
  } else if (chosen.is_not_modified) {
    chosen.is_gzip = true;
  } else {
    chosen.compressed = context.gzip.compress(chosen.body);
    chosen.is_gzip = !chosen.compressed.empty() && chosen.compressed.size() < chosen.body.size();
    if (chosen.is_gzip) chosen.body = chosen.compressed;
  }
}

Chosen choose(Response& response, const WriteContext& context) {
  Chosen chosen;
  chosen.body = response.shared ? response.shared->bytes : response.body;
  chosen.is_cacheable =
      context.is_read && response.status == 200 && response.cache != CachePolicy::NoStore;
  if (chosen.is_cacheable) {
    if (response.shared && response.etag.empty()) response.etag = response.shared->etag;
    if (response.etag.empty()) response.etag = make_etag(chosen.body);
    chosen.is_not_modified = !context.known.if_none_match.empty() &&
                             etag_matches(context.known.if_none_match, response.etag);
  }
  chosen.may_compress = is_worth_compressing(response, chosen.body, context);
  if (chosen.may_compress && accepts_gzip(context.known.accept_encoding)) {
    compress(chosen, response, context);
  }
  return chosen;
}

void append_content(std::string& out, const Response& response, const Chosen& chosen) {
  if (!response.content_type.empty()) {
    out += "Content-Type: ";
    out += response.content_type;
    out += "\r\n";
  }
  out += "Content-Length: ";
  append_number(out, chosen.body.size());
  out += "\r\n";
  if (chosen.is_gzip) out += "Content-Encoding: gzip\r\n";
}

void append_head(std::string& out, int status, bool has_body, const Response& response,
                 const Chosen& chosen, const WriteContext& context) {
  append_status_line(out, status);
  out += "Date: ";
  out += context.date;
  out += "\r\n";
  if (has_body) append_content(out, response, chosen);
  if (chosen.may_compress) out += "Vary: Accept-Encoding\r\n";
  out += "X-Correlation-ID: ";
  out += context.correlation_id;
  out += "\r\n";
  out += response.content_type.starts_with("text/html") ? context.core.page_headers
                                                        : context.core.api_headers;
  const TagKind tag_kind = response.is_etag_weak ? TagKind::Weak
                           : chosen.is_gzip      ? TagKind::StrongGzip
                                                 : TagKind::Strong;
  append_cache(out, chosen.is_cacheable ? response.cache : CachePolicy::NoStore,
               chosen.is_cacheable ? std::string_view{response.etag} : std::string_view{},
               tag_kind);
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
}

}  // namespace

bool is_compression_long(const Response& response, const WriteContext& context) {
  if (response.shared || context.is_head || response.body.size() <= kCompressAtOnceMax) {
    return false;
  }
  const bool may_be_not_modified =
      context.is_read && !response.etag.empty() && !context.known.if_none_match.empty();
  return !may_be_not_modified && is_worth_compressing(response, response.body, context) &&
         accepts_gzip(context.known.accept_encoding);
}

Written write_response(std::string& out, LargeBody& large, Response& response,
                       const WriteContext& context) {
  Chosen chosen = choose(response, context);
  const int status = chosen.is_not_modified ? 304 : response.status;
  const bool has_body = status >= 200 && status != 204 && status != 304;
  const std::size_t size = chosen.body.size();
  out.reserve(out.size() + 1024 + (size <= kCopyMax ? size : 0));
  append_head(out, status, has_body, response, chosen, context);
  if (!has_body || context.is_head) return {.status = status, .body_bytes = 0};
  if (size <= kCopyMax) {
    out += chosen.body;
  } else if (response.shared) {
    large.rest = chosen.body;
    large.shared = std::move(response.shared);
  } else {
    large.own = chosen.is_gzip ? std::move(chosen.compressed) : std::move(response.body);
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
