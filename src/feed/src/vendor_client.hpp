#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/base/redact.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/base/secret.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/resilience/budget.hpp"

namespace ziggy::feed {

/// 50 000 bars of the widest vendor format are 9 MB.
inline constexpr std::size_t kVendorBodyMax = std::size_t{16} << 20U;
/// Of a vendor's own words, this much is passed on.
inline constexpr std::size_t kVendorMessageMax = 200;
/// A 429 that does not say how long: every vendor counts by the minute.
inline constexpr std::chrono::seconds kRetryAfterDefault{60};
/// Nobody is locked out for longer than this by one header.
inline constexpr std::chrono::seconds kRetryAfterMax{3600};

/// A 2xx answer that looks like JSON.
struct Payload {
  int status = 200;
  std::string body;
};

/// The error that an answer's status stands for, with the vendor's own words behind it.
struct VendorRefusal {
  int status = 0;
  /// Cleaned and cut; empty when the vendor said nothing that can be shown.
  std::string message;
  /// The whole body, for a vendor that looks closer.
  std::string_view body;
};

/// A vendor's second look at a status that is no 2xx: an Error, or nullopt for what the status
/// means by itself.
using RefineRefusal = std::function<std::optional<Error>(const VendorRefusal& refusal)>;

/// Asks one vendor over HTTP: joins its base URL and a path, pays its budget once a request, and
/// turns what comes back into a payload or a typed error. Thread-safe; copies nothing it need not.
///
/// Statuses: 401 CredentialsRejected, 403 NotEntitled, 404 UnknownSymbol, 429 ProviderQuota with
/// the wait that the vendor asks for (kRetryAfterDefault without), 408 and 5xx ProviderUnavailable,
/// every other that is no 2xx BadPayload. A 2xx with a page, another content type than JSON, or
/// without a body: BadPayload. No detail holds a URL, a query, a header or a known secret.
class VendorClient {
 public:
  /// `http`, `clock` and `budget` (nullptr: nothing limits) outlive the client. `base_url` may have
  /// a path (`http://127.0.0.1:9/yahoo`). `secrets` are masked wherever the vendor repeats them.
  VendorClient(std::string name, std::string base_url, net::HttpClient& http, const Clock& clock,
               resilience::Budget* budget, std::vector<Secret> secrets = {},
               RefineRefusal refine = {});

  /// A GET of `path_and_query` (begins with `/`) that should give JSON.
  net::Task<Result<Payload>> get(std::string path_and_query, std::vector<net::ClientHeader> headers,
                                 Call call);
  /// The same with whatever comes back, any status: paid for, not judged. For flows around the data
  /// (cookies, pages). `request.url` is completed from a path as in get().
  net::Task<Result<net::ClientResponse>> send(net::ClientRequest request, Call call);
  /// What get() does with a response.
  [[nodiscard]] Result<Payload> judge(net::ClientResponse response) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& base_url() const noexcept { return base_url_; }
  [[nodiscard]] resilience::Budget* budget() const noexcept { return budget_; }
  /// Vendors' text made safe to pass on: known secrets masked, control characters out, cut.
  [[nodiscard]] std::string clean(std::string_view text) const;

 private:
  std::string name_;
  std::string base_url_;
  net::HttpClient& http_;
  const Clock& clock_;
  resilience::Budget* budget_;
  Redactor redactor_;
  RefineRefusal refine_;
};

/// `Retry-After` as seconds or as an HTTP date, at least a second and at most kRetryAfterMax;
/// kRetryAfterDefault when it is absent or unreadable.
[[nodiscard]] std::chrono::seconds retry_after_of(std::string_view header, Timestamp now);

/// RFC 9110's preferred date, `Sun, 06 Nov 1994 08:49:37 GMT`.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

/// What a JSON body of an error says for people: `message`, `error`, `error.description`, … up to
/// two levels deep. Empty when there is none.
[[nodiscard]] std::string vendor_message(std::string_view body);

}  // namespace ziggy::feed
