#include "ziggy/domain/lean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "csv_layout.hpp"
#include "lines.hpp"
#include "scan.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/contracts.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy {

namespace {

using csv::Fields;
using csv::quoted;
using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::sys_days;

constexpr int kTradeColumns = 6;
constexpr int kQuoteColumns = 11;
constexpr double kEquityScale = 10'000;
/// No exchange halts a share for half a year and lists the same one again at a quarter of its
/// price.
constexpr nanoseconds kPauseMax = days{180};

std::optional<Timestamp> time_of(std::string_view field, const LeanName& name) {
  sys_days date{};
  nanoseconds of_day{0};
  if (name.date) {
    const auto milliseconds = scan::number(field);
    constexpr double kDayMs = 86'400'000;
    if (!milliseconds || *milliseconds < 0 || *milliseconds >= kDayMs) return std::nullopt;
    if (*milliseconds != std::floor(*milliseconds)) return std::nullopt;
    date = *name.date;
    of_day = std::chrono::milliseconds{static_cast<std::int64_t>(*milliseconds)};
  } else {
    const auto wall = scan::wall_time(field);
    if (!wall || wall->offset_seconds != 0 || field.size() < 8 || !scan::is_digit(field[4]))
      return std::nullopt;
    const Timestamp time{nanoseconds{wall->nanos}};
    date = date_of(time);
    of_day = time - date;
  }
  if (!is_intraday(name.interval)) return Timestamp{date};
  if (name.security == LeanName::Security::Crypto) return Timestamp{date} + of_day;
  return from_new_york(date, of_day);
}

class Reader {
 public:
  explicit Reader(const LeanName& name) : name_{name} { file_.interval = name.interval; }

  void read(std::string_view line, std::size_t number) {
    number_ = number;
    if (line.size() > kCsvLineMax || fields_.cut(line, ',') != Fields::Outcome::Cut) {
      return problem("", "no row of trade bars");
    }
    ++file_.rows;
    if (fields_.size() == kQuoteColumns) {
      return problem("",
                     "eleven columns are a quote (bid and ask bars): only trade bars are imported");
    }
    if (fields_.size() != kTradeColumns) {
      return problem(
          "", fmt::format("{} columns where {} are expected", fields_.size(), kTradeColumns));
    }
    const std::optional<Timestamp> time = time_of(fields_[0], name_);
    if (!time) return problem("time", fmt::format("{} is no {}", quoted(fields_[0]), time_form()));
    std::array<double, 5> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::string_view field = fields_[static_cast<int>(i) + 1];
      const auto value = scan::number(field);
      if (!value) {
        return problem(i < 4 ? csv::kPriceNames[i] : "volume",
                       fmt::format("{} is not a number", quoted(field)));
      }
      numbers[i] = *value;
    }
    const double scale = name_.security == LeanName::Security::Equity ? kEquityScale : 1;
    push({*time, numbers[0] / scale, numbers[1] / scale, numbers[2] / scale, numbers[3] / scale,
          numbers[4]});
  }

  BarFile take() { return std::move(file_); }

 private:
  void problem(std::string_view column, std::string reason) {
    file_.add_problem(number_, column, std::move(reason));
  }

  [[nodiscard]] std::string_view time_form() const {
    return name_.date ? "count of milliseconds since midnight" : "time like 20131004 09:00";
  }

  void push(const Bar& bar) {
    if (!file_.bars.empty() && file_.bars.at(file_.bars.size() - 1) == bar) {
      ++file_.rows_repeated;
      return;
    }
    file_.bars.push_back(bar);
    file_.lines.push_back(static_cast<std::uint32_t>(number_));
  }

  const LeanName& name_;
  Fields fields_;
  std::size_t number_ = 0;
  BarFile file_;
};

/// Days on which a company carried the ticker of the file, from and until inside.
struct Tenure {
  sys_days from;
  sys_days until;
};

std::vector<Tenure> tenures_of(const LeanName& name, const LeanCompany& company) {
  std::vector<Tenure> tenures;
  if (company.map) {
    const auto& rows = *company.map;
    for (std::size_t i = 1; i < rows.size(); ++i) {
      const sys_days from = i == 1 ? rows[0].until : rows[i - 1].until + days{1};
      if (rows[i].ticker == name.ticker) tenures.push_back({from, rows[i].until});
    }
    return tenures;
  }
  if (company.factors) tenures.push_back({company.factors->front().until, sys_days::max()});
  return tenures;
}

/// The first row after the last pause that ends one company and begins another; 0 without one.
std::size_t start_after_pause(const BarColumns& bars) {
  for (std::size_t i = bars.size(); i-- > 1;) {
    const double factor = bars.close[i] / bars.close[i - 1];
    const bool is_jump = factor >= kJumpFactor || factor <= 1 / kJumpFactor;
    if (bars.time_at(i) - bars.time_at(i - 1) > kPauseMax && is_jump) return i;
  }
  return 0;
}

void leave_out_other_companies(BarFile& file, const LeanName& name, const LeanCompany& company) {
  const std::vector<Tenure> tenures = tenures_of(name, company);
  const bool is_told = company.map || company.factors;
  const std::size_t start = is_told ? 0 : start_after_pause(file.bars);
  const auto is_own = [&](std::size_t i) {
    if (!is_told) return i >= start;
    const Timestamp time = file.bars.time_at(i);
    const sys_days date = is_intraday(file.interval) ? new_york_date(time) : date_of(time);
    return std::ranges::any_of(tenures,
                               [&](const Tenure& t) { return date >= t.from && date <= t.until; });
  };
  BarColumns own;
  std::vector<std::uint32_t> lines;
  own.reserve(file.bars.size());
  for (std::size_t i = 0; i < file.bars.size(); ++i) {
    if (!is_own(i)) continue;
    own.push_back(file.bars.at(i));
    lines.push_back(file.lines[i]);
  }
  file.rows_foreign = file.bars.size() - own.size();
  if (file.rows_foreign == 0) return;
  file.bars = std::move(own);
  file.lines = std::move(lines);
  const std::string first =
      file.bars.empty() ? ""
                        : ", which begins on " + to_rfc3339(file.bars.time_at(0)).substr(0, 10);
  file.notes.push_back(
      fmt::format("{} rows left out: another company carried the ticker {} before {} did{}",
                  file.rows_foreign, text::upper(name.ticker),
                  company.map ? "the one of the map file"
                              : (company.factors ? "the one of the factor file" : "this one"),
                  first));
}

}  // namespace

bool has_lean_shape(std::string_view text, const LeanName& name) {
  Lines lines{text};
  Fields fields;
  const auto line = lines.next();
  if (!line || line->size() > kCsvLineMax || fields.cut(*line, ',') != Fields::Outcome::Cut)
    return false;
  if (fields.size() != kTradeColumns || !time_of(fields[0], name)) return false;
  for (int i = 1; i <= 4 && name.security == LeanName::Security::Equity; ++i) {
    if (!text::parse_int(fields[i])) return false;
  }
  return true;
}

BarFile read_lean_bars(std::string_view text, const LeanName& name, const LeanCompany& company) {
  Reader reader{name};
  if (text.size() > kCsvBytesMax) {
    BarFile file;
    file.add_problem(1, "",
                     fmt::format("the file is larger than {} MiB: split it", kCsvBytesMax >> 20));
    return file;
  }
  Lines lines{text};
  while (const auto line = lines.next()) {
    if (!line->empty()) reader.read(*line, lines.number());
  }
  BarFile file = reader.take();
  if (name.security == LeanName::Security::Equity) {
    leave_out_other_companies(file, name, company);
    if (company.factors) file.actions = lean_actions(*company.factors);
  }
  if (file.is_clean() && file.bars.empty()) {
    file.add_problem(1, "",
                     file.rows == 0
                         ? "the file is empty"
                         : "every row belongs to another company that carried the ticker");
  }
  return file;
}

}  // namespace ziggy
