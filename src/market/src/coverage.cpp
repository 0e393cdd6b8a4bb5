#include "ziggy/market/coverage.hpp"

#include <algorithm>

#include "market_state.hpp"
#include "ziggy/domain/expected_bars.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::market {
namespace {

// The journal's word on what is missing from `missing.start` on, and how far it reaches.
CoverageGap word_on(const TimeRange& missing, Interval interval,
                    const std::vector<store::BarGap>& journal) {
  CoverageGap gap;
  gap.range = missing;
  for (const store::BarGap& known : journal) {
    if (known.interval != interval || known.state == store::GapState::Healed) continue;
    if (known.range.end <= missing.start || known.range.start >= gap.range.end) continue;
    if (known.range.start > missing.start) {
      gap.range.end = known.range.start;  // nobody was asked about what lies before
      continue;
    }
    gap.range.end = std::min(missing.end, known.range.end);
    gap.state = known.state;
    gap.said_by = known.said_by;
    gap.attempts = known.attempts;
  }
  return gap;
}

void compare(SeriesCoverage& series, const BarColumns& bars,
             const std::vector<store::BarGap>& journal) {
  const Symbol& symbol = series.stored.key.symbol;
  const Interval interval = series.stored.key.interval;
  if (bars.empty()) return;
  series.compared_from = bars.time_at(0);
  const TimeRange range{bars.time_at(0), bars.time_at(bars.size() - 1)};
  series.expected = expected_bars(interval, symbol, range).size() + 1;
  for (TimeRange missing : missing_bars(bars.time, interval, symbol, range)) {
    while (missing.start < missing.end) {
      CoverageGap gap = word_on(missing, interval, journal);
      const std::size_t count = expected_bars(interval, symbol, gap.range).size();
      series.missing += count;
      if (gap.state == store::GapState::NoTrades) series.no_trades += count;
      missing.start = gap.range.end;
      if (count > 0 && series.gaps.size() < kGapsListed) series.gaps.push_back(std::move(gap));
    }
  }
}

// What one answer adds to the journal; an illiquid symbol's minutes would fill it otherwise.
constexpr std::size_t kGapsPerAnswer = 50;

}  // namespace

Result<> note_gaps(store::Database& database, const store::BarKey& key, std::string_view provider,
                   const BarColumns& bars, Timestamp now) {
  if (bars.size() < 2) return {};
  const TimeRange range{bars.time_at(0), bars.time_at(bars.size() - 1)};
  if (missing_bars(bars.time, key.interval, key.symbol, range).empty()) return {};
  ZIGGY_TRY(stored, database.bars().read(key, range));
  auto missing = missing_bars(stored.bars.time, key.interval, key.symbol, range);
  ZIGGY_TRY(journal, database.quality().gaps(key.symbol));
  std::erase_if(missing, [&](const TimeRange& gap) {
    return std::ranges::any_of(journal, [&](const store::BarGap& known) {
      return known.interval == key.interval && known.state != store::GapState::Healed &&
             known.range.start < gap.end && gap.start < known.range.end;
    });
  });
  if (missing.size() > kGapsPerAnswer) missing.resize(kGapsPerAnswer);
  std::vector<store::BarGap> gaps;
  for (const TimeRange& gap : missing) {
    gaps.push_back({key.symbol, key.interval, gap, store::GapState::Open, now, now, 0,
                    std::string{provider}, now + heal_pause(0)});
  }
  return database.quality().write_gaps(gaps);
}

Result<std::vector<SeriesCoverage>> read_coverage(store::Database& database, Symbol symbol) {
  ZIGGY_TRY(stored, database.bars().coverage(symbol));
  ZIGGY_TRY(journal, database.quality().gaps(symbol));
  std::vector<SeriesCoverage> all;
  for (store::Coverage& coverage : stored) {
    ZIGGY_TRY(newest, database.bars().read(coverage.key, {Timestamp::min(), Timestamp::max()},
                                           kBarsCompared, store::Take::Last));
    SeriesCoverage series;
    series.stored = std::move(coverage);
    compare(series, newest.bars, journal);
    all.push_back(std::move(series));
  }
  return all;
}

}  // namespace ziggy::market
