#include "commands/backtest_bars.hpp"

#include <filesystem>

#include "cli/stored_bars.hpp"
#include "cli/text_file.hpp"
#include "ziggy/domain/adjust.hpp"
#include "ziggy/domain/csv.hpp"

namespace ziggy::app {
namespace {

Error refusal(const std::string& name, const BarFile& file) {
  const std::string more =
      file.problem_count > 1 ? fmt::format(" (and {} more)", file.problem_count - 1) : "";
  return Error{ErrorCode::ValidationFailed,
               fmt::format("{}: {}{}", name, describe(file.problems.front()), more)};
}

BarColumns cut(BarColumns bars, TimeRange range) {
  const std::size_t from = bars.lower_bound(range.start);
  const std::size_t to = bars.lower_bound(range.end);
  if (from == 0 && to == bars.size()) return bars;
  BarColumns part;
  if (from < to) part.append(bars, from, to);
  return part;
}

Result<NamedBars> read_file_bars(const BarsWanted& wanted) {
  const std::filesystem::path path{wanted.file};
  ZIGGY_TRY(text, read_text_file(path, kCsvBytesMax));
  BarFile file = read_csv_bars(text, wanted.interval);
  if (!file.is_clean() && file.rows == 1 && !wanted.interval) {
    // One bar with a time of day has no neighbour to tell its interval by; a run needs none.
    if (BarFile alone = read_csv_bars(text, Interval::Minute); alone.is_clean()) file = alone;
  }
  if (file.is_clean()) check_contracts(file);
  if (!file.is_clean()) return fail(refusal(wanted.file, file));
  NamedBars named;
  named.bars = cut(adjust(file.bars, file.actions, wanted.adjustment, file.interval), wanted.range);
  named.symbol = split_bar_file_name(path.filename().string()).symbol;
  named.source = path.filename().string();
  named.interval = file.interval;
  if (named.bars.empty()) {
    return fail(ErrorCode::NotFound, "{}: no bars{}", wanted.file,
                file.bars.empty() ? "" : " in that time");
  }
  return named;
}

Result<NamedBars> read_from_store(Context& context, const BarsWanted& wanted) {
  const Interval interval = wanted.interval.value_or(Interval::Day);
  ZIGGY_TRY(bars,
            read_stored_bars(context, {*wanted.symbol, interval, wanted.range, wanted.adjustment}));
  return NamedBars{std::move(bars), std::string{wanted.symbol->view()}, "store", interval};
}

}  // namespace

Result<NamedBars> read_bars(Context& context, const BarsWanted& wanted) {
  return wanted.file.empty() ? read_from_store(context, wanted) : read_file_bars(wanted);
}

}  // namespace ziggy::app
