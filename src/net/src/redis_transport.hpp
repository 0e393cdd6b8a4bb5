#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"
#include "ziggy/net/task.hpp"

namespace ziggy::net {

/// The bytes of one connection to Redis, plain or through TLS. One reader and one writer at a time.
/// Errors of all: StorageUnavailable.
class RedisTransport {
 public:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

  virtual ~RedisTransport() = default;
  [[nodiscard]] virtual Socket& socket() noexcept = 0;
  /// After the socket has been connected.
  [[nodiscard]] virtual Task<Result<>> shake_hands() = 0;
  /// At least one byte; how many.
  [[nodiscard]] virtual Task<Result<std::size_t>> read_some(std::span<char> buffer) = 0;
  /// All of `bytes`, which stay as they are meanwhile.
  [[nodiscard]] virtual Task<Result<>> write(std::string_view bytes) = 0;

  void close() noexcept {
    boost::system::error_code ignored;
    socket().close(ignored);
  }
};

/// `ca_file`: PEM file of the authorities to believe; empty: the system's. Errors: Configuration.
[[nodiscard]] Result<std::shared_ptr<RedisTransport>> make_redis_transport(
    Executor executor, bool is_tls, const std::string& host, const std::string& ca_file);

}  // namespace ziggy::net
