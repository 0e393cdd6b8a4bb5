#include <algorithm>
#include <cmath>

#include "csv_layout.hpp"
#include "lines.hpp"
#include "scan.hpp"
#include "ziggy/domain/calendar.hpp"
#include "ziggy/domain/lean.hpp"

namespace ziggy {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

/// A company lives some decades and acts four times a year; more rows are another kind of file.
constexpr std::size_t kRowsMax = 10'000;

std::optional<sys_days> date_of_field(std::string_view field) {
  const auto time = scan::wall_time(field);
  if (field.size() != 8 || !time || time->has_time_of_day) return std::nullopt;
  return sys_days{days{time->nanos / scan::kDay}};
}

/// Calls `row(fields, date)` for each line, which says whether it could read it.
template <class Row>
Result<> for_each_row(std::string_view text, int columns_min, Row row) {
  Lines lines{text};
  csv::Fields fields;
  std::optional<sys_days> before;
  std::size_t rows = 0;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    const bool is_cut =
        line->size() <= kCsvLineMax && fields.cut(*line, ',') == csv::Fields::Outcome::Cut;
    const auto date =
        is_cut && fields.size() >= columns_min ? date_of_field(fields[0]) : std::nullopt;
    if (!date || (before && *date <= *before) || !row(fields, *date) || ++rows > kRowsMax) {
      return fail(ErrorCode::ValidationFailed,
                  "line {}: {} is no row of this kind of file, or out of order", lines.number(),
                  csv::quoted(*line));
    }
    before = date;
  }
  if (rows == 0) return fail(ErrorCode::ValidationFailed, "line 1: the file is empty");
  return {};
}

sys_days next_session_date(sys_days date) {
  do {
    date += days{1};
  } while (!Calendar::nyse().session_on(date));
  return date;
}

/// The ratio as the company announced it: a fraction of small numbers, if one lies within the seven
/// digits that factors carry.
double announced_ratio(double ratio) {
  constexpr double kTolerance = 5e-6;
  for (int denominator = 1; denominator <= 20; ++denominator) {
    const double numerator = std::round(ratio * denominator);
    if (numerator >= 1 && std::abs(numerator / denominator / ratio - 1) < kTolerance) {
      return numerator / denominator;
    }
  }
  // Reverse splits: one new for many old.
  const double inverse = std::round(1 / ratio);
  return std::abs(1 / inverse / ratio - 1) < kTolerance ? 1 / inverse : ratio;
}

/// The cash a share, without the digits that seven-digit factors cannot carry.
double announced_dividend(double close, double factor, double next_factor) {
  const double cash = close * (1 - factor / next_factor);
  const double uncertainty = close * 1e-7 / next_factor;
  const double decimals = std::clamp(std::floor(-std::log10(2 * uncertainty)), 0.0, 6.0);
  const double scale = std::pow(10, decimals);
  return std::round(cash * scale) / scale;
}

}  // namespace

Result<std::vector<LeanMapRow>> parse_lean_map(std::string_view text) {
  std::vector<LeanMapRow> rows;
  const auto read = for_each_row(text, 2, [&](const csv::Fields& fields, sys_days date) {
    if (fields[1].empty()) return false;
    rows.push_back({date, std::string{fields[1]}});
    return true;
  });
  if (!read) return std::unexpected{read.error()};
  return rows;
}

Result<std::vector<LeanFactorRow>> parse_lean_factors(std::string_view text) {
  std::vector<LeanFactorRow> rows;
  const auto read = for_each_row(text, 3, [&](const csv::Fields& fields, sys_days date) {
    const auto price = scan::number(fields[1]);
    const auto split = scan::number(fields[2]);
    const auto close = fields.size() > 3 ? scan::number(fields[3]) : 0;
    if (!price || !split || !close || *price <= 0 || *split <= 0 || *close < 0) return false;
    rows.push_back({date, *price, *split, *close});
    return true;
  });
  if (!read) return std::unexpected{read.error()};
  return rows;
}

std::vector<CorporateAction> lean_actions(const std::vector<LeanFactorRow>& factors) {
  std::vector<CorporateAction> actions;
  for (std::size_t i = 0; i + 1 < factors.size(); ++i) {
    const LeanFactorRow& row = factors[i];
    const LeanFactorRow& next = factors[i + 1];
    if (row.price_factor == next.price_factor && row.split_factor == next.split_factor) continue;
    const sys_days ex_date = next_session_date(row.until);
    if (row.split_factor != next.split_factor) {
      actions.push_back({CorporateAction::Kind::Split, Timestamp{ex_date},
                         announced_ratio(next.split_factor / row.split_factor)});
    }
    if (row.price_factor < next.price_factor && row.close > 0) {
      const double cash = announced_dividend(row.close, row.price_factor, next.price_factor);
      if (cash > 0) actions.push_back({CorporateAction::Kind::Dividend, Timestamp{ex_date}, cash});
    }
  }
  return actions;
}

}  // namespace ziggy
