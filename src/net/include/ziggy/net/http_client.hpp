#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/address_guard.hpp"
#include "ziggy/net/http.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// A header that owns its text. Names of requests in any case, names of answers in lower case.
struct ClientHeader {
  std::string name;
  std::string value;
};

struct ClientRequest {
  Method method = Method::Get;
  /// http or https, without a user name. Never part of an error's detail or of the log, beyond the
  /// host and the port.
  std::string url{};
  /// `User-Agent`, `Accept` and `Content-Type` may be among them; Content-Length may not.
  std::vector<ClientHeader> headers{};
  std::string body{};
  /// The largest body, as received and again after decompression, in bytes: the history of one
  /// symbol over 20 years, in minutes, comes in pages far below it.
  std::size_t body_max = 16 * 1024 * 1024;
  /// At most kRedirectsMax hops, never from https to http; another origin gets none of the headers
  /// that could hold a credential. Otherwise a 3xx is an answer like any other.
  bool follow_redirects = false;
  /// Requests of the same name share their cookies within one client; empty: no cookies.
  std::string cookie_jar{};
  AddressGuard guard = AddressGuard::None;
};

struct ClientResponse {
  int status = 0;
  std::vector<ClientHeader> headers;  ///< in order of arrival, names in lower case
  std::string body;                   ///< decompressed
  std::string http_version;           ///< "1.0", "1.1", "2"
  std::string effective_url;          ///< the request's own, or the last redirect's

  /// 2: a kept connection broke as the request went out, and it was sent once more (GET and HEAD
  /// alone); the server may have seen both. Redirects are counted apart.
  int sends = 1;

  /// The first header of that name; empty when absent.
  [[nodiscard]] std::string_view header(std::string_view lower_name) const noexcept;
};

inline constexpr int kRedirectsMax = 5;

struct HttpClientSettings {
  /// Sent where a request has no User-Agent of its own.
  std::string user_agent = "ziggy/0.1";
  /// What browsers and vendors agree on for HTTP/1.1 is six to eight; over HTTP/2 one carries all.
  std::size_t connections_per_host = 8;
  std::size_t connections_max = 64;
  /// Requests at once to a host that has answered over HTTP/2, where they share a connection.
  /// Servers should allow 100 (RFC 9113, section 6.5.2).
  std::size_t streams_per_host = 64;
  /// Requests queued or under way; more are refused at once, since they would only time out.
  std::size_t requests_max = 4096;
  /// To a socket and through the TLS handshake; a healthy host takes less than half a second.
  std::chrono::milliseconds connect_timeout{3'000};
  /// The longest any request may take, for callers without a deadline.
  std::chrono::milliseconds timeout_max{60'000};
  /// A PEM file of authorities, trusted beside the system's; empty: the system's alone.
  std::string ca_file{};
  /// "host:port" that guarded requests may reach although it is not public; written by the
  /// operator.
  std::vector<std::string> guard_exemptions{};
};

/// What a client has done since it was made.
struct HttpClientMetrics {
  std::uint64_t requests = 0;  ///< hops of redirects count
  std::uint64_t answers = 0;   ///< of any status
  std::uint64_t timeouts = 0;
  std::uint64_t canceled = 0;
  std::uint64_t failures = 0;    ///< all others
  std::uint64_t sent_again = 0;  ///< since a kept connection broke
  std::uint64_t connections_opened = 0;
  std::uint64_t bytes_in = 0;  ///< bodies, as received
  std::uint64_t under_way = 0;
};

class CurlThread;

/// Asks servers of the world over HTTP/1.1 and HTTP/2: libcurl on one thread of its own, which
/// keeps connections open for the next request. Servers must prove who they are (system
/// authorities); proxies come from the environment (http_proxy, https_proxy, no_proxy), never for
/// loopback. Thread-safe. Destroy it before the loops that await it; requests under way end as
/// Canceled.
class HttpClient {
 public:
  explicit HttpClient(const Clock& clock, HttpClientSettings settings = {});
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  /// The server's answer, whatever its status, on the awaiting coroutine's loop, no later than
  /// call.deadline. Canceling the coroutine ends the transfer.
  /// Errors: ProviderTimeout when no whole answer came in time; ProviderUnavailable for name
  /// resolution, connecting, TLS and broken connections; BadPayload for answers that are too large,
  /// cut off, wrongly encoded or not HTTP, and for endless redirects; Canceled; ValidationFailed
  /// for a request that cannot be sent; Forbidden by the guard; DeadlineExceeded when the deadline
  /// had passed before anything was sent; RateLimited above requests_max; Configuration for an
  /// unreadable ca_file.
  [[nodiscard]] Task<Result<ClientResponse>> send(ClientRequest request, Call call);

  /// A snapshot; any thread.
  [[nodiscard]] HttpClientMetrics metrics() const;

 private:
  const Clock& clock_;
  std::shared_ptr<CurlThread> thread_;
};

}  // namespace ziggy::net
