#include "client_url.hpp"

#include <curl/curl.h>

#include <boost/asio/ip/address.hpp>
#include <memory>

#include "ziggy/base/text.hpp"

namespace ziggy::net {

namespace {

struct UrlCleanup {
  void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlCleanup>;

std::string part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return {};
  std::string copy{text};
  curl_free(text);
  return copy;
}

/// The host without the brackets of an IPv6 address.
bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host == "localhost.") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string{host}, error);
  return !error && address.is_loopback();
}

/// Empty when whole and of a kind that we ask.
std::string_view read_parts(CURLU* url, ClientUrl& out) {
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return "its scheme is neither http nor https";
  if (!part(url, CURLUPART_USER).empty() || !part(url, CURLUPART_PASSWORD).empty()) {
    return "it holds a user name or a password";
  }
  const std::string host = text::lower(part(url, CURLUPART_HOST));
  if (host.empty()) return "it has no host";
  out.text = part(url, CURLUPART_URL);
  out.is_https = scheme == "https";
  out.is_loopback = is_loopback_host(host);
  out.authority = host + ":" + part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  return {};
}

}  // namespace

std::string ClientUrl::origin() const { return (is_https ? "https://" : "http://") + authority; }

bool ClientUrl::has_origin_of(const ClientUrl& other) const noexcept {
  return is_https == other.is_https && authority == other.authority;
}

Result<ClientUrl> parse_client_url(const std::string& text) {
  const UrlHandle url{curl_url()};
  if (!url) return fail(ErrorCode::Internal, "out of memory for a URL");
  if (text.find('\0') != std::string::npos ||
      curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return fail(ErrorCode::ValidationFailed, "not a URL (text withheld: it may hold a key)");
  }
  ClientUrl out;
  const std::string_view fault = read_parts(url.get(), out);
  if (!fault.empty()) return fail(ErrorCode::ValidationFailed, "cannot ask this URL: {}", fault);
  return out;
}

Result<ClientUrl> resolve_redirect(const ClientUrl& from, const std::string& location) {
  const UrlHandle url{curl_url()};
  if (!url) return fail(ErrorCode::Internal, "out of memory for a URL");
  if (curl_url_set(url.get(), CURLUPART_URL, from.text.c_str(), 0) != CURLUE_OK ||
      curl_url_set(url.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK) {
    return fail(ErrorCode::BadPayload, "{} redirects to what is no URL", from.origin());
  }
  ClientUrl out;
  const std::string_view fault = read_parts(url.get(), out);
  if (!fault.empty()) {
    return fail(ErrorCode::BadPayload, "{} redirects to a URL that is not followed: {}",
                from.origin(), fault);
  }
  if (from.is_https && !out.is_https) {
    return fail(ErrorCode::BadPayload, "{} redirects from https to http", from.origin());
  }
  return out;
}

}  // namespace ziggy::net
