#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>

namespace ziggy::net::testing {

/// A TLS server on loopback with a certificate of its own making for `localhost`, good for one
/// connection: it accepts a WebSocket, says `hello` and echoes one message.
class TlsServer {
 public:
  explicit TlsServer(const std::filesystem::path& folder);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// The certificate, which is its own authority.
  [[nodiscard]] std::string ca_file() const { return ca_file_.string(); }
  /// What the client asked for by SNI; after the connection has ended.
  [[nodiscard]] std::string wait_for_name();

 private:
  void serve();

  std::filesystem::path ca_file_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::string name_;
  std::thread thread_;
};

}  // namespace ziggy::net::testing
