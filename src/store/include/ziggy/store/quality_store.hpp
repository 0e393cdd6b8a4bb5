#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy::store {

class Backend;

/// An answer that broke a data contract and was not used.
struct Quarantined {
  std::string id;  // UUID
  Timestamp ts;
  std::string provider;
  std::string operation;
  Symbol symbol;
  std::optional<Interval> interval;  // of bars
  std::string rule;                  // domain's rule_name, or `outside_range`, …
  std::int64_t row_count = 1;        // how many rows broke it
  std::string detail;                // the first one in words
  std::string sample;                // that row as it was, a few hundred bytes at most
  std::string correlation_id;
  friend bool operator==(const Quarantined&, const Quarantined&) = default;
};

enum class GapState : std::uint8_t {
  /// Missing, and somebody should have them.
  Open,
  /// They came later.
  Healed,
  /// A second source says that nothing was traded.
  NoTrades,
};

/// `open`, `healed`, `no_trades`.
[[nodiscard]] std::string_view gap_state_name(GapState state) noexcept;

/// Bars that the calendar expects and the store lacks.
struct BarGap {
  Symbol symbol;
  Interval interval = Interval::Day;
  TimeRange range;  // half open, whole periods
  GapState state = GapState::Open;
  Timestamp found_at;
  Timestamp checked_at;  // when somebody last tried to fill it
  std::int64_t attempts = 0;
  std::string said_by;    // who filled it or says that there were no trades
  Timestamp next_try_at;  // not before
};

/// What was refused and what is missing. Blocking; any thread.
/// Errors everywhere: StorageUnavailable.
class QualityStore {
 public:
  explicit QualityStore(Backend& backend) : backend_{backend} {}

  /// All in one transaction. Errors: ValidationFailed for empty names or a row_count below 1.
  [[nodiscard]] Result<> quarantine(std::span<const Quarantined> rows);
  /// Newest first, at most `limit`, those before the row `before` if it is not empty.
  [[nodiscard]] Result<std::vector<Quarantined>> quarantined(std::size_t limit,
                                                             std::string_view before = {});
  /// Keeps the newest `count`; says how many went.
  [[nodiscard]] Result<std::size_t> keep_quarantined(std::size_t count);

  /// Inserts, or replaces the gaps that begin at the same time, all in one transaction.
  [[nodiscard]] Result<> write_gaps(std::span<const BarGap> gaps);
  /// Puts `gaps` in the place of those of the key that begin in `range`, in one transaction.
  [[nodiscard]] Result<> replace_gaps(Symbol symbol, Interval interval, TimeRange range,
                                      std::span<const BarGap> gaps);
  /// Every gap of the symbol, by interval and time.
  [[nodiscard]] Result<std::vector<BarGap>> gaps(Symbol symbol);
  /// Open gaps that are to be tried again by `now`, the longest due first.
  [[nodiscard]] Result<std::vector<BarGap>> due_gaps(Timestamp now, std::size_t limit);

 private:
  Backend& backend_;
};

}  // namespace ziggy::store
