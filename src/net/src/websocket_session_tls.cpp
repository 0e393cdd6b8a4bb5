#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "websocket_session_beast.hpp"

namespace ziggy::net {

namespace {

using TlsLayer = asio::ssl::stream<WebSocketSession::Socket>;

class TlsSession final : public BeastSession<TlsLayer> {
 public:
  TlsSession(Executor executor, std::shared_ptr<asio::ssl::context> context)
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
  std::shared_ptr<asio::ssl::context> context_;
};

}  // namespace

Result<std::shared_ptr<WebSocketSession>> make_tls_session(Executor executor,
                                                           const std::string& host,
                                                           const std::string& ca_file) {
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  if (ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(ca_file, error);
  }
  if (error) {
    return fail(ErrorCode::Configuration, "certificates of authorities: {}", error.message());
  }
  const auto session = std::make_shared<TlsSession>(executor, context);
  session->layer().set_verify_mode(asio::ssl::verify_peer);
  session->layer().set_verify_callback(asio::ssl::host_name_verification{host});
  asio::ip::make_address(host, error);
  if (error) {  // a name, not an address: say whom we want (SNI, RFC 6066)
    SSL_set_tlsext_host_name(session->layer().native_handle(), host.c_str());
  }
  return session;
}

}  // namespace ziggy::net
