#include "connection.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstring>

/// Bytes in and out, and the time they may take; connection_request.cpp has the requests
/// themselves.
namespace ziggy::net {

namespace {

/// Holds the request of a browser without cookies; grows with the need.
constexpr std::size_t kInputInitial = 2048;
/// A draining server does not wait long for clients that keep a finished connection open.
constexpr std::chrono::milliseconds kLingerDraining{100};
/// An output buffer that a burst has blown up is given back.
constexpr std::size_t kOutputKept = 64 * 1024;

/// One gathered write; a plain one is cheaper and is the usual case.
ssize_t send_some(int socket, std::string_view first, std::string_view second) {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (second.empty()) return ::send(socket, first.data(), first.size(), kFlags);
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return ::sendmsg(socket, &message, kFlags);
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerLoop> loop, Socket socket, asio::ip::address peer)
    : loop_{std::move(loop)},
      socket_{std::move(socket)},
      peer_text_{peer.to_string()},
      peer_{peer},
      is_loopback_{peer.is_loopback() ||
                   (peer.is_v6() && peer.to_v6().is_v4_mapped() &&
                    asio::ip::make_address_v4(asio::ip::v4_mapped, peer.to_v6()).is_loopback())} {
  grow(kInputInitial);
  loop_->add(this);
}

Connection::~Connection() {
  if (state_ != State::Closed) loop_->remove(this);
}

void Connection::start() {
  deadline_ = loop_->coarse_now() + settings().head_timeout;
  process();
}

void Connection::grow(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (end_ > 0) std::memcpy(larger.get(), in_.get(), end_);
  in_ = std::move(larger);
  capacity_ = capacity;
}

/// Moves what is unread to offset `to`.
void Connection::compact(std::size_t to) {
  if (begin_ == to) return;
  std::memmove(in_.get() + to, in_.get() + begin_, end_ - begin_);
  end_ = to + (end_ - begin_);
  begin_ = to;
}

void Connection::read() {
  if (is_reading_ || state_ == State::Closed) return;
  is_reading_ = true;
  // What arrives while lingering is nobody's; a handler that was given up may still look at in_.
  const asio::mutable_buffer space = state_ == State::Lingering
                                         ? asio::buffer(loop_->scratch_bytes())
                                         : asio::mutable_buffer{in_.get() + end_, capacity_ - end_};
  socket_.async_read_some(space,
                          [self = Self{this}](boost::system::error_code ec, std::size_t size) {
                            self->is_reading_ = false;
                            self->on_read(ec, size);
                          });
}

void Connection::on_read(boost::system::error_code ec, std::size_t size) {
  if (state_ == State::Closed) return;
  if (ec == asio::error::eof) {
    saw_eof_ = true;
  } else if (ec) {
    close();
    return;
  }
  if (state_ == State::Lingering) {
    if (saw_eof_) {
      close();
    } else {
      read();
    }
    return;
  }
  if (state_ == State::Head || state_ == State::Body) end_ += size;
  process();
}

void Connection::process() {
  if (is_processing_) return;
  is_processing_ = true;
  while (step()) {
  }
  is_processing_ = false;
}

bool Connection::step() {
  switch (state_) {
    case State::Head:
      return !is_writing_ && step_head();
    case State::Body:
      return !is_writing_ && step_body();
    case State::Closing:
      if (flush()) linger();
      return false;
    default:
      return false;
  }
}

bool Connection::step_head() {
  if (begin_ == end_) {
    begin_ = end_ = scanned_ = 0;
    head_started_ = false;
    if (!flush()) return false;
    if (saw_eof_ || !keep_alive_ || loop_->core().is_draining.load(std::memory_order_relaxed)) {
      close();
      return false;
    }
    read();
    return false;
  }
  std::string_view head = unread();
  if (!head_started_) {
    // An empty line or two before a request is forgiven (RFC 9112, section 2.2).
    while (head.starts_with("\r\n")) {
      begin_ += 2;
      head.remove_prefix(2);
    }
    if (head.empty()) return true;
    if (head == "\r") return need_more_head();
    head_started_ = true;
    scanned_ = 0;
    deadline_ = loop_->coarse_now() + settings().head_timeout;
  }
  if (scanned_ > 0) {
    // It came in pieces: parsed again when its end is here.
    const std::size_t at = head.find("\r\n\r\n", scanned_ - std::min<std::size_t>(scanned_, 3));
    scanned_ = head.size();
    if (at == std::string_view::npos) return need_more_head();
    head = head.substr(0, at + 4);
  }
  return parse_head(head);
}

bool Connection::need_more_head() {
  if (end_ - begin_ >= settings().head_max) {
    return refuse(ErrorCode::HeadersTooLarge,
                  fmt::format("the request head is longer than {} bytes", settings().head_max));
  }
  if (saw_eof_) return refuse(ErrorCode::MalformedRequest, "the request ends within its head");
  if (!flush()) return false;
  compact(0);
  if (end_ == capacity_) grow(capacity_ * 2);
  read();
  return false;
}

bool Connection::step_body() {
  std::size_t used = 0;
  const BodyReader::Status status = body_reader_.feed(unread(), used, body_);
  begin_ += used;
  switch (status) {
    case BodyReader::Status::Done:
      request_.body = body_;
      return dispatch();
    case BodyReader::Status::TooLarge:
      return refuse(ErrorCode::PayloadTooLarge, fmt::format("the body is longer than {} bytes",
                                                            request_.route->policy.body_max));
    case BodyReader::Status::Malformed:
      return refuse(ErrorCode::MalformedRequest, "the body's chunks are malformed");
    case BodyReader::Status::NeedMore:
      break;
  }
  if (saw_eof_) return refuse(ErrorCode::MalformedRequest, "the request ends within its body");
  begin_ = end_ = body_at_;
  if (!flush()) return false;
  read();
  return false;
}

/// Writes what is gathered. True when all of it is gone; false when the socket takes no more (then
/// process() goes on later) or is broken.
bool Connection::flush() {
  if (is_writing_ || state_ == State::Closed) return false;
  while (sent_ < out_.size() || !large_.rest.empty()) {
    const ssize_t done =
        send_some(socket_.native_handle(), std::string_view{out_}.substr(sent_), large_.rest);
    if (done < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_writable();
      } else {
        close();
      }
      return false;
    }
    const auto size = static_cast<std::size_t>(done);
    const std::size_t of_out = std::min(size, out_.size() - sent_);
    sent_ += of_out;
    large_.rest.remove_prefix(size - of_out);
  }
  sent_ = 0;
  unflushed_ = 0;
  if (out_.capacity() > kOutputKept) {
    out_ = {};
  } else {
    out_.clear();
  }
  if (large_.shared || !large_.own.empty()) large_.clear();
  return true;
}

void Connection::wait_writable() {
  is_writing_ = true;
  write_deadline_ = loop_->coarse_now() + settings().write_timeout;
  socket_.async_wait(Socket::wait_write, [self = Self{this}](boost::system::error_code ec) {
    self->is_writing_ = false;
    self->write_deadline_ = Monotonic::max();
    if (self->state_ == State::Closed) return;
    if (ec) {
      self->close();
    } else if (self->flush()) {
      self->process();
    }
  });
}

/// Ends our half. Closing a socket with unread input resets the connection, which can take the
/// answer away from a client that is still sending; so its input is drained for a while.
void Connection::linger() {
  if (saw_eof_) {
    close();
    return;
  }
  boost::system::error_code ec;
  socket_.shutdown(asio::socket_base::shutdown_send, ec);
  state_ = State::Lingering;
  const bool is_draining = loop_->core().is_draining.load(std::memory_order_relaxed);
  deadline_ =
      loop_->coarse_now() + (is_draining ? std::min(settings().linger_timeout, kLingerDraining)
                                         : settings().linger_timeout);
  read();
}

void Connection::close() {
  if (state_ == State::Closed) return;
  state_ = State::Closed;
  loop_->remove(this);
  boost::system::error_code ec;
  socket_.close(ec);
  if (cancel_) cancel_->emit(asio::cancellation_type::terminal);
}

void Connection::drain() {
  // Half a head is no request yet: nobody's answer is lost, and it may never be completed.
  const bool is_idle = state_ == State::Head && !is_writing_ && out_.empty();
  if (is_idle) close();
}

void Connection::on_tick(Monotonic now) {
  if (now >= write_deadline_) {
    loop_->counts.timeouts.add();
    reset_on_close(socket_);
    close();
    return;
  }
  if (now < deadline_) return;
  deadline_ = Monotonic::max();
  const Self self{this};
  switch (state_) {
    case State::Head:
      if (!head_started_) {
        close();
        return;
      }
      loop_->counts.timeouts.add();
      refuse(ErrorCode::MalformedRequest,
             fmt::format("the request head was not complete within {} ms",
                         settings().head_timeout.count()));
      break;
    case State::Body:
      loop_->counts.timeouts.add();
      refuse(ErrorCode::MalformedRequest, fmt::format("the body was not complete within {} ms",
                                                      settings().body_timeout.count()));
      break;
    case State::Handling:
      loop_->counts.timeouts.add();
      // The handler keeps its views: nothing is read into this connection's buffers any more.
      refuse(ErrorCode::DeadlineExceeded,
             fmt::format("no answer within {} ms", request_.route->policy.timeout.count()));
      if (cancel_) cancel_->emit(asio::cancellation_type::terminal);
      break;
    default:
      close();
      return;
  }
  process();
}

}  // namespace ziggy::net
