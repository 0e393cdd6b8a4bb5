#include <algorithm>
#include <ranges>

#include "market_state.hpp"
#include "ziggy/market/stored_history.hpp"

namespace ziggy::market {
namespace {

// The interval to read: the one asked for, or the longest shorter one that makes it. Weeks and
// months with actions to apply come from days, since a split falls inside of them.
std::optional<Interval> choose_base(store::BarStore& bars, const BarsQuery& query,
                                    bool has_actions) {
  const auto has = [&](Interval interval) { return bars.version({query.symbol, interval}) != 0; };
  const bool is_adjusted = has_actions && query.adjustment != Adjustment::Raw;
  if (query.interval > Interval::Day) {
    if (has(Interval::Day) && (is_adjusted || !has(query.interval))) return Interval::Day;
    return has(query.interval) ? std::optional{query.interval} : std::nullopt;
  }
  if (has(query.interval)) return query.interval;
  if (query.interval == Interval::Day) return std::nullopt;
  for (const Interval shorter : kIntervals | std::views::reverse) {
    if (shorter < query.interval && has(shorter)) return shorter;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<StoredRaw>> read_stored(store::Database& database, const BarsQuery& query,
                                             Timestamp end) {
  ZIGGY_TRY(actions, database.actions().read(query.symbol));
  store::BarStore& bars = database.bars();
  const auto base = choose_base(bars, query, !actions.empty());
  if (!base) return std::nullopt;
  const store::BarKey key{query.symbol, *base};
  const BaseRequest request = base_request(query, *base, end);
  const bool is_from_end = query.range.start == kNoStart;
  ZIGGY_TRY(stored, bars.read(key, request.range, request.limit,
                              is_from_end ? store::Take::Last : store::Take::First));
  ZIGGY_TRY(coverage, bars.coverage(key));
  if (!coverage) return std::nullopt;
  StoredRaw found;
  found.last = coverage->last;
  found.source = stored.source.empty() ? coverage->sources.front() : stored.source;
  found.is_made_longer = *base != query.interval;
  found.raw.base = *base;
  found.raw.is_cut = stored.more;
  found.raw.bars = std::move(stored.bars);
  if (needs_closes(query, actions)) {
    const store::BarKey days{query.symbol, Interval::Day};
    const store::BarKey& closes = bars.version(days) != 0 ? days : key;
    ZIGGY_TRY(daily, bars.read(closes, closes_range(actions)));
    found.raw.closes = std::move(daily.bars);
  }
  found.raw.actions = std::move(actions);
  return found;
}

Result<std::optional<BarColumns>> read_stored_history(store::Database& database,
                                                      const Symbol& symbol, Interval interval,
                                                      TimeRange range, Adjustment adjustment,
                                                      Timestamp now) {
  // More than any disk holds, and far from overflow when it is counted in seconds of a month.
  constexpr std::size_t kAllOfThem = std::size_t{1} << 40U;
  if (range.start == Timestamp::min()) range.start = kNoStart;
  const BarsQuery query{.symbol = symbol,
                        .interval = interval,
                        .range = range,
                        .limit = kAllOfThem,
                        .adjustment = adjustment};
  ZIGGY_TRY(stored, read_stored(database, query, range.end));
  if (!stored) return std::nullopt;
  const bool is_made_longer = stored->is_made_longer;
  Page page = shape_page(std::move(stored->raw), query);
  if (is_made_longer) drop_running(page.bars, interval, symbol, now, false);
  return std::move(page.bars);
}

Result<std::optional<StoredClose>> read_last_close(store::Database& database, const Symbol& symbol,
                                                   bool is_always_open) {
  ZIGGY_TRY(coverage, database.bars().coverage(symbol));
  if (coverage.empty()) return std::nullopt;
  // Of two that end alike the longer: a day's bar also tells the close before.
  const auto newest = std::ranges::max_element(coverage, [](const auto& a, const auto& b) {
    return std::pair{date_of(a.last), a.key.interval} < std::pair{date_of(b.last), b.key.interval};
  });
  ZIGGY_TRY(stored, database.bars().read(newest->key, {Timestamp::min(), Timestamp::max()}, 2,
                                         store::Take::Last));
  if (stored.bars.empty()) return std::nullopt;
  StoredClose close;
  close.source = stored.source;
  close.quote.symbol = symbol;
  const std::size_t last = stored.bars.size() - 1;
  close.quote.as_of =
      bar_end(stored.bars.time_at(last), newest->key.interval, symbol, is_always_open);
  close.quote.last = stored.bars.close[last];
  if (newest->key.interval == Interval::Day) {
    close.quote.volume = stored.bars.volume[last];
    if (last > 0) close.quote.prev_close = stored.bars.close[last - 1];
  }
  return close;
}

}  // namespace ziggy::market
