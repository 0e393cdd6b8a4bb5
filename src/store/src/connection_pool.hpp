#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "connection.hpp"

namespace ziggy::store {

/// At most `size` connections, opened when first needed and kept. Thread-safe.
class ConnectionPool {
 public:
  /// A connection on loan; goes back to the pool with it, unless it is lost.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Connection> connection)
        : pool_{&pool}, connection_{std::move(connection)} {}
    ~Lease() {
      if (connection_ != nullptr) pool_->give_back(std::move(connection_));
    }
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;

    [[nodiscard]] Connection& connection() const noexcept { return *connection_; }

   private:
    ConnectionPool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  ConnectionPool(DatabaseUrl url, ConnectionOptions options, std::size_t size,
                 std::chrono::milliseconds lease_timeout)
      : url_{std::move(url)}, options_{options}, size_{size}, lease_timeout_{lease_timeout} {}

  /// Errors: StorageUnavailable when all are on loan for the whole lease timeout, or when opening
  /// one fails.
  [[nodiscard]] Result<Lease> lease();
  /// Closes those not on loan: after one was found lost the others probably are too.
  void drop_idle();

 private:
  void give_back(std::unique_ptr<Connection> connection);
  void forget_one();

  const DatabaseUrl url_;
  const ConnectionOptions options_;
  const std::size_t size_;
  const std::chrono::milliseconds lease_timeout_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t open_ = 0;  // idle and on loan
};

}  // namespace ziggy::store
