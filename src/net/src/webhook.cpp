#include "ziggy/net/webhook.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "client_url.hpp"
#include "ziggy/base/id.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net.webhook"};

// Nobody reads what a receiver says beyond its status.
constexpr std::size_t kAnswerMax = 64 * 1024;

using std::chrono::milliseconds;

std::int64_t unix_seconds(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// What the guard says of the settings' URL, which is well formed.
AddressGuard guard_of(const WebhookSettings& settings) {
  const auto url = parse_client_url(std::string{settings.url.reveal()});
  const bool is_allowed = url && std::ranges::find(settings.allowed_hosts, url->authority) !=
                                     settings.allowed_hosts.end();
  return is_allowed ? AddressGuard::None : AddressGuard::PublicOnly;
}

enum class Outcome : std::uint8_t { Taken, TryAgain, Refused };

Outcome outcome_of(const Result<ClientResponse>& answer) {
  if (answer) {
    if (answer->status / 100 == 2) return Outcome::Taken;
    return answer->status == 429 || answer->status >= 500 ? Outcome::TryAgain : Outcome::Refused;
  }
  switch (answer.error().code()) {
    case ErrorCode::ProviderUnavailable:
    case ErrorCode::ProviderTimeout:
    case ErrorCode::BadPayload:   // half an answer says nothing about whether the event was taken
    case ErrorCode::RateLimited:  // our own client is busy
      return Outcome::TryAgain;
    default:
      return Outcome::Refused;
  }
}

/// The seconds of a Retry-After; nullopt for none, or for a date.
std::optional<milliseconds> retry_after_of(const Result<ClientResponse>& answer) {
  if (!answer) return std::nullopt;
  const auto seconds = text::parse_int(answer->header("retry-after"));
  constexpr std::int64_t kDay = 86'400;
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::chrono::seconds{std::min(*seconds, kDay)};
}

}  // namespace

Result<> check_webhook(const WebhookSettings& settings) {
  if (settings.url.empty()) return {};
  ZIGGY_TRY(url, parse_client_url(std::string{settings.url.reveal()}));
  (void)url;
  return {};
}

std::string webhook_signature(const Secret& key, Timestamp time, std::string_view body) {
  const std::string seconds = std::to_string(unix_seconds(time));
  const std::string message = seconds + "." + std::string{body};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const std::string_view secret = key.reveal();
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(),
       &size);
  std::string signature = "t=" + seconds + ",v1=";
  for (unsigned i = 0; i < size; ++i) signature += fmt::format("{:02x}", digest[i]);
  return signature;
}

/// Lives as long as the sender and the coroutine that delivers.
struct WebhookSender::State {
  struct Delivery {
    std::string event;
    std::string body;
    std::string id;
  };

  State(const Clock& the_clock, HttpClient& the_client, Executor the_executor,
        WebhookSettings the_settings)
      : clock{the_clock},
        client{the_client},
        executor{the_executor},
        settings{std::move(the_settings)},
        guard{guard_of(settings)},
        timer{executor},
        random{static_cast<std::uint64_t>(clock.now().time_since_epoch().count())} {}

  static Task<> deliver_all(std::shared_ptr<State> self);
  Task<bool> deliver(Delivery delivery);
  [[nodiscard]] ClientRequest request_of(const Delivery& delivery) const;
  [[nodiscard]] Call call() const;
  /// nullopt: the sender has stopped.
  [[nodiscard]] std::optional<Task<Result<ClientResponse>>> start_try(const Delivery& delivery);
  [[nodiscard]] milliseconds wait_after(int tries, std::optional<milliseconds> asked);
  Task<> rest(milliseconds wait);
  [[nodiscard]] std::optional<Delivery> take();
  [[nodiscard]] bool has_stopped() const;

  const Clock& clock;
  HttpClient& client;  // touched under mutex, and only until is_stopped
  const Executor executor;
  const WebhookSettings settings;
  const AddressGuard guard;

  // The loop's own.
  Timer timer;
  std::mt19937_64 random;

  mutable std::mutex mutex;
  std::deque<Delivery> queue;  // under mutex, as all below
  bool is_delivering = false;
  bool is_stopped = false;
  WebhookMetrics metrics;
};

bool WebhookSender::State::has_stopped() const {
  const std::lock_guard lock{mutex};
  return is_stopped;
}

std::optional<WebhookSender::State::Delivery> WebhookSender::State::take() {
  const std::lock_guard lock{mutex};
  if (is_stopped || queue.empty()) {
    is_delivering = false;
    return std::nullopt;
  }
  Delivery first = std::move(queue.front());
  queue.pop_front();
  return first;
}

Task<> WebhookSender::State::deliver_all(std::shared_ptr<State> self) {
  while (auto delivery = self->take()) {
    const bool was_taken = co_await self->deliver(std::move(*delivery));
    const std::lock_guard lock{self->mutex};
    --self->metrics.queued;
    ++(was_taken ? self->metrics.sent : self->metrics.failed);
  }
}

ClientRequest WebhookSender::State::request_of(const Delivery& delivery) const {
  ClientRequest request{.method = Method::Post,
                        .url = std::string{settings.url.reveal()},
                        .headers = {{"Content-Type", "application/json"},
                                    {"X-Ziggy-Event", delivery.event},
                                    {"X-Ziggy-Delivery", delivery.id}},
                        .body = delivery.body,
                        .body_max = kAnswerMax,
                        .guard = guard};
  if (!settings.signing_key.empty()) {
    request.headers.push_back(
        {"X-Ziggy-Signature", webhook_signature(settings.signing_key, clock.now(), delivery.body)});
  }
  return request;
}

Call WebhookSender::State::call() const {
  Call made;
  made.deadline = clock.steady() + settings.timeout;
  return made;
}

Task<bool> WebhookSender::State::deliver(Delivery delivery) {
  for (int tries = 1;; ++tries) {
    auto sending = start_try(delivery);
    if (!sending) co_return false;
    const auto answer = co_await std::move(*sending);
    const Outcome outcome = outcome_of(answer);
    if (outcome == Outcome::Taken) co_return true;
    const std::int64_t status = answer ? answer->status : 0;
    // The detail of the client's errors names the host alone.
    const std::string why = answer ? "status" : answer.error().detail();
    if (outcome == Outcome::Refused || tries >= settings.tries_max) {
      kLog.error("webhook_failed", {{"event", delivery.event},
                                    {"delivery", delivery.id},
                                    {"tries", tries},
                                    {"status", status},
                                    {"why", why}});
      co_return false;
    }
    const milliseconds wait = wait_after(tries, retry_after_of(answer));
    kLog.warning("webhook_try_failed", {{"event", delivery.event},
                                        {"delivery", delivery.id},
                                        {"tries", tries},
                                        {"status", status},
                                        {"why", why},
                                        {"wait_ms", wait.count()}});
    co_await rest(wait);
  }
}

std::optional<Task<Result<ClientResponse>>> WebhookSender::State::start_try(
    const Delivery& delivery) {
  // Under the lock, so that stop() knows that nobody touches the client any more.
  const std::lock_guard lock{mutex};
  if (is_stopped) return std::nullopt;
  ++metrics.tries;
  return client.send(request_of(delivery), call());
}

milliseconds WebhookSender::State::wait_after(int tries, std::optional<milliseconds> asked) {
  if (asked) return std::min(*asked, settings.retry_after_max);
  milliseconds longest = settings.first_wait;
  for (int i = 1; i < tries && longest < settings.wait_max; ++i) longest *= 2;
  longest = std::min(longest, settings.wait_max);
  std::uniform_int_distribution<std::int64_t> between{longest.count() / 2, longest.count()};
  return milliseconds{between(random)};
}

Task<> WebhookSender::State::rest(milliseconds wait) {
  timer.expires_after(wait);
  if (has_stopped()) co_return;  // its cancel has gone by
  try {
    co_await timer.async_wait(asio::use_awaitable_t<Executor>{});
  } catch (const boost::system::system_error& e) {
    if (e.code() != asio::error::operation_aborted) throw;  // by stop()
  }
}

WebhookSender::WebhookSender(const Clock& clock, HttpClient& client, Executor executor,
                             WebhookSettings settings)
    : state_{std::make_shared<State>(clock, client, executor, std::move(settings))} {}

WebhookSender::~WebhookSender() { stop(); }

bool WebhookSender::post(std::string event, std::string json) {
  bool must_start = false;
  {
    const std::lock_guard lock{state_->mutex};
    if (state_->settings.url.empty()) return false;
    if (state_->is_stopped || state_->metrics.queued >= state_->settings.queue_max) {
      ++state_->metrics.dropped;
      return false;
    }
    const auto now = std::chrono::floor<milliseconds>(state_->clock.now()).time_since_epoch();
    state_->queue.push_back({std::move(event), std::move(json), make_uuid_v7_string(now.count())});
    ++state_->metrics.queued;
    must_start = !std::exchange(state_->is_delivering, true);
  }
  if (must_start) spawn(state_->executor, State::deliver_all(state_), "webhooks");
  return true;
}

void WebhookSender::stop() {
  {
    const std::lock_guard lock{state_->mutex};
    if (std::exchange(state_->is_stopped, true)) return;
    state_->metrics.dropped += state_->queue.size();
    state_->metrics.queued -= state_->queue.size();
    state_->queue.clear();
  }
  asio::post(state_->executor, [state = state_] { state->timer.cancel(); });
}

WebhookMetrics WebhookSender::metrics() const {
  const std::lock_guard lock{state_->mutex};
  return state_->metrics;
}

}  // namespace ziggy::net
