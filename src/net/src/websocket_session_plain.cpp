#include "websocket_session_beast.hpp"

namespace ziggy::net {

namespace {

class PlainSession final : public BeastSession<WebSocketSession::Socket> {
 public:
  explicit PlainSession(Executor executor) : BeastSession{executor, executor} {}

  Task<Result<>> shake_hands(WebSocketUrl url, WebSocketClientSettings settings) override {
    return upgrade(std::move(url), std::move(settings));
  }
};

}  // namespace

std::shared_ptr<WebSocketSession> make_plain_session(Executor executor) {
  return std::make_shared<PlainSession>(executor);
}

}  // namespace ziggy::net
