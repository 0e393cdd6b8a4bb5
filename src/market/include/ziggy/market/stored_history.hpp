#pragma once

#include <optional>

#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::market {

/// Stored bars as the server would answer them from its store: adjusted with factors of the whole
/// history, and made of shorter bars where the interval itself is not stored (then without a period
/// that is not over at `now`). nullopt when nothing is stored that makes the interval; no bars
/// when there are some, but none in the range. Blocking; memory: the bars of the range. Errors:
/// StorageUnavailable.
[[nodiscard]] Result<std::optional<BarColumns>> read_stored_history(
    store::Database& database, const Symbol& symbol, Interval interval, TimeRange range,
    Adjustment adjustment, Timestamp now);

}  // namespace ziggy::market
