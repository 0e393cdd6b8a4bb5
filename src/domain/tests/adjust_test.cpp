#include "ziggy/domain/adjust.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ziggy/domain/csv.hpp"
#include "ziggy/testing/reference_data.hpp"

namespace ziggy {
namespace {

using Kind = CorporateAction::Kind;

Timestamp day(int i) { return Timestamp{std::chrono::sys_days{std::chrono::days{18'000 + i}}}; }

BarColumns closes(std::initializer_list<double> prices) {
  BarColumns bars;
  for (const double price : prices) {
    bars.push_back({day(static_cast<int>(bars.size())), price, price + 1, price - 1, price, 100});
  }
  return bars;
}

TEST(Adjust, RawIsUntouched) {
  const BarColumns bars = closes({400, 100});
  EXPECT_EQ(adjust(bars, std::vector{CorporateAction{Kind::Split, day(1), 4}}, Adjustment::Raw),
            bars);
}

TEST(Adjust, ASplitDividesPricesBeforeItsExDate) {
  const BarColumns bars =
      adjust(closes({400, 404, 101}), std::vector{CorporateAction{Kind::Split, day(2), 4}},
             Adjustment::Split);
  EXPECT_EQ(bars.close, (std::vector<double>{100, 101, 101}));
  EXPECT_EQ(bars.high, (std::vector<double>{100.25, 101.25, 102}));
  EXPECT_EQ(bars.volume, (std::vector<double>{400, 400, 100}));
}

TEST(Adjust, ADividendTakesItsShareOfTheCloseBefore) {
  const std::vector<CorporateAction> actions = {{Kind::Dividend, day(2), 10},
                                                {Kind::Split, day(1), 2}};
  const BarColumns all = adjust(closes({200, 100, 90}), actions, Adjustment::All);
  EXPECT_EQ(all.close,
            (std::vector<double>{200 * (0.5 * (1 - 10.0 / 100)), 100 * (1 - 10.0 / 100), 90}));
  EXPECT_EQ(all.volume, (std::vector<double>{200, 100, 100}));
  EXPECT_EQ(adjust(closes({200, 100, 90}), actions, Adjustment::Split).close,
            (std::vector<double>{100, 100, 90}));
}

TEST(Adjust, ActionsThatCannotBeFoldedChangeNothing) {
  const BarColumns bars = closes({100, 90});
  EXPECT_EQ(adjust(bars, std::vector{CorporateAction{Kind::Dividend, day(0), 5}}, Adjustment::All),
            bars);
  EXPECT_EQ(
      adjust(bars, std::vector{CorporateAction{Kind::Dividend, day(1), 100}}, Adjustment::All),
      bars);
  EXPECT_EQ(adjust(bars, std::vector{CorporateAction{Kind::Split, day(1), 0}}, Adjustment::All),
            bars);
}

TEST(Adjust, IntradayExDatesBeginInNewYork) {
  BarColumns bars = closes({400, 100});
  // 23 June 2014 00:30Z is the evening of the 22nd in New York.
  const Timestamp ex_date = *parse_rfc3339("2014-06-23");
  bars.time = {(ex_date + std::chrono::minutes{30}).time_since_epoch().count(),
               (ex_date + std::chrono::hours{8}).time_since_epoch().count()};
  const std::vector<CorporateAction> actions = {{Kind::Split, ex_date, 4}};
  EXPECT_EQ(adjust(bars, actions, Adjustment::Split, Interval::Minute).close,
            (std::vector<double>{100, 100}));
}

RC_GTEST_PROP(AdjustProperty, WindowsOfTheWholeAgreeWithTheWhole, ()) {
  BarColumns bars;
  const int count = *rc::gen::inRange(2, 60);
  for (int i = 0; i < count; ++i) {
    const double price = *rc::gen::inRange(50, 500);
    bars.push_back({day(i), price, price + 2, price - 2, price, 1000});
  }
  std::vector<CorporateAction> actions;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
    const bool is_split = *rc::gen::arbitrary<bool>();
    actions.push_back({is_split ? Kind::Split : Kind::Dividend,
                       day(*rc::gen::inRange(-3, count + 3)),
                       static_cast<double>(*rc::gen::inRange(1, 9))});
  }
  const auto mode = *rc::gen::element(Adjustment::Split, Adjustment::All);
  const BarColumns whole = adjust(bars, actions, mode);
  const auto steps = adjustment_steps(bars, actions, mode, Interval::Day);
  const auto from = static_cast<std::size_t>(*rc::gen::inRange(0, count));
  BarColumns window;
  window.append(bars, from, bars.size());
  apply_adjustment(window, steps);
  BarColumns expected;
  expected.append(whole, from, whole.size());
  RC_ASSERT(window == expected);
  for (std::size_t i = 0; i < whole.size(); ++i)
    RC_ASSERT(whole.low[i] <= whole.close[i] && whole.close[i] <= whole.high[i]);
}

TEST(AdjustReference, AgreesWithYahoosAdjustedColumn) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  const auto adjusted = [](const std::string& name) {
    const auto path = testing::reference_data() / "ohlcv/yfinance-repair" / name;
    const BarFile file = read_csv_bars(testing::read_file(path));
    return adjust(file.bars, file.actions, Adjustment::All).close;
  };
  // The column "Adj Close" of the same rows.
  const auto traton = adjusted("8TRA-DE-1d-missing-div-adjust-fixed.csv");
  EXPECT_NEAR(traton[0], 18.6291382416581, 1e-12);
  EXPECT_NEAR(traton[1], 18.0900009155273, 1e-12);
  EXPECT_EQ(traton[2], 18.8999996185303);
  const auto shin_etsu = adjusted("4063-T-1d-bad-stock-split-fixed.csv");
  EXPECT_NEAR(shin_etsu[0], 3988.1578125, 0.01);
  EXPECT_NEAR(shin_etsu[9], 4151, 1e-9);
}

TEST(Adjust, NamesAreReadBack) {
  for (const Adjustment each : {Adjustment::Raw, Adjustment::Split, Adjustment::All}) {
    EXPECT_EQ(parse_adjustment(adjustment_name(each)), each);
  }
  EXPECT_EQ(parse_adjustment("splits"), std::nullopt);
}

}  // namespace
}  // namespace ziggy
