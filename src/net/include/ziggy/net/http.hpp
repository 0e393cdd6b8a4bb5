#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

class WebSocket;
struct Route;

enum class Method : std::uint8_t { Get, Head, Post, Put, Patch, Delete, Options, Other };

/// "GET", …; "OTHER" for a method that no route can have.
[[nodiscard]] std::string_view method_name(Method method) noexcept;

struct Header {
  std::string_view name;
  std::string_view value;
};

/// The named parts of a path, percent-decoded.
class PathParams {
 public:
  static constexpr std::size_t kParamsMax = 6;

  void add(std::string_view name, std::string_view value) noexcept {
    if (size_ < kParamsMax) items_[size_++] = {name, value};
  }
  /// Empty when there is no such parameter; a matched parameter is never empty.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::span<const Header> all() const noexcept { return {items_.data(), size_}; }

 private:
  std::array<Header, kParamsMax> items_{};
  std::uint8_t size_ = 0;
};

/// One request. Views into the connection's buffers, which stay as they are until the handler's
/// coroutine has ended (also after the answer 504 went out); cheap to pass by value.
struct Request {
  Method method = Method::Get;
  std::string_view target;  ///< as received
  std::string_view path;    ///< still percent-encoded
  std::string_view query;   ///< raw, without `?`; see QueryParams
  std::string_view body;
  std::span<const Header> headers;
  PathParams params;
  const Route* route = nullptr;  ///< what matched: pattern and policy
  asio::ip::address peer;        ///< the address of the socket's other end
  bool is_loopback = false;
  Call call;

  /// The first header of that name in any case; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view param(std::string_view name) const noexcept {
    return params.get(name);
  }
};

struct ResponseHeader {
  std::string_view name;  ///< a literal
  std::string value;      ///< CR, LF and NUL are replaced by a space
};

/// How a 200 to GET or HEAD may be kept by others.
enum class CachePolicy : std::uint8_t {
  NoStore,     ///< `no-store`: answers that are only true now
  Revalidate,  ///< `private, no-cache` with an ETag; If-None-Match answers 304
  Immutable,   ///< `public, max-age=31536000, immutable` with an ETag: names that hold a hash
};

/// Bytes that many answers share, e.g. a file; compressed once.
struct SharedBody {
  std::string bytes;
  std::string gzip;  ///< empty when compression does not pay
  std::string etag;  ///< without quotes
};

/// One answer. Content-Length, Date, X-Correlation-ID, security headers, ETag, Vary and compression
/// are the server's business.
struct Response {
  int status = 200;
  std::string_view content_type = "application/json";  ///< a literal
  std::string body{};
  std::shared_ptr<const SharedBody> shared{};  ///< sent instead of `body` when set
  std::vector<ResponseHeader> headers{};
  CachePolicy cache = CachePolicy::NoStore;
  std::string etag{};  ///< without quotes; when empty, a cacheable answer gets a hash of its body
  /// The tag names what the answer means, not its bytes (RFC 9110, section 8.8.1): `W/"…"`.
  bool is_etag_weak = false;
  /// Set by the handler of a WebSocket route to accept: the server answers 101 and calls this on
  /// the connection's loop.
  std::function<void(std::shared_ptr<WebSocket>)> upgrade{};

  /// Back to the initial values; keeps the buffers' capacity.
  void clear();
};

[[nodiscard]] Response make_response(int status, std::string_view content_type, std::string body);

/// "OK", "Not Found", …; "Unknown" for a status without a name.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

}  // namespace ziggy::net
