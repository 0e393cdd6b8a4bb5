#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ziggy::net::testing {

/// One accepted connection of a RawServer; blocking, on a thread of its own.
class RawPeer {
 public:
  RawPeer(int fd, const std::atomic<bool>& is_ending) : fd_{fd}, is_ending_{is_ending} {}

  /// The next request: its head, and as much body as its Content-Length says; empty at the end.
  [[nodiscard]] std::string read_request();
  /// False when the client is gone.
  bool write(std::string_view bytes);
  /// Until the client goes or the server ends.
  void wait_for_end();
  /// What follows is a RST.
  void reset();
  [[nodiscard]] bool is_ending() const noexcept { return is_ending_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
  const std::atomic<bool>& is_ending_;
};

/// A server on a port of loopback whose every byte the test decides.
class RawServer {
 public:
  using Script = std::function<void(RawPeer& peer)>;

  explicit RawServer(Script script);
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] int accepted() const noexcept { return accepted_; }
  /// How many connections have run through their script.
  [[nodiscard]] int ended() const noexcept { return ended_; }

 private:
  void accept_all();

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_ending_{false};
  std::atomic<int> accepted_{0};
  std::atomic<int> ended_{0};
  std::vector<std::thread> peers_;  // the accepting thread's
  std::thread thread_;
};

/// A script that answers every request of a connection with the same bytes.
[[nodiscard]] RawServer::Script always(std::string answer);
/// A port of loopback where nobody listens.
[[nodiscard]] std::uint16_t unused_port();

}  // namespace ziggy::net::testing
