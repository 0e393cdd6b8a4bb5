#include "redis_transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "tls_client.hpp"

namespace ziggy::net {

namespace {

constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kAsTuple{};

std::unexpected<Error> lost(const boost::system::error_code& error) {
  return fail(ErrorCode::StorageUnavailable, "redis: {}", error.message());
}

template <class Stream>
class Transport : public RedisTransport {
 public:
  template <class... Args>
  explicit Transport(Args&&... args) : stream_{std::forward<Args>(args)...} {}

  Task<Result<std::size_t>> read_some(std::span<char> buffer) override {
    const auto [error, size] =
        co_await stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()), kAsTuple);
    if (error) co_return lost(error);
    co_return size;
  }
  Task<Result<>> write(std::string_view bytes) override {
    const auto [error, size] =
        co_await asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()), kAsTuple);
    static_cast<void>(size);
    if (error) co_return lost(error);
    co_return Result<>{};
  }

 protected:
  Stream stream_;
};

class PlainTransport final : public Transport<RedisTransport::Socket> {
 public:
  explicit PlainTransport(Executor executor) : Transport{executor} {}
  Socket& socket() noexcept override { return stream_; }
  Task<Result<>> shake_hands() override { co_return Result<>{}; }
};

class TlsTransport final : public Transport<asio::ssl::stream<RedisTransport::Socket>> {
 public:
  TlsTransport(Executor executor, TlsContext context, const std::string& host)
      : Transport{executor, *context}, context_{std::move(context)} {
    expect_host(stream_.native_handle(), host);
  }
  Socket& socket() noexcept override { return stream_.next_layer(); }
  Task<Result<>> shake_hands() override {
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::client, kAsTuple);
    if (error) co_return lost(error);
    co_return Result<>{};
  }

 private:
  TlsContext context_;
};

}  // namespace

Result<std::shared_ptr<RedisTransport>> make_redis_transport(Executor executor, bool is_tls,
                                                             const std::string& host,
                                                             const std::string& ca_file) {
  if (!is_tls) return std::make_shared<PlainTransport>(executor);
  ZIGGY_TRY(context, make_tls_context(ca_file));
  return std::make_shared<TlsTransport>(executor, std::move(context), host);
}

}  // namespace ziggy::net
