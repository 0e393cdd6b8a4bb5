#include "ziggy/net/websocket_client.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "until.hpp"
#include "websocket_session.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::net {

namespace {

using Session = std::shared_ptr<WebSocketSession>;

constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAsTuple{};
constexpr std::chrono::seconds kGoodbyeMax{2};

/// Drops the connection unless somebody has taken it over.
struct Owner {
  Session session;
  ~Owner() {
    if (!session) return;
    session->end(Error{ErrorCode::Canceled, "the connection was given up"});
    session->drop();
  }
};

Task<Result<>> open_session(Session session, WebSocketUrl url, WebSocketClientSettings settings) {
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver{session->executor()};
  const auto [unresolved, endpoints] =
      co_await resolver.async_resolve(url.host, url.port, kAsTuple);
  if (session->has_ended()) co_return fail(ErrorCode::Canceled, "given up");
  if (unresolved) {
    co_return fail(ErrorCode::ProviderUnavailable, "{}: {}", url.host, unresolved.message());
  }
  const auto [refused, endpoint] =
      co_await asio::async_connect(session->socket(), endpoints, kAsTuple);
  static_cast<void>(endpoint);
  if (session->has_ended()) {
    session->drop();
    co_return fail(ErrorCode::Canceled, "given up");
  }
  if (refused) {
    co_return fail(ErrorCode::ProviderUnavailable, "{}:{}: {}", url.host, url.port,
                   refused.message());
  }
  boost::system::error_code ignored;
  session->socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  auto done = co_await session->shake_hands(std::move(url), std::move(settings));
  co_return done;
}

class Client final : public WebSocketClient {
 public:
  explicit Client(Session session) : owner_{std::move(session)} {}

  Task<Result<ClientMessage>> receive(std::chrono::nanoseconds timeout) override {
    return owner_.session->receive(timeout);
  }
  Task<Result<>> send_text(std::string text) override {
    return owner_.session->send({MessageKind::Text, std::move(text)});
  }
  Task<Result<>> send_binary(std::string bytes) override {
    return owner_.session->send({MessageKind::Binary, std::move(bytes)});
  }
  Task<> close(std::uint16_t code) override { return say_goodbye(owner_.session, code); }
  void abort() noexcept override {
    owner_.session->end(Error{ErrorCode::ProviderUnavailable, "the connection was dropped"});
    owner_.session->drop();
  }

 private:
  static Task<> say_goodbye(Session session, std::uint16_t code) {
    if (!session->has_ended()) {
      co_await until(std::chrono::steady_clock::now() + kGoodbyeMax, session->say_goodbye(code));
    }
    session->end(Error{ErrorCode::ProviderUnavailable, "the connection was closed"});
    session->drop();
  }

  Owner owner_;
};

}  // namespace

Task<Result<std::unique_ptr<WebSocketClient>>> WebSocketClient::connect(
    WebSocketClientSettings settings, Call call) {
  const Executor executor = co_await asio::this_coro::executor;
  ZIGGY_CO_TRY(url, parse_websocket_url(settings.url));
  Owner owner;
  if (url.is_tls) {
    ZIGGY_CO_TRY(session, make_tls_session(executor, url.host, settings.ca_file));
    owner.session = std::move(session);
  } else {
    owner.session = make_plain_session(executor);
  }
  const Monotonic now = std::chrono::steady_clock::now();
  const Monotonic deadline = std::min(call.deadline, now + settings.connect_timeout);
  const std::string host = url.host;
  auto opened =
      co_await until(deadline, open_session(owner.session, std::move(url), std::move(settings)));
  if (!opened) {
    co_return fail(ErrorCode::ProviderTimeout, "{}: no connection in time", host);
  }
  if (!*opened) co_return fail(std::move(*opened).error());
  spawn(executor, WebSocketSession::read_all(owner.session), "websocket reader");
  co_return std::make_unique<Client>(std::exchange(owner.session, nullptr));
}

}  // namespace ziggy::net
