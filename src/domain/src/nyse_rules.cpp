// Holidays: NYSE Rule 7.2 (before 2018: Rule 51) and the exchange's published "Holidays & Trading
// Hours"; dates of special closures: NYSE, "Special Closings" list of market closings since 1885,
// and its trader notices.
#include "nyse_rules.hpp"

#include <algorithm>
#include <array>

namespace ziggy::nyse {

namespace {

using namespace std::chrono;

/// Days on which the exchange stayed closed for a reason of their own.
constexpr std::array kSpecialClosures = {
    sys_days{1994y / April / 27},      // Day of mourning for President Nixon.
    sys_days{2001y / September / 11},  // Attacks on the World Trade Center, until 14 September.
    sys_days{2001y / September / 12},  //
    sys_days{2001y / September / 13},  //
    sys_days{2001y / September / 14},  //
    sys_days{2004y / June / 11},       // Day of mourning for President Reagan.
    sys_days{2007y / January / 2},     // Day of mourning for President Ford.
    sys_days{2012y / October / 29},    // Hurricane Sandy, two days.
    sys_days{2012y / October / 30},    //
    sys_days{2018y / December / 5},    // Day of mourning for President George H. W. Bush.
    sys_days{2025y / January / 9},     // Day of mourning for President Carter.
};

/// Early closes that follow no rule: Fridays after Christmas, and the eve of the year 2000.
constexpr std::array kSpecialEarlyCloses = {
    sys_days{1997y / December / 26},
    sys_days{1999y / December / 31},
    sys_days{2003y / December / 26},
};

/// Gregorian Easter (Meeus, "Astronomical Algorithms", chapter 8; the method of Butcher).
sys_days easter(year in) noexcept {
  const int y = static_cast<int>(in);
  const int a = y % 19;
  const int b = y / 100;
  const int c = y % 100;
  const int d = b / 4;
  const int e = b % 4;
  const int f = (b + 8) / 25;
  const int g = (b - f + 1) / 3;
  const int h = (19 * a + b - d - g + 15) % 30;
  const int i = c / 4;
  const int k = c % 4;
  const int l = (32 + 2 * e + 2 * i - h - k) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int n = h + l - 7 * m + 114;
  return sys_days{in / (n / 31) / (n % 31 + 1)};
}

/// A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after.
sys_days observed(sys_days holiday) noexcept {
  const weekday on{holiday};
  if (on == Saturday) return holiday - days{1};
  if (on == Sunday) return holiday + days{1};
  return holiday;
}

/// New Year's Day on a Saturday is not kept: the Friday before closes the books of the year.
bool is_new_year(sys_days date, year in) noexcept {
  const sys_days first = in / January / 1;
  return weekday{first} != Saturday && date == observed(first);
}

bool is_holiday(sys_days date) noexcept {
  const year in = year_month_day{date}.year();
  switch (static_cast<unsigned>(year_month_day{date}.month())) {
    case 1:
      return is_new_year(date, in) || (in >= 1998y && date == sys_days{in / January / Monday[3]});
    case 2:
      return date == sys_days{in / February / Monday[3]};
    case 3:
    case 4:
      return date == easter(in) - days{2};
    case 5:
      return date == sys_days{in / May / Monday[last]};
    case 6:
      return in >= 2022y && date == observed(in / June / 19);
    case 7:
      return date == observed(in / July / 4);
    case 9:
      return date == sys_days{in / September / Monday[1]};
    case 11:
      return date == sys_days{in / November / Thursday[4]};
    case 12:
      return date == observed(in / December / 25);
    default:
      return false;
  }
}

/// The day before Independence Day when that is a Tuesday, Wednesday or Friday; when it is a
/// Thursday, the Friday after it until 2012 and the Wednesday before it since. Since 1995.
bool is_independence_early_close(sys_days date, year in) noexcept {
  if (in < 1995y) return false;
  const sys_days fourth = in / July / 4;
  const weekday on{fourth};
  if (on == Thursday) return date == (in < 2013y ? fourth + days{1} : fourth - days{1});
  return (on == Tuesday || on == Wednesday || on == Friday) && date == fourth - days{1};
}

bool is_early_close(sys_days date) noexcept {
  const year_month_day ymd{date};
  const year in = ymd.year();
  if (ymd.month() == July) return is_independence_early_close(date, in);
  if (ymd.month() == November) {
    return in >= 1992y && date == sys_days{in / November / Thursday[4]} + days{1};
  }
  if (ymd.month() != December) return false;
  // Christmas Eve on a Friday is the holiday itself.
  return ymd.day() == day{24} || std::ranges::binary_search(kSpecialEarlyCloses, date);
}

}  // namespace

bool is_session(sys_days date) noexcept {
  const weekday on{date};
  return on != Saturday && on != Sunday && !is_holiday(date) &&
         !std::ranges::binary_search(kSpecialClosures, date);
}

hours close_of(sys_days date) noexcept {
  if (!is_early_close(date)) return hours{16};
  return hours{year_month_day{date}.year() < 1993y ? 14 : 13};
}

}  // namespace ziggy::nyse
