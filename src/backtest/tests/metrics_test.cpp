#include "ziggy/backtest/metrics.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "figures.hpp"
#include "small_bars.hpp"
#include "ziggy/backtest/series.hpp"

namespace ziggy::backtest {
namespace {

using testing::bars_of;
using testing::kDayNs;
using testing::kHourNs;
using testing::kMonday;
using testing::run_of;

Report measured(const Rules& rules, std::string_view targets, const BarColumns& bars) {
  Report report;
  report.history = run_of(rules, targets, bars);
  report.metrics = measure(report.history, bars, 0);
  return report;
}

std::vector<std::int64_t> times_of(std::size_t count, std::int64_t step,
                                   std::int64_t from = kMonday) {
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < count; ++i)
    times.push_back(from + static_cast<std::int64_t>(i) * step);
  return times;
}

TEST(Metrics, OfAWinnerAndALoserAreWhatAPencilGives) {
  // 10 bought at 10 and sold at 12: +20, 20 %. Then 10 short at 12, bought back at 15: -30, -25 %.
  const BarColumns bars = bars_of({{10, 10}, {10, 11}, {12, 12}, {15, 15}, {15, 15}});
  const Metrics m = measured({.cash = 101, .size = Units{10}}, "LSF..", bars).metrics;
  EXPECT_EQ(m.num_trades, 2U);
  EXPECT_DOUBLE_EQ(m.equity_final, 91);
  EXPECT_DOUBLE_EQ(m.equity_peak, 121);
  EXPECT_DOUBLE_EQ(m.return_pct, -1000.0 / 101);
  EXPECT_DOUBLE_EQ(m.buy_hold_return_pct, 50);
  EXPECT_DOUBLE_EQ(m.exposure_pct, 60);  // bars 1, 2 and 3
  EXPECT_DOUBLE_EQ(m.win_rate_pct, 50);
  EXPECT_NEAR(m.best_trade_pct, 20, 1e-12);
  EXPECT_NEAR(m.worst_trade_pct, -25, 1e-12);
  EXPECT_NEAR(m.avg_trade_pct, (std::sqrt(1.2 * 0.75) - 1) * 100, 1e-12);
  EXPECT_NEAR(m.expectancy_pct, -2.5, 1e-12);
  EXPECT_NEAR(m.profit_factor, 0.8, 1e-12);
  EXPECT_NEAR(m.sqn, std::sqrt(2.0) * -5 / (50 / std::sqrt(2.0)), 1e-12);
  EXPECT_NEAR(m.kelly, 0.5 - 0.5 / (20.0 / 30), 1e-12);
  EXPECT_DOUBLE_EQ(m.max_trade_duration_s, 86400);
  EXPECT_DOUBLE_EQ(m.avg_trade_duration_s, 86400);
  EXPECT_NEAR(m.max_drawdown_pct, -30.0 / 121 * 100, 1e-12);
  EXPECT_DOUBLE_EQ(m.max_drawdown_duration_s, 2 * 86400);
  EXPECT_NEAR(m.turnover, (100 + 120 + 120 + 150) / ((101 + 111 + 121 + 91 + 91) / 5.0), 1e-12);
  EXPECT_EQ(m.costs, 0);
}

TEST(Metrics, WithoutTradesWhatHasNoMeaningIsNotANumber) {
  const Metrics m =
      measured({.cash = 100}, "....", bars_of({{10, 10}, {10, 11}, {11, 12}, {12, 13}})).metrics;
  EXPECT_EQ(m.num_trades, 0U);
  for (const double figure :
       {m.win_rate_pct, m.best_trade_pct, m.worst_trade_pct, m.avg_trade_pct,
        m.max_trade_duration_s, m.avg_trade_duration_s, m.profit_factor, m.expectancy_pct, m.sqn,
        m.kelly, m.sharpe, m.sortino, m.calmar, m.avg_drawdown_pct, m.max_drawdown_duration_s,
        m.avg_drawdown_duration_s}) {
    EXPECT_TRUE(std::isnan(figure));
  }
  for (const double figure : {m.return_pct, m.exposure_pct, m.return_ann_pct, m.volatility_ann_pct,
                              m.cagr_pct, m.alpha_pct, m.beta, m.max_drawdown_pct}) {
    EXPECT_EQ(figure, 0);
  }
}

TEST(Metrics, OfOneBarAreMostlyUnknown) {
  const Metrics m = measured({.cash = 100}, "L", bars_of({{10, 10}})).metrics;
  EXPECT_EQ(m.duration_s, 0);
  EXPECT_EQ(m.return_pct, 0);
  EXPECT_EQ(m.buy_hold_return_pct, 0);
  for (const double figure :
       {m.cagr_pct, m.return_ann_pct, m.volatility_ann_pct, m.beta, m.alpha_pct}) {
    EXPECT_TRUE(std::isnan(figure));
  }
}

TEST(Metrics, OfABankruptAccountCountTheWholeLoss) {
  const BarColumns bars = bars_of({{10, 10}, {10, 12}, {12, 14}, {15, 13}, {12, 9}});
  const Metrics m = measured({.cash = 101, .margin = 0.25}, "S....", bars).metrics;
  EXPECT_EQ(m.equity_final, 0);
  EXPECT_EQ(m.return_pct, -100);
  EXPECT_EQ(m.max_drawdown_pct, -100);
  EXPECT_EQ(m.cagr_pct, -100);
  EXPECT_EQ(m.return_ann_pct, 0);
  EXPECT_TRUE(std::isnan(m.beta));
}

TEST(Timeline, TellsDaysWeeksMonthsAndYearsByTheMedianDistance) {
  const auto days = make_timeline(times_of(5, kDayNs));
  EXPECT_EQ(days.periods_per_year, 252);
  EXPECT_EQ(days.period_ends.size(), 5U);
  EXPECT_EQ(days.duration_unit, std::chrono::days{1});
  EXPECT_EQ(make_timeline(times_of(14, kDayNs)).periods_per_year, 365);  // weekends are traded
  EXPECT_EQ(make_timeline(times_of(20, 7 * kDayNs)).periods_per_year, 52);
  EXPECT_EQ(make_timeline(times_of(20, 365 * kDayNs)).periods_per_year, 1);
  const auto months = make_timeline(times_of(12, 31 * kDayNs));
  EXPECT_EQ(months.duration_unit, std::chrono::days{1});  // not 31: durations are not whole months
  EXPECT_EQ(make_timeline(times_of(9, 15 * 60'000'000'000)).duration_unit, std::chrono::minutes{1});
  EXPECT_EQ(make_timeline(times_of(1, kDayNs)).duration_unit, std::chrono::nanoseconds{0});
  EXPECT_EQ(months.periods_per_year, 12);
}

TEST(Timeline, HourlyBarsAreMeasuredByTheLastOfEachDay) {
  // From Friday 20:00 over two hours of Saturday, and on Monday.
  std::vector<std::int64_t> times = times_of(6, kHourNs, kMonday + 4 * kDayNs + 20 * kHourNs);
  times.push_back(kMonday + 7 * kDayNs + 9 * kHourNs);
  const Timeline timeline = make_timeline(times);
  EXPECT_EQ(timeline.period_ends, (std::vector<std::uint32_t>{3, 5, 6}));
  EXPECT_EQ(timeline.duration_unit, std::chrono::hours{1});
}

TEST(Timeline, TimesBefore1970AreDaysToo) {
  const Timeline timeline = make_timeline(times_of(48, kHourNs, -3 * kDayNs));
  EXPECT_EQ(timeline.period_ends, (std::vector<std::uint32_t>{23, 47}));
}

TEST(Drawdowns, RunFromAPeakToItsRecoveryOrTheEnd) {
  const std::vector<double> equity{100, 90, 95, 100, 110, 99, 110, 120, 118, 117};
  const auto times = times_of(equity.size(), kDayNs);
  const DrawdownFigures figures = measure_drawdowns(equity, times, std::chrono::days{1});
  EXPECT_EQ(figures.peak, 120);
  EXPECT_DOUBLE_EQ(figures.deepest, 0.1);
  EXPECT_NEAR(figures.mean_deepest, (0.1 + 0.1 + 0.025) / 3, 1e-15);
  EXPECT_EQ(figures.longest_s, 3 * 86400);
  EXPECT_EQ(figures.mean_length_s, 3 * 86400);  // 7 days over 3, rounded up
}

TEST(Drawdowns, AFallOnTheLastBarAloneHasADepthAndNoLength) {
  const std::vector<double> equity{100, 100, 90};
  const DrawdownFigures figures =
      measure_drawdowns(equity, times_of(3, kDayNs), std::chrono::days{1});
  EXPECT_DOUBLE_EQ(figures.deepest, 0.1);
  EXPECT_DOUBLE_EQ(figures.mean_deepest, 0.1);
  EXPECT_TRUE(std::isnan(figures.longest_s));
}

TEST(Drawdowns, TheSeriesIsZeroAtPeaks) {
  EXPECT_EQ(drawdown_series(std::vector<double>{100, 50, 200, 0}),
            (std::vector<double>{0, 0.5, 0, 1}));
}

TEST(Monthly, ReturnsChainFromMonthToMonth) {
  // 31 days of January, 29 of February, one of March.
  std::vector<double> equity(61, 100);
  equity[30] = 110;
  for (std::size_t i = 31; i < 60; ++i) equity[i] = 99;
  equity[60] = 198;
  const auto months = monthly_returns(equity, times_of(61, kDayNs));
  ASSERT_EQ(months.size(), 3U);
  EXPECT_NEAR(months[0].return_fraction, 0.1, 1e-15);
  EXPECT_NEAR(months[1].return_fraction, -0.1, 1e-15);
  EXPECT_NEAR(months[2].return_fraction, 1, 1e-15);
}

TEST(Quantile, IsLinearBetweenNeighbours) {
  std::vector<double> values{5, 1, 4, 2, 3};
  EXPECT_EQ(detail::quantile(values, 0.5), 3);
  EXPECT_DOUBLE_EQ(detail::quantile(values, 0.05), 1.2);
  std::vector<double> unknown{detail::kNaN, 7};
  EXPECT_EQ(detail::quantile(unknown, 0.05), 7);
  EXPECT_TRUE(std::isnan(detail::quantile({}, 0.05)));
}

RC_GTEST_PROP(LogReturns, AreTheLogarithmNearOneAndFarFromIt, ()) {
  std::vector<double> values;
  const bool calm = *rc::gen::arbitrary<bool>();
  for (int i = 0; i < 300; ++i) {
    values.push_back(calm ? *rc::gen::inRange(9800, 10200) / 1.0
                          : *rc::gen::inRange(1, 100'000) / 7.0);
  }
  std::vector<double> logs(values.size() - 1);
  detail::log_returns(values, logs);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const double exact = std::log(values[i + 1] / values[i]);
    RC_ASSERT(std::abs(logs[i] - exact) <= 1e-15 * std::max(1.0, std::abs(exact)));
  }
}

}  // namespace
}  // namespace ziggy::backtest
