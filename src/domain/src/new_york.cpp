#include "ziggy/domain/new_york.hpp"

namespace ziggy {

namespace {

using std::chrono::hours;
using std::chrono::month;
using std::chrono::Sunday;
using std::chrono::sys_days;
using std::chrono::year;

struct SummerDays {
  sys_days first;
  sys_days last;  // the day on which the clocks go back
};

SummerDays summer_of(year in) noexcept {
  using std::chrono::April;
  using std::chrono::last;
  using std::chrono::March;
  using std::chrono::November;
  using std::chrono::October;
  if (in >= year{2007})
    return {sys_days{in / March / Sunday[2]}, sys_days{in / November / Sunday[1]}};
  return {sys_days{in / April / Sunday[1]}, sys_days{in / October / Sunday[last]}};
}

}  // namespace

hours new_york_behind_utc(Timestamp time) noexcept {
  // The year on New York's wall and the UTC year differ for hours around New Year only, in winter
  // both.
  const SummerDays summer = summer_of(std::chrono::year_month_day{date_of(time)}.year());
  const bool is_summer = time >= summer.first + hours{2 + 5} && time < summer.last + hours{2 + 4};
  return hours{is_summer ? 4 : 5};
}

sys_days new_york_date(Timestamp time) noexcept {
  return date_of(time - new_york_behind_utc(time));
}

Timestamp from_new_york(sys_days date, std::chrono::nanoseconds of_day) noexcept {
  const Timestamp wall = Timestamp{date} + of_day;
  const SummerDays summer = summer_of(std::chrono::year_month_day{date_of(wall)}.year());
  const bool is_summer = wall >= summer.first + hours{3} && wall < summer.last + hours{2};
  return wall + hours{is_summer ? 4 : 5};
}

}  // namespace ziggy
