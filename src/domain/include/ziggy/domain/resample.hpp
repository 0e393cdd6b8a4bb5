#pragma once

#include <optional>

#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/interval.hpp"

namespace ziggy {

/// The start of the period that holds `time`: whole UTC seconds, minutes and hours (four hours from
/// 00:00Z), the UTC day, the week's Monday, the month's first day.
[[nodiscard]] Timestamp period_start(Timestamp time, Interval interval) noexcept;
/// The end of the period that begins at `start`, which is the next one's start.
[[nodiscard]] Timestamp period_end(Timestamp start, Interval interval) noexcept;

/// Longer bars from shorter ones: first open, highest high, lowest low, last close, summed volume.
/// nullopt when the one does not tell the other: only to a longer interval, either both below a day
/// or from days to weeks and months (a day is a session, which minutes alone do not know). Linear.
[[nodiscard]] std::optional<BarColumns> resample(const BarColumns& bars, Interval from,
                                                 Interval to);

}  // namespace ziggy
