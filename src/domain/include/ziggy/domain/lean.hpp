#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/domain/bar_file.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy {

/// What the path of a LEAN data file says; the file itself has neither header nor symbol. Source:
/// the layout of LEAN's Data folder (github.com/QuantConnect/Lean, Data/equity/readme.md and its
/// neighbours).
struct LeanName {
  enum class Security : std::uint8_t { Equity, Crypto };

  Security security = Security::Equity;
  Interval interval = Interval::Day;
  Symbol symbol;
  /// LEAN's own lower-case name, by which map and factor files go: `spy`, `btcusd`.
  std::string ticker;
  /// The date of a minute or second file, whose rows hold milliseconds since midnight.
  std::optional<std::chrono::sys_days> date;
};

/// Reads `…/equity/usa/minute/spy/20131004_trade.csv`, `equity-daily/aapl.csv`,
/// `crypto-daily/btcusd_trade.csv`, `20180405_btcusd_minute_trade.csv` below a folder that names
/// the security type. Errors: NotSupported for quotes, ticks and security types other than equity
/// and crypto; ValidationFailed when the path does not say enough.
[[nodiscard]] Result<LeanName> parse_lean_path(std::string_view path);

/// One row of a map file: the company carried `ticker` until `until` (inside); the first row's date
/// is the first day of the company's data.
struct LeanMapRow {
  std::chrono::sys_days until;
  std::string ticker;
};

/// One row of a factor file: prices until `until` (inside) are adjusted with these factors; `close`
/// is the raw close of that day, the last before the action that the next row shows.
struct LeanFactorRow {
  std::chrono::sys_days until;
  double price_factor = 1;
  double split_factor = 1;
  double close = 0;
};

/// Errors: ValidationFailed with the line.
[[nodiscard]] Result<std::vector<LeanMapRow>> parse_lean_map(std::string_view text);
[[nodiscard]] Result<std::vector<LeanFactorRow>> parse_lean_factors(std::string_view text);

/// Splits and dividends from what changes between two rows: the ex-date is New York's first session
/// after the row's date, the split's ratio `split_factor` of the next row over that of this one,
/// the dividend `close * (1 - price_factor / next price_factor)`, rounded to the digits the factors
/// carry.
[[nodiscard]] std::vector<CorporateAction> lean_actions(const std::vector<LeanFactorRow>& factors);

/// What lies beside a price file, as far as it does.
struct LeanCompany {
  std::optional<std::vector<LeanMapRow>> map;
  std::optional<std::vector<LeanFactorRow>> factors;
};

/// Whether the first row of `text` is one of LEAN's trade bars: six columns, its form of time, and
/// whole numbers for the prices of an equity. Together with the path this tells its files from
/// other CSV, whose prices must not be divided by ten thousand.
[[nodiscard]] bool has_lean_shape(std::string_view text, const LeanName& name);

/// Reads LEAN's trade bars. Equity prices are integers of a ten thousandth of a dollar and times
/// are New York's; crypto prices are written as they are and times are UTC. Like read_csv_bars it
/// never throws and puts what is wrong into `problems`; rows of eleven columns are quotes and are
/// refused.
///
/// Daily and hourly equity files go by ticker, and tickers are handed on: FB before 2012 is another
/// company. Rows outside the days on which the company carried the ticker (map file), or before its
/// first day (factor file), are left out and counted in `rows_foreign`. With neither file, a pause
/// of more than 180 days across which the price changes by kJumpFactor or more ends the earlier
/// company.
[[nodiscard]] BarFile read_lean_bars(std::string_view text, const LeanName& name,
                                     const LeanCompany& company);

}  // namespace ziggy
