#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ziggy/base/call.hpp"
#include "ziggy/base/clock.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/net/blocking_pool.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/routing/chain.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

class Quarantine;

/// Expected bars a chunk: what a vendor gives in about one request, so that an interrupted
/// back-fill repeats little and its cost can be told before.
inline constexpr std::size_t kChunkPeriods = 5'000;
/// Years of minutes, or all days since 1970 of a few hundred symbols; more is asked for in parts.
inline constexpr std::size_t kPlanPeriodsMax = 5'000'000;

/// What is missing of one series, and what it takes to fetch it.
struct FillPlan {
  Symbol symbol;
  Interval interval = Interval::Day;
  /// Closed periods only.
  TimeRange range;
  /// Bars that the calendar expects in the range, and those of them that are not stored and not
  /// known to be without trades.
  std::size_t expected = 0;
  std::size_t missing = 0;
  /// What will be asked for, ascending, each of at most kChunkPeriods expected bars.
  std::vector<TimeRange> chunks;
  /// About how many requests vendors get.
  std::size_t requests = 0;
};

/// What came of one chunk.
struct ChunkOutcome {
  std::string provider;
  store::WriteOutcome written;
  /// Rows of the vendor's answer that held no bar.
  std::size_t dropped = 0;
  /// Expected bars that did not come, told apart by a second vendor.
  std::size_t no_trades = 0;
  std::size_t still_missing = 0;
  std::vector<routing::Miss> misses;
};

/// Everything outlives the Backfill.
struct BackfillParts {
  const Clock& clock;
  store::Database& database;
  net::BlockingPool& pool;
  const routing::Chain& prices;
  const routing::Chain& crypto;
};

/// Fetches bars that are missing in the store and nothing else, and keeps the journal of gaps: a
/// bar that the calendar expects and a vendor lacks is missing until a second vendor gives it or
/// says that nothing was traded. Any loop; stateless but for what it is given.
class Backfill {
 public:
  explicit Backfill(BackfillParts parts);

  /// Compares calendar, store and journal. Blocking. Errors: ValidationFailed for an empty range,
  /// for seconds (nobody expects one in each second, so none can be missing) and for more than
  /// kPlanPeriodsMax periods; StorageUnavailable.
  [[nodiscard]] Result<FillPlan> plan(Symbol symbol, Interval interval, TimeRange range) const;

  /// Asks for a chunk's bars, stores them (then they are there, whatever happens next), and writes
  /// the journal. Errors: UnknownSymbol; ProviderUnavailable with each vendor's reason;
  /// StorageUnavailable.
  net::Task<Result<ChunkOutcome>> fill(Symbol symbol, Interval interval, TimeRange chunk,
                                       Call call) const;

  /// Stores the day bars of many shares from one request a session, for vendors that have such an
  /// answer: what is missing of `plans` (days of shares), the session's other symbols left out.
  /// Says how many bars came; 0 when no vendor can, or when asking for each symbol costs less.
  /// Errors: StorageUnavailable; a vendor's failure ends it early and is no error.
  net::Task<Result<std::size_t>> fill_sessions(std::vector<FillPlan> plans, Call call) const;

  /// Tries open gaps of the journal again, the longest untried first: at most `count`, each after a
  /// pause that doubles with its attempts. Says how many it closed. Errors: StorageUnavailable.
  net::Task<Result<std::size_t>> heal(std::size_t count, Call call) const;

 private:
  struct Reply;
  [[nodiscard]] const routing::Chain& chain(const Symbol& symbol) const;
  net::Task<Result<Reply>> ask(feed::BarsRequest request, const feed::Provider* only,
                               Call call) const;
  net::Task<Result<Reply>> second_opinion(feed::BarsRequest request, std::string first,
                                          Call call) const;
  net::Task<Result<store::WriteOutcome>> keep(Symbol symbol, Interval interval, Reply reply) const;
  net::Task<Result<>> journal(Symbol symbol, Interval interval, TimeRange chunk,
                              std::vector<TimeRange> missing, store::GapState state,
                              std::string said_by) const;

  BackfillParts parts_;
  std::shared_ptr<const Quarantine> quarantine_;
};

}  // namespace ziggy::market
