#pragma once

#include <chrono>

#include "ziggy/base/time.hpp"

namespace ziggy {

/// New York's clock by its own rules, since parsing the time zone database costs more than the rest
/// of a start. Energy Policy Act of 2005, section 110: from 2007 summer time runs from 02:00 on the
/// second Sunday of March to 02:00 on the first Sunday of November; Uniform Time Act as amended in
/// 1986: from 1987 to 2006 from the first Sunday of April to the last of October. Earlier years
/// count as 1987 to 2006 do: exact only from 1987 on.

/// How far New York is behind UTC at an instant: 4 or 5 hours.
[[nodiscard]] std::chrono::hours new_york_behind_utc(Timestamp time) noexcept;

/// The date on New York's wall at an instant.
[[nodiscard]] std::chrono::sys_days new_york_date(Timestamp time) noexcept;

/// The instant at which New York's clock shows `of_day` after midnight of `date`. In the hour that
/// occurs twice: the first; in the hour that is skipped: as if the clocks had not moved yet.
[[nodiscard]] Timestamp from_new_york(std::chrono::sys_days date,
                                      std::chrono::nanoseconds of_day) noexcept;

}  // namespace ziggy
