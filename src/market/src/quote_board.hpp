#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "ziggy/base/clock.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/market/market.hpp"

namespace ziggy::market {

/// A quote in memory and what decides how long it is good.
struct KnownQuote {
  QuoteAnswer answer;
  /// Until when; Monotonic::max() for a streamed one, which the next tick replaces.
  Monotonic good_until = Monotonic::max();
  /// Simulated: good only while the stored bars of the symbol are the same (an import ends it).
  bool is_made_up = false;
  std::uint64_t stored_mark = 0;
  Monotonic marked_at;
};

/// The latest quotes, by symbol; thread-safe. At most kQuotesMax symbols are kept, since anybody
/// may ask for any symbol.
class QuoteBoard {
 public:
  static constexpr std::size_t kQuotesMax = 20'000;

  /// Keeps `quote` unless a newer one is there.
  void put(KnownQuote quote);
  void erase(const Symbol& symbol);

  /// Calls `use` with the entry under a lock, if there is one; an entry for which it returns false
  /// is erased. Returns what it returned.
  template <class Use>
  bool look(const Symbol& symbol, Use use) {
    Shard& shard = shard_of(symbol);
    const std::lock_guard lock{shard.mutex};
    const auto found = shard.quotes.find(symbol);
    if (found == shard.quotes.end()) return false;
    const bool is_good = use(found->second);
    if (!is_good) shard.quotes.erase(found);
    return is_good;
  }

 private:
  static constexpr std::size_t kShards = 16;
  struct alignas(64) Shard {
    std::mutex mutex;
    std::unordered_map<Symbol, KnownQuote> quotes;
  };
  Shard& shard_of(const Symbol& symbol) { return shards_[std::hash<Symbol>{}(symbol) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace ziggy::market
