#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"

/// Yahoo's chart, /v8/finance/chart/SYMBOL, as bytes that become values. Prices, volumes and
/// dividends in it are adjusted for every split up to today; `unadjust` takes that back.
namespace ziggy::feed {

struct YahooPeriod {
  Timestamp start;
  Timestamp end;
};

/// What the chart says about its symbol; absent where it does not.
struct YahooMeta {
  std::string symbol;
  std::string range;
  /// How far the exchange's clock is ahead of UTC today, not at each bar.
  std::chrono::seconds gmt_offset{0};
  bool is_utc = false;
  std::optional<Timestamp> first_trade;
  std::optional<Timestamp> market_time;
  std::optional<double> market_price;
  std::optional<double> market_volume;
  std::optional<double> previous_close;
  std::optional<double> chart_previous_close;
  std::optional<YahooPeriod> pre;
  std::optional<YahooPeriod> regular;
  std::optional<YahooPeriod> post;
};

struct YahooChart {
  YahooMeta meta;
  /// Split-adjusted and with the floats' noise, as sent; ascending, one a period; times as Ziggy
  /// has them: intraday the instant, daily and longer the session date at 00:00Z.
  BarColumns bars;
  /// By ex-date, ascending. Dividends are split-adjusted as sent.
  std::vector<CorporateAction> splits;
  std::vector<CorporateAction> dividends;
  /// Rows without a bar: a price that is null or zero, or a volume that is null beside others that
  /// are not.
  std::size_t dropped = 0;
};

/// Reads a chart of bars of `interval`. A last row that is the running one told twice is folded
/// into the one before: for days the later wins, for weeks, months and minutes they make one bar.
///
/// Errors: BadPayload for what is no chart or one of another interval, columns of different length
/// and rows out of order;
/// whatever yahoo_error makes of an error inside, but "no data for this range" is a chart without
/// bars.
[[nodiscard]] Result<YahooChart> parse_chart(std::string_view body, Interval interval);

/// The same without the rows, for a chart that was asked for its splits and dividends.
[[nodiscard]] Result<YahooChart> parse_chart_events(std::string_view body);

/// Brings bars as sent to what was traded: prices before a split's ex-date are multiplied by its
/// ratio, volumes divided, the floats' noise is gone. `splits` are all up to today, ascending.
/// Linear in both. Errors: BadPayload for splits out of all proportion.
[[nodiscard]] Result<> unadjust(BarColumns& bars, std::span<const CorporateAction> splits,
                                Interval interval);

/// Splits, and dividends brought to what was paid, in one list by ex-date.
[[nodiscard]] std::vector<CorporateAction> paid_actions(std::span<const CorporateAction> splits,
                                                        std::span<const CorporateAction> dividends);

/// The union of two lists by ex-date; of two on one day the first list's.
[[nodiscard]] std::vector<CorporateAction> merge_actions(std::vector<CorporateAction> first,
                                                         std::span<const CorporateAction> second);

/// A quote from the chart's meta, for when the quote route is closed: no bid, no ask. `as_of` is
/// the last trade of the regular session, the state that of the session at `now`. Errors:
/// UnknownSymbol without a price or its time.
[[nodiscard]] Result<Quote> quote_of(const YahooMeta& meta, Symbol symbol, Timestamp now);

}  // namespace ziggy::feed
