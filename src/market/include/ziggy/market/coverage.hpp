#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

/// Gaps of one series that are listed; there may be more.
inline constexpr std::size_t kGapsListed = 100;
/// Bars of one series that are compared with the calendar: the newest, twelve megabytes of them.
inline constexpr std::size_t kBarsCompared = 250'000;

/// Expected bars that are not stored, and what the journal says of them.
struct CoverageGap {
  TimeRange range;
  store::GapState state = store::GapState::Open;
  /// Who lacks them, or says that nothing was traded; empty when nobody was asked yet.
  std::string said_by;
  std::int64_t attempts = 0;
};

/// What is stored of one series, and how whole it is by the calendar.
struct SeriesCoverage {
  store::Coverage stored;
  /// From here to the last bar the calendar was compared.
  Timestamp compared_from;
  /// Bars that the calendar expects there; those of them that are not stored; and those of the
  /// missing ones that are known to be without trades.
  std::size_t expected = 0;
  std::size_t missing = 0;
  std::size_t no_trades = 0;
  /// Ascending, the first kGapsListed.
  std::vector<CoverageGap> gaps;
};

/// Every interval of `symbol` that has bars. Blocking. Errors: StorageUnavailable.
[[nodiscard]] Result<std::vector<SeriesCoverage>> read_coverage(store::Database& database,
                                                                Symbol symbol);

}  // namespace ziggy::market
