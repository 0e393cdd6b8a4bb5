#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bar_teller.hpp"
#include "bars_cache.hpp"
#include "bars_shape.hpp"
#include "import_watch.hpp"
#include "quarantine.hpp"
#include "quote_board.hpp"
#include "ziggy/market/market.hpp"

namespace ziggy::market {

/// Stored bars for one query, read on a thread of the pool.
struct StoredRaw {
  RawBars raw;
  std::string source;
  /// The time of the last bar of the key, whatever the range.
  Timestamp last;
  bool is_made_longer = false;
};

/// The last close that is stored, of the interval that knows the newest one.
struct StoredClose {
  Quote quote;
  std::string source;
};

// Blocking.
[[nodiscard]] Result<std::optional<StoredRaw>> read_stored(store::Database& database,
                                                           const BarsQuery& query, Timestamp end);
[[nodiscard]] Result<std::optional<StoredClose>> read_last_close(store::Database& database,
                                                                 const Symbol& symbol);

struct Market::State {
  State(MarketParts with, MarketSettings chosen)
      : parts{with},
        settings{chosen},
        quarantine{with.clock, with.database, with.pool},
        imports{with.clock, with.database},
        cache{chosen.bars_cache_bytes},
        teller{with.database, with.pool, with.hub, imports} {}

  [[nodiscard]] const routing::Chain& bars_chain(const Symbol& symbol) const;
  [[nodiscard]] const routing::Chain& quotes_chain(const Symbol& symbol) const;
  [[nodiscard]] bool is_made_up(std::string_view provider) const;

  /// Fills what the quote leaves open from the one in memory.
  void complete(Quote& quote);
  net::Task<Result<bool>> is_imported(Symbol symbol);
  /// Asks the store on a thread of the pool; nobody waits but the destructor.
  static void look_later(std::shared_ptr<State> state, const Symbol& symbol);
  net::Task<Result<QuoteAnswer>> ask_quote(Symbol symbol, Call call);
  /// The last close as a quote: stored, else from the vendors of bars; nullopt when there is none.
  net::Task<Result<std::optional<QuoteAnswer>>> last_close(Symbol symbol, Call call);

  net::Task<Result<BarsCache::Entry>> ask_bars(BarsQuery query, Call call);
  net::Task<BarsCache::Entry> from_vendor(BarsQuery query, bool imported, Timestamp now,
                                          routing::Outcome<feed::BarsReply> outcome, Call call);
  net::Task<Result<BarsCache::Entry>> from_store(BarsQuery query, Timestamp now,
                                                 routing::Outcome<feed::BarsReply> outcome,
                                                 Call call);
  net::Task<> write_through(BarsQuery query, std::string provider,
                            std::shared_ptr<const feed::BarsReply> reply, Call call);

  MarketParts parts;
  MarketSettings settings;
  Quarantine quarantine;
  QuoteBoard board;
  ImportWatch imports;
  BarsCache cache;
  BarTeller teller;
  std::atomic<std::uint64_t> ticks_refused = 0;
  /// Jobs of look_later that are not done.
  std::atomic<int> looks = 0;

  // What was written through last for a query, as a checksum: the same answer is not written again
  // each second.
  std::mutex written_mutex;
  std::unordered_map<BarsQuery, std::uint64_t, BarsQueryHash> written;  // guarded by written_mutex
};

/// Stores a real vendor's bars and actions and makes the symbol known. Blocking.
/// Errors: StorageUnavailable.
[[nodiscard]] Result<store::WriteOutcome> store_reply(store::Database& database,
                                                      const store::BarKey& key,
                                                      std::string_view provider,
                                                      const feed::BarsReply& reply);

/// Journals the bars that the calendar expects between the first and the last of `bars` and that
/// are not among them, unless the store has them or the journal knows of them. Blocking.
/// Errors: StorageUnavailable.
[[nodiscard]] Result<> note_gaps(store::Database& database, const store::BarKey& key,
                                 std::string_view provider, const BarColumns& bars, Timestamp now);

/// Why nobody could answer, as the caller is told.
template <class T>
[[nodiscard]] Error no_answer(const routing::Outcome<T>& outcome, const Symbol& symbol,
                              std::string_view what);
/// `skipped` were not asked.
[[nodiscard]] Error no_answer(const std::vector<Fallback>& misses,
                              const std::vector<Fallback>& skipped, bool is_unknown,
                              std::size_t unsupported, const Symbol& symbol, std::string_view what);

template <class T>
Error no_answer(const routing::Outcome<T>& outcome, const Symbol& symbol, std::string_view what) {
  return no_answer(outcome.misses, outcome.skipped, outcome.is_unknown_symbol(),
                   outcome.unsupported, symbol, what);
}

}  // namespace ziggy::market
