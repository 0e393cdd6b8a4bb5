#include "raw_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <utility>

namespace ziggy::net::testing {

namespace {

constexpr int kLookEvery = 5;  // ms between looks at whether the server ends

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int bound_socket(std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

bool is_readable(int fd) {
  pollfd look{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&look, 1, kLookEvery) > 0;
}

std::size_t content_length(std::string_view head) {
  const std::size_t at = head.find("Content-Length: ");
  std::size_t size = 0;
  if (at != std::string_view::npos) {
    std::from_chars(head.data() + at + 16, head.data() + head.size(), size);
  }
  return size;
}

}  // namespace

std::string RawPeer::read_request() {
  std::string request;
  while (!is_ending_) {
    if (!is_readable(fd_)) continue;
    char buffer[4096];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    request.append(buffer, static_cast<std::size_t>(got));
    const std::size_t head = request.find("\r\n\r\n");
    if (head != std::string::npos && request.size() >= head + 4 + content_length(request)) {
      return request;
    }
  }
  return {};
}

bool RawPeer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    if (is_ending_) return false;
    pollfd look{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (poll(&look, 1, kLookEvery) == 0) continue;
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawPeer::wait_for_end() {
  while (!is_ending_) {
    if (!is_readable(fd_)) continue;
    char buffer[4096];
    if (recv(fd_, buffer, sizeof buffer, 0) <= 0) return;
  }
}

void RawPeer::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

RawServer::RawServer(Script script) : script_{std::move(script)} {
  listener_ = bound_socket(port_);
  listen(listener_, 128);
  thread_ = std::thread{[this] { accept_all(); }};
}

RawServer::~RawServer() {
  is_ending_ = true;
  thread_.join();
  close(listener_);
}

std::string RawServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string{path};
}

void RawServer::accept_all() {
  while (!is_ending_) {
    if (!is_readable(listener_)) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++accepted_;
    peers_.emplace_back([this, fd] {
      RawPeer peer{fd, is_ending_};
      script_(peer);
      close(fd);
      ++ended_;
    });
  }
  for (std::thread& peer : peers_) peer.join();
}

RawServer::Script always(std::string answer) {
  return [answer = std::move(answer)](RawPeer& peer) {
    while (!peer.read_request().empty()) {
      if (!peer.write(answer)) return;
    }
  };
}

std::uint16_t unused_port() {
  std::uint16_t port = 0;
  close(bound_socket(port));
  return port;
}

}  // namespace ziggy::net::testing
