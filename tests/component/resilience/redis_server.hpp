#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "ziggy/testing/free_port.hpp"
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

  TempFolder folder_;
  int port_;
  std::unique_ptr<Process> process_;
};

}  // namespace ziggy::testing
