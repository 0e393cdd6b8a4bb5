#include <algorithm>
#include <cmath>

#include "sim_view.hpp"

namespace ziggy::feed::sim {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;

// The longest halt: so much more of a session is looked at when only its last bars are wanted.
constexpr std::int32_t kHaltMax = 900;

struct Index {
  std::size_t from = 0;
  std::size_t to = 0;
};

double to_price(std::int64_t cents) { return static_cast<double>(cents) / 100; }

Bar to_bar(Timestamp time, const Node& node, const Listing& listing) {
  return {time,
          to_price(node.open),
          to_price(node.high),
          to_price(node.low),
          to_price(node.close),
          static_cast<double>(node.volume) / listing.units_per_volume};
}

void merge(Node& into, const Node& next) {
  into.high = std::max(into.high, next.high);
  into.low = std::min(into.low, next.low);
  into.close = next.close;
  into.volume += next.volume;
}

// The first day that begins at or after `time`.
sys_days day_from(Timestamp time) {
  if (time <= Timestamp{kFirstDay}) return kFirstDay;
  return std::chrono::ceil<days>(time);
}

// Sessions that are over at `now`.
std::size_t closed_sessions(const Timetable& timetable, Timestamp now) {
  const std::size_t opened = timetable.opened(now);
  return opened > 0 && timetable.at(opened - 1).close > now ? opened - 1 : opened;
}

Index cut(Index index, const BarsWanted& wanted) {
  index.from = std::min(index.from, index.to);
  const std::size_t count = std::min(index.to - index.from, wanted.limit);
  return wanted.wants_last() ? Index{index.to - count, index.to}
                             : Index{index.from, index.from + count};
}

sys_days period_of(sys_days date, Interval interval) {
  if (interval == Interval::Week) {
    return date - (std::chrono::weekday{date} - std::chrono::Monday);
  }
  const std::chrono::year_month_day ymd{date};
  return sys_days{ymd.year() / ymd.month() / 1};
}

sys_days next_period(sys_days start, Interval interval) {
  return period_of(start + days{interval == Interval::Week ? 7 : 31}, interval);
}

Timestamp floor_to(Timestamp time, seconds length) {
  const auto since = time.time_since_epoch();
  return Timestamp{since - since % length};
}

void trim(BarColumns& bars, const BarsWanted& wanted) {
  if (bars.size() <= wanted.limit) return;
  BarColumns kept;
  if (wanted.wants_last()) {
    kept.append(bars, bars.size() - wanted.limit, bars.size());
  } else {
    kept.append(bars, 0, wanted.limit);
  }
  bars = std::move(kept);
}

// Intraday bars of one session.
class SessionBars {
 public:
  SessionBars(const SymbolView& symbol, Interval interval, const BarsWanted& wanted)
      : symbol_{symbol},
        wanted_{wanted},
        length_{nominal_length(interval)},
        level_{level_of(interval)} {}

  // At least the first or last `count` bars of session `index` that are wanted, if there are so
  // many.
  [[nodiscard]] BarColumns take(std::size_t index, std::size_t count) const {
    const Hours hours = symbol_.timetable->at(index);
    const Session session = symbol_.session(index);
    const bool is_grouped = length_.count() > level_seconds(level_);
    Seconds range{0, session.seconds()};
    if (!is_grouped) range = narrow(hours, session.seconds(), count);
    BarColumns bars;
    Node node;
    Timestamp time = Timestamp::min();
    const auto flush = [&] {
      if (time >= wanted_.range.start && time < wanted_.range.end &&
          time + length_ <= wanted_.now && time != Timestamp::min()) {
        bars.push_back(to_bar(time, node, *symbol_.listing));
      }
    };
    for (const Session::Part& part : session.parts(level_, range)) {
      const Timestamp start = floor_to(hours.open + seconds{part.second}, length_);
      if (start == time) {
        merge(node, part.node);
        continue;
      }
      flush();
      time = start;
      node = part.node;
    }
    flush();
    return bars;
  }

 private:
  static Level level_of(Interval interval) {
    switch (interval) {
      case Interval::Second:
        return Level::Second;
      case Interval::Minute:
        return Level::Minute;
      case Interval::Minute5:
        return Level::Minute5;
      case Interval::Minute15:
        return Level::Minute15;
      default:
        return Level::Minute30;
    }
  }

  // The part of the session that can matter.
  [[nodiscard]] Seconds narrow(const Hours& hours, std::int32_t total, std::size_t count) const {
    const auto inside = [&](Timestamp time) {
      if (time <= hours.open) return 0;
      if (time >= hours.close) return total;
      return static_cast<std::int32_t>(std::chrono::ceil<seconds>(time - hours.open).count());
    };
    Seconds range{inside(wanted_.range.start), inside(std::min(wanted_.range.end, wanted_.now))};
    const auto span = static_cast<std::int64_t>(count + 1) * length_.count() + kHaltMax;
    if (range.to - range.from <= span) return range;
    const auto step = static_cast<std::int32_t>(span);
    if (wanted_.wants_last()) {
      range.from = range.to - step;
    } else {
      range.to = range.from + step;
    }
    return range;
  }

  const SymbolView& symbol_;
  const BarsWanted& wanted_;
  seconds length_;
  Level level_;
};

}  // namespace

std::optional<double> SymbolView::previous_close(std::size_t index) const {
  if (index == 0) return std::nullopt;
  double close = to_price(days->days[index - 1].close);
  const Timestamp date{timetable->at(index).date};
  for (const CorporateAction& action : days->actions) {
    if (action.ex_date == date && action.kind == CorporateAction::Kind::Split)
      close /= action.value;
  }
  return close;
}

BarColumns day_bars(const SymbolView& symbol, const BarsWanted& wanted) {
  const Timetable& timetable = *symbol.timetable;
  const std::size_t closed = closed_sessions(timetable, wanted.now);
  const std::size_t end =
      wanted.range.end > wanted.now ? closed : timetable.before(day_from(wanted.range.end));
  const Index index =
      cut({timetable.before(day_from(wanted.range.start)), std::min(end, closed)}, wanted);
  BarColumns bars;
  bars.reserve(index.to - index.from);
  for (std::size_t i = index.from; i < index.to; ++i) {
    bars.push_back(
        to_bar(Timestamp{timetable.at(i).date}, symbol.session(i).root(), *symbol.listing));
  }
  return bars;
}

BarColumns calendar_bars(const SymbolView& symbol, Interval interval, const BarsWanted& wanted) {
  const Timetable& timetable = *symbol.timetable;
  const sys_days first = period_of(kFirstDay, interval);
  sys_days from = first;
  if (wanted.range.start > Timestamp{first}) {
    const sys_days date = std::chrono::ceil<days>(wanted.range.start);
    from = period_of(date, interval);
    if (from < date) from = next_period(from, interval);
  }
  std::vector<sys_days> periods;
  for (sys_days start = from; Timestamp{start} < wanted.range.end;
       start = next_period(start, interval)) {
    if (Timestamp{next_period(start, interval)} > wanted.now) break;
    if (!wanted.wants_last() && periods.size() == wanted.limit) break;
    periods.push_back(start);
  }
  const std::size_t skip =
      wanted.wants_last() && periods.size() > wanted.limit ? periods.size() - wanted.limit : 0;
  BarColumns bars;
  for (std::size_t i = skip; i < periods.size(); ++i) {
    const std::size_t begin = timetable.before(periods[i]);
    const std::size_t end = timetable.before(next_period(periods[i], interval));
    if (begin == end) continue;
    Node node = symbol.session(begin).root();
    for (std::size_t session = begin + 1; session < end; ++session) {
      merge(node, symbol.session(session).root());
    }
    bars.push_back(to_bar(Timestamp{periods[i]}, node, *symbol.listing));
  }
  return bars;
}

BarColumns intraday_bars(const SymbolView& symbol, Interval interval, const BarsWanted& wanted) {
  const Timetable& timetable = *symbol.timetable;
  const SessionBars sessions{symbol, interval, wanted};
  const std::size_t end = timetable.opened(std::min(wanted.range.end, wanted.now));
  BarColumns bars;
  if (!wanted.wants_last()) {
    // One session earlier: a bar of four hours may begin before its session does.
    const std::size_t opened = timetable.opened(std::max(wanted.range.start, Timestamp{kFirstDay}));
    for (std::size_t i = opened == 0 ? 0 : opened - 1; i < end && bars.size() < wanted.limit; ++i) {
      bars.append(sessions.take(i, wanted.limit - bars.size()));
    }
    trim(bars, wanted);
    return bars;
  }
  std::vector<BarColumns> pieces;
  std::size_t count = 0;
  for (std::size_t i = end; i > 0 && count < wanted.limit; --i) {
    pieces.push_back(sessions.take(i - 1, wanted.limit - count));
    count += pieces.back().size();
  }
  bars.reserve(count);
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) bars.append(*piece);
  trim(bars, wanted);
  return bars;
}

}  // namespace ziggy::feed::sim
