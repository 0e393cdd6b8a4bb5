#include "peer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "ziggy/base/text.hpp"

namespace ziggy::standin {

namespace {

constexpr auto kAwait = net::asio::as_tuple(net::asio::use_awaitable_t<net::Executor>{});
// Between requests, and for one write.
constexpr std::chrono::seconds kIdleMax{120};
constexpr std::chrono::seconds kWriteMax{60};

}  // namespace

Peer::Peer(Socket socket)
    : socket_{std::move(socket)},
      watchdog_{socket_.get_executor()},
      sleep_{socket_.get_executor()} {}

void Peer::arm(std::chrono::nanoseconds limit) {
  watchdog_.expires_after(std::chrono::duration_cast<net::Timer::duration>(limit));
  watchdog_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec) self->reset();
  });
}

net::Task<bool> Peer::read_more() {
  if (!is_open_) co_return false;
  constexpr std::size_t kChunk = 8 * 1024;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kChunk);
  const auto self = shared_from_this();
  const auto [ec, size] =
      co_await socket_.async_read_some(net::asio::buffer(buffer_.data() + before, kChunk), kAwait);
  buffer_.resize(before + size);
  co_return !ec && size > 0 && is_open_;
}

net::Task<std::optional<WireRequest>> Peer::read_request() {
  arm(kIdleMax);
  std::size_t end = buffer_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (buffer_.size() > kHeadMax) co_return std::nullopt;
    const bool is_more = co_await read_more();
    if (!is_more) co_return std::nullopt;
    end = buffer_.find("\r\n\r\n");
  }
  auto request = parse_head(std::string_view{buffer_}.substr(0, end));
  buffer_.erase(0, end + 4);
  if (!request) co_return std::nullopt;
  const auto length = text::parse_int(request->header("content-length")).value_or(0);
  if (length < 0 || static_cast<std::size_t>(length) > kBodyMax) co_return std::nullopt;
  while (buffer_.size() < static_cast<std::size_t>(length)) {
    const bool is_more = co_await read_more();
    if (!is_more) co_return std::nullopt;
  }
  request->body = buffer_.substr(0, static_cast<std::size_t>(length));
  buffer_.erase(0, static_cast<std::size_t>(length));
  watchdog_.cancel();
  co_return std::move(*request);
}

net::Task<bool> Peer::write(std::string bytes) {
  if (!is_open_) co_return false;
  const auto self = shared_from_this();
  arm(kWriteMax);
  const auto [ec, size] =
      co_await net::asio::async_write(socket_, net::asio::buffer(bytes), kAwait);
  watchdog_.cancel();
  co_return !ec && size == bytes.size() && is_open_;
}

net::Task<bool> Peer::sleep(std::chrono::nanoseconds duration) {
  if (!is_open_) co_return false;
  const auto self = shared_from_this();
  sleep_.expires_after(std::chrono::duration_cast<net::Timer::duration>(duration));
  static_cast<void>(co_await sleep_.async_wait(kAwait));
  co_return is_open_;
}

net::Task<> Peer::wait_for_end() {
  arm(kHangMax);
  bool is_there = true;
  while (is_there) {
    buffer_.clear();
    is_there = co_await read_more();
  }
}

void Peer::send(std::string bytes) {
  if (!is_open_ || is_finishing_) return;
  outbox_bytes_ += bytes.size();
  if (outbox_bytes_ > kOutboxMax) {
    reset();
    return;
  }
  outbox_.push_back(std::move(bytes));
  if (!is_writing_) write_next();
}

void Peer::write_next() {
  if (!is_open_) return;
  if (outbox_.empty()) {
    is_writing_ = false;
    if (is_finishing_) close();
    return;
  }
  is_writing_ = true;
  net::asio::async_write(socket_, net::asio::buffer(outbox_.front()),
                         [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
                           if (!self->is_open_) return;
                           self->outbox_bytes_ -= self->outbox_.front().size();
                           self->outbox_.pop_front();
                           if (ec) {
                             self->close();
                           } else {
                             self->write_next();
                           }
                         });
}

void Peer::reset() {
  if (!is_open_) return;
  boost::system::error_code ignored;
  socket_.set_option(net::asio::socket_base::linger{true, 0}, ignored);
  close();
}

void Peer::close() {
  if (!is_open_) return;
  is_open_ = false;
  boost::system::error_code ignored;
  socket_.close(ignored);
  watchdog_.cancel();
  sleep_.cancel();
}

void Peer::finish() {
  if (!is_open_ || is_finishing_) return;
  is_finishing_ = true;
  if (!is_writing_) close();
}

}  // namespace ziggy::standin
