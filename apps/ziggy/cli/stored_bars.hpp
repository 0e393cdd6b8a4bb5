#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy::app {

struct StoredBarsWanted {
  Symbol symbol;
  Interval interval = Interval::Day;
  TimeRange range{Timestamp::min(), Timestamp::max()};
  Adjustment adjustment = Adjustment::Split;
};

/// Bars of the settings' database; longer intervals are made of shorter ones, as the server does.
/// Never empty. Errors: UnknownSymbol when nothing of it is stored, NotFound when there are no such
/// bars, saying what is stored; Configuration, StorageUnavailable.
[[nodiscard]] Result<BarColumns> read_stored_bars(Context& context, StoredBarsWanted wanted);

/// `--adjustment raw|split|all`; what `adjustment` holds is the default.
void add_adjustment_option(CLI::App& command, Adjustment& adjustment);

}  // namespace ziggy::app
