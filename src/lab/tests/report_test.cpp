#include "ziggy/lab/report_html.hpp"

#include <gtest/gtest.h>

#include "svg.hpp"
#include "walk.hpp"
#include "ziggy/lab/figures.hpp"

namespace ziggy::lab {
namespace {

Outcome outcome_of(const BarColumns& bars, std::string symbol, std::string source) {
  auto outcome =
      run({.spec = {*quant::check_parameters("sma_cross", {{"fast", 5}, {"slow", 20}}), {}},
           .data_source = std::move(source),
           .symbol = std::move(symbol)},
          bars);
  EXPECT_TRUE(outcome.has_value());
  return *outcome;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(ReportHtml, ShowsEveryPartAndNeedsNothingFromOutside) {
  const BarColumns bars = testing::walk(700);
  const Outcome outcome = outcome_of(bars, "WALK", "WALK.csv");
  const std::string page = report_html(outcome, bars);
  for (const char* heading : {"Equity", "Drawdown", "Figures", "Price and trades",
                              "Monthly returns", "Trades", "Manifest"}) {
    EXPECT_NE(page.find(std::string{"<h2>"} + heading + "</h2>"), std::string::npos) << heading;
  }
  EXPECT_EQ(count(page, "<svg "), 3U);
  EXPECT_EQ(count(page, "<path class=\""), outcome.report.history.trades.size());
  EXPECT_EQ(page.find("://"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
  for (const char* tag : {"table", "section", "svg", "div", "details"}) {
    EXPECT_EQ(count(page, std::string{"<"} + tag + ">") + count(page, std::string{"<"} + tag + " "),
              count(page, std::string{"</"} + tag + ">"))
        << tag;
  }
}

TEST(ReportHtml, NamesFromOutsideCannotBecomeMarkup) {
  const BarColumns bars = testing::walk(100);
  const std::string page = report_html(
      outcome_of(bars, "<script>alert(1)</script>", "\"><img src=x onerror='x'>"), bars);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
}

TEST(ReportHtml, OneBarAndAFlatPriceMakeAPageToo) {
  const BarColumns one = testing::walk(1);
  EXPECT_NE(report_html(outcome_of(one, "ONE", "one"), one).find("</html>"), std::string::npos);
  BarColumns flat = testing::walk(50);
  for (auto* column : {&flat.open, &flat.high, &flat.low, &flat.close}) column->assign(50, 10.0);
  const std::string page = report_html(outcome_of(flat, "FLAT", "flat"), flat);
  EXPECT_EQ(page.find("nan"), std::string::npos);
  EXPECT_EQ(page.find("inf"), std::string::npos);
}

TEST(Chart, ManyBarsAreThinnedButKeepTheirSpikes) {
  const BarColumns bars = testing::walk(100'000);
  std::vector<double> values(bars.size(), 1.0);
  values[54'321] = 9;
  detail::Chart chart{"Spike", bars.time, 0, 10, 100};
  chart.curve(values, "equity");
  const std::string svg = chart.finish("", "");
  EXPECT_LT(svg.size(), 40'000U);
  EXPECT_NE(svg.find(",14.8 "), std::string::npos);  // 8 + 68 * (1 - 9 / 10)
}

TEST(Figures, AreWrittenForPeople) {
  backtest::Metrics metrics;
  metrics.equity_final = -1234567.891;
  metrics.equity_peak = 999.5;
  metrics.sharpe = std::numeric_limits<double>::quiet_NaN();
  metrics.duration_s = 3.5 * 86400;
  std::map<std::string_view, std::string> texts;
  for (const FigureGroup& group : figures_of(metrics)) {
    for (const Figure& figure : group.figures) texts[figure.label] = figure.text;
  }
  EXPECT_EQ(texts["Final equity"], "-1,234,567.89");
  EXPECT_EQ(texts["Peak equity"], "999.50");
  EXPECT_EQ(texts["Sharpe ratio"], "–");
  EXPECT_EQ(texts["Duration"], "3 d 12 h");
}

}  // namespace
}  // namespace ziggy::lab
