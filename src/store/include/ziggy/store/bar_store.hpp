#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy::store {

class Backend;

/// Whose bars: one series of the market_data entity.
struct BarKey {
  Symbol symbol;
  Interval interval = Interval::Day;
  friend bool operator==(const BarKey&, const BarKey&) = default;
};

/// What a write did, in rows. A row that was there with the same values is unchanged, whatever its
/// source; one with other values is replaced.
struct WriteOutcome {
  std::size_t inserted = 0;
  std::size_t unchanged = 0;
  std::size_t replaced = 0;

  [[nodiscard]] bool changed_anything() const noexcept { return inserted + replaced > 0; }
  WriteOutcome& operator+=(const WriteOutcome& other) noexcept {
    inserted += other.inserted;
    unchanged += other.unchanged;
    replaced += other.replaced;
    return *this;
  }
  friend bool operator==(const WriteOutcome&, const WriteOutcome&) = default;
};

/// From row `begin` on, up to the next run, the bars came from `source`.
struct SourceRun {
  std::size_t begin = 0;
  std::string source;
  friend bool operator==(const SourceRun&, const SourceRun&) = default;
};

/// Bars as of one snapshot of the database: each stored bar of the range exactly once, ascending.
struct StoredBars {
  BarColumns bars;  // unadjusted
  /// Who said each bar; covers all of `bars`, ascending by `begin`.
  std::vector<SourceRun> runs;
  /// Who said the last bar; empty when there are none.
  std::string source;
  /// True when `limit` cut off bars of the range.
  bool more = false;
  /// The version of the key in the same snapshot; 0 when the key has no bars.
  std::uint64_t version = 0;
};

/// What is there for a key.
struct Coverage {
  BarKey key;
  Timestamp first;
  Timestamp last;  // the start of the last bar
  std::size_t count = 0;
  std::vector<std::string> sources;  // sorted
  std::uint64_t version = 0;
};

/// Bars of one key for a write of many keys; `bars` outlives the call.
struct BarWrite {
  BarKey key;
  std::string_view source;
  const BarColumns* bars = nullptr;
};

/// Called after each committed chunk with how many bars, from the first on, are stored now.
using StoredSoFar = std::function<void(std::size_t bars)>;

/// Which end of a range a limit keeps.
enum class Take : std::uint8_t { First, Last };

/// A transaction of a big write holds at least this many bars (whole periods, so up to one more):
/// some 20 ms of work, so a live writer beside an import waits no longer, and the cost of the
/// commit's fsync disappears in it.
inline constexpr std::size_t kChunkBars = 65'536;

/// Bars as packed column blocks, one a key and period, and a row tail for the open period. One bar
/// a key and time whatever the source; the newest write wins and its source is kept with it.
/// Blocking; any thread. Errors everywhere: StorageUnavailable (locked, full, lost, not migrated).
class BarStore {
 public:
  explicit BarStore(Backend& backend) : backend_{backend} {}

  /// Inserts and replaces bars. Same bars change nothing, and the outcome says so. A big input is
  /// stored in chunks of about kChunkBars, each in a transaction of its own: after a failure what
  /// `progress` reported is there and writing the whole again completes it.
  /// Errors: ValidationFailed, before anything is stored, unless times ascend strictly, prices are
  /// finite and above zero, high >= low, volume is finite and not negative, and `source` is 1 to 32
  /// of `a-z 0-9 _ . : -`.
  [[nodiscard]] Result<WriteOutcome> write(BarKey key, std::string_view source,
                                           const BarColumns& bars,
                                           const StoredSoFar& progress = {});

  /// Small writes to many keys in one transaction: all or nothing, one commit. Errors as above;
  /// also ValidationFailed for more than kChunkBars bars in all.
  [[nodiscard]] Result<WriteOutcome> write_batch(std::span<const BarWrite> writes);

  /// Bars whose time is in `range`; at most `limit` from the chosen end, 0 for all.
  [[nodiscard]] Result<StoredBars> read(BarKey key, TimeRange range, std::size_t limit = 0,
                                        Take take = Take::First);

  /// Costs a scan of the key's block headers, not of its bars.
  [[nodiscard]] Result<std::optional<Coverage>> coverage(BarKey key);
  /// Every interval of `symbol` that has bars, shortest first.
  [[nodiscard]] Result<std::vector<Coverage>> coverage(Symbol symbol);
  /// Every key that has bars, by symbol and interval.
  [[nodiscard]] Result<std::vector<BarKey>> keys();

  /// A number that changes whenever bars of the key change, 0 while there are none. A writer of
  /// this process sees its own change at once; changes by another process show within
  /// kVersionRefresh. Asks no database (but for the first call of all): fit for every request.
  [[nodiscard]] std::uint64_t version(BarKey key);
  /// Asks the database for other processes' changes now, rather than within kVersionRefresh.
  [[nodiscard]] Result<> refresh_versions();

 private:
  Backend& backend_;
};

}  // namespace ziggy::store

template <>
struct std::hash<ziggy::store::BarKey> {
  std::size_t operator()(const ziggy::store::BarKey& key) const noexcept {
    return std::hash<ziggy::Symbol>{}(key.symbol) * 31 + static_cast<std::size_t>(key.interval);
  }
};
