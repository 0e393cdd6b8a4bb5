#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "answers.hpp"
#include "bar_teller.hpp"
#include "bars_key.hpp"
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
                                                                 const Symbol& symbol,
                                                                 bool is_always_open);

using BarsAnswers = Answers<BarsQuery, BarsAnswer, BarsQueryHash>;
using QuoteAnswers = Answers<Symbol, QuoteAnswer, std::hash<Symbol>>;
using ManyQuotes = std::vector<Result<QuoteAnswer>>;

/// One asking for splits and dividends.
struct ActionsAsked {
  std::optional<std::vector<CorporateAction>> actions;
  /// Why there are none.
  routing::Outcome<feed::BarsReply> outcome;
};

struct Market::State : std::enable_shared_from_this<State> {
  State(MarketParts with, MarketSettings chosen);

  [[nodiscard]] const routing::Chain& bars_chain(const Symbol& symbol) const;
  [[nodiscard]] const routing::Chain& quotes_chain(const Symbol& symbol) const;
  [[nodiscard]] bool is_made_up(std::string_view provider) const;

  /// Fills what the quote leaves open from the one in memory, if that is of its own kind.
  void complete(Quote& quote, bool is_made_up);
  net::Task<Result<bool>> is_imported(Symbol symbol);
  /// Asks the store on a thread of the pool; nobody waits but the destructor.
  static void look_later(std::shared_ptr<State> state, const Symbol& symbol);

  // Quotes.
  /// A pushed one that is still good.
  [[nodiscard]] bool streamed_quote(const Symbol& symbol, QuoteAnswer& out);
  [[nodiscard]] bool is_still_good(KnownQuote& known, const Symbol& symbol, Monotonic now) const;
  /// What `quotes` calls to ask; it holds this state.
  [[nodiscard]] QuoteAnswers::Ask quote_asker(const Symbol& symbol);
  net::Task<Result<Told<QuoteAnswer>>> ask_quote(Symbol symbol, Call call);
  net::Task<ManyQuotes> ask_quotes(std::vector<Symbol> symbols, Call call);
  /// Of what the vendors said: theirs, or the last resort.
  net::Task<Result<Told<QuoteAnswer>>> take_quote(Symbol symbol, std::uint64_t mark,
                                                  routing::Outcome<Quote> outcome, Call call);
  [[nodiscard]] QuoteAnswer take_vendors_quote(std::uint64_t mark, routing::Outcome<Quote> outcome);
  /// The newest of: a quote in memory, the stored close, the close of vendors' bars; nullopt when
  /// there is none.
  net::Task<Result<std::optional<QuoteAnswer>>> last_known(Symbol symbol, bool asks_vendors,
                                                           Call call);
  net::Task<Result<std::optional<QuoteAnswer>>> last_close(Symbol symbol, bool asks_vendors,
                                                           Call call);
  /// Every vendor of bars has a budget and has just said, asked for a quote, that there is no such
  /// symbol: asking again for bars would only spend it.
  [[nodiscard]] bool is_unknown_to_all(const Symbol& symbol,
                                       const std::vector<Fallback>& misses) const;

  // Bars.
  net::Task<Result<BarsAnswer>> bars_of(BarsQuery query, Call call);
  net::Task<Result<Told<BarsAnswer>>> ask_bars(BarsQuery query, Call call);
  net::Task<Result<BarsAnswer>> from_vendor(BarsQuery query, bool imported, Timestamp now,
                                            routing::Outcome<feed::BarsReply> outcome, Call call);
  /// What is stored for the query, as far as it is over at `now`.
  net::Task<Result<std::optional<StoredRaw>>> stored_until(BarsQuery query, Timestamp now);
  net::Task<Result<BarsAnswer>> from_store(BarsQuery query, Timestamp now, std::uint64_t mark,
                                           routing::Outcome<feed::BarsReply> outcome);
  net::Task<> write_through(BarsQuery query, std::string provider,
                            std::shared_ptr<const feed::BarsReply> reply, Call call);
  /// The splits and dividends of a symbol whose vendor would not say them: stored ones, or those of
  /// the next vendor who says all of them; nullopt when nobody does.
  net::Task<std::optional<std::vector<CorporateAction>>> actions_elsewhere(
      Symbol symbol, const feed::Provider* silent, Call call);
  /// Fills in the actions from elsewhere; `is_folded`: the bars have splits in them that the vendor
  /// would not say. What they point to outlives the task, here and below.
  net::Task<> complete_actions(RawBars* raw, bool is_folded, BarsQuery query,
                               const feed::Provider* provider, Call call);
  /// Fetches the days that adjusting needs, from the vendor or the store. An error, and why in
  /// `failed`, when nobody has them: `raw` would be adjusted wrongly.
  net::Task<Result<>> add_days(RawBars* raw, BarsQuery query, const feed::Provider* provider,
                               Timestamp now, routing::Outcome<feed::BarsReply>* failed, Call call);
  /// The last resort when add_days failed: what is stored, marked stale, or `why`.
  net::Task<Result<BarsAnswer>> without_days(BarsQuery query, Timestamp now, Error why,
                                             routing::Outcome<feed::BarsReply> failed, Call call);
  [[nodiscard]] BarsAnswer make_answer(Page page, Provenance provenance) const;
  [[nodiscard]] resilience::AnswerLife life_of(const Provenance& provenance) const;

  // What is no price.
  template <class T>
  net::Task<Result<T>> ask_reference(net::Task<Result<T>> work, Call call);
  /// Asks all but `silent`, if there is one, and then only those who are as real as it is.
  net::Task<> ask_for_actions(std::shared_ptr<ActionsAsked> asked, Symbol symbol,
                              const feed::Provider* silent, Call call);
  net::Task<std::vector<SymbolEntry>> search_vendors(std::string query, Call call);
  net::Task<> search_vendor(feed::Provider* vendor, std::string query, Call call);

  MarketParts parts;
  MarketSettings settings;
  Quarantine quarantine;
  QuoteBoard board;
  ImportWatch imports;
  BarsAnswers bars;
  QuoteAnswers quotes;
  resilience::SingleFlight<Question<std::vector<Symbol>>, ManyQuotes, QuestionHash<SymbolsHash>>
      many_quotes;
  /// What a vendor found, by its name and the query; by its name alone, that it failed.
  resilience::AnswerCache<std::string, std::vector<feed::SymbolInfo>> searches;
  /// What others said of the actions that a vendor would not say, by its name and the symbol.
  resilience::AnswerCache<std::string, std::vector<CorporateAction>> elsewhere;
  BarTeller teller;
  std::atomic<std::uint64_t> ticks_refused = 0;
  /// Jobs of look_later that are not done.
  std::atomic<int> looks = 0;

  // What was written through last for a query (content_of): the same answer is not written again
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

/// How long a gap that was tried so often waits for the next try: a minute, doubling, up to a day.
[[nodiscard]] std::chrono::nanoseconds heal_pause(std::int64_t attempts);

/// Journals the bars that the calendar expects between the first and the last of `bars` and that
/// are not among them, unless the store has them or the journal knows of them. Blocking.
/// Errors: StorageUnavailable.
[[nodiscard]] Result<> note_gaps(store::Database& database, const store::BarKey& key,
                                 std::string_view provider, const BarColumns& bars, Timestamp now);

/// Someone who might have known better was not asked, or failed.
template <class T>
[[nodiscard]] bool is_anyone_failing(const routing::Outcome<T>& outcome) {
  const auto is_failure = [](const Fallback& miss) {
    return miss.code != ErrorCode::UnknownSymbol && miss.code != ErrorCode::NoData;
  };
  return outcome.is_anyone_held_back() || std::ranges::any_of(outcome.misses, is_failure);
}

/// Who was asked in vain, and who was not asked and why, but for those without a key.
template <class T>
[[nodiscard]] std::vector<Fallback> fallbacks_of(routing::Outcome<T> outcome) {
  std::vector<Fallback> all = std::move(outcome.misses);
  for (Fallback& skipped : outcome.skipped) {
    if (skipped.code != ErrorCode::Configuration) all.push_back(std::move(skipped));
  }
  return all;
}

/// What came of asking, without the answer.
struct Refusals {
  std::vector<Fallback> misses;
  std::vector<Fallback> skipped;
  std::size_t unsupported = 0;
  bool is_unknown = false;
};

/// Why nobody could answer, as the caller is told: each vendor is named.
[[nodiscard]] Error no_answer(const Refusals& refusals, const Symbol& symbol,
                              std::string_view what);

template <class T>
[[nodiscard]] Error no_answer(const routing::Outcome<T>& outcome, const Symbol& symbol,
                              std::string_view what) {
  return no_answer(
      Refusals{outcome.misses, outcome.skipped, outcome.unsupported, outcome.is_unknown_symbol()},
      symbol, what);
}

}  // namespace ziggy::market
