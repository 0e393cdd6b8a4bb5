#include "ziggy/net/http_client.hpp"

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client_url.hpp"
#include "curl_thread.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::net {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The characters of a name, RFC 9110, section 5.6.2.
bool is_token(std::string_view name) noexcept {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

/// Empty when the request can go out as it is.
std::string_view fault_of(const ClientRequest& request) {
  if (request.method == Method::Other) return "its method is none of those that Ziggy knows";
  for (const ClientHeader& header : request.headers) {
    if (!is_token(header.name)) return "a header's name is malformed";
    for (const std::string_view framing : {"content-length", "transfer-encoding", "connection"}) {
      if (text::equals_ignoring_case(header.name, framing)) return "a header is the client's own";
    }
    // The text would end the header and begin another.
    if (header.value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string::npos) {
      return "a header's value has a line break";
    }
  }
  return {};
}

bool is_redirect(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Headers that hold no credential, under whatever name a vendor has for its keys.
bool may_cross_origins(const ClientHeader& header) {
  for (const std::string_view name : {"accept", "accept-language", "content-type", "user-agent"}) {
    if (text::equals_ignoring_case(header.name, name)) return true;
  }
  return false;
}

/// The request of the next hop. Like browsers, 301 and 302 turn a POST into a GET, 303 everything
/// but a HEAD; 307 and 308 keep the method and the body.
void follow(ClientRequest& request, int status, const ClientUrl& from, const ClientUrl& to) {
  const bool is_get_now = (status == 303 && request.method != Method::Head) ||
                          ((status == 301 || status == 302) && request.method == Method::Post);
  if (is_get_now) {
    request.method = Method::Get;
    request.body.clear();
    std::erase_if(request.headers, [](const ClientHeader& header) {
      return text::equals_ignoring_case(header.name, "content-type");
    });
  }
  if (!to.has_origin_of(from)) {
    std::erase_if(request.headers,
                  [](const ClientHeader& header) { return !may_cross_origins(header); });
  }
  request.url = to.text;
}

/// Suspends until the transfer has ended; once, and on the coroutine's own loop.
Task<Result<ClientResponse>> transfer_once(std::shared_ptr<CurlThread> thread,
                                           std::shared_ptr<CurlTransfer> transfer) {
  const Executor executor = co_await asio::this_coro::executor;
  const asio::use_awaitable_t<Executor> token;
  auto start = [executor](auto handler, std::shared_ptr<CurlThread> curl,
                          std::shared_ptr<CurlTransfer> started) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    // Weak: the slot outlives the transfer and must not hold the thread.
    if (slot.is_connected()) {
      slot.assign([weak = std::weak_ptr{curl}, started](asio::cancellation_type) {
        if (const auto alive = weak.lock()) alive->cancel(started);
      });
    }
    started->done = [executor, slot, work = asio::make_work_guard(executor),
                     handler = std::move(handler)](Result<ClientResponse> result) mutable {
      asio::post(executor, [slot, work = std::move(work), handler = std::move(handler),
                            result = std::move(result)]() mutable {
        // The slot is not thread-safe: it is cleared here, on the loop that emits to it.
        if (slot.is_connected()) slot.clear();
        std::move(handler)(std::move(result));
      });
    };
    auto submitted = curl->submit(started);
    if (!submitted) {
      auto refused = std::move(started->done);
      refused(std::unexpected{std::move(submitted).error()});
    }
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>,
                                          void(Result<ClientResponse>)>(
      std::move(start), token, std::move(thread), std::move(transfer));
}

/// The client may go while this runs, which then ends as Canceled.
Task<Result<ClientResponse>> send_by(std::shared_ptr<CurlThread> thread, const Clock* clock,
                                     ClientRequest request, Call call) {
  if (const std::string_view fault = fault_of(request); !fault.empty()) {
    co_return fail(ErrorCode::ValidationFailed, "cannot send this request: {}", fault);
  }
  ZIGGY_CO_TRY(url, parse_client_url(request.url));
  const std::chrono::nanoseconds longest = thread->settings().timeout_max;
  const Monotonic now = clock->steady();
  if (call.deadline <= now) {
    co_return fail(ErrorCode::DeadlineExceeded, "{} was not asked: no time left", url.origin());
  }
  const auto left = call.deadline - now < longest ? call.deadline - now : longest;
  const SteadyTime deadline =
      std::chrono::steady_clock::now() + std::chrono::ceil<SteadyTime::duration>(left);
  for (int hop = 0;; ++hop) {
    auto answer = co_await transfer_once(
        thread, std::make_shared<CurlTransfer>(request, url, deadline, thread->settings()));
    if (!answer || !request.follow_redirects || !is_redirect(answer->status)) co_return answer;
    const std::string location{answer->header("location")};
    if (location.empty()) co_return answer;
    if (hop == kRedirectsMax) {
      co_return fail(ErrorCode::BadPayload, "{}: more than {} redirects", url.origin(),
                     kRedirectsMax);
    }
    ZIGGY_CO_TRY(next, resolve_redirect(url, location));
    follow(request, answer->status, url, next);
    url = next;
  }
}

}  // namespace

std::string_view ClientResponse::header(std::string_view lower_name) const noexcept {
  const auto found = std::ranges::find(headers, lower_name, &ClientHeader::name);
  return found == headers.end() ? std::string_view{} : std::string_view{found->value};
}

HttpClient::HttpClient(const Clock& clock, HttpClientSettings settings)
    : clock_{clock}, thread_{std::make_shared<CurlThread>(std::move(settings))} {}

HttpClient::~HttpClient() { thread_->stop(); }

HttpClientMetrics HttpClient::metrics() const { return thread_->metrics(); }

Task<Result<ClientResponse>> HttpClient::send(ClientRequest request, Call call) {
  return send_by(thread_, &clock_, std::move(request), call);
}

}  // namespace ziggy::net
