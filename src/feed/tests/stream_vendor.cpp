#include "stream_vendor.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace ziggy::feed::testing {

class StreamVendor::Peer final : public net::WebSocketListener {
 public:
  Peer(StreamVendor& vendor, int connection, std::shared_ptr<net::WebSocket> socket)
      : vendor_{vendor}, connection_{connection}, socket_{std::move(socket)} {}

  void on_message(std::string_view payload, net::MessageKind) override {
    vendor_.lines.add(fmt::format("{} says {}", connection_, payload));
    for (auto& frame : vendor_.script_.on_message(connection_, std::string{payload})) {
      socket_->send(std::move(frame));
    }
  }
  void on_close(std::uint16_t) override {
    {
      const std::lock_guard lock{vendor_.mutex_};
      vendor_.sockets_.erase(connection_);
    }
    vendor_.lines.add(fmt::format("{} closed", connection_));
    socket_.reset();
  }

 private:
  StreamVendor& vendor_;
  int connection_;
  std::shared_ptr<net::WebSocket> socket_;
};

StreamVendor::StreamVendor(Script script) : script_{std::move(script)} {
  net::Router router;
  const net::Policy open{.body_max = 1000,
                         .timeout = std::chrono::milliseconds{5000},
                         .scope = "public",
                         .rate_class = "default"};
  for (const char* path : {"/stocks", "/crypto", "/v2/iex", "/v1beta3/crypto/us"}) {
    router.websocket(path, open, [this](net::Request request) { return accept(request, this); });
  }
  net::ServerSettings settings;
  settings.port = 0;
  settings.tick = std::chrono::milliseconds{5};
  settings.websocket.messages_per_second_max = 0;
  server_ = std::make_unique<net::Server>(
      loops_, clock_, std::move(router), settings,
      [](const Error&, const net::Request&, net::Response& response) { response.status = 500; });
  const auto port = server_->listen();
  EXPECT_TRUE(port.has_value());
  port_ = port.value_or(0);
  loops_.run();
}

StreamVendor::~StreamVendor() {
  {
    const std::lock_guard lock{mutex_};
    sockets_.clear();
  }
  server_.reset();
  loops_.stop();
}

std::string StreamVendor::url() const { return fmt::format("ws://127.0.0.1:{}", port_); }

net::Task<net::Response> StreamVendor::accept(net::Request request, StreamVendor* self) {
  int number = 0;
  {
    const std::lock_guard lock{self->mutex_};
    number = ++self->connections_;
  }
  self->lines.add(
      fmt::format("{} opens {} {}", number, request.path, request.header("content-type")));
  net::Response response;
  response.status = self->script_.status(number);
  if (response.status == 101) {
    response.status = 200;
    response.upgrade = [self, number](std::shared_ptr<net::WebSocket> socket) {
      socket->set_listener(std::make_shared<Peer>(*self, number, socket));
      for (auto& frame : self->script_.on_open(number)) socket->send(std::move(frame));
      const std::lock_guard lock{self->mutex_};
      self->sockets_.emplace(number, std::move(socket));
    };
  }
  co_return response;
}

void StreamVendor::push(const net::Frame& frame) {
  const std::lock_guard lock{mutex_};
  for (const auto& [number, socket] : sockets_) socket->send(frame);
}

void StreamVendor::drop() {
  const std::lock_guard lock{mutex_};
  for (const auto& [number, socket] : sockets_) socket->close(net::close_code::kGoingAway, "");
}

std::size_t StreamVendor::open_connections() const {
  const std::lock_guard lock{mutex_};
  return sockets_.size();
}

}  // namespace ziggy::feed::testing
