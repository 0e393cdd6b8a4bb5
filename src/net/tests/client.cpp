#include "client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "ziggy/base/text.hpp"

namespace ziggy::net::testing {

std::string Answer::header(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        text::equals_ignoring_case(line.substr(0, colon), name)) {
      return std::string{text::trim(line.substr(colon + 1))};
    }
  }
  return {};
}

Client::Client(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;  // what a test sends in pieces arrives in pieces
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

Client::Client(Client&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, buffered_{std::move(other.buffered_)} {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::finish_sending() { ::shutdown(fd_, SHUT_WR); }

void Client::set_receive_buffer(int bytes) {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

bool Client::fill() {
  char bytes[16 * 1024];
  const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffered_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

Answer Client::receive(bool to_head) {
  Answer answer;
  std::size_t end = std::string::npos;
  while ((end = buffered_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  answer.head = buffered_.substr(0, end + 2);
  buffered_.erase(0, end + 4);
  const std::string length = answer.header("Content-Length");
  if (!to_head && !length.empty()) {
    answer.body = receive_bytes(std::strtoull(length.c_str(), nullptr, 10));
    if (answer.body.size() != std::strtoull(length.c_str(), nullptr, 10)) return answer;
  }
  if (answer.head.starts_with("HTTP/1.1 ")) answer.status = std::atoi(answer.head.c_str() + 9);
  return answer;
}

std::string Client::receive_bytes(std::size_t size) {
  while (buffered_.size() < size && fill()) {
  }
  std::string out = buffered_.substr(0, size);
  buffered_.erase(0, out.size());
  return out;
}

bool Client::is_closed() {
  if (!buffered_.empty()) return false;
  char byte = 0;
  const ssize_t got = ::recv(fd_, &byte, 1, 0);
  if (got > 0) buffered_ += byte;
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

Answer Client::get(std::string_view target, std::string_view headers) {
  std::string request = "GET ";
  request += target;
  request += " HTTP/1.1\r\nHost: test\r\n";
  request += headers;
  request += "\r\n";
  if (!send(request)) return {};
  return receive();
}

Answer ask(std::uint16_t port, std::string_view bytes) {
  Client client{port};
  client.send(bytes);
  return client.receive();
}

}  // namespace ziggy::net::testing
