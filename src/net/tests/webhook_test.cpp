/// Webhooks: what a receiver gets, and what happens when it does not take it.
#include "ziggy/net/webhook.hpp"

#include <gtest/gtest.h>

#include <mutex>

#include "asker.hpp"
#include "raw_server.hpp"

namespace ziggy::net {
namespace {

using std::chrono::milliseconds;
using testing::RawPeer;
using testing::RawServer;

std::string status(int code, std::string_view headers = {}) {
  return "HTTP/1.1 " + std::to_string(code) + " X\r\n" + std::string{headers} +
         "Content-Length: 0\r\n\r\n";
}

/// A receiver that says what it is told, one answer a request, the last one for ever.
class Receiver {
 public:
  explicit Receiver(std::vector<std::string> answers)
      : answers_{std::move(answers)}, server_{[this](RawPeer& peer) { serve(peer); }} {}

  [[nodiscard]] std::string url() const { return server_.url("/hook/sesame?key=hunter2"); }
  [[nodiscard]] std::string authority() const {
    return "127.0.0.1:" + std::to_string(server_.port());
  }
  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock{mutex_};
    return requests_;
  }

 private:
  void serve(RawPeer& peer) {
    for (std::string request = peer.read_request(); !request.empty();
         request = peer.read_request()) {
      std::string answer;
      {
        const std::lock_guard lock{mutex_};
        requests_.push_back(std::move(request));
        answer = answers_[std::min(requests_.size(), answers_.size()) - 1];
      }
      if (answer.empty() || !peer.write(answer)) return;  // empty: hangs up
    }
  }

  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::string> answers_;
  RawServer server_;  // last: its threads use all of the above
};

std::string header(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

class WebhookTest : public ::testing::Test {
 protected:
  WebhookSender& make(const Receiver& receiver, WebhookSettings settings = {}) {
    settings.url = Secret{receiver.url()};
    settings.allowed_hosts = {receiver.authority()};
    settings.first_wait = milliseconds{2};
    settings.signing_key = Secret{"the key"};
    return make(std::move(settings));
  }
  WebhookSender& make(WebhookSettings settings) {
    sender_ = std::make_unique<WebhookSender>(clock_, asker_.client(), asker_.executor(),
                                              std::move(settings));
    return *sender_;
  }
  /// Until nothing waits.
  WebhookMetrics settled() {
    for (int i = 0; i < 4'000 && sender_->metrics().queued > 0; ++i) {
      std::this_thread::sleep_for(milliseconds{1});
    }
    return sender_->metrics();
  }

  // 2026-01-01T00:00:00Z stands still, so signatures are known; time-outs are real.
  ManualClock clock_{Timestamp{std::chrono::seconds{1'767'225'600}}};
  testing::Asker asker_;
  std::unique_ptr<WebhookSender> sender_;
};

TEST_F(WebhookTest, SignsWhatItSends) {
  Receiver receiver{{status(204)}};
  EXPECT_TRUE(make(receiver).post("incident.opened", R"({"a":1})"));
  EXPECT_EQ(settled().sent, 1U);
  const std::string request = receiver.requests().at(0);
  EXPECT_TRUE(request.starts_with("POST /hook/sesame?key=hunter2 HTTP/1.1\r\n"));
  EXPECT_TRUE(request.ends_with("\r\n\r\n{\"a\":1}"));
  EXPECT_EQ(header(request, "Content-Type"), "application/json");
  EXPECT_EQ(header(request, "X-Ziggy-Event"), "incident.opened");
  EXPECT_EQ(header(request, "X-Ziggy-Delivery").size(), 36U);
  // printf '%s' '1767225600.{"a":1}' | openssl dgst -sha256 -hmac 'the key'
  EXPECT_EQ(header(request, "X-Ziggy-Signature"),
            "t=1767225600,v1=34b39bbad2b59e1a93520dc1cc3a80b78db456b6eaa34900a7e4a4c79d5be71f");
}

TEST_F(WebhookTest, TriesAgainUntilItIsTaken) {
  Receiver receiver{{status(500), "", status(429, "Retry-After: 0\r\n"), status(503), status(200)}};
  make(receiver).post("e", "{}");
  const WebhookMetrics metrics = settled();
  EXPECT_EQ(metrics.sent, 1U);
  EXPECT_EQ(metrics.failed, 0U);
  EXPECT_EQ(metrics.tries, 5U);
  const auto requests = receiver.requests();
  EXPECT_EQ(requests.size(), 5U);
  for (const std::string& request : requests) {
    EXPECT_EQ(header(request, "X-Ziggy-Delivery"), header(requests[0], "X-Ziggy-Delivery"));
  }
}

TEST_F(WebhookTest, GivesUpAfterTheLastTryAndGoesOn) {
  Receiver receiver{{status(500), status(500), status(500), status(200)}};
  WebhookSender& sender = make(receiver, {.tries_max = 3});
  sender.post("first", "{}");
  sender.post("second", "{}");
  const WebhookMetrics metrics = settled();
  EXPECT_EQ(metrics.failed, 1U);
  EXPECT_EQ(metrics.sent, 1U);
  EXPECT_EQ(metrics.tries, 4U);
  EXPECT_EQ(header(receiver.requests().at(3), "X-Ziggy-Event"), "second");
}

TEST_F(WebhookTest, ARefusalIsFinal) {
  for (const int code : {400, 401, 404, 410, 302}) {
    Receiver receiver{{status(code, "Location: /elsewhere\r\n")}};
    make(receiver).post("e", "{}");
    const WebhookMetrics metrics = settled();
    EXPECT_EQ(metrics.failed, 1U) << code;
    EXPECT_EQ(metrics.tries, 1U) << code;
    sender_.reset();
  }
}

TEST_F(WebhookTest, WaitsAsLongAsTheReceiverAsks) {
  Receiver receiver{{status(429, "Retry-After: 3600\r\n"), status(200)}};
  const auto before = std::chrono::steady_clock::now();
  make(receiver, {.retry_after_max = milliseconds{120}}).post("e", "{}");
  EXPECT_EQ(settled().sent, 1U);
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds{120});
}

TEST_F(WebhookTest, TheGuardKeepsItOffPrivateAddresses) {
  Receiver receiver{{status(200)}};
  make(WebhookSettings{.url = Secret{receiver.url()}}).post("e", "{}");
  EXPECT_EQ(settled().failed, 1U);
  EXPECT_EQ(sender_->metrics().tries, 1U);
  EXPECT_EQ(receiver.requests().size(), 0U);
}

TEST_F(WebhookTest, TheQueueIsBounded) {
  Receiver receiver{{status(503, "Retry-After: 60\r\n")}};
  WebhookSender& sender = make(receiver, {.queue_max = 3});
  int taken = 0;
  for (int i = 0; i < 10; ++i) taken += sender.post("e", "{}") ? 1 : 0;
  EXPECT_EQ(taken, 3);
  EXPECT_EQ(sender.metrics().dropped, 7U);
  sender.stop();
  EXPECT_EQ(settled().queued, 0U);
}

TEST_F(WebhookTest, StopsInTheMiddleOfAWait) {
  Receiver receiver{{status(503, "Retry-After: 60\r\n")}};
  WebhookSender& sender = make(receiver);
  for (int i = 0; i < 3; ++i) sender.post("e", "{}");
  while (receiver.requests().empty()) std::this_thread::yield();
  sender.stop();
  const WebhookMetrics metrics = settled();
  EXPECT_EQ(metrics.queued, 0U) << "the coroutine has ended, a minute early";
  EXPECT_EQ(metrics.sent, 0U);
  EXPECT_EQ(metrics.failed, 1U);
  EXPECT_EQ(metrics.dropped, 2U);
  EXPECT_FALSE(sender.post("e", "{}"));
  EXPECT_EQ(receiver.requests().size(), 1U);
}

TEST_F(WebhookTest, WithoutAUrlNothingIsTaken) {
  EXPECT_FALSE(make(WebhookSettings{}).post("e", "{}"));
  EXPECT_EQ(sender_->metrics().dropped, 0U);
  EXPECT_TRUE(check_webhook({}).has_value());
  EXPECT_TRUE(check_webhook({.url = Secret{"https://hooks.example.com/x"}}).has_value());
  EXPECT_FALSE(check_webhook({.url = Secret{"hooks.example.com"}}).has_value());
  EXPECT_FALSE(check_webhook({.url = Secret{"file:///etc/passwd"}}).has_value());
}

}  // namespace
}  // namespace ziggy::net
