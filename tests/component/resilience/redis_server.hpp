#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "ziggy/testing/process.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::testing {

/// A Redis server of our own: on loopback and a free port, nothing kept on disk, gone at the end.
class RedisServer {
 public:
  static bool is_installed() { return std::filesystem::exists(kProgram); }

  RedisServer() : port_{free_port()} { start(); }

  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  void stop() { process_.reset(); }
  /// On the same port, empty.
  void start() {
    process_ = std::make_unique<Process>(
        kProgram,
        std::vector<std::string>{"--bind", "127.0.0.1", "--port", std::to_string(port_), "--save",
                                 "", "--appendonly", "no"},
        folder_.path());
  }

 private:
  static constexpr const char* kProgram = "/usr/bin/redis-server";

  static int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
  }

  TempFolder folder_;
  int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace ziggy::testing
