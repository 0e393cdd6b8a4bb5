#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ziggy/base/time.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy {

/// The starts of the periods, beginning inside `range`, that the symbol's calendar expects a bar
/// of: intraday those that touch a regular session, days the sessions' dates, weeks and months
/// those that hold a session. Ascending. None for seconds, since most symbols trade in few of them.
/// Linear in the sessions and the periods.
[[nodiscard]] std::vector<Timestamp> expected_bars(Interval interval, const Symbol& symbol,
                                                   TimeRange range);

/// The expected periods of `range` that no element of `times` (bars' starts, nanoseconds,
/// ascending) lies in. Missing periods with no present one between them are one half-open range,
/// from the start of the first to the end of the last: nights and weekends do not cut it.
[[nodiscard]] std::vector<TimeRange> missing_bars(std::span<const std::int64_t> times,
                                                  Interval interval, const Symbol& symbol,
                                                  TimeRange range);

}  // namespace ziggy
