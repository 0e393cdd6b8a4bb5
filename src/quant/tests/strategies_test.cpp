#include "ziggy/quant/strategies.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ziggy/quant/moving_averages.hpp"

namespace ziggy::quant {
namespace {

using Given = std::map<std::string, double, std::less<>>;

BarColumns bars_of(const std::vector<double>& closes) {
  BarColumns bars;
  std::int64_t day = 0;
  for (const double close : closes) {
    bars.push_back({Timestamp{std::chrono::days{day++}}, close, close, close, close, 1});
  }
  return bars;
}

/// A random walk on a grid of cents, so that equal averages and flat stretches come up often.
BarColumns walk(std::size_t size, int step_max) {
  BarColumns bars;
  int price = 10'000;
  for (std::size_t i = 0; i < size; ++i) {
    price = std::max(100, price + *rc::gen::inRange(-step_max, step_max + 1));
    const int up = *rc::gen::inRange(0, step_max + 1);
    const int down = *rc::gen::inRange(0, step_max + 1);
    bars.push_back({Timestamp{std::chrono::days{i}}, price / 100.0, (price + up) / 100.0,
                    (price - down) / 100.0, price / 100.0, 1});
  }
  return bars;
}

StrategyCall any_call() {
  const auto& spec = strategies()[*rc::gen::inRange<std::size_t>(0, strategies().size())];
  Given given;
  if (spec.name == "sma_cross" || spec.name == "macd") {
    const int fast = *rc::gen::inRange(1, 12);
    given["fast"] = fast;
    given["slow"] = fast + *rc::gen::inRange(1, 12);
  }
  if (spec.name == "macd") given["signal"] = *rc::gen::inRange(1, 9);
  if (spec.name == "rsi_reversion") given["period"] = *rc::gen::inRange(2, 12);
  if (spec.name == "donchian_breakout") {
    given["entry"] = *rc::gen::inRange(1, 20);
    given["exit"] = *rc::gen::inRange(1, 20);
  }
  auto call = check_parameters(spec.name, given);
  RC_ASSERT(call.has_value());
  return *call;
}

TEST(CheckParameters, FillsInInitialValues) {
  const auto call = check_parameters("sma_cross", Given{{"fast", 5}});
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->value("fast"), 5);
  EXPECT_EQ(call->value("slow"), 30);
  EXPECT_EQ(call->spec().name, "sma_cross");
  for (const StrategySpec& spec : strategies())
    EXPECT_TRUE(check_parameters(spec.name)) << spec.name;
}

TEST(CheckParameters, NamesEveryFault) {
  const auto call = check_parameters("sma_cross", Given{{"fastt", 5}, {"fast", 0}, {"slow", 20.5}});
  ASSERT_FALSE(call.has_value());
  EXPECT_EQ(call.error().code(), ErrorCode::ValidationFailed);
  ASSERT_EQ(call.error().fields().size(), 3u);
  EXPECT_EQ(call.error().fields()[0].field, "params.fast");
  EXPECT_EQ(call.error().fields()[0].code, "out_of_range");
  EXPECT_EQ(call.error().fields()[1].field, "params.fastt");
  EXPECT_EQ(call.error().fields()[1].code, "unknown_parameter");
  EXPECT_NE(call.error().fields()[1].message.find("'fast'"), std::string::npos);
  EXPECT_EQ(call.error().fields()[2].code, "not_an_integer");
}

TEST(CheckParameters, RefusesWhatCannotWork) {
  EXPECT_FALSE(check_parameters("sma_cross", Given{{"fast", 30}, {"slow", 30}}));
  EXPECT_FALSE(check_parameters("sma_cross", Given{{"fast", 40}}));
  EXPECT_FALSE(check_parameters("macd", Given{{"fast", 26}}));
  EXPECT_FALSE(check_parameters("rsi_reversion", Given{{"oversold", 80}}));
  EXPECT_FALSE(check_parameters("sma_cross", Given{{"slow", std::nan("")}}));
  EXPECT_FALSE(check_parameters("buy_and_hold", Given{{"fast", 1}}));
  const auto unknown = check_parameters("sma_cros");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().fields()[0].field, "strategy");
  EXPECT_NE(unknown.error().detail().find("sma_cross"), std::string::npos);
}

TEST(SmaCross, StrictCrossesByHand) {
  // Averages of 1 and 2 bars: the close against the mean of itself and the one before.
  const auto call = check_parameters("sma_cross", Given{{"fast", 1}, {"slow", 2}});
  const auto signals = decide(*call, bars_of({3, 2, 3, 3, 4, 1}));
  // fast - slow: -, -0.5, +0.5, 0, +0.5, -1.5: up at 2; touching at 3 crosses nothing; down at 5.
  EXPECT_EQ(signals.targets, (std::vector{Target::Hold, Target::Hold, Target::Long, Target::Hold,
                                          Target::Hold, Target::Short}));
  EXPECT_EQ(signals.warm_up, 1u);
}

TEST(SmaCross, ShortHistoryDecidesNothing) {
  const auto call = check_parameters("sma_cross");
  EXPECT_EQ(decide(*call, bars_of({})).targets.size(), 0u);
  EXPECT_EQ(decide(*call, bars_of({1, 2, 3})).warm_up, 0u);
  EXPECT_EQ(decide(*call, bars_of(std::vector<double>(15, 7.0))).warm_up, 9u);
  EXPECT_EQ(decide(*call, bars_of(std::vector<double>(30, 7.0))).warm_up, 29u);
}

TEST(SmaCross, FlatPricesAfterAnyPathCrossNothing) {
  EXPECT_TRUE(rc::check("a window of one price is that price, whatever was summed before", [] {
    BarColumns bars = walk(*rc::gen::inRange<std::size_t>(0, 200), 5000);
    const double price = *rc::gen::inRange(100, 1'000'000) / 100.0;
    const std::size_t before = bars.size();
    for (std::size_t i = 0; i < 100; ++i) {
      bars.push_back({Timestamp{std::chrono::days{before + i}}, price, price, price, price, 1});
    }
    const auto signals = decide(*check_parameters("sma_cross"), bars);
    // Once the slow window is flat, too, nothing moves.
    for (std::size_t i = before + 30; i < bars.size(); ++i) {
      RC_ASSERT(signals.targets[i] == Target::Hold);
    }
  }));
}

TEST(SmaCross, IsTheCrossingOfTwoColumns) {
  EXPECT_TRUE(rc::check([] {
    const BarColumns bars = walk(*rc::gen::inRange<std::size_t>(0, 300), 3);
    const int fast = *rc::gen::inRange(1, 12);
    const int slow = fast + *rc::gen::inRange(1, 30);
    std::vector<double> fast_column(bars.size());
    std::vector<double> slow_column(bars.size());
    std::vector<Target> targets(bars.size());
    sma(bars.close, static_cast<std::size_t>(fast), fast_column);
    sma(bars.close, static_cast<std::size_t>(slow), slow_column);
    crosses(fast_column, slow_column, targets);
    const auto call = check_parameters("sma_cross", Given{{"fast", static_cast<double>(fast)},
                                                          {"slow", static_cast<double>(slow)}});
    RC_ASSERT(decide(*call, bars).targets == targets);
  }));
}

TEST(Strategies, OneBarAtATimeDecidesTheSame) {
  EXPECT_TRUE(rc::check([] {
    const BarColumns bars = walk(*rc::gen::inRange<std::size_t>(0, 200), *rc::gen::inRange(1, 200));
    const StrategyCall call = any_call();
    const SignalColumn signals = decide(call, bars);
    Decider decider{call};
    for (std::size_t i = 0; i < bars.size(); ++i) {
      RC_ASSERT(decider.on_bar(bars.at(i)) == signals.targets[i]);
    }
  }));
}

TEST(Strategies, CuttingTheDataChangesNoEarlierDecision) {
  EXPECT_TRUE(rc::check([] {
    const BarColumns bars = walk(*rc::gen::inRange<std::size_t>(1, 200), *rc::gen::inRange(1, 200));
    const StrategyCall call = any_call();
    const SignalColumn whole = decide(call, bars);
    const std::size_t cut = *rc::gen::inRange<std::size_t>(0, bars.size());
    const SignalColumn part = decide(call, BarView{bars}.cut(0, cut));
    RC_ASSERT(std::equal(part.targets.begin(), part.targets.end(), whole.targets.begin()));
  }));
}

TEST(RsiReversion, DecidesWhenTheZoneIsEntered) {
  const auto call = check_parameters("rsi_reversion", Given{{"period", 2}});
  // RSI(2): -, -, 100, 50, 16.7, 58.3, 83.3 by Wilder's smoothing.
  const auto signals = decide(*call, bars_of({10, 11, 12, 11, 9, 11, 14}));
  EXPECT_EQ(signals.targets, (std::vector{Target::Hold, Target::Hold, Target::Hold, Target::Hold,
                                          Target::Long, Target::Hold, Target::Short}));
  EXPECT_EQ(signals.warm_up, 2u);
}

TEST(DonchianBreakout, EntersAboveTheBarsBeforeAndLeavesBelowTheShorterChannel) {
  const auto call = check_parameters("donchian_breakout", Given{{"entry", 3}, {"exit", 2}});
  const auto signals = decide(*call, bars_of({5, 6, 4, 6, 7, 8, 6.5, 6, 3, 3, 4}));
  EXPECT_EQ(signals.targets, (std::vector{Target::Hold, Target::Hold, Target::Hold, Target::Hold,
                                          Target::Long, Target::Hold, Target::Flat, Target::Short,
                                          Target::Hold, Target::Hold, Target::Flat}));
  EXPECT_EQ(signals.warm_up, 3u);
}

TEST(BuyAndHold, BuysOnce) {
  const auto signals = decide(*check_parameters("buy_and_hold"), bars_of({5, 6, 4}));
  EXPECT_EQ(signals.targets, (std::vector{Target::Long, Target::Hold, Target::Hold}));
}

}  // namespace
}  // namespace ziggy::quant
