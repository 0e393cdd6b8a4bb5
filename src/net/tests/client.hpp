#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ziggy::net::testing {

/// One answer, taken apart.
struct Answer {
  int status = 0;  ///< 0: the connection ended before a whole answer
  std::string head;
  std::string body;

  /// The header's value, its name in any case; empty when absent.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A plain blocking socket to loopback, so that a test says exactly which bytes go out when. Every
/// wait ends after five seconds.
class Client {
 public:
  explicit Client(std::uint16_t port);
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  ~Client();

  /// False when the peer has closed.
  bool send(std::string_view bytes);
  /// Ends our half.
  void finish_sending();
  void set_receive_buffer(int bytes);
  /// The next answer; `to_head` says that it has no body.
  [[nodiscard]] Answer receive(bool to_head = false);
  /// Exactly `size` bytes, fewer when the connection ends.
  [[nodiscard]] std::string receive_bytes(std::size_t size);
  /// Whether the peer has ended the connection and sent nothing more.
  [[nodiscard]] bool is_closed();

  /// A GET on this connection.
  [[nodiscard]] Answer get(std::string_view target, std::string_view headers = {});

 private:
  bool fill();
  int fd_;
  std::string buffered_;
};

/// One request on a connection of its own.
[[nodiscard]] Answer ask(std::uint16_t port, std::string_view bytes);

}  // namespace ziggy::net::testing
