#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

namespace ziggy::testing {

/// A port of loopback that nobody listens on now, for a server that can't choose one by itself.
/// With `listener` it is taken: a socket that listens there and never accepts, to be closed by the
/// caller.
inline std::uint16_t free_port(int* listener = nullptr) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool is_bound =
      ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
  if (!is_bound) {
    ::close(socket);
    throw std::runtime_error{"no free port on loopback"};
  }
  if (listener != nullptr) {
    ::listen(socket, 8);
    *listener = socket;
  } else {
    ::close(socket);
  }
  return ntohs(address.sin_port);
}

}  // namespace ziggy::testing
