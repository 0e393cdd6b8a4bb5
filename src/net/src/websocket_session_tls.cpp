#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "tls_client.hpp"
#include "websocket_session_beast.hpp"

namespace ziggy::net {

namespace {

using TlsLayer = asio::ssl::stream<WebSocketSession::Socket>;

class TlsSession final : public BeastSession<TlsLayer> {
 public:
  TlsSession(Executor executor, TlsContext context)
      : BeastSession{executor, executor, *context}, context_{std::move(context)} {}

  TlsLayer& layer() noexcept { return stream_.next_layer(); }

  Task<Result<>> shake_hands(WebSocketUrl url, WebSocketClientSettings settings) override {
    const auto [error] = co_await layer().async_handshake(asio::ssl::stream_base::client, kAsTuple);
    if (error) {
      co_return fail(ErrorCode::ProviderUnavailable, "TLS with {}: {}", url.host, error.message());
    }
    auto upgraded = co_await upgrade(std::move(url), std::move(settings));
    co_return upgraded;
  }

 private:
  TlsContext context_;
};

}  // namespace

Result<std::shared_ptr<WebSocketSession>> make_tls_session(Executor executor,
                                                           const std::string& host,
                                                           const std::string& ca_file) {
  ZIGGY_TRY(context, make_tls_context(ca_file));
  const auto session = std::make_shared<TlsSession>(executor, std::move(context));
  expect_host(session->layer().native_handle(), host);
  return session;
}

}  // namespace ziggy::net
