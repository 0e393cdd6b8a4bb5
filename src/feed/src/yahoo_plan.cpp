#include "yahoo_plan.hpp"

#include <algorithm>

namespace ziggy::feed {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

// 1900: before any chart.
constexpr Timestamp kBeginning{std::chrono::sys_days{std::chrono::year{1900} / 1 / 1}};
constexpr hours kSession{6};  // a little less than New York's six and a half

// How far back Yahoo has bars; zero: as far as the symbol goes.
days kept_for(Interval interval) {
  if (interval == Interval::Minute) return days{30};
  if (interval < Interval::Hour) return days{60};
  if (interval == Interval::Hour) return days{730};
  return days{0};
}

// The stretch in which `count` bars surely fit, holidays and the half days included.
seconds stretch_of(Interval interval, bool is_crypto, std::size_t count) {
  const auto wanted = static_cast<std::int64_t>(count) + 1;
  const auto length = nominal_length(interval);
  if (interval == Interval::Month) return days{31} * wanted;
  if (interval == Interval::Week || is_crypto) return length * wanted + days{1};
  const std::int64_t sessions =
      interval == Interval::Day ? wanted : (length * wanted + kSession - seconds{1}) / kSession;
  // 252 sessions in 365 days; ten days hold any run of holidays.
  return days{sessions * 3 / 2 + 10};
}

// Weeks and months begin a whole one earlier, since the first is cut where the request begins.
Timestamp asked_from(Timestamp start, Interval interval) {
  if (start <= kBeginning) return kBeginning;
  if (is_intraday(interval)) return std::chrono::floor<seconds>(start);
  const std::chrono::sys_days date = date_of(start);
  if (interval == Interval::Week) {
    return date - (std::chrono::weekday{date} - std::chrono::Monday) - days{7};
  }
  if (interval == Interval::Month) {
    const std::chrono::year_month_day ymd{date};
    return std::chrono::sys_days{(ymd.year() / ymd.month() / 1) - std::chrono::months{1}};
  }
  // East of Greenwich a session begins on the day before in UTC.
  return date - days{1};
}

}  // namespace

std::string_view yahoo_interval(Interval interval) noexcept {
  switch (interval) {
    case Interval::Minute:
      return "1m";
    case Interval::Minute5:
      return "5m";
    case Interval::Minute15:
      return "15m";
    case Interval::Minute30:
      return "30m";
    case Interval::Hour:
      return "1h";
    case Interval::Day:
      return "1d";
    case Interval::Week:
      return "1wk";
    case Interval::Month:
      return "1mo";
    case Interval::Second:
    case Interval::Hour4:
      break;
  }
  return {};
}

Result<YahooPlan> plan_chart(const BarsRequest& request, Timestamp now, int widened) {
  const Interval interval = request.interval;
  if (yahoo_interval(interval).empty()) {
    return fail(ErrorCode::NotSupported, "yahoo has no bars of {}", interval_name(interval));
  }
  YahooPlan plan{.pages = {},
                 .range = request.range,
                 .limit = request.limit,
                 .from_the_end = request.range.start == kNoStart};
  // A day ahead is today's session in the far east.
  const Timestamp end = std::min(request.range.end, now + days{1});
  Timestamp start = request.range.start;
  if (plan.from_the_end) {
    const auto stretch = stretch_of(interval, request.symbol.is_crypto(),
                                    std::min<std::size_t>(request.limit, 50'000));
    // 50 000 months are more than nanoseconds hold.
    const auto back = std::min<seconds>(stretch * widened, days{365 * 130});
    start = end - back;
    if (const days kept = kept_for(interval); kept.count() > 0) {
      // An hour less: the request must still be inside when it arrives.
      start = std::max(start, now - kept + hours{1});
    }
  }
  if (start >= end || request.limit == 0) return plan;
  start = asked_from(start, interval);
  const Timestamp last = std::chrono::ceil<seconds>(end);
  if (interval != Interval::Minute) {
    plan.pages.push_back({start, last});
    return plan;
  }
  if (last - start > kMinutesAtOnce * kPagesMax) {
    return fail(ErrorCode::NotSupported, "yahoo keeps minutes for 30 days");
  }
  for (Timestamp from = start; from < last; from += kMinutesAtOnce) {
    plan.pages.push_back({from, std::min<Timestamp>(from + kMinutesAtOnce, last)});
  }
  if (plan.from_the_end) {
    for (TimeRange& page : plan.pages) {
      const Timestamp to = last - (page.start - start);
      page = {std::max<Timestamp>(start, to - kMinutesAtOnce), to};
    }
  }
  return plan;
}

BarColumns cut_to(const YahooPlan& plan, const BarColumns& bars) {
  std::size_t from = plan.from_the_end ? 0 : bars.lower_bound(plan.range.start);
  std::size_t to = std::max(from, bars.lower_bound(plan.range.end));
  if (to - from > plan.limit) {
    if (plan.from_the_end) {
      from = to - plan.limit;
    } else {
      to = from + plan.limit;
    }
  }
  BarColumns cut;
  cut.append(bars, from, to);
  return cut;
}

}  // namespace ziggy::feed
