#include "ziggy/domain/lean.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "ziggy/testing/reference_data.hpp"

namespace ziggy {
namespace {

using Kind = CorporateAction::Kind;

Timestamp at(std::string_view text) { return parse_rfc3339(text).value(); }

std::string told_by(std::string_view path) {
  const auto name = parse_lean_path(path);
  if (!name) return name.error().detail();
  return fmt::format("{} {} {} {}", name->symbol.view(), interval_name(name->interval),
                     name->ticker,
                     name->date ? to_rfc3339(Timestamp{*name->date}).substr(0, 10) : "-");
}

TEST(LeanPath, SaysWhatTheFileDoesNot) {
  EXPECT_EQ(told_by("/d/lean/equity-minute/spy/20131004_trade.csv"), "SPY 1m spy 2013-10-04");
  EXPECT_EQ(told_by("Data/equity/usa/second/spy/20131007_trade.csv"), "SPY 1s spy 2013-10-07");
  EXPECT_EQ(told_by("equity-daily/aapl.csv"), "AAPL 1d aapl -");
  EXPECT_EQ(told_by("equity/usa/hour/brk.b.csv"), "BRK.B 1h brk.b -");
  EXPECT_EQ(told_by("crypto-daily/btcusd_trade.csv"), "BTC-USD 1d btcusd -");
  EXPECT_EQ(told_by("crypto/coinbase/minute/ethusdt/20180405_ethusdt_minute_trade.csv"),
            "ETH-USDT 1m ethusdt 2018-04-05");
}

TEST(LeanPath, RefusesWhatIsNotATradeBar) {
  EXPECT_EQ(told_by("equity-minute/spy/20131008_quote.csv"),
            "a quote file: bid and ask bars are not imported, only trade bars are");
  EXPECT_EQ(told_by("forex-daily/eurusd.csv"),
            "LEAN's forex files hold quotes (bid and ask bars), only trade bars are imported");
  EXPECT_EQ(told_by("future/cme/minute/es/20131008_trade.csv"),
            "LEAN's future files are not imported, only equity and crypto are");
  EXPECT_EQ(told_by("equity/usa/tick/spy/20131008_trade.csv"),
            "ticks are not imported, only bars are");
  EXPECT_EQ(told_by("equity-minute/spy.csv"),
            "a minute file is named by its date: 20131004_trade.csv");
  EXPECT_EQ(told_by("crypto-daily/abc_trade.csv"), "'abc' is no crypto pair in a known currency");
  EXPECT_EQ(told_by("SPY.csv"),
            "the path does not say the security type and the resolution, as "
            "equity/usa/minute/spy/20131004_trade.csv does");
}

BarFile read(std::string_view path, std::string_view text, const LeanCompany& company = {}) {
  BarFile file = read_lean_bars(text, parse_lean_path(path).value(), company);
  check_contracts(file);
  return file;
}

TEST(Lean, EquityMinutesAreNewYorksAndScaled) {
  const BarFile winter = read("equity-minute/spy/20131104_trade.csv",
                              "34200000,1765000,1766100,1765000,1765500,100\n");
  ASSERT_TRUE(winter.is_clean());
  EXPECT_EQ(winter.bars.at(0),
            (Bar{at("2013-11-04T14:30:00Z"), 176.5, 176.61, 176.5, 176.55, 100}));
  // The Friday before, New York's clock stood an hour closer to UTC.
  const BarFile summer = read("equity-minute/spy/20131101_trade.csv",
                              "34200000,1765000,1766100,1765000,1765500,100\n");
  EXPECT_EQ(summer.bars.time_at(0), at("2013-11-01T13:30:00Z"));
}

TEST(Lean, HoursDaysAndCrypto) {
  EXPECT_EQ(read("equity-hour/spy.csv", "19980102 09:00,973100,975300,970300,970300,384500\n")
                .bars.time_at(0),
            at("1998-01-02T14:00:00Z"));
  EXPECT_EQ(read("equity-daily/spy.csv", "19980102 00:00,973100,975300,965300,973600,2150000\r\n")
                .bars.at(0),
            (Bar{at("1998-01-02"), 97.31, 97.53, 96.53, 97.36, 2150000}));
  EXPECT_EQ(read("crypto-minute/btcusd/20180405_trade.csv",
                 "60000,6778.01,6780.88,6773.01,6779.47,10.7\n")
                .bars.at(0),
            (Bar{at("2018-04-05T00:01:00Z"), 6778.01, 6780.88, 6773.01, 6779.47, 10.7}));
}

TEST(Lean, RefusesWithLineColumnAndReason) {
  const auto problem = [](std::string_view path, std::string_view text) {
    const BarFile file = read(path, text);
    return file.is_clean() ? "" : describe(file.problems[0]);
  };
  constexpr std::string_view kMinute = "equity-minute/spy/20131004_trade.csv";
  EXPECT_EQ(problem(kMinute, "86400000,1,1,1,1,1\n"),
            "line 1, time: '86400000' is no count of milliseconds since midnight");
  EXPECT_EQ(problem(kMinute, "1,1,1,x,1,1\n"), "line 1, low: 'x' is not a number");
  EXPECT_EQ(problem(kMinute, "1,1,1,1,1\n"), "line 1: 5 columns where 6 are expected");
  EXPECT_EQ(problem(kMinute, "1,1,1,1,1,1,1,1,1,1,1\n"),
            "line 1: eleven columns are a quote (bid and ask bars): only trade bars are imported");
  EXPECT_EQ(problem(kMinute, ""), "line 1: the file is empty");
  EXPECT_EQ(problem("equity-daily/spy.csv", "2013-10-04,1,1,1,1,1\n"),
            "line 1, time: '2013-10-04' is no time like 20131004 09:00");
  EXPECT_EQ(problem(kMinute, "60000,1,1,1,1,1\n0,1,1,1,1,1\n"),
            "line 2, time_order: time 2013-10-04T04:00:00Z is not after the one before, "
            "2013-10-04T04:01:00Z");
}

TEST(Lean, TellsItsOwnRowsFromOtherCsv) {
  const auto told = [](std::string_view path, std::string_view text) {
    return has_lean_shape(text, parse_lean_path(path).value());
  };
  EXPECT_TRUE(told("equity-minute/spy/20131004_trade.csv",
                   "14400000,1674100,1674100,1672500,1672700,3197\n"));
  EXPECT_TRUE(told("equity-daily/spy.csv", "19980102 00:00,973100,975300,965300,973600,2150000\n"));
  EXPECT_TRUE(told("crypto-daily/btcusd_trade.csv", "20141201 00:00,300.5,370,300,370,0.05\n"));
  EXPECT_FALSE(told("equity/daily/spy.csv", "19980102 00:00,97.31,97.53,96.53,97.36,2150000\n"));
  EXPECT_FALSE(told("equity/daily/spy.csv", "Date,Open,High,Low,Close,Volume\n"));
  EXPECT_FALSE(told("equity/daily/spy.csv", ""));
}

TEST(Lean, FactorsGiveSplitsAndDividends) {
  const auto factors = parse_lean_factors(
      "19980102,0.8613657,0.0357143,1\n20120808,0.8613657,0.03571430,619.86\n"
      "20140606,0.8650639,0.03571430,645.57\n20200828,0.8650639,0.25,499.23\n20501231,1,1,0\n");
  ASSERT_TRUE(factors.has_value());
  const auto actions = lean_actions(*factors);
  ASSERT_EQ(actions.size(), 4);
  EXPECT_EQ(actions[0], (CorporateAction{Kind::Dividend, at("2012-08-09"), 2.65}));
  // 6 June 2014 is a Friday.
  EXPECT_EQ(actions[1], (CorporateAction{Kind::Split, at("2014-06-09"), 7}));
  EXPECT_EQ(actions[2], (CorporateAction{Kind::Split, at("2020-08-31"), 4}));
  EXPECT_FALSE(parse_lean_factors("19980102,x,1,1\n").has_value());
  EXPECT_FALSE(parse_lean_factors("19980102,1,1,1\n19980101,1,1,1\n").has_value());
}

constexpr std::string_view kHandedOn =
    "20030328 00:00,100000,100000,100000,100000,5\n"
    "20120518 00:00,420500,450000,380000,383700,7\n20120521 00:00,366600,366600,330000,340300,7\n";

TEST(Lean, RowsOfAnEarlierCompanyAreLeftOut) {
  const LeanCompany mapped{parse_lean_map("20120518,fb,Q\n20501231,fb,Q\n").value(), std::nullopt};
  const BarFile file = read("equity-daily/fb.csv", kHandedOn, mapped);
  ASSERT_TRUE(file.is_clean());
  EXPECT_EQ(file.rows_foreign, 1);
  EXPECT_EQ(file.bars.time_at(0), at("2012-05-18"));
  EXPECT_EQ(file.lines, (std::vector<std::uint32_t>{2, 3}));
  // The same with the factor file alone, and nothing is left out when neither says so.
  const LeanCompany factored{std::nullopt,
                             parse_lean_factors("20120518,1,1,1\n20501231,1,1,0\n").value()};
  EXPECT_EQ(read("equity-daily/fb.csv", kHandedOn, factored).rows_foreign, 1);
  // Without either, nine years of silence and a factor of 3.8 are not enough to tell.
  EXPECT_EQ(read("equity-daily/fb.csv", kHandedOn).rows_foreign, 0);
}

TEST(Lean, AnAdoptedTickerBelongsToTheCompanyFromItsDayOn) {
  const LeanCompany goog{
      parse_lean_map("20140327,goocv,Q\n20140402,goocv,Q\n20501231,goog,Q\n").value(),
      std::nullopt};
  const BarFile file = read("equity-daily/goog.csv",
                            "20140402 00:00,11000000,11000000,11000000,11000000,5\n20140403 "
                            "00:00,5700000,5700000,5700000,5700000,5\n",
                            goog);
  EXPECT_EQ(file.rows_foreign, 1);
  EXPECT_EQ(file.bars.time_at(0), at("2014-04-03"));
}

TEST(Lean, APauseAndAJumpEndACompany) {
  const BarFile file =
      read("equity-daily/wm.csv",
           "20080925 00:00,17700,17700,17700,17700,5\n20080926 "
           "00:00,1600,1600,1600,1600,5\n20090805 00:00,285800,285800,285800,285800,5\n");
  EXPECT_TRUE(file.is_clean());
  EXPECT_EQ(file.rows_foreign, 2);
  EXPECT_EQ(file.notes.size(), 1);
}

struct Expected {
  std::string path;
  std::size_t bars;
  std::size_t foreign;
  std::string first;
};

LeanCompany company_of(const LeanName& name) {
  const auto folder = testing::reference_data() / "ohlcv/lean";
  const std::string file = name.ticker + ".csv";
  LeanCompany company;
  if (exists(folder / "map_files" / file))
    company.map = parse_lean_map(testing::read_file(folder / "map_files" / file)).value();
  if (exists(folder / "factor_files" / file))
    company.factors =
        parse_lean_factors(testing::read_file(folder / "factor_files" / file)).value();
  return company;
}

TEST(LeanReference, EveryTradeFileReads) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const std::vector<Expected> files = {
      {"crypto-daily/btcusd_trade.csv", 1318, 0, "2014-12-01T00:00:00Z"},
      {"crypto-minute/btcusd/20161007_trade.csv", 1419, 0, "2016-10-07T00:00:00Z"},
      {"crypto-minute/btcusd/20161008_trade.csv", 1400, 0, "2016-10-08T00:00:00Z"},
      {"crypto-minute/btcusd/20161009_trade.csv", 1397, 0, "2016-10-09T00:00:00Z"},
      {"crypto-minute/btcusd/20170903_trade.csv", 1440, 0, "2017-09-03T00:00:00Z"},
      {"crypto-minute/btcusd/20170904_trade.csv", 1440, 0, "2017-09-04T00:00:00Z"},
      {"crypto-minute/btcusd/20171217_trade.csv", 1440, 0, "2017-12-17T00:00:00Z"},
      {"crypto-minute/btcusd/20180404_trade.csv", 1007, 0, "2018-04-04T00:00:00Z"},
      {"crypto-minute/btcusd/20180405_trade.csv", 1440, 0, "2018-04-05T00:00:00Z"},
      {"crypto-minute/btcusd/20180406_trade.csv", 1440, 0, "2018-04-06T00:00:00Z"},
      {"equity-daily/aapl.csv", 5849, 0, "1998-01-02T00:00:00Z"},
      {"equity-daily/fb.csv", 2231, 716, "2012-05-18T00:00:00Z"},
      {"equity-daily/ibm.csv", 5849, 0, "1998-01-02T00:00:00Z"},
      {"equity-daily/spy.csv", 5849, 0, "1998-01-02T00:00:00Z"},
      {"equity-daily/uso.csv", 3770, 140, "2006-04-10T00:00:00Z"},
      {"equity-daily/uw.csv", 135, 0, "1998-01-02T00:00:00Z"},
      {"equity-daily/wm.csv", 2934, 2465, "2009-08-05T00:00:00Z"},
      {"equity-hour/spy.csv", 40832, 0, "1998-01-02T14:00:00Z"},
      {"equity-minute/aapl/20140605_trade.csv", 686, 0, "2014-06-05T08:15:00Z"},
      {"equity-minute/aapl/20140606_trade.csv", 783, 0, "2014-06-06T08:00:00Z"},
      {"equity-minute/aapl/20140609_trade.csv", 834, 0, "2014-06-09T08:00:00Z"},
      {"equity-minute/goog/20151223_trade.csv", 432, 0, "2015-12-23T09:59:00Z"},
      {"equity-minute/goog/20151224_trade.csv", 227, 0, "2015-12-24T14:28:00Z"},
      {"equity-minute/goog/20151228_trade.csv", 432, 0, "2015-12-28T09:20:00Z"},
      {"equity-minute/spy/20131004_trade.csv", 711, 0, "2013-10-04T08:06:00Z"},
      {"equity-minute/spy/20131007_trade.csv", 828, 0, "2013-10-07T08:00:00Z"},
      {"equity-minute/spy/20131008_trade.csv", 828, 0, "2013-10-08T08:00:00Z"},
      {"equity-minute/spy/20131009_trade.csv", 813, 0, "2013-10-09T08:00:00Z"},
      {"equity-minute/spy/20131010_trade.csv", 883, 0, "2013-10-10T08:00:00Z"},
      {"equity-minute/spy/20131011_trade.csv", 776, 0, "2013-10-11T08:00:00Z"},
      {"equity-minute/spy/20230803_trade.csv", 947, 0, "2023-08-03T08:00:00Z"},
      {"equity-second/spy/20131007_trade.csv", 16675, 0, "2013-10-07T08:00:00Z"},
      {"equity-second/spy/20131009_trade.csv", 20846, 0, "2013-10-09T08:00:00Z"},
  };
  for (const Expected& expected : files) {
    const LeanName name = parse_lean_path(expected.path).value();
    BarFile file =
        read_lean_bars(testing::read_file(testing::reference_data() / "ohlcv/lean" / expected.path),
                       name, company_of(name));
    check_contracts(file);
    EXPECT_TRUE(file.is_clean()) << expected.path << ' '
                                 << (file.problems.empty() ? "" : describe(file.problems[0]));
    ASSERT_EQ(file.bars.size(), expected.bars) << expected.path;
    EXPECT_EQ(file.rows_foreign, expected.foreign) << expected.path;
    EXPECT_EQ(to_rfc3339(file.bars.time_at(0)), expected.first) << expected.path;
  }
}

TEST(LeanReference, QuoteFilesAreRefusedByTheirColumnsToo) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto folder = testing::reference_data() / "ohlcv/lean";
  EXPECT_FALSE(
      read("equity-daily/eurusd.csv", testing::read_file(folder / "forex-daily/eurusd.csv"))
          .is_clean());
  EXPECT_FALSE(
      parse_lean_path((folder / "equity-minute/spy/20131008_quote.csv").string()).has_value());
}

TEST(LeanReference, ApplesActions) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto factors = parse_lean_factors(
      testing::read_file(testing::reference_data() / "ohlcv/lean/factor_files/aapl.csv"));
  const auto actions = lean_actions(*factors);
  std::vector<CorporateAction> splits;
  for (const auto& action : actions) {
    if (action.kind == Kind::Split) splits.push_back(action);
  }
  // As Apple's investor relations state them: 2 for 1 twice, 7 for 1 and 4 for 1.
  ASSERT_EQ(splits.size(), 4);
  EXPECT_EQ(splits[0], (CorporateAction{Kind::Split, at("2000-06-21"), 2}));
  EXPECT_EQ(splits[1], (CorporateAction{Kind::Split, at("2005-02-28"), 2}));
  EXPECT_EQ(splits[2], (CorporateAction{Kind::Split, at("2014-06-09"), 7}));
  EXPECT_EQ(splits[3], (CorporateAction{Kind::Split, at("2020-08-31"), 4}));
  const auto dividend = std::ranges::find(actions, at("2012-11-07"), &CorporateAction::ex_date);
  ASSERT_NE(dividend, actions.end());
  EXPECT_NEAR(dividend->value, 2.65, 0.0005);
}

}  // namespace
}  // namespace ziggy
