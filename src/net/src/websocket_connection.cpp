#include "websocket_connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

#include "negotiate.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net.websocket"};

/// A single write takes at most this; frames from here on are written from where they are.
constexpr std::size_t kGatherMax = 64 * 1024;
constexpr std::size_t kCopyMax = 16 * 1024;

}  // namespace

bool is_websocket_handshake(const Request& request, std::string_view connection,
                            std::string_view upgrade) noexcept {
  return request.method == Method::Get && lists_token(connection, "upgrade") &&
         lists_token(upgrade, "websocket") && request.header("Sec-WebSocket-Version") == "13" &&
         is_websocket_key(request.header("Sec-WebSocket-Key"));
}

std::string websocket_accept_head(const Request& request, std::string_view correlation_id) {
  return fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: {}\r\nX-Correlation-ID: {}\r\n\r\n",
      websocket_accept(request.header("Sec-WebSocket-Key")), correlation_id);
}

WebSocketConnection::WebSocketConnection(std::shared_ptr<ServerLoop> loop, Socket socket, Call call,
                                         std::string peer)
    : loop_{std::move(loop)},
      socket_{std::move(socket)},
      call_{call},
      peer_{std::move(peer)},
      reader_{loop_->core().settings.websocket.message_max},
      ping_at_{loop_->coarse_now() + loop_->core().settings.websocket.ping_every},
      rate_second_{loop_->coarse_now()} {
  loop_->add(this);
}

WebSocketConnection::~WebSocketConnection() {
  if (!is_finished_) loop_->remove(this);
}

const WebSocketLimits& WebSocketConnection::limits() const noexcept {
  return loop_->core().settings.websocket;
}

void WebSocketConnection::start(std::string head, std::string_view early,
                                const std::function<void(std::shared_ptr<WebSocket>)>& on_open) {
  const auto self = shared_from_this();
  std::string received{early};
  outbox_bytes_ += head.size();
  push(std::make_shared<const std::string>(std::move(head)));
  try {
    on_open(self);
  } catch (const std::exception& e) {
    kLog.error(call_, "upgrade_failed", {{"error", e.what()}});
    close(close_code::kInternal, "internal error");
  }
  flush();
  if (!received.empty() && !is_finished_) receive(received.data(), received.size());
  wait_readable();
}

void WebSocketConnection::set_listener(std::shared_ptr<WebSocketListener> listener) {
  listener_ = std::move(listener);
}

bool WebSocketConnection::is_congested() const noexcept {
  return outbox_bytes() > limits().outbox_soft_max;
}

void WebSocketConnection::send(Frame frame) {
  if (!is_open()) return;
  const std::size_t before = outbox_bytes_.fetch_add(frame.size(), std::memory_order_relaxed);
  const bool is_here = loop_->executor().running_in_this_thread();
  if (before + frame.size() > limits().outbox_max) {
    outbox_bytes_.fetch_sub(frame.size(), std::memory_order_relaxed);
    if (is_here) {
      fall_behind();
    } else {
      loop_->post_close(shared_from_this(), close_code::kSlowConsumer, "too slow");
    }
    return;
  }
  if (is_here) {
    take(std::move(frame.bytes_));
  } else {
    loop_->post_frame(shared_from_this(), std::move(frame.bytes_));
  }
}

void WebSocketConnection::take(std::shared_ptr<const std::string> bytes) {
  if (close_queued_) {
    outbox_bytes_.fetch_sub(bytes->size(), std::memory_order_relaxed);
    return;
  }
  push(std::move(bytes));
  loop_->counts.frames_out.add();
}

void WebSocketConnection::push(std::shared_ptr<const std::string> bytes) {
  outbox_.push_back(std::move(bytes));
  if (is_dirty_ || is_writing_) return;
  is_dirty_ = true;
  loop_->flush_soon(shared_from_this());
}

void WebSocketConnection::close(std::uint16_t code, std::string_view reason) {
  if (loop_->executor().running_in_this_thread()) {
    take_close(code, reason);
  } else {
    loop_->post_close(shared_from_this(), code, std::string{reason});
  }
}

void WebSocketConnection::take_close(std::uint16_t code, std::string_view reason) {
  if (code == close_code::kSlowConsumer) {
    fall_behind();
  } else {
    begin_close(code, reason, code);
  }
}

/// The client does not read what it asked for: what waits is dropped, all but the frame that is
/// half sent, since the close frame must not land within it.
void WebSocketConnection::fall_behind() {
  if (close_queued_) return;
  loop_->counts.slow_consumers.add();
  const std::size_t keep = std::min(outbox_.size(), first_ + (first_sent_ > 0 ? 1 : 0));
  std::size_t dropped = 0;
  for (std::size_t i = keep; i < outbox_.size(); ++i) dropped += outbox_[i]->size();
  outbox_.resize(keep);
  outbox_bytes_.fetch_sub(dropped, std::memory_order_relaxed);
  begin_close(close_code::kSlowConsumer, "too slow", close_code::kSlowConsumer);
}

/// Queues the close frame; `told` is what the listener hears.
void WebSocketConnection::begin_close(std::uint16_t code, std::string_view reason,
                                      std::uint16_t told) {
  if (close_queued_ || is_finished_) return;
  close_queued_ = true;
  is_open_.store(false, std::memory_order_relaxed);
  close_deadline_ = loop_->coarse_now() + limits().close_timeout;
  std::string frame = encode_close(code, reason);
  outbox_bytes_.fetch_add(frame.size(), std::memory_order_relaxed);
  push(std::make_shared<const std::string>(std::move(frame)));
  tell_closed(told);
}

/// By a posted call: whoever is told may be in the middle of sending to many.
void WebSocketConnection::tell_closed(std::uint16_t code) {
  if (!listener_) return;
  asio::post(loop_->executor(),
             [listener = std::move(listener_), code] { listener->on_close(code); });
  listener_.reset();
}

void WebSocketConnection::wait_readable() {
  if (is_finished_) return;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](boost::system::error_code ec) {
    if (self->is_finished_) return;
    if (ec) {
      self->finish();
    } else {
      self->on_readable();
    }
  });
}

void WebSocketConnection::on_readable() {
  std::vector<char>& scratch = loop_->scratch_bytes();
  const ssize_t got = ::recv(socket_.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    finish();
    return;
  }
  if (got > 0 && !is_ending_) {
    const auto size = static_cast<std::size_t>(got);
    if (partial_.empty()) {
      receive(scratch.data(), size);
    } else {
      partial_.append(scratch.data(), size);
      if (partial_.size() >= needed_) {
        std::string whole = std::move(partial_);
        partial_.clear();
        receive(whole.data(), whole.size());
      }
    }
  }
  wait_readable();
}

void WebSocketConnection::receive(char* data, std::size_t size) {
  awaits_pong_ = false;  // any sign of life will do
  std::size_t used = 0;
  for (;;) {
    const MessageReader::Event event = reader_.next(data + used, size - used);
    used += event.consumed;
    if (event.kind == MessageReader::Kind::NeedMore) {
      partial_.assign(data + used, size - used);
      needed_ = event.needed;
      return;
    }
    if (!handle(event)) return;
  }
}

/// False when nothing more may be read.
bool WebSocketConnection::handle(const MessageReader::Event& event) {
  using Kind = MessageReader::Kind;
  if (event.kind == Kind::Error) {
    is_ending_ = true;
    begin_close(event.code, event.payload, event.code);
    return false;
  }
  if (event.kind == Kind::Close) {
    is_ending_ = true;
    begin_close(event.code, {}, event.code);
    if (!is_dirty_ && !is_writing_) on_flushed();  // ours went out before
    return false;
  }
  if (close_queued_) return true;  // what crosses our close on its way is dropped
  if (!is_within_rate()) {
    begin_close(close_code::kRateLimit, "too many messages", close_code::kRateLimit);
    return true;
  }
  if (event.kind == Kind::Ping) {
    std::string pong = encode_frame(Opcode::Pong, event.payload);
    outbox_bytes_.fetch_add(pong.size(), std::memory_order_relaxed);
    push(std::make_shared<const std::string>(std::move(pong)));
  } else if (event.kind != Kind::Pong && listener_) {
    const auto listener = listener_;  // it may close us, which lets go of it
    try {
      listener->on_message(event.payload,
                           event.kind == Kind::Text ? MessageKind::Text : MessageKind::Binary);
    } catch (const std::exception& e) {
      kLog.error(call_, "on_message_failed", {{"error", e.what()}});
      begin_close(close_code::kInternal, "internal error", close_code::kInternal);
    }
  }
  return true;
}

bool WebSocketConnection::is_within_rate() {
  const std::uint32_t max = limits().messages_per_second_max;
  if (max == 0) return true;
  const Monotonic now = loop_->coarse_now();
  if (now - rate_second_ >= std::chrono::seconds{1}) {
    rate_second_ = now;
    rate_count_ = 0;
  }
  return ++rate_count_ <= max;
}

/// One write for the whole burst: small frames are copied together, which costs less than a vector
/// of pieces; large ones go from where they are.
void WebSocketConnection::flush() {
  is_dirty_ = false;
  if (is_writing_ || is_finished_) return;
  if (outbox_bytes() > limits().outbox_soft_max) was_congested_ = true;
  std::vector<char>& scratch = loop_->gather_bytes();
  while (first_ < outbox_.size()) {
    const char* from = outbox_[first_]->data() + first_sent_;
    std::size_t size = outbox_[first_]->size() - first_sent_;
    if (size < kCopyMax && first_ + 1 < outbox_.size()) {
      size = 0;
      for (std::size_t i = first_; i < outbox_.size() && size < kGatherMax; ++i) {
        const std::string_view frame =
            std::string_view{*outbox_[i]}.substr(i == first_ ? first_sent_ : 0);
        const std::size_t part = std::min(frame.size(), kGatherMax - size);
        std::copy_n(frame.data(), part, scratch.data() + size);
        size += part;
      }
      from = scratch.data();
    }
    const ssize_t done = ::send(socket_.native_handle(), from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_writable();
      } else {
        finish();
      }
      return;
    }
    auto left = static_cast<std::size_t>(done);
    outbox_bytes_.fetch_sub(left, std::memory_order_relaxed);
    while (left > 0) {
      const std::size_t rest = outbox_[first_]->size() - first_sent_;
      if (left < rest) {
        first_sent_ += left;
        break;
      }
      left -= rest;
      first_sent_ = 0;
      outbox_[first_++].reset();
    }
  }
  outbox_.clear();
  if (outbox_.capacity() > 64) outbox_.shrink_to_fit();
  first_ = 0;
  on_flushed();
}

void WebSocketConnection::on_flushed() {
  if (close_queued_) {
    if (!is_ending_ || is_shut_) return;
    is_shut_ = true;
    boost::system::error_code ec;
    socket_.shutdown(asio::socket_base::shutdown_send, ec);
    return;  // the peer's end of file, or the deadline, finishes it
  }
  if (!was_congested_) return;
  was_congested_ = false;
  if (const auto listener = listener_) listener->on_writable();
}

void WebSocketConnection::wait_writable() {
  is_writing_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](boost::system::error_code ec) {
    self->is_writing_ = false;
    if (self->is_finished_) return;
    if (ec) {
      self->finish();
    } else {
      self->flush();
    }
  });
}

void WebSocketConnection::on_tick(Monotonic now) {
  if (now >= close_deadline_ || (awaits_pong_ && now >= pong_deadline_)) {
    if (!close_queued_) loop_->counts.timeouts.add();
    finish();
    return;
  }
  if (now < ping_at_ || close_queued_) return;
  ping_at_ = now + limits().ping_every;
  if (awaits_pong_) return;
  awaits_pong_ = true;
  pong_deadline_ = now + limits().pong_timeout;
  std::string ping = encode_frame(Opcode::Ping, {});
  outbox_bytes_.fetch_add(ping.size(), std::memory_order_relaxed);
  push(std::make_shared<const std::string>(std::move(ping)));
}

void WebSocketConnection::drain() {
  if (const auto listener = listener_) listener->on_shutdown();
  begin_close(close_code::kRestart, "the server restarts", close_code::kRestart);
}

void WebSocketConnection::abort() { finish(); }

void WebSocketConnection::finish() {
  if (is_finished_) return;
  const auto self = shared_from_this();
  is_finished_ = true;
  is_open_.store(false, std::memory_order_relaxed);
  tell_closed(close_code::kAbnormal);
  loop_->remove(this);
  if (is_writing_) reset_on_close(socket_);
  boost::system::error_code ec;
  socket_.close(ec);
  outbox_.clear();
}

}  // namespace ziggy::net
