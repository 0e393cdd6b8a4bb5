// backtrader's published check values (6 decimals at three bars) and whole series (10 decimals).
#include <gtest/gtest.h>

#include "reference_files.hpp"
#include "ziggy/quant/bands.hpp"
#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/oscillators.hpp"

namespace ziggy::quant {
namespace {

using testing::Column;
using Lines = std::map<std::string, Column, std::less<>>;

struct Input {
  BarColumns bars;
  std::vector<std::string> dates;
};

Input read_input() {
  const testing::Table table{"ohlcv/backtrader/2006-day-001.csv"};
  Input input;
  input.dates = table.cells("Date");
  const Column open = table.numbers("Open");
  const Column high = table.numbers("High");
  const Column low = table.numbers("Low");
  const Column close = table.numbers("Close");
  for (std::size_t i = 0; i < table.size(); ++i) {
    input.bars.push_back({{}, open[i], high[i], low[i], close[i], 0});
  }
  return input;
}

/// The lines of the indicators that are ours, under backtrader's names and with its parameters;
/// empty for the others.
Lines compute(std::string_view name, const boost::json::object& parameters,
              const BarColumns& bars) {
  const std::size_t size = bars.size();
  const auto whole = [&](const char* key) {
    return static_cast<std::size_t>(parameters.at(key).to_number<double>());
  };
  const auto line = [&](const char* key, auto function) {
    Column out(size);
    function(bars.close, whole("period"), std::span<double>{out});
    return Lines{{key, out}};
  };
  if (name == "sma" || name == "smaenvelope") {
    return line("sma", [](auto... arguments) { sma(arguments...); });
  }
  if (name == "wma" || name == "wmaenvelope") {
    return line("wma", [](auto... arguments) { wma(arguments...); });
  }
  if (name == "emaenvelope") return line("ema", [](auto... arguments) { ema(arguments...); });
  if (name == "smma") return line("smma", [](auto... arguments) { wilder_average(arguments...); });
  if (name == "rsi" || name == "rsi_safe") {
    return line("rsi", [](auto... arguments) { rsi(arguments...); });
  }
  if (name == "roc") {  // a fraction there, percent here
    Lines lines = line("roc", [](auto... arguments) { roc(arguments...); });
    for (double& value : lines["roc"]) value /= 100.0;
    return lines;
  }
  Column a(size);
  Column b(size);
  Column c(size);
  if (name == "highest") {
    RollingMaximum highest{whole("period")};
    for (std::size_t i = 0; i < size; ++i) a[i] = highest.push(bars.close[i]);
    return {{"highest", a}};
  }
  if (name == "bbands") {
    const double width = parameters.at("devfactor").to_number<double>();
    bollinger(bars.close, {.period = whole("period"), .up = width, .down = width}, {a, b, c});
    return {{"top", a}, {"mid", b}, {"bot", c}};
  }
  if (name == "macdhisto") {
    macd(bars.close, whole("period_me1"), whole("period_me2"), whole("period_signal"), {a, b, c},
         MacdSeed::Own);
    return {{"macd", a}, {"signal", b}, {"histo", c}};
  }
  if (name == "stochastic") {
    stochastic(bars, whole("period"), whole("period_dfast"), whole("period_dslow"), {a, b});
    return {{"percK", a}, {"percD", b}};
  }
  if (name == "cci") {
    cci(bars, whole("period"), a, CciDeviation::FromOwnMeans);
    return {{"cci", a}};
  }
  return {};
}

class Backtrader : public ::testing::Test {
 protected:
  void SetUp() override {
    if (ziggy::testing::reference_data().empty()) {
      GTEST_SKIP() << "no reference data beside this checkout";
    }
    input_ = read_input();
    ASSERT_EQ(input_.bars.size(), 255u);
    indicators_ = testing::read_json("references/backtrader/indicators-give.json")
                      .at("indicators")
                      .as_array();
  }

  Input input_;
  boost::json::array indicators_;
};

TEST_F(Backtrader, PublishedValues) {
  int covered = 0;
  for (const auto& indicator : indicators_) {
    const std::string name{indicator.at("name").as_string()};
    const Lines lines = compute(name, indicator.at("params").as_object(), input_.bars);
    covered += lines.empty() ? 0 : 1;
    for (const auto& check : indicator.at("checks").as_array()) {
      const auto line = lines.find(std::string_view{check.at("line").as_string()});
      if (line == lines.end()) continue;
      const auto at = check.at("bar_index").to_number<std::size_t>();
      EXPECT_EQ(input_.dates[at], check.at("date").as_string());
      bool agrees = false;
      for (const auto& value : check.at("expected").as_array()) {
        const auto expected = value.to_number<double>();
        agrees |= std::abs(line->second[at] - expected) <= testing::rounding(expected, 6);
      }
      EXPECT_TRUE(agrees) << name << " " << boost::json::serialize(check) << " ours "
                          << line->second[at];
    }
  }
  EXPECT_EQ(covered, 14);
}

TEST_F(Backtrader, WholeSeries) {
  int covered = 0;
  for (const auto& indicator : indicators_) {
    const std::string name{indicator.at("name").as_string()};
    const Lines lines = compute(name, indicator.at("params").as_object(), input_.bars);
    if (lines.empty()) continue;
    ++covered;
    const testing::Table table{"references/backtrader/series/" + name + ".csv"};
    ASSERT_EQ(table.cells("date"), input_.dates) << name;
    for (const auto& [key, ours] : lines) {
      const Column theirs = table.numbers(key);
      for (std::size_t i = 0; i < ours.size(); ++i) {
        EXPECT_EQ(std::isnan(ours[i]), std::isnan(theirs[i])) << name << " " << key << " " << i;
        if (std::isnan(ours[i])) continue;
        EXPECT_NEAR(ours[i], theirs[i], testing::rounding(theirs[i], 10))
            << name << " " << key << " " << i;
      }
    }
  }
  EXPECT_EQ(covered, 14);
}

}  // namespace
}  // namespace ziggy::quant
