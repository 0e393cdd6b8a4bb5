#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "ziggy/base/clock.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

/// Which symbols have imported bars, as far as it matters: whether the simulator may speak for
/// them. Thread-safe. Notices imports of other processes within store::kVersionRefresh.
class ImportWatch {
 public:
  ImportWatch(const Clock& clock, store::Database& database) : clock_{clock}, database_{database} {}

  /// A number that changes whenever stored bars of the symbol do; 0 while there are none. From
  /// memory.
  [[nodiscard]] std::uint64_t mark(const Symbol& symbol) const;

  /// From memory; nullopt when the store has changed and must be looked at.
  [[nodiscard]] std::optional<bool> is_imported(const Symbol& symbol) const;

  /// Asks the store. Blocking. Errors: StorageUnavailable.
  [[nodiscard]] Result<bool> look(const Symbol& symbol);

  /// True for one caller at a time: who got it calls look, then done.
  [[nodiscard]] bool begin_look(const Symbol& symbol);
  void end_look(const Symbol& symbol);

 private:
  struct Seen {
    std::uint64_t mark = 0;
    bool is_imported = false;
    bool is_looking = false;
    Monotonic looked_at;
  };

  const Clock& clock_;
  store::Database& database_;
  mutable std::mutex mutex_;
  std::unordered_map<Symbol, Seen> seen_;  // guarded by mutex_; symbols with stored bars only
};

}  // namespace ziggy::market
