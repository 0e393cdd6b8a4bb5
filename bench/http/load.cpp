#include "load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <vector>

namespace ziggy::bench {

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    give_up("connect");
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/// The size of a whole answer whose head is in `bytes`; 0 while the head is not complete.
std::size_t answer_size(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::string_view head = bytes.substr(0, end);
  std::size_t body = 0;
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const std::size_t at = head.find(name);
    if (at != std::string_view::npos) {
      body = std::strtoull(head.data() + at + name.size(), nullptr, 10);
    }
  }
  return end + 4 + body;
}

struct Connection {
  int fd = -1;
  std::size_t expected = 0;  // of the answer under way; 0: its head is not complete
  std::size_t received = 0;
  std::string head{};
  Clock::time_point sent_at{};
};

}  // namespace

double cpu_seconds(pid_t process) {
  clockid_t clock = 0;
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
    give_up("the server's CPU clock");
  }
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::string fetch(std::uint16_t port, const std::string& request) {
  const int fd = connect_to(port);
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) give_up("send");
  std::string bytes;
  char input[16 * 1024];
  while (answer_size(bytes) == 0 || bytes.size() < answer_size(bytes)) {
    const ssize_t got = ::recv(fd, input, sizeof input, 0);
    if (got <= 0) give_up("recv");
    bytes.append(input, static_cast<std::size_t>(got));
  }
  ::close(fd);
  return bytes;
}

LoadResult run_load(pid_t server, std::uint16_t port, const std::string& request, int connections,
                    double seconds) {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Connection> all(static_cast<std::size_t>(connections));
  const auto send_request = [&](Connection& connection) {
    connection.expected = connection.received = 0;
    connection.head.clear();
    connection.sent_at = Clock::now();
    if (::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      give_up("send");
    }
  };
  for (Connection& connection : all) {
    connection.fd = connect_to(port);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connection.fd, &event);
  }
  LoadResult result;
  std::vector<float> latencies;
  latencies.reserve(1 << 20);
  const double cpu_before = cpu_seconds(server);
  const auto begin = Clock::now();
  const auto end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{seconds});
  for (Connection& connection : all) send_request(connection);

  epoll_event events[128];
  std::vector<char> input(64 * 1024);
  for (auto now = begin; now < end; now = Clock::now()) {
    // Never asleep: a server that has to wake its load pays for that, and the slower it is the more
    // often, which no client on another machine would cost it.
    const int ready = ::epoll_wait(poll, events, 128, 0);
    for (int i = 0; i < ready; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      const ssize_t got = ::recv(connection.fd, input.data(), input.size(), 0);
      if (got <= 0) give_up("the server closed a connection");
      connection.received += static_cast<std::size_t>(got);
      if (connection.expected == 0) {
        connection.head.append(input.data(), static_cast<std::size_t>(got));
        connection.expected = answer_size(connection.head);
        if (connection.expected == 0) continue;
        if (connection.head.compare(0, 12, "HTTP/1.1 200") != 0) ++result.errors;
      }
      if (connection.received < connection.expected) continue;
      ++result.requests;
      latencies.push_back(
          std::chrono::duration<float, std::micro>(Clock::now() - connection.sent_at).count());
      send_request(connection);
    }
  }
  result.wall_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.server_cpu_seconds = cpu_seconds(server) - cpu_before;
  for (const Connection& connection : all) ::close(connection.fd);
  ::close(poll);
  if (!latencies.empty()) {
    const auto at = [&](double part) {
      const auto place = latencies.begin() + static_cast<std::ptrdiff_t>(
                                                 part * static_cast<double>(latencies.size() - 1));
      std::ranges::nth_element(latencies, place);
      return static_cast<double>(*place);
    };
    result.p50_micros = at(0.5);
    result.p99_micros = at(0.99);
  }
  return result;
}

}  // namespace ziggy::bench
