#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ziggy/domain/bar_file.hpp"

namespace ziggy {

/// Limits of a CSV file: a row of 60 bytes makes 1 GiB eighteen million bars; no vendor writes a
/// line of 4 KiB or 64 columns, a file of another kind does.
inline constexpr std::size_t kCsvBytesMax = std::size_t{1} << 30;
inline constexpr std::size_t kCsvLineMax = 4096;
inline constexpr std::size_t kCsvColumnsMax = 64;

/// Reads price bars from CSV text. Never throws and never stops at the first wrong row: what is
/// wrong is in `problems` of the answer.
///
/// Accepted: `,` `;` or tab; LF or CR LF; a byte order mark; quoted fields; a header in any case or
/// none (then: time, open, high, low, close, volume); rows ascending or descending (the answer
/// ascends); one column for the time, or Date and Time; an index column without a name. Times:
/// `2004-08-19` (also with `/` or `.`), with a time of day after `T` or a space and with an offset
/// (`Z`, `+09:00`, `+0900`, `+09`), `20040819`, `20040819 093000`, `08/19/2004` (month first), and
/// seconds, milliseconds, microseconds or nanoseconds since 1970. Without an offset: UTC.
/// Bars of a day and longer lie on the date as it is written, whatever the offset.
///
/// Open, high, low, close and volume are taken as they stand: columns of adjusted prices are
/// ignored, and files whose prices are adjusted already are not turned back. No volume column: 0.
/// Dividends and splits columns (`Dividends`, `Ex-Dividend`, `Stock Splits`, `Split Ratio`) become
/// corporate actions; but when the prices do not step on the file's own split dates they are
/// adjusted already, and its splits are left out (and noted), since applying them once more on
/// reading would be wrong.
///
/// The interval is `interval` if given, otherwise inferred from the most common spacing.
[[nodiscard]] BarFile read_csv_bars(std::string_view text, std::optional<Interval> interval = {});

/// What a file's name says: `AAPL.csv` a symbol, `AAPL_5m.csv` a symbol and an interval.
struct BarFileName {
  std::string symbol;
  std::optional<Interval> interval;
};
[[nodiscard]] BarFileName split_bar_file_name(std::string_view file_name);

/// Appends `time,open,high,low,close,volume` rows, with a header if `with_header`. Dates for a day
/// and longer, RFC 3339 otherwise; numbers in the shortest form that reads back as the same double.
void append_csv_bars(std::string& out, const BarColumns& bars, std::size_t from, std::size_t to,
                     Interval interval);
inline constexpr std::string_view kCsvHeader = "time,open,high,low,close,volume\n";

}  // namespace ziggy
