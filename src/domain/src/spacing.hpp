#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ziggy/domain/interval.hpp"

namespace ziggy {

/// The interval that a series of times shows, or why it shows none.
struct Spacing {
  bool is_known = false;
  Interval interval = Interval::Day;
  std::string reason;
};

/// `times` are nanoseconds, ascending; `has_time_of_day` is false when only dates are written. The
/// most common gap decides, so that nights, weekends and missing bars do not matter; a series in
/// which no known gap is the most common one (sparse minutes) has the longest interval that divides
/// nearly all.
[[nodiscard]] Spacing infer_interval(std::span<const std::int64_t> times, bool has_time_of_day);

}  // namespace ziggy
