#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/base/secret.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

struct WebhookSettings {
  /// Its path and query are a credential (Slack, Discord); empty: nothing is sent.
  Secret url{};
  /// Empty: no signature.
  Secret signing_key{};
  /// "host:port" that may be reached although it is not on the public internet. Whoever may change
  /// the URL alone cannot make Ziggy talk to its own network.
  std::vector<std::string> allowed_hosts{};
  /// Alerts come a few an hour; a queue this long is a receiver that has been gone for a day.
  std::size_t queue_max = 256;
  int tries_max = 5;
  /// Before the second try; doubles each time, less up to half of it at random.
  std::chrono::milliseconds first_wait{1'000};
  std::chrono::milliseconds wait_max{60'000};
  /// What a receiver may ask for by Retry-After.
  std::chrono::milliseconds retry_after_max{300'000};
  std::chrono::milliseconds timeout{10'000};  ///< of one try
};

struct WebhookMetrics {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;   ///< given up: refused for good, or after the last try
  std::uint64_t dropped = 0;  ///< the queue was full, or the sender has stopped
  std::uint64_t tries = 0;
  std::size_t queued = 0;  ///< with the one on its way
};

/// Errors: ValidationFailed for a URL that could never be asked. An empty one is none.
[[nodiscard]] Result<> check_webhook(const WebhookSettings& settings);

/// `t=<unix seconds>,v1=<hex of HMAC-SHA256 over "t.body">`. A receiver computes the second from
/// the first, its key and the bytes of the body, compares in constant time, and refuses an old `t`.
[[nodiscard]] std::string webhook_signature(const Secret& key, Timestamp time,
                                            std::string_view body);

/// Sends events to one URL, one after the other, each until the receiver has taken it (2xx), has
/// refused it for good (other 3xx and 4xx), or the tries are used up. Tried again: 429, 5xx, and no
/// answer. Headers: `X-Ziggy-Event`, `X-Ziggy-Delivery` (the same in every try, so that a receiver
/// can tell a repeated one), `X-Ziggy-Signature`. Thread-safe. Destroy it before the client and the
/// loop.
class WebhookSender {
 public:
  WebhookSender(const Clock& clock, HttpClient& client, Executor executor,
                WebhookSettings settings);
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;
  /// As stop().
  ~WebhookSender();

  /// Takes the event and returns at once; from the first one on, a coroutine runs while there is
  /// something to send. False: there is no URL, the queue is full, or the sender has stopped.
  bool post(std::string event, std::string json);
  /// Sends nothing more: what is queued is dropped, a wait before another try ends.
  void stop();

  [[nodiscard]] WebhookMetrics metrics() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ziggy::net
