#pragma once

#include <cstdint>

#include "ziggy/domain/interval.hpp"

namespace ziggy::store {

/// The stretch of time that one block covers, sized so that a block of an exchange's bars holds one
/// to four thousand (and a market that never sleeps under eleven thousand): big enough that a scan
/// is a copy, small enough that correcting one bar rewrites some 50 KB.
[[nodiscard]] std::int64_t period_nanos(Interval interval) noexcept;

/// The number of the period that holds `time` (nanoseconds since 1970 UTC); negative before 1970.
[[nodiscard]] std::int64_t period_of(Interval interval, std::int64_t time) noexcept;

}  // namespace ziggy::store
