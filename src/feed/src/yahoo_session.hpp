#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "vendor_client.hpp"
#include "ziggy/resilience/single_flight.hpp"

namespace ziggy::feed {

/// What Yahoo wants to see on every request: it answers 429 to what does not look like a browser.
[[nodiscard]] std::vector<net::ClientHeader> yahoo_headers();

/// Yahoo gives quotes to who has a cookie and the crumb that belongs to it: the cookie comes from
/// any page (fc.yahoo.com answers 404 and sets it), the crumb from /v1/test/getcrumb. Both are kept
/// until they are refused; many who need a new one cause one flow. Thread-safe.
class YahooSession {
 public:
  /// `client` and `clock` outlive the session and what it has under way. `timeout`: of one request.
  YahooSession(VendorClient& client, const Clock& clock, std::chrono::milliseconds timeout);

  /// The crumb; empty when Yahoo gives none at the moment, which is remembered for
  /// kWithoutCrumbFor. Errors: those of the requests when Yahoo cannot be reached, or
  /// ProviderQuota.
  net::Task<Result<std::string>> crumb(Call call);
  /// Forgets `refused`, unless another has come since.
  void drop(std::string_view refused);
  /// The cookies for a `Cookie` header; empty when there are none.
  [[nodiscard]] std::string cookies() const;

 private:
  struct State;
  static net::Task<Result<std::string>> fetch(std::shared_ptr<State> state);
  static net::Task<Result<>> fetch_cookies(std::shared_ptr<State> state, Call call);

  std::shared_ptr<State> state_;
  resilience::SingleFlight<int, std::string> flight_;
};

/// How long Yahoo is not asked for a crumb again after it gave none: a minute, as long as its
/// limits count.
inline constexpr std::chrono::seconds kWithoutCrumbFor{60};

/// Keeps the `name=value` of a Set-Cookie header for hosts under `domain` (empty: for all, as there
/// is only one); an emptied or expired one is forgotten. At most 32 cookies of 4 KB.
void keep_cookie(std::map<std::string, std::string>& jar, std::string_view set_cookie,
                 std::string_view domain);

}  // namespace ziggy::feed
