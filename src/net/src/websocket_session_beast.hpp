#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <utility>

#include "websocket_session.hpp"

/// The Beast half of a session, for the two files that instantiate it.
namespace ziggy::net {

namespace websocket = boost::beast::websocket;

inline constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAsTuple{};

/// A large message's memory is given back after it.
inline constexpr std::size_t kReadBufferKeepMax = std::size_t{256} << 10U;

template <class Layer>
class BeastSession : public WebSocketSession {
 public:
  // Without permessage-deflate: vendors' bursts are decoded faster than inflated, and it costs
  // 300 KB a connection.
  using Stream = websocket::stream<Layer, false>;

  template <class... Args>
  explicit BeastSession(Executor executor, Args&&... args)
      : WebSocketSession{executor}, stream_{std::forward<Args>(args)...} {}

  Socket& socket() noexcept override { return boost::beast::get_lowest_layer(stream_); }

  Task<Result<ClientMessage>> read_one() override {
    const auto [error, size] = co_await stream_.async_read(buffer_, kAsTuple);
    if (error) co_return fail(describe(error));
    ClientMessage message{stream_.got_text() ? MessageKind::Text : MessageKind::Binary, {}};
    const auto bytes = buffer_.cdata();
    message.payload.assign(static_cast<const char*>(bytes.data()), bytes.size());
    buffer_.consume(size);
    if (buffer_.capacity() > kReadBufferKeepMax) buffer_.shrink_to_fit();
    co_return message;
  }

  Task<Result<>> write_one(ClientMessage message) override {
    stream_.binary(message.kind == MessageKind::Binary);
    const auto [error, size] =
        co_await stream_.async_write(asio::buffer(message.payload), kAsTuple);
    static_cast<void>(size);
    if (error) co_return fail(describe(error));
    co_return Result<>{};
  }

  Task<Result<>> say_goodbye(std::uint16_t code) override {
    const auto [error] = co_await stream_.async_close(
        websocket::close_reason{static_cast<websocket::close_code>(code)}, kAsTuple);
    static_cast<void>(error);  // it is over either way
    co_return Result<>{};
  }

 protected:
  Task<Result<>> upgrade(WebSocketUrl url, WebSocketClientSettings settings) {
    stream_.set_option(
        websocket::stream_base::timeout{.handshake_timeout = settings.connect_timeout,
                                        .idle_timeout = settings.ping_every + settings.pong_timeout,
                                        .keep_alive_pings = true});
    stream_.set_option(websocket::stream_base::decorator{
        [headers = std::move(settings.headers)](websocket::request_type& request) {
          request.set(boost::beast::http::field::user_agent, "ziggy");
          for (const ClientHeader& header : headers) request.set(header.name, header.value);
        }});
    stream_.read_message_max(settings.message_max);
    stream_.auto_fragment(false);
    websocket::response_type response;
    const auto [error] =
        co_await stream_.async_handshake(response, url.authority, url.target, kAsTuple);
    if (error == websocket::error::upgrade_declined) {
      const auto retry = response.find(boost::beast::http::field::retry_after);
      co_return fail(
          handshake_error(static_cast<int>(response.result_int()),
                          retry == response.end()
                              ? std::string_view{}
                              : std::string_view{retry->value().data(), retry->value().size()}));
    }
    if (error) co_return fail(describe(error));
    co_return Result<>{};
  }

  Stream stream_;

 private:
  [[nodiscard]] Error describe(const boost::system::error_code& error) const {
    if (error == websocket::error::closed) {
      const auto& reason = stream_.reason();
      return Error{
          ErrorCode::ProviderUnavailable,
          fmt::format("closed by the peer with code {} {}", static_cast<unsigned>(reason.code),
                      std::string_view{reason.reason.data(), reason.reason.size()})};
    }
    if (error == boost::beast::error::timeout) {
      return Error{ErrorCode::ProviderUnavailable, "silent, pings are not answered"};
    }
    const bool is_protocol =
        error.category() == websocket::make_error_code(websocket::error::closed).category();
    return Error{is_protocol ? ErrorCode::BadPayload : ErrorCode::ProviderUnavailable,
                 error.message()};
  }

  boost::beast::flat_buffer buffer_;
};

}  // namespace ziggy::net
