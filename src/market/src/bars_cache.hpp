#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "ziggy/base/clock.hpp"
#include "ziggy/market/market.hpp"

namespace ziggy::market {

struct BarsQueryHash {
  std::size_t operator()(const BarsQuery& query) const noexcept;
};

/// Answers to bars, the least recently used of them going first when they take more than the given
/// room. Thread-safe.
class BarsCache {
 public:
  explicit BarsCache(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  struct Entry {
    BarsAnswer answer;
    /// Good while this has not come, in the market's time …
    Timestamp good_before;
    /// … and the stored bars of the symbol are these (ImportWatch::mark).
    std::uint64_t stored_mark = 0;
  };

  /// nullopt when there is none, or it is not good any more.
  [[nodiscard]] std::optional<BarsAnswer> find(const BarsQuery& query, Timestamp now,
                                               std::uint64_t stored_mark);
  /// Keeps `entry` and gives its answer a version: the one before if the bars are the same, so that
  /// what was made from them stays good, otherwise a new one.
  [[nodiscard]] BarsAnswer put(const BarsQuery& query, Entry entry);

 private:
  struct Slot {
    BarsQuery query;
    Entry entry;
    std::size_t bytes = 0;
  };

  std::size_t bytes_max_;
  std::mutex mutex_;
  std::list<Slot> slots_;  // most recently used first; guarded by mutex_, as what follows
  std::unordered_map<BarsQuery, std::list<Slot>::iterator, BarsQueryHash> index_;
  std::size_t bytes_ = 0;
};

}  // namespace ziggy::market
