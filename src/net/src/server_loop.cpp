#include "server_loop.hpp"

#include <sys/socket.h>

#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <mutex>

#include "connection.hpp"
#include "response_writer.hpp"
#include "websocket_connection.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::net {

namespace {

constexpr log::Logger kLog{"net"};

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

/// How long accepting rests when the process has run out of descriptors.
constexpr std::chrono::milliseconds kAcceptRest{100};

}  // namespace

struct ServerLoop::Posted {
  std::shared_ptr<WebSocketConnection> socket;
  std::shared_ptr<const std::string> bytes;  // nullptr: close
  std::uint16_t code = 0;
  std::string reason{};
};

/// What other threads have sent since the loop last looked; bounded by the outboxes' limits, which
/// count it. The loop is woken once for all of it.
struct ServerLoop::Mailbox {
  std::mutex mutex;
  std::vector<Posted> waiting;
};

ServerLoop::ServerLoop(std::shared_ptr<ServerCore> core, asio::io_context& context)
    : core_{std::move(core)},
      executor_{context.get_executor()},
      acceptor_{executor_},
      tick_timer_{executor_},
      accept_timer_{executor_},
      flush_timer_{executor_},
      scratch_bytes_(64 * 1024),
      gather_bytes_(64 * 1024),
      routes_(core_->router.routes().size() + 1),
      mailbox_{std::make_unique<Mailbox>()} {
  update_time();
}

ServerLoop::~ServerLoop() = default;

Result<std::uint16_t> ServerLoop::bind(std::uint16_t port) {
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(core_->settings.host, ec);
  if (ec) return fail(ErrorCode::Configuration, "'{}' is no address", core_->settings.host);
  const asio::ip::tcp::endpoint endpoint{address, port};
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address{true}, ec);
  if (!ec) acceptor_.set_option(ReusePort{true}, ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(4096, ec);
  if (ec) {
    return fail(ErrorCode::Configuration, "cannot listen on {} port {}: {}", core_->settings.host,
                port, ec.message());
  }
  return acceptor_.local_endpoint().port();
}

void ServerLoop::start() {
  accept();
  tick();
}

void ServerLoop::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept([self = shared_from_this()](boost::system::error_code ec, Socket socket) {
    self->on_accept(ec, std::move(socket));
  });
}

void ServerLoop::on_accept(boost::system::error_code ec, Socket socket) {
  if (!acceptor_.is_open() || ec == asio::error::operation_aborted) return;
  if (ec == asio::error::no_descriptors || ec == asio::error::no_buffer_space) {
    kLog.warning("accept_failed", {{"error", ec.message()}});
    accept_timer_.expires_after(kAcceptRest);
    accept_timer_.async_wait([self = shared_from_this()](boost::system::error_code aborted) {
      if (!aborted) self->accept();
    });
    return;
  }
  if (!ec) {
    counts.accepted.add();
    boost::system::error_code ignored;
    const auto endpoint = socket.remote_endpoint(ignored);
    if (core_->connections.load(std::memory_order_relaxed) >= core_->settings.connections_max) {
      counts.refused.add();
    } else if (!ignored) {
      socket.non_blocking(true, ignored);
      socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
      const boost::intrusive_ptr<Connection> connection{
          new Connection{shared_from_this(), std::move(socket), endpoint.address()}};
      connection->start();
    }
  }
  accept();
}

void ServerLoop::update_time() {
  coarse_now_ = core_->clock.steady();
  const Timestamp now = core_->clock.now();
  const std::int64_t second =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second == date_second_) return;
  date_second_ = second;
  date_ = http_date(now);
}

void ServerLoop::tick() {
  update_time();
  // From the end: whoever leaves is replaced by the last, which has had its turn.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->on_tick(coarse_now_);
  }
  for (std::size_t i = sockets_.size(); i-- > 0;) {
    if (i < sockets_.size()) sockets_[i]->on_tick(coarse_now_);
  }
  tick_timer_.expires_after(core_->settings.tick);
  tick_timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec) self->tick();
  });
}

void ServerLoop::stop_accepting() {
  boost::system::error_code ec;
  acceptor_.close(ec);
  accept_timer_.cancel();
}

void ServerLoop::drain() {
  stop_accepting();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    if (i < connections_.size()) connections_[i]->drain();
  }
  for (std::size_t i = sockets_.size(); i-- > 0;) {
    if (i < sockets_.size()) sockets_[i]->drain();
  }
}

void ServerLoop::abort() {
  stop_accepting();
  while (!connections_.empty()) connections_.back()->close();
  while (!sockets_.empty()) sockets_.back()->abort();
  dirty_.clear();
  tick_timer_.cancel();
  flush_timer_.cancel();
}

bool ServerLoop::is_empty() const noexcept { return connections_.empty() && sockets_.empty(); }

void ServerLoop::count_request(const Route* route, int status, std::uint64_t micros,
                               std::size_t bytes) {
  RouteCounts& counted = routes_[route != nullptr ? route->index : routes_.size() - 1];
  counted.by_status_class[static_cast<std::size_t>(std::clamp(status / 100, 0, 5))].add();
  std::size_t bucket = 0;
  while (bucket < kLatencyBoundsMicros.size() && micros > kLatencyBoundsMicros[bucket]) ++bucket;
  counted.latency[bucket].add();
  counted.micros_total.add(micros);
  counted.bytes_out.add(bytes);
}

void ServerLoop::add(Connection* connection) {
  connection->place = connections_.size();
  connections_.push_back(connection);
  counts.http_open.add();
  core_->connections.fetch_add(1, std::memory_order_relaxed);
}

void ServerLoop::remove(Connection* connection) {
  connections_[connection->place] = connections_.back();
  connections_[connection->place]->place = connection->place;
  connections_.pop_back();
  counts.http_open.sub();
  core_->connections.fetch_sub(1, std::memory_order_relaxed);
}

void ServerLoop::add(WebSocketConnection* socket) {
  socket->place = sockets_.size();
  sockets_.push_back(socket);
  counts.websockets_open.add();
  counts.websockets_opened.add();
  core_->connections.fetch_add(1, std::memory_order_relaxed);
}

void ServerLoop::remove(WebSocketConnection* socket) {
  sockets_[socket->place] = sockets_.back();
  sockets_[socket->place]->place = socket->place;
  sockets_.pop_back();
  counts.websockets_open.sub();
  core_->connections.fetch_sub(1, std::memory_order_relaxed);
}

void ServerLoop::flush_soon(std::shared_ptr<WebSocketConnection> socket) {
  dirty_.push_back(std::move(socket));
  if (is_flush_armed_) return;
  is_flush_armed_ = true;
  flush_timer_.expires_after(core_->settings.websocket.flush_every);
  flush_timer_.async_wait([self = shared_from_this()](boost::system::error_code) {
    self->is_flush_armed_ = false;
    self->flush_sockets();
  });
}

void ServerLoop::flush_sockets() {
  std::vector<std::shared_ptr<WebSocketConnection>> burst;
  burst.swap(dirty_);
  for (const auto& socket : burst) socket->flush();
  if (!dirty_.empty()) return;
  burst.clear();
  dirty_.swap(burst);  // keeps the capacity
}

void ServerLoop::post_frame(std::shared_ptr<WebSocketConnection> socket,
                            std::shared_ptr<const std::string> bytes) {
  post({.socket = std::move(socket), .bytes = std::move(bytes)});
}

void ServerLoop::post_close(std::shared_ptr<WebSocketConnection> socket, std::uint16_t code,
                            std::string reason) {
  post({.socket = std::move(socket), .bytes = nullptr, .code = code, .reason = std::move(reason)});
}

void ServerLoop::post(Posted posted) {
  bool is_first = false;
  {
    const std::lock_guard lock{mailbox_->mutex};
    is_first = mailbox_->waiting.empty();
    mailbox_->waiting.push_back(std::move(posted));
  }
  if (!is_first) return;
  asio::post(executor_, [self = shared_from_this()] {
    std::vector<Posted> waiting;
    {
      const std::lock_guard lock{self->mailbox_->mutex};
      waiting.swap(self->mailbox_->waiting);
    }
    for (Posted& each : waiting) {
      if (each.bytes) {
        each.socket->take(std::move(each.bytes));
      } else {
        each.socket->take_close(each.code, each.reason);
      }
    }
  });
}

}  // namespace ziggy::net
