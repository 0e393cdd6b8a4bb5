#include "websocket_session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "ziggy/base/text.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::net {

namespace {

constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAsTuple{};
/// A vendor that asks for more is asked again after this.
constexpr std::chrono::seconds kRetryAfterMax{3'600};

}  // namespace

Result<WebSocketUrl> parse_websocket_url(std::string_view url) {
  WebSocketUrl out;
  std::string_view rest = url;
  if (rest.starts_with("wss://")) {
    out.is_tls = true;
    rest.remove_prefix(6);
  } else if (rest.starts_with("ws://")) {
    rest.remove_prefix(5);
  } else {
    return fail(ErrorCode::ValidationFailed, "the URL of a WebSocket begins with ws:// or wss://");
  }
  rest = rest.substr(0, rest.find('#'));
  for (const char c : rest) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '@') {
      return fail(ErrorCode::ValidationFailed,
                  "the URL of a WebSocket holds a forbidden character");
    }
  }
  const std::size_t path = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, path);
  if (path == std::string_view::npos) {
    out.target = "/";
  } else {
    out.target = (rest[path] == '?' ? "/" : "") + std::string{rest.substr(path)};
  }
  std::string_view port;
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  out.authority = authority;
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  out.host = authority;
  const std::string_view usual = out.is_tls ? "443" : "80";
  out.port = port.empty() ? usual : port;
  if (out.port != usual) out.authority += ":" + out.port;
  const auto number = text::parse_int(out.port);
  if (out.host.empty() || !number || *number < 1 || *number > 65'535) {
    return fail(ErrorCode::ValidationFailed, "the URL of a WebSocket has no host or a wrong port");
  }
  return out;
}

Error handshake_error(int status, std::string_view retry_after) {
  const std::string detail =
      fmt::format("the WebSocket handshake was answered with HTTP {}", status);
  if (status == 401) return {ErrorCode::CredentialsRejected, detail};
  if (status == 403) return {ErrorCode::NotEntitled, detail};
  if (status == 406 || status == 429) {
    Error error{ErrorCode::ProviderQuota,
                detail + (status == 406 ? ": too many connections" : ": too many requests")};
    const auto seconds = text::parse_int(retry_after);
    if (!seconds || *seconds < 0) return error;
    return std::move(error).with_retry_after(
        std::min(std::chrono::seconds{*seconds}, kRetryAfterMax));
  }
  return {status >= 500 ? ErrorCode::ProviderUnavailable : ErrorCode::BadPayload, detail};
}

void WebSocketSession::drop() noexcept {
  boost::system::error_code ignored;
  socket().close(ignored);
}

void WebSocketSession::push(ClientMessage message) {
  inbox_bytes_ += message.payload.size();
  inbox_.push_back(std::move(message));
  arrived_.cancel();
}

void WebSocketSession::end(Error error) {
  if (!ended_) ended_.emplace(std::move(error));
  arrived_.cancel();
  taken_.cancel();
  written_.cancel();
}

Task<Result<ClientMessage>> WebSocketSession::receive(std::chrono::nanoseconds timeout) {
  const auto self = shared_from_this();
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (inbox_.empty() && !ended_) {
    if (std::chrono::steady_clock::now() >= deadline) {
      co_return fail(ErrorCode::ProviderTimeout, "no message in time");
    }
    arrived_.expires_at(deadline);
    co_await arrived_.async_wait(kAsTuple);
  }
  if (inbox_.empty()) co_return fail(Error{*ended_});
  ClientMessage message = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= message.payload.size();
  taken_.cancel();
  co_return message;
}

Task<Result<>> WebSocketSession::send(ClientMessage message) {
  const auto self = shared_from_this();
  if (ended_) co_return fail(Error{*ended_});
  if (outbox_.size() >= kOutboxMax) {
    co_return fail(ErrorCode::ProviderUnavailable, "the peer does not read");
  }
  outbox_.push_back(std::move(message));
  const std::uint64_t number = ++queued_count_;
  if (!is_writing_) {
    is_writing_ = true;
    spawn(executor_, write_all(self), "websocket writer");
  }
  while (written_count_ < number && !ended_) {
    written_.expires_at(Timer::time_point::max());
    co_await written_.async_wait(kAsTuple);
  }
  if (written_count_ < number) co_return fail(Error{*ended_});
  co_return Result<>{};
}

Task<> WebSocketSession::write_all(std::shared_ptr<WebSocketSession> self) {
  while (!self->outbox_.empty() && !self->ended_) {
    ClientMessage message = std::move(self->outbox_.front());
    self->outbox_.pop_front();
    auto written = co_await self->write_one(std::move(message));
    if (!written) {
      self->end(std::move(written).error());
      self->drop();
      break;
    }
    ++self->written_count_;
    self->written_.cancel();
  }
  self->is_writing_ = false;
}

Task<> WebSocketSession::read_all(std::shared_ptr<WebSocketSession> self) {
  while (!self->ended_) {
    auto message = co_await self->read_one();
    if (!message) {
      self->end(std::move(message).error());
      self->drop();
      break;
    }
    self->push(std::move(*message));
    while (self->inbox_bytes_ > WebSocketClient::kBacklogBytesMax && !self->ended_) {
      self->taken_.expires_at(Timer::time_point::max());
      co_await self->taken_.async_wait(kAsTuple);
    }
  }
}

}  // namespace ziggy::net
