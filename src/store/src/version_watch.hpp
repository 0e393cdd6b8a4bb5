#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "bar_tables.hpp"

namespace ziggy::store {

/// The versions of all keys as this process knows them: its own writes at once, other processes' by
/// asking the database for versions above the highest one seen, every kVersionRefresh, on a thread
/// that starts with the first question. Thread-safe.
class VersionWatch {
 public:
  using Ask = std::function<Result<std::vector<KeyVersion>>(std::uint64_t after)>;

  explicit VersionWatch(Ask ask) : ask_{std::move(ask)} {}

  [[nodiscard]] std::uint64_t version(BarKey key);
  [[nodiscard]] Result<> refresh();
  /// A change committed by this process.
  void note(const KeyVersion& change);

 private:
  void keep_fresh(const std::stop_token& stop);

  const Ask ask_;
  std::mutex refreshing_;
  std::uint64_t seen_ = 0;  // guarded by refreshing_
  std::shared_mutex mutex_;
  std::unordered_map<BarKey, std::uint64_t> versions_;
  std::once_flag started_;
  std::jthread thread_;  // last: joins before the rest goes
};

}  // namespace ziggy::store
