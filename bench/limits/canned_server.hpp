#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ziggy::bench {

/// The least that an HTTP server can do: one epoll loop, no parsing but for the blank line, the
/// same bytes for every request. The limit that Ziggy's server is measured against.
class CannedServer {
 public:
  /// Binds to a free port on loopback; several may share it (SO_REUSEPORT) when `port` is not 0.
  CannedServer(std::string answer, std::uint16_t port = 0);
  /// Makes each answer anew; what `make_answer` returns lives until its next call.
  explicit CannedServer(std::function<std::string_view()> make_answer, std::uint16_t port = 0);
  ~CannedServer();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Serves until the process ends.
  [[noreturn]] void run();

 private:
  std::function<std::string_view()> make_answer_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
};

}  // namespace ziggy::bench
