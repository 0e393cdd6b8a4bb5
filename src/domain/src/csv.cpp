#include "ziggy/domain/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "csv_layout.hpp"
#include "lines.hpp"
#include "scan.hpp"
#include "spacing.hpp"

namespace ziggy {

namespace {

using csv::Fields;
using csv::Layout;
using csv::quoted;

/// What stands where a number is not known.
bool is_null(std::string_view field) noexcept {
  if (field.empty() || field == "-") return true;
  if (field.size() > 4 || scan::is_digit(field.front())) return false;
  for (const std::string_view word : {"null", "nan", "NaN", "NULL", "None", "NA", "N/A", "n/a"}) {
    if (field == word) return true;
  }
  return false;
}

std::string too_long() {
  return fmt::format("longer than {} bytes: is this a CSV file?", kCsvLineMax);
}

/// Reads the rows one by one, in the order of the file; `finish` turns them into an answer.
class Reader {
 public:
  Reader(Layout layout, std::size_t bytes) : layout_{layout} {
    // The shortest row of a bar has some 20 bytes; a typical one 50.
    file_.bars.reserve(std::min<std::size_t>(bytes / 40 + 1, 1 << 22));
    file_.lines.reserve(file_.bars.time.capacity());
  }

  void read(std::string_view line, std::size_t number) {
    number_ = number;
    if (line.size() > kCsvLineMax) return problem("", too_long());
    switch (fields_.cut(line, layout_.delimiter)) {
      case Fields::Outcome::TooMany:
        return problem("", fmt::format("more than {} columns", kCsvColumnsMax));
      case Fields::Outcome::OpenQuote:
        return problem("", "a quote is not closed");
      case Fields::Outcome::Cut:
        break;
    }
    ++file_.rows;
    if (has_expected_columns()) read_fields();
  }

  BarFile finish(std::optional<Interval> interval);
  void problem(std::string_view column, std::string reason) {
    file_.add_problem(number_, column, std::move(reason));
  }

 private:
  bool has_expected_columns() {
    int last = fields_.size() - 1;
    while (last >= layout_.columns && fields_[last].empty()) --last;
    if (last < layout_.columns && fields_.size() >= layout_.columns) return true;
    problem("", fmt::format("{} columns where {} are expected", fields_.size(), layout_.columns));
    return false;
  }

  void read_fields() {
    std::array<double, 4> prices{};
    std::size_t nulls = 0;
    for (std::size_t i = 0; i < prices.size(); ++i) {
      const std::string_view field = fields_[layout_.prices[i]];
      if (const auto value = scan::number(field)) {
        prices[i] = *value;
      } else if (is_null(field)) {
        ++nulls;
      } else {
        return problem(csv::kPriceNames[i], fmt::format("{} is not a number", quoted(field)));
      }
    }
    const std::optional<scan::WallTime> time = read_time();
    if (!time) return;
    if (nulls == prices.size()) {
      ++file_.rows_empty;
      // A dividend may be the only news of a day without a trade.
      read_actions(*time);
      return;
    }
    if (nulls > 0) return problem("", "some of open, high, low and close are missing");
    double volume = 0;
    if (layout_.volume != csv::kAbsent && !read_number(layout_.volume, "volume", volume)) return;
    if (!read_actions(*time)) return;
    push(*time, {Timestamp{std::chrono::nanoseconds{time->nanos}}, prices[0], prices[1], prices[2],
                 prices[3], volume});
  }

  std::optional<scan::WallTime> read_time() {
    const std::string_view field = fields_[layout_.time];
    std::optional<scan::WallTime> time = scan::wall_time(field);
    if (!time) {
      problem("time", field.empty()
                          ? "no time"
                          : fmt::format("{} is no time in a form that is read", quoted(field)));
      return std::nullopt;
    }
    if (layout_.time_of_day == csv::kAbsent) return time;
    const std::string_view of_day_field = fields_[layout_.time_of_day];
    const auto of_day = scan::time_of_day(of_day_field);
    if (!of_day || time->has_time_of_day) {
      problem("time", fmt::format("{} is no time of day", quoted(of_day_field)));
      return std::nullopt;
    }
    time->nanos += *of_day;
    time->has_time_of_day = true;
    return time;
  }

  /// Leaves `value` alone where the file has nothing to say.
  bool read_number(int column, std::string_view name, double& value) {
    const std::string_view field = fields_[column];
    if (const auto number = scan::number(field)) {
      value = *number;
      return true;
    }
    if (is_null(field)) return true;
    problem(name, fmt::format("{} is not a number", quoted(field)));
    return false;
  }

  bool read_actions(const scan::WallTime& time) {
    double dividend = 0;
    double split = 0;
    if (layout_.dividend != csv::kAbsent && !read_number(layout_.dividend, "dividend", dividend))
      return false;
    if (layout_.split != csv::kAbsent && !read_number(layout_.split, "split", split)) return false;
    if (dividend < 0 || split < 0) {
      problem(dividend < 0 ? "dividend" : "split", "less than zero");
      return false;
    }
    const std::int64_t date = floor_to_day(time.nanos);
    if (dividend > 0) add_action(CorporateAction::Kind::Dividend, date, dividend);
    if (split > 0 && split != 1) add_action(CorporateAction::Kind::Split, date, split);
    return true;
  }

  void add_action(CorporateAction::Kind kind, std::int64_t date, double value) {
    file_.actions.push_back({kind, Timestamp{std::chrono::nanoseconds{date}}, value});
  }

  void push(const scan::WallTime& time, const Bar& bar) {
    if (time.offset_seconds != 0 && offsets_.empty()) offsets_.resize(file_.bars.size());
    if (!offsets_.empty() || time.offset_seconds != 0) offsets_.push_back(time.offset_seconds);
    has_time_of_day_ = has_time_of_day_ || time.nanos != floor_to_day(time.nanos);
    file_.bars.push_back(bar);
    file_.lines.push_back(static_cast<std::uint32_t>(number_));
  }

  static std::int64_t floor_to_day(std::int64_t nanos) noexcept {
    const std::int64_t rest = nanos % scan::kDay;
    return nanos - (rest < 0 ? rest + scan::kDay : rest);
  }

  [[nodiscard]] std::int64_t utc_at(std::size_t i) const noexcept {
    const std::int64_t offset = offsets_.empty() ? 0 : offsets_[i];
    return file_.bars.time[i] - offset * scan::kSecond;
  }

  void put_ascending();
  void settle_interval(std::optional<Interval> interval);
  void merge_repeated();
  void settle_actions();
  void note_missing_volume();

  Layout layout_;
  Fields fields_;
  std::size_t number_ = 0;
  /// While reading, `bars.time` holds the clock on the wall; the offsets are kept apart, since
  /// daily bars keep the date as written. Empty while every offset is zero.
  std::vector<std::int32_t> offsets_;
  bool has_time_of_day_ = false;
  BarFile file_;
};

void Reader::put_ascending() {
  std::ptrdiff_t steps = 0;
  for (std::size_t i = 1; i < file_.bars.size(); ++i) {
    const std::int64_t before = utc_at(i - 1);
    const std::int64_t now = utc_at(i);
    steps += (now > before) - (now < before);
  }
  if (steps >= 0) return;
  BarColumns& bars = file_.bars;
  std::ranges::reverse(bars.time);
  std::ranges::reverse(file_.lines);
  std::ranges::reverse(offsets_);
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume}) {
    std::ranges::reverse(*column);
  }
}

void Reader::settle_interval(std::optional<Interval> interval) {
  BarColumns& bars = file_.bars;
  std::vector<std::int64_t> wall;
  if (!offsets_.empty()) {
    wall = bars.time;
    for (std::size_t i = 0; i < bars.size(); ++i) bars.time[i] = utc_at(i);
  }
  const std::vector<std::int64_t>& on_the_wall = offsets_.empty() ? bars.time : wall;
  if (!interval) {
    // Sessions keep their time on the wall while UTC moves with the clocks: dates alone count in
    // days.
    const Spacing spacing =
        infer_interval(has_time_of_day_ ? bars.time : on_the_wall, has_time_of_day_);
    if (!spacing.is_known && !bars.empty()) {
      file_.add_problem(file_.lines.front(), "time", spacing.reason + ": give the interval");
    }
    interval = spacing.interval;
  }
  file_.interval = *interval;
  if (is_intraday(file_.interval)) return;
  for (std::size_t i = 0; i < bars.size(); ++i) bars.time[i] = floor_to_day(on_the_wall[i]);
}

void Reader::merge_repeated() {
  const BarColumns& bars = file_.bars;
  const auto repeats = [&](std::size_t i) { return bars.at(i) == bars.at(i - 1); };
  std::size_t first = 1;
  while (first < bars.size() && (bars.time[first] != bars.time[first - 1] || !repeats(first)))
    ++first;
  if (first >= bars.size()) return;
  BarColumns kept;
  std::vector<std::uint32_t> lines;
  kept.reserve(bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i > 0 && repeats(i)) {
      ++file_.rows_repeated;
      continue;
    }
    kept.push_back(bars.at(i));
    lines.push_back(file_.lines[i]);
  }
  file_.bars = std::move(kept);
  file_.lines = std::move(lines);
}

/// Sorts the actions, and leaves the splits out when the prices do not step where they say.
void Reader::settle_actions() {
  auto& actions = file_.actions;
  std::ranges::sort(actions, {}, [](const CorporateAction& action) {
    return std::tuple{action.ex_date, action.kind, action.value};
  });
  const auto repeated = std::ranges::unique(actions);
  actions.erase(repeated.begin(), repeated.end());
  if (split_evidence(file_.bars, actions) != SplitEvidence::Adjusted) return;
  const auto removed = std::erase_if(actions, [](const CorporateAction& action) {
    return action.kind == CorporateAction::Kind::Split;
  });
  file_.notes.push_back(fmt::format("{} not kept: the prices are adjusted for {} already",
                                    removed == 1 ? "1 split" : fmt::format("{} splits", removed),
                                    removed == 1 ? "it" : "them"));
}

/// A file of prices alone has no volume; one with columns beside them may have meant one of those.
void Reader::note_missing_volume() {
  int known = 4;
  for (const int column : {layout_.time, layout_.time_of_day, layout_.dividend, layout_.split}) {
    if (column != csv::kAbsent) ++known;
  }
  if (layout_.volume == csv::kAbsent && layout_.columns > known && !file_.bars.empty()) {
    file_.notes.emplace_back("no volume column was read");
  }
}

BarFile Reader::finish(std::optional<Interval> interval) {
  put_ascending();
  settle_interval(interval);
  merge_repeated();
  settle_actions();
  note_missing_volume();
  return std::move(file_);
}

BarFile refused(std::size_t line, std::string reason) {
  BarFile file;
  file.add_problem(line, "", std::move(reason));
  return file;
}

}  // namespace

BarFile read_csv_bars(std::string_view text, std::optional<Interval> interval) {
  if (text.size() > kCsvBytesMax) {
    return refused(1, fmt::format("the file is larger than {} MiB: split it", kCsvBytesMax >> 20));
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return refused(1, "the text is UTF-16: save it as UTF-8");
  }
  Lines lines{text};
  std::optional<std::string_view> line = lines.next();
  while (line && line->empty()) line = lines.next();
  if (!line) return refused(1, "the file is empty");
  if (line->size() > kCsvLineMax) return refused(lines.number(), too_long());
  const auto [layout, reason] = csv::layout_of(*line);
  if (!layout) return refused(lines.number(), reason);

  Reader reader{*layout, text.size()};
  if (!layout->has_header) reader.read(*line, lines.number());
  while ((line = lines.next())) {
    if (!line->empty()) reader.read(*line, lines.number());
  }
  BarFile file = reader.finish(interval);
  if (file.rows == 0) file.add_problem(lines.number(), "", "no rows below the header");
  if (file.is_clean() && file.bars.empty())
    file.add_problem(lines.number(), "", "no row has prices");
  return file;
}

}  // namespace ziggy
