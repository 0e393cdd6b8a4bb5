#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/calendar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/market/coverage.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/routing/chain.hpp"
#include "ziggy/routing/desk.hpp"
#include "ziggy/store/database.hpp"
#include "ziggy/streams/hub.hpp"

namespace ziggy::resilience {
class SharedCache;
}

namespace ziggy::market {

/// A vendor that was tried before the answer, and failed.
using Fallback = routing::Miss;

/// Where an answer comes from.
struct Provenance {
  /// A vendor's name; for stored data the source the store keeps with it ("import", "file").
  std::string provider;
  /// When the source says this was true. Bars: when it was asked; stored bars: the last one's time.
  Timestamp as_of;
  /// It may be out of date: the last resort after vendors failed, or data that no vendor continues.
  bool stale = false;
  std::vector<Fallback> fallback_from;
};

struct QuoteAnswer {
  Quote quote;
  Provenance provenance;
};

/// What subscribers are told of an answer.
[[nodiscard]] streams::QuoteMessage to_message(const QuoteAnswer& answer);

/// Ends of a range that a caller leaves open: "the last `limit` bars" and "until now".
inline constexpr Timestamp kNoStart = feed::kNoStart;
inline constexpr Timestamp kNoEnd = Timestamp::max();

inline constexpr std::size_t kBarsLimitDefault = 1'000;
inline constexpr std::size_t kBarsLimitMax = 50'000;

struct BarsQuery {
  Symbol symbol;
  Interval interval = Interval::Day;
  /// Half open. Without a start: the last `limit` bars before the end; with one: the first `limit`.
  TimeRange range{kNoStart, kNoEnd};
  std::size_t limit = kBarsLimitDefault;
  Adjustment adjustment = Adjustment::Split;
  friend bool operator==(const BarsQuery&, const BarsQuery&) = default;
};

struct BarsAnswer {
  /// Adjusted as asked; closed periods only, never the running one. Never null.
  std::shared_ptr<const BarColumns> bars;
  /// The range holds more after the last bar; the next page starts a nanosecond after its time.
  bool more = false;
  Provenance provenance;
  /// Of these columns: equal versions mean equal bars, in every process, so that what was made from
  /// them can be kept. Never 0.
  std::uint64_t version = 0;
};

struct MarketStatus {
  bool is_open = false;
  /// The part of the day: Closed, Pre, Open or Post.
  MarketState session = MarketState::Closed;
  Timestamp next_open;
  Timestamp next_close;
  Timestamp timestamp;
};

struct SymbolEntry {
  Symbol symbol;
  std::string name;
  /// "equity", "etf", "index", "crypto", "forex" or "unknown".
  std::string asset_class;
  /// Who knows it: a vendor, or the store's source.
  std::string source;
  bool imported = false;
};

struct MarketSettings {
  /// SIM_SESSIONS=always while the simulator answers quotes: the market counts as open.
  bool is_always_open = false;
  /// How long an answer that was asked for, not streamed, is good (CACHE_TTL_SECONDS). For twice
  /// that time more it is given out marked stale while one request refreshes it. 0: nothing is
  /// kept, every answer is asked for.
  std::chrono::milliseconds answer_ttl{1'000};
  /// Room for answered bars; a thousand bars take 48 KB.
  std::size_t bars_cache_bytes = std::size_t{6} << 20U;
};

/// What the market is built of; everything outlives it.
struct MarketParts {
  const Clock& clock;
  store::Database& database;
  /// For the store's blocking calls.
  net::BlockingPool& pool;
  streams::Hub& hub;
  const routing::Chain& prices;
  const routing::Chain& quotes;
  const routing::Chain& crypto;
  /// Told how whole the vendors' bars are; may be null.
  routing::Desk* desk = nullptr;
  /// Where nodes share what real vendors say; may be null.
  resilience::SharedCache* shared = nullptr;
};

/// Knows the price: the latest quotes in memory, bars from vendors and from the store, each answer
/// held to the data contracts and with its provenance. Any loop, any thread.
///
/// Those who ask the same at the same time are one request to a vendor. Answers are kept as long as
/// MarketSettings::answer_ttl says, "no such symbol" and "no bars" for a few seconds at most; what
/// is stored of a symbol ends all that was kept of it when it changes.
///
/// Rules of bars: vendors in the desk's order, then what is stored, marked stale. No bars where the
/// calendar expects some is no answer: the next vendor is asked, and only when all say so it is the
/// answer. A real vendor's bars are written to the store on the way; the simulator's never, they
/// are a function of its seed. A symbol with imported bars is never answered or extended by the
/// simulator: the store answers, and its quote is the last stored close. Imports by other processes
/// are noticed within a second.
class Market final : public feed::TickListener {
 public:
  Market(MarketParts parts, MarketSettings settings);
  ~Market() override;
  Market(const Market&) = delete;
  Market& operator=(const Market&) = delete;

  /// Looks up which of the simulated symbols are imported, so that the first tick is told right.
  /// Blocking; before the streams begin. Errors: StorageUnavailable.
  [[nodiscard]] Result<> start();

  /// The latest quote in memory and not stale: pushed within the last seconds (or since the close,
  /// while the market is closed), or asked for within `answer_ttl`. Does not suspend, block or
  /// allocate much: the fast path. False when there is none; then ask quote().
  [[nodiscard]] bool latest_quote(const Symbol& symbol, QuoteAnswer& out) const;

  /// From memory, the vendors, or, marked stale, the last that is known: a pushed quote that grew
  /// old, a stored close, the close of a vendor's bars. Errors: UnknownSymbol when everyone asked
  /// says so; ProviderUnavailable with each vendor's reason (in the detail and as fields);
  /// DeadlineExceeded.
  net::Task<Result<QuoteAnswer>> quote(Symbol symbol, Call call);

  /// The same for many, in their order: in as few requests to vendors as they allow, and what one
  /// vendor lacks comes from the next.
  net::Task<std::vector<Result<QuoteAnswer>>> quotes(std::vector<Symbol> symbols, Call call);

  /// As quote, but always asks, whatever is in memory: for whoever doubts it.
  net::Task<Result<QuoteAnswer>> fresh_quote(Symbol symbol, Call call);

  /// Errors: as quote; NotFound when the symbol is known but not in this interval; ValidationFailed
  /// for a limit of 0 or above kBarsLimitMax, or an end not after the start.
  net::Task<Result<BarsAnswer>> bars(BarsQuery query, Call call);
  /// The same answer when it is in memory and not stale: without suspension.
  [[nodiscard]] std::optional<BarsAnswer> cached_bars(const BarsQuery& query) const;

  /// Splits and dividends, ascending by ex-date. Errors: as bars.
  net::Task<Result<std::vector<CorporateAction>>> corporate_actions(Symbol symbol, Call call);

  /// What is stored, by interval, and what the calendar misses in it; empty for a symbol that only
  /// vendors know. Errors: UnknownSymbol when nobody knows it; StorageUnavailable.
  net::Task<Result<std::vector<SeriesCoverage>>> coverage(Symbol symbol, Call call);

  /// Answers that broke a data contract, the newest first, at most `limit`, those before the one
  /// called `before` if it is not empty. Errors: StorageUnavailable.
  net::Task<Result<std::vector<store::Quarantined>>> quarantined(std::size_t limit,
                                                                 std::string before, Call call);

  /// Symbols that begin with or contain `query` (ASCII case does not count; empty: all), stored
  /// ones and those that vendors list, ascending, at most `limit`, after `after` if given. With a
  /// query also what vendors' own searches find within two seconds, if they can.
  net::Task<Result<std::vector<SymbolEntry>>> symbols(std::string query, std::size_t limit,
                                                      std::optional<Symbol> after, Call call);

  /// Of US equities, or always open (see MarketSettings); next_open and next_close are the
  /// exchange's either way.
  [[nodiscard]] MarketStatus status() const;

  /// A vendor's tick: checked, kept, told to the hub. A simulated tick of an imported symbol and
  /// one that breaks the contracts are dropped. What a real vendor's quote leaves open (many push
  /// bid and ask without the last price) stays as it was known.
  void on_quote(std::string_view provider, const Quote& quote) override;
  /// Checked by the caller. Told to the hub, and the last price of the latest quote.
  void on_trade(std::string_view provider, const Trade& trade) override;
  /// Checked by the caller. Told to the hub; a real vendor's whole minutes are in the store before.
  void on_bar(std::string_view provider, const Symbol& symbol, Interval interval, const Bar& bar,
              BarPhase phase) override;
  /// Told to the hub, in order with the bars.
  void tell_gap(const streams::GapMessage& message);

 private:
  struct State;
  std::shared_ptr<State> state_;  // also held by jobs in the pool
};

}  // namespace ziggy::market
