#include "yahoo_session.hpp"

#include <algorithm>

#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/feed/yahoo.hpp"

namespace ziggy::feed {
namespace {

constexpr log::Logger kLog{"yahoo"};
constexpr std::size_t kCookiesMax = 32;
constexpr std::size_t kCookieSizeMax = 4096;
// Crumbs have 11 characters, some more when escaped.
constexpr std::size_t kCrumbSizeMax = 64;
constexpr std::string_view kCookieUrl = "https://fc.yahoo.com/";
constexpr std::string_view kCookieDomain = "yahoo.com";

// A browser's word: no space, no markup. A page or an error is none.
bool is_crumb(std::string_view text) {
  return !text.empty() && text.size() <= kCrumbSizeMax &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != '<'; }) &&
         text.front() != '{';
}

Call limited(Call call, const Clock& clock, std::chrono::milliseconds timeout) {
  call.deadline = std::min(call.deadline, clock.steady() + timeout);
  return call;
}

}  // namespace

std::vector<net::ClientHeader> yahoo_headers() {
  return {{"User-Agent",
           "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/131.0.0.0 Safari/537.36"},
          {"Accept", "application/json,text/html;q=0.9,*/*;q=0.8"},
          {"Accept-Language", "en-US,en;q=0.9"}};
}

void keep_cookie(std::map<std::string, std::string>& jar, std::string_view set_cookie,
                 std::string_view domain) {
  const auto parts = text::split_list(set_cookie, ';');
  if (parts.empty() || set_cookie.size() > kCookieSizeMax) return;
  const std::size_t equals = parts[0].find('=');
  if (equals == std::string_view::npos || equals == 0) return;
  const std::string name{text::trim(parts[0].substr(0, equals))};
  const std::string value{text::trim(parts[0].substr(equals + 1))};
  std::string for_domain;
  bool is_gone = value.empty();
  for (const std::string_view part : std::span{parts}.subspan(1)) {
    const std::string attribute = text::lower(part);
    if (attribute.starts_with("domain=")) for_domain = attribute.substr(7);
    if (attribute == "max-age=0" || attribute.starts_with("max-age=-")) is_gone = true;
  }
  while (for_domain.starts_with('.')) for_domain.erase(0, 1);
  if (!domain.empty() && for_domain != domain) return;
  if (is_gone) {
    jar.erase(name);
  } else if (jar.contains(name) || jar.size() < kCookiesMax) {
    jar[name] = value;
  }
}

struct YahooSession::State {
  VendorClient& client;
  const Clock& clock;
  std::chrono::milliseconds timeout;
  // At the vendor's own host cookies come from another one; at a stand-in all is one host, whatever
  // domain recorded cookies name.
  bool is_vendors_host;

  mutable std::mutex mutex{};
  std::map<std::string, std::string> jar{};
  std::string crumb{};
  Monotonic without_until{};
};

YahooSession::YahooSession(VendorClient& client, const Clock& clock,
                           std::chrono::milliseconds timeout)
    : state_{std::make_shared<State>(client, clock, timeout, client.base_url() == kYahooBaseUrl)},
      flight_{clock} {}

std::string YahooSession::cookies() const {
  const std::lock_guard lock{state_->mutex};
  std::string header;
  for (const auto& [name, value] : state_->jar) {
    if (!header.empty()) header += "; ";
    header += name;
    header += '=';
    header += value;
  }
  return header;
}

void YahooSession::drop(std::string_view refused) {
  const std::lock_guard lock{state_->mutex};
  if (state_->crumb != refused) return;
  state_->crumb.clear();
  state_->without_until = {};
  state_->jar.clear();
}

net::Task<Result<std::string>> YahooSession::crumb(Call call) {
  {
    const std::lock_guard lock{state_->mutex};
    if (!state_->crumb.empty()) co_return state_->crumb;
    if (state_->clock.steady() < state_->without_until) co_return std::string{};
  }
  auto fetched = co_await flight_.run(0, [state = state_] { return fetch(state); }, call);
  co_return fetched;
}

net::Task<Result<>> YahooSession::fetch_cookies(std::shared_ptr<State> state, Call call) {
  std::vector<std::string> urls;
  if (state->is_vendors_host) {
    urls = {std::string{kCookieUrl}};
  } else {
    urls = {"/", "/quote/AAPL"};
  }
  for (const std::string& url : urls) {
    net::ClientRequest request;
    request.url = url;
    request.headers = yahoo_headers();
    auto page = co_await state->client.send(std::move(request),
                                            limited(call, state->clock, state->timeout));
    if (!page) {
      // The host of cookies may be blocked where the data's is not.
      if (state->is_vendors_host && page.error().code() == ErrorCode::ProviderUnavailable) break;
      co_return std::unexpected{std::move(page).error()};
    }
    const std::lock_guard lock{state->mutex};
    for (const net::ClientHeader& header : page->headers) {
      if (header.name != "set-cookie") continue;
      keep_cookie(state->jar, header.value, state->is_vendors_host ? kCookieDomain : "");
    }
    if (!state->jar.empty()) break;
  }
  co_return Result<>{};
}

net::Task<Result<std::string>> YahooSession::fetch(std::shared_ptr<State> state) {
  // Whoever waits may leave; the flow itself ends with its own requests.
  Call call;
  call.deadline = state->clock.steady() + 3 * state->timeout;
  auto cookies = co_await fetch_cookies(state, call);
  if (!cookies) co_return std::unexpected{std::move(cookies).error()};
  net::ClientRequest request;
  request.url = "/v1/test/getcrumb";
  request.headers = yahoo_headers();
  {
    const std::lock_guard lock{state->mutex};
    std::string header;
    for (const auto& [name, value] : state->jar) {
      header += fmt::format("{}{}={}", header.empty() ? "" : "; ", name, value);
    }
    if (!header.empty()) request.headers.push_back({"Cookie", std::move(header)});
  }
  auto answer =
      co_await state->client.send(std::move(request), limited(call, state->clock, state->timeout));
  if (!answer) co_return std::unexpected{std::move(answer).error()};
  const std::string_view text = text::trim(answer->body);
  const int status = answer->status;
  if (status >= 200 && status < 300 && is_crumb(text)) {
    const std::lock_guard lock{state->mutex};
    state->crumb = std::string{text};
    co_return state->crumb;
  }
  if (status == 429 || status >= 500) {
    auto refused = state->client.judge(std::move(*answer));
    if (!refused) co_return std::unexpected{std::move(refused).error()};
  }
  kLog.info("yahoo_without_crumb", {{"status", status}});
  const std::lock_guard lock{state->mutex};
  state->without_until = state->clock.steady() + kWithoutCrumbFor;
  co_return std::string{};
}

}  // namespace ziggy::feed
