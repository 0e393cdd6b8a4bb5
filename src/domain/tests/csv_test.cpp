#include "ziggy/domain/csv.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace ziggy {
namespace {

std::string problems_of(const BarFile& file) {
  std::string text;
  for (const LineProblem& problem : file.problems) text += describe(problem) + "\n";
  return text;
}

/// One bar a row: `time open high low close volume` joined by spaces, to compare shapes with.
std::string rows_of(const BarFile& file) {
  std::string text = problems_of(file);
  for (std::size_t i = 0; i < file.bars.size(); ++i) {
    const Bar bar = file.bars.at(i);
    text += fmt::format("{} {} {} {} {} {}\n", to_rfc3339(bar.time), bar.open, bar.high, bar.low,
                        bar.close, bar.volume);
  }
  return text;
}

constexpr std::string_view kTwoDays =
    "2004-08-19T00:00:00Z 100 104.06 95.96 100.34 22351900\n"
    "2004-08-20T00:00:00Z 101.01 109.08 100.5 108.31 11428600\n";

struct Shape {
  std::string_view name;
  std::string_view text;
};

TEST(Csv, TheSameTwoDaysInManyShapes) {
  constexpr std::array kShapes = {
      Shape{"plain",
            "Date,Open,High,Low,Close,Volume\n2004-08-19,100,104.06,95.96,100.34,22351900\n"
            "2004-08-20,101.01,109.08,100.5,108.31,11428600\n"},
      Shape{"index without a name",
            ",Open,High,Low,Close,Volume\n2004-08-19,100,104.06,95.96,100.34,22351900\n"
            "2004-08-20,101.01,109.08,100.5,108.31,11428600"},
      Shape{"row numbers as index",
            ",date,open,high,low,close,volume\n0,2004-08-19,100,104.06,95.96,100.34,22351900\n"
            "1,2004-08-20,101.01,109.08,100.5,108.31,11428600\n"},
      Shape{"mark, CR LF, quotes, blanks, upper case",
            "\xef\xbb\xbf\"DATE\", \"OPEN\" "
            ",HIGH,LOW,CLOSE,VOLUME\r\n\r\n\"2004-08-19\",\"100\",104.06, 95.96 "
            ",100.34,22351900\r\n2004-08-20,101.01,109.08,100.5,108.31,11428600\r\n"},
      Shape{"no header, semicolons, compact dates",
            "20040819;100;104.06;95.96;100.34;22351900\n20040820;101.01;109.08;100.5;108.31;"
            "11428600\n"},
      Shape{"tabs, descending, another order of columns, adjusted close",
            "volume\tclose\tadj close\topen\tlow\thigh\ttimestamp\n"
            "11428600\t108.31\t54\t101.01\t100.5\t109.08\t2004-08-20\n"
            "22351900\t100.34\t50\t100\t95.96\t104.06\t2004-08-19\n"},
      Shape{"month first",
            "date,open,high,low,close,volume\n08/19/2004,100,104.06,95.96,100.34,22351900\n"
            "8/20/2004,101.01,109.08,100.5,108.31,11428600\n"},
      Shape{"slashes and points",
            "date,open,high,low,close,volume\n2004/08/19,100,104.06,95.96,100.34,22351900\n"
            "2004.08.20,101.01,109.08,100.5,108.31,11428600\n"},
      Shape{"an offset does not move the date",
            "Date,Open,High,Low,Close,Volume\n2004-08-19 "
            "00:00:00+09:00,100,104.06,95.96,100.34,22351900\n"
            "2004-08-20 00:00:00+09:00,101.01,109.08,100.5,108.31,11428600\n"},
      Shape{"seconds since 1970",
            "time,open,high,low,close,volume\n1092873600,100,104.06,95.96,100.34,22351900\n"
            "1092960000,101.01,109.08,100.5,108.31,11428600\n"},
      Shape{"milliseconds since 1970, no header, more columns",
            "1092873600000,100,104.06,95.96,100.34,22351900,1,2\n"
            "1092960000000,101.01,109.08,100.5,108.31,11428600,1,2\n"},
      Shape{"numbers with exponents",
            "date,open,high,low,close,volume\n2004-08-19,1e2,104.06,95.96,100.34,2.23519e7\n"
            "2004-08-20,101.01,109.08,100.5,108.31,1.14286E+07\n"},
      Shape{"a day without a trade, a row that is there twice",
            "date,open,high,low,close,volume\n2004-08-18,,,,,\n2004-08-19,100,104.06,95.96,100.34,"
            "22351900\n"
            "2004-08-20,101.01,109.08,100.5,108.31,11428600\n2004-08-20,101.01,109.08,100.5,108.31,"
            "11428600\n"},
  };
  for (const Shape& shape : kShapes) {
    const BarFile file = read_csv_bars(shape.text);
    EXPECT_EQ(rows_of(file), kTwoDays) << shape.name;
    EXPECT_EQ(file.interval, Interval::Day) << shape.name;
  }
}

constexpr std::string_view kTwoMinutes =
    "2011-03-14T13:30:00Z 1 2 0.5 1.5 10\n"
    "2011-03-14T13:31:00Z 1.5 2 1 1.25 0\n";

TEST(Csv, TheSameTwoMinutesInManyShapes) {
  constexpr std::array kShapes = {
      Shape{"zone-less is UTC",
            "date,open,high,low,close,volume\n2011-03-14 13:30,1,2,0.5,1.5,10\n2011-03-14 "
            "13:31,1.5,2,1,1.25,0\n"},
      Shape{"an offset counts",
            "Datetime,o,h,l,c,v\n2011-03-14T09:30:00-04:00,1,2,0.5,1.5,10\n2011-03-14 "
            "09:31:00-0400,1.5,2,1,1.25,\n"},
      Shape{"Z and fractions",
            "t,o,h,l,c,v\n2011-03-14T13:30:00.000Z,1,2,0.5,1.5,10\n2011-03-14T13:31:00Z,1.5,2,1,1."
            "25,0\n"},
      Shape{"date and time apart",
            "Date,Time,Open,High,Low,Close,Volume,OpenInterest\n2011-03-14,13:30:00,1,2,0.5,1.5,10,"
            "0\n2011-03-14,13:31:00,1.5,2,1,1.25,0,0\n"},
      Shape{"date and time apart, no header",
            "20110314;13:30;1;2;0.5;1.5;10\n20110314;13:31;1.5;2;1;1.25;0\n"},
      Shape{"compact", "20110314 133000;1;2;0.5;1.5;10\r\n20110314 133100;1.5;2;1;1.25;0\r\n"},
      Shape{"compact without a space",
            "20110314133000;1;2;0.5;1.5;10\n20110314133100;1.5;2;1;1.25;0\n"},
  };
  for (const Shape& shape : kShapes) {
    const BarFile file = read_csv_bars(shape.text);
    EXPECT_EQ(rows_of(file), kTwoMinutes) << shape.name;
    EXPECT_EQ(file.interval, Interval::Minute) << shape.name;
  }
}

TEST(Csv, NoVolumeColumnIsZero) {
  const BarFile file = read_csv_bars(
      "timestamp,open,high,low,close\n2012-02-01 00:00:00+00:00,1.5,1.6,1.4,1.5\n"
      "2012-02-01 00:01:00+00:00,1.5,1.6,1.4,1.5\n");
  ASSERT_EQ(file.bars.size(), 2) << problems_of(file);
  EXPECT_EQ(file.bars.volume[1], 0);
}

struct Refusal {
  std::string_view text;
  std::string_view problem;
};

TEST(Csv, RefusesWithLineColumnAndReason) {
  constexpr std::string_view kHeader = "date,open,high,low,close,volume\n";
  constexpr std::array kRows = {
      Refusal{"2004-08-19,abc,2,1,1,1\n", "line 2, open: 'abc' is not a number"},
      Refusal{"2004-08-19,1,2,1,1,1x\n", "line 2, volume: '1x' is not a number"},
      Refusal{",1,2,1,1,1\n", "line 2, time: no time"},
      Refusal{"2004-02-30,1,2,1,1,1\n",
              "line 2, time: '2004-02-30' is no time in a form that is read"},
      Refusal{"30/08/2004,1,2,1,1,1\n",
              "line 2, time: '30/08/2004' is no time in a form that is read"},
      Refusal{"2004-08-19,1,2,1,1\n", "line 2: 5 columns where 6 are expected"},
      Refusal{"2004-08-19,1,2,1,1,1,7\n", "line 2: 7 columns where 6 are expected"},
      Refusal{"2004-08-19,1,2,,1,1\n", "line 2: some of open, high, low and close are missing"},
      Refusal{"\"2004-08-19,1,2,1,1,1\n", "line 2: a quote is not closed"},
      Refusal{"2004-08-19,inf,2,1,1,1\n", "line 2, open: 'inf' is not a number"},
  };
  for (const Refusal& row : kRows) {
    const BarFile file = read_csv_bars(std::string{kHeader} + std::string{row.text});
    ASSERT_FALSE(file.is_clean()) << row.text;
    EXPECT_EQ(describe(file.problems[0]), row.problem);
  }
  constexpr std::array kFiles = {
      Refusal{"", "line 1: the file is empty"},
      Refusal{
          "date,price\nJan 1 2000,1394.46\n",
          "line 1: no column named open, high, low, close: a bar needs open, high, low and close"},
      Refusal{"open,high,low,close\n1,2,1,1\n", "line 1: no column named date, time or timestamp"},
      Refusal{"date,open,open,high,low,close\n", "line 1: two columns are named 'open'"},
      Refusal{"date,open,high,low,close\n", "line 1: no rows below the header"},
      Refusal{"\xff\xfe"
              "d\0a\0",
              "line 1: the text is UTF-16: save it as UTF-8"},
      Refusal{"20040819,1,2,1\n",
              "line 1: 4 columns without a header: a bar needs a time, open, high, low and close"},
  };
  for (const Refusal& whole : kFiles) {
    const BarFile file = read_csv_bars(whole.text);
    ASSERT_FALSE(file.is_clean()) << whole.text;
    EXPECT_EQ(describe(file.problems[0]), whole.problem);
  }
  EXPECT_EQ(describe(read_csv_bars(std::string(5000, 'x')).problems[0]),
            "line 1: longer than 4096 bytes: is this a CSV file?");
  EXPECT_EQ(describe(read_csv_bars(std::string(100, ',')).problems[0]),
            "line 1: more than 64 columns");
}

TEST(Csv, CountsWhatItLeavesOut) {
  const BarFile file = read_csv_bars(
      "Date,Open,High,Low,Close,Volume\n2004-08-18,null,null,null,null,null\n2004-08-19,1,2,1,1,1\n"
      "2004-08-19,1,2,1,1,1\n2004-08-20,nan,nan,nan,nan,0\n2004-08-23,1,2,1,1,1\n");
  EXPECT_TRUE(file.is_clean()) << problems_of(file);
  EXPECT_EQ(file.rows, 5);
  EXPECT_EQ(file.rows_empty, 2);
  EXPECT_EQ(file.rows_repeated, 1);
  EXPECT_EQ(file.bars.size(), 2);
  EXPECT_EQ(file.lines, (std::vector<std::uint32_t>{3, 6}));
}

TEST(Csv, DividendsAndSplitsBecomeActions) {
  const BarFile file = read_csv_bars(
      "Date,Open,High,Low,Close,Volume,Ex-Dividend,Split Ratio,Adj. Open,Adj. High,Adj. Low,Adj. "
      "Close,Adj. Volume\n"
      "2014-06-09,92.7,93.8,91.7,93.7,75,0.0,7.0,1,1,1,1,1\n"
      "2014-06-06,649,651,644,645.5,12,0.0,1.0,1,1,1,1,1\n"
      "2014-05-08,588,594,586,587.9,11,3.29,1.0,1,1,1,1,1\n");
  EXPECT_EQ(problems_of(file), "");
  ASSERT_EQ(file.actions.size(), 2);
  EXPECT_EQ(file.actions[0],
            (CorporateAction{CorporateAction::Kind::Dividend, *parse_rfc3339("2014-05-08"), 3.29}));
  EXPECT_EQ(file.actions[1],
            (CorporateAction{CorporateAction::Kind::Split, *parse_rfc3339("2014-06-09"), 7}));
  EXPECT_EQ(file.bars.close[2], 93.7);
}

TEST(Csv, ASplitThePricesDoNotShowIsNotKept) {
  const BarFile file = read_csv_bars(
      "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n2023-03-29 "
      "00:00:00+09:00,4146,4211,4146,4206,4151,6514500,0,0\n"
      "2023-03-30 00:00:00+09:00,4257,4268,4119,4161,4161,5535200,55,5\n");
  EXPECT_EQ(problems_of(file), "");
  ASSERT_EQ(file.actions.size(), 1);
  EXPECT_EQ(file.actions[0].kind, CorporateAction::Kind::Dividend);
  EXPECT_EQ(file.notes,
            std::vector<std::string>{"1 split not kept: the prices are adjusted for it already"});
}

TEST(Csv, AVolumeThatWasNotFoundAmongOtherColumnsIsNoted) {
  const auto notes = [](std::string_view columns, std::string_view cells) {
    return read_csv_bars(
               fmt::format("Date,Open,High,Low,Close{}\n2024-01-02,1,1,1,1{}\n", columns, cells),
               Interval::Day)
        .notes;
  };
  EXPECT_EQ(notes(",Turnover", ",7"), std::vector<std::string>{"no volume column was read"});
  EXPECT_TRUE(notes(",Turnover,Volume", ",7,7").empty());
  EXPECT_TRUE(notes("", "").empty());
}

TEST(Csv, InfersTheInterval) {
  const auto inferred = [](std::string_view first, std::int64_t step, int count, int missing) {
    const auto start = parse_rfc3339(first).value();
    std::string text = "time,open,high,low,close\n";
    for (int i = 0; i < count; ++i) {
      if (missing != 0 && i % missing == 1) continue;
      text += to_rfc3339(start + std::chrono::seconds{step * i}) + ",1,1,1,1\n";
    }
    const BarFile file = read_csv_bars(text);
    return file.is_clean() ? std::string{interval_name(file.interval)} : file.problems[0].reason;
  };
  for (const Interval interval : kIntervals) {
    const auto step = nominal_length(interval).count();
    EXPECT_EQ(inferred("2024-01-01T00:00:00Z", step, 50, 0), interval_name(interval));
    EXPECT_EQ(inferred("2024-01-01T00:00:00Z", step, 50, 5), interval_name(interval));
  }
  EXPECT_EQ(inferred("2024-01-01T14:30:00Z", 60, 40, 2),
            "bars are 120 s apart, which is none of the intervals: give the interval");
  EXPECT_EQ(inferred("2024-01-01T00:00:00Z", 86400, 1, 0), "1d");
  EXPECT_EQ(inferred("2024-01-01T14:30:00Z", 60, 1, 0),
            "one time of day alone does not tell the interval: give the interval");
  EXPECT_EQ(
      read_csv_bars("time,open,high,low,close\n2024-01-01T14:30:00Z,1,1,1,1\n", Interval::Hour)
          .interval,
      Interval::Hour);
}

TEST(Csv, FileNamesSaySymbolAndInterval) {
  const auto split = [](std::string_view name) {
    const BarFileName parts = split_bar_file_name(name);
    return parts.symbol + "|" + (parts.interval ? std::string{interval_name(*parts.interval)} : "");
  };
  EXPECT_EQ(split("/data/GOOG.csv"), "GOOG|");
  EXPECT_EQ(split("AAPL_5m.csv"), "AAPL|5m");
  EXPECT_EQ(split("4063-T-1d-bad-stock-split.csv"), "4063-T|1d");
  EXPECT_EQ(split("BRK.B.csv"), "BRK.B|");
  EXPECT_EQ(split("BTC-USD_1h.csv"), "BTC-USD|1h");
  EXPECT_EQ(split("nt-spy-minute-2011.csv"), "nt-spy-minute-2011|");
}

}  // namespace
}  // namespace ziggy
