#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ziggy::standin::testing {

/// How a connection ended.
enum class End : std::uint8_t { Open, Closed, Reset };

/// What came back of one request.
struct Reply {
  int status = 0;  ///< 0: no status line came
  std::string head;
  std::string body;
  End end = End::Open;
  /// Until the last byte.
  std::chrono::milliseconds took{0};

  [[nodiscard]] std::string header(std::string_view name) const;
  /// What the head announced; -1 without.
  [[nodiscard]] long announced() const;
};

/// A socket to loopback that shows exactly what the stand-in does with it.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  void send(std::string_view bytes);
  /// Reads a whole answer, or until the connection ends, or `patience` is over.
  [[nodiscard]] Reply receive(std::chrono::milliseconds patience = std::chrono::seconds{5});
  [[nodiscard]] Reply get(std::string_view target, std::string_view headers = {},
                          std::chrono::milliseconds patience = std::chrono::seconds{5});

 private:
  int fd_;
};

}  // namespace ziggy::standin::testing
