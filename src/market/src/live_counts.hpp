#pragma once

#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy::market {

/// How many want each symbol: what handles on any thread share with the feeds' loop.
class LiveCounts {
 public:
  LiveCounts(const Clock& clock, std::size_t symbols_max)
      : clock_{&clock}, symbols_max_{symbols_max} {}

  /// Counts one more; true when the symbol is new. Errors: RateLimited when there is no room.
  [[nodiscard]] Result<bool> acquire(const Symbol& symbol);
  void release(const Symbol& symbol) noexcept;
  /// Takes those out that nobody has wanted for `linger`.
  [[nodiscard]] std::vector<Symbol> take_idle(std::chrono::nanoseconds linger);
  /// From here on handles are empty shells: the clock and the feeds may be gone.
  void close() noexcept;
  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  const Clock* clock_;  // guarded by mutex_, as what follows
  std::size_t symbols_max_;
  std::unordered_map<Symbol, std::size_t> wanted_;
  /// Since when nobody wants them.
  std::unordered_map<Symbol, Monotonic> idle_;
};

}  // namespace ziggy::market
