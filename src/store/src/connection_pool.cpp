#include "connection_pool.hpp"

namespace ziggy::store {

Result<ConnectionPool::Lease> ConnectionPool::lease() {
  {
    std::unique_lock lock{mutex_};
    const bool free = returned_.wait_for(lock, lease_timeout_,
                                         [this] { return !idle_.empty() || open_ < size_; });
    if (!free) {
      return fail(ErrorCode::StorageUnavailable, "{}: all {} connections busy for {} ms",
                  url_.location, size_, lease_timeout_.count());
    }
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease{*this, std::move(connection)};
    }
    ++open_;
  }
  auto opened = Connection::open(url_, options_);
  if (!opened) {
    forget_one();
    return fail(std::move(opened).error());
  }
  return Lease{*this, std::move(*opened)};
}

void ConnectionPool::drop_idle() {
  std::vector<std::unique_ptr<Connection>> dropped;
  const std::lock_guard lock{mutex_};
  dropped.swap(idle_);
  open_ -= dropped.size();
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) {
  if (connection->is_lost()) {
    connection.reset();
    forget_one();
    return;
  }
  {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

void ConnectionPool::forget_one() {
  {
    const std::lock_guard lock{mutex_};
    --open_;
  }
  returned_.notify_one();
}

}  // namespace ziggy::store
