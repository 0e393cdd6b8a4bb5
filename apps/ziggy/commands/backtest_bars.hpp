#pragma once

#include <optional>
#include <string>

#include "cli/context.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy::app {

/// Which bars a backtest asks for: of a CSV file, or of the store.
struct BarsWanted {
  std::string file;                  // empty: the store
  std::optional<Symbol> symbol;      // in the store
  std::optional<Interval> interval;  // of a file: inferred when absent; of the store: a day
  TimeRange range{Timestamp::min(), Timestamp::max()};
  Adjustment adjustment = Adjustment::Split;  // as of the HTTP answers
};

struct NamedBars {
  BarColumns bars;  // adjusted as wanted
  std::string symbol;
  std::string source;
  Interval interval = Interval::Day;
};

/// Errors: NotFound for a file or symbol that is not there, or no bars in the range;
/// ValidationFailed for a file that cannot be read or breaks the data contracts, naming file, line
/// and reason; StorageUnavailable.
[[nodiscard]] Result<NamedBars> read_bars(Context& context, const BarsWanted& wanted);

}  // namespace ziggy::app
