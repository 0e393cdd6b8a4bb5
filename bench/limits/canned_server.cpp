#include "canned_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace ziggy::bench {

namespace {

void require(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::exit(1);
}

}  // namespace

CannedServer::CannedServer(std::string answer, std::uint16_t port)
    : CannedServer{[answer = std::move(answer)] { return std::string_view{answer}; }, port} {}

CannedServer::CannedServer(std::function<std::string_view()> make_answer, std::uint16_t port)
    : make_answer_{std::move(make_answer)},
      listener_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  require(::bind(listener_, any, size) == 0, "bind");
  require(::listen(listener_, 1024) == 0, "listen");
  require(::getsockname(listener_, any, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
}

CannedServer::~CannedServer() { ::close(listener_); }

void CannedServer::run() {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  require(poll >= 0, "epoll_create1");
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
  ::epoll_ctl(poll, EPOLL_CTL_ADD, listener_, &event);
  epoll_event events[128];
  char input[4096];
  for (;;) {
    const int ready = ::epoll_wait(poll, events, 128, -1);
    for (int i = 0; i < ready; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener_) {
        const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer < 0) continue;
        const int on = 1;
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        event = {.events = EPOLLIN, .data = {.fd = peer}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, peer, &event);
        continue;
      }
      const ssize_t got = ::recv(fd, input, sizeof input, 0);
      if (got <= 0) {
        ::close(fd);
        continue;
      }
      // The load has no pipelining and its requests fit one packet.
      if (got < 4 || std::memcmp(input + got - 4, "\r\n\r\n", 4) != 0) continue;
      const std::string_view answer = make_answer_();
      std::size_t sent = 0;
      while (sent < answer.size()) {
        const ssize_t part = ::send(fd, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (part < 0 && errno == EAGAIN) continue;
        if (part < 0) break;
        sent += static_cast<std::size_t>(part);
      }
    }
  }
}

}  // namespace ziggy::bench
