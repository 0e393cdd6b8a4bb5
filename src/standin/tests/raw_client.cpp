#include "raw_client.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "ziggy/base/text.hpp"

namespace ziggy::standin::testing {

std::string Reply::header(std::string_view name) const {
  for (std::string_view line : text::split_list(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        text::equals_ignoring_case(line.substr(0, colon), name)) {
      return std::string{text::trim(line.substr(colon + 1))};
    }
  }
  return {};
}

long Reply::announced() const {
  const std::string length = header("content-length");
  return length.empty() ? -1 : std::atol(length.c_str());
}

RawClient::RawClient(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    throw std::runtime_error{"cannot connect"};
  }
}

RawClient::~RawClient() { ::close(fd_); }

void RawClient::send(std::string_view bytes) {
  static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

Reply RawClient::receive(std::chrono::milliseconds patience) {
  Reply reply;
  std::string all;
  const auto began = std::chrono::steady_clock::now();
  const auto passed = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 began);
  };
  std::size_t split = std::string::npos;
  while (passed() < patience) {
    if (split != std::string::npos &&
        all.size() - split - 4 >= static_cast<std::size_t>(reply.announced()))
      break;
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>((patience - passed()).count())) <= 0) continue;
    std::array<char, 65'536> chunk{};
    const ssize_t size = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (size <= 0) {
      reply.end = size == 0 ? End::Closed : End::Reset;
      break;
    }
    all.append(chunk.data(), static_cast<std::size_t>(size));
    reply.took = passed();
    if (split == std::string::npos && (split = all.find("\r\n\r\n")) != std::string::npos) {
      reply.head = all.substr(0, split);
      reply.status = std::atoi(reply.head.substr(reply.head.find(' ') + 1, 3).c_str());
    }
  }
  if (split != std::string::npos) reply.body = all.substr(split + 4);
  return reply;
}

Reply RawClient::get(std::string_view target, std::string_view headers,
                     std::chrono::milliseconds patience) {
  send(fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n", target, headers));
  return receive(patience);
}

}  // namespace ziggy::standin::testing
