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

/// A pushed quote is the latest one for this long without another; then somebody is asked. Longer
/// than a busy symbol's pauses, shorter than it takes a person to wonder.
inline constexpr std::chrono::seconds kStreamedGoodFor{15};

/// A quote in memory and what decides how long it is good.
struct KnownQuote {
  QuoteAnswer answer;
  /// Pushed by a vendor. Otherwise it was asked for: then it is here to fill in what pushed quotes
  /// leave open, and as the latest that is known; how long it is good others know.
  bool is_streamed = true;
  Monotonic good_until;
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
  void erase_made_up(const Symbol& symbol);

  /// Calls `use` with the entry under a lock, if there is one; what it returned, or false.
  template <class Use>
  bool look(const Symbol& symbol, Use use) {
    Shard& shard = shard_of(symbol);
    const std::lock_guard lock{shard.mutex};
    const auto found = shard.quotes.find(symbol);
    return found != shard.quotes.end() && use(found->second);
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
