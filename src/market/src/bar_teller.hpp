#pragma once

#include <condition_variable>
#include <mutex>
#include <unordered_set>
#include <variant>
#include <vector>

#include "import_watch.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/store/database.hpp"
#include "ziggy/streams/hub.hpp"

namespace ziggy::market {

/// Tells bars and holes to the hub in the order they come, after what must be stored is. Any
/// thread; what came together is stored in one transaction on a thread of the pool. A store that
/// fails is logged, and the bars are told all the same.
class BarTeller {
 public:
  BarTeller(store::Database& database, net::BlockingPool& pool, streams::Hub& hub,
            ImportWatch& imports)
      : database_{database}, pool_{pool}, hub_{hub}, imports_{imports} {}
  BarTeller(const BarTeller&) = delete;
  BarTeller& operator=(const BarTeller&) = delete;
  /// Waits for the job in the pool.
  ~BarTeller();

  void tell(streams::BarMessage message, bool is_stored);
  void tell(const streams::GapMessage& message);

 private:
  struct Item {
    std::variant<streams::BarMessage, streams::GapMessage> message;
    bool is_stored = false;
  };

  void add(Item item);
  void work();
  void store(const std::vector<Item>& items);
  [[nodiscard]] Result<> write(const std::vector<Item>& items);
  [[nodiscard]] Result<bool> may_store(const Symbol& symbol, std::string_view provider);
  void publish(const Item& item);

  store::Database& database_;
  net::BlockingPool& pool_;
  streams::Hub& hub_;
  ImportWatch& imports_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::vector<Item> queue_;  // guarded by mutex_
  bool is_working_ = false;  // guarded by mutex_
  /// Symbols that have their row; the job's own.
  std::unordered_set<Symbol> known_;
};

}  // namespace ziggy::market
