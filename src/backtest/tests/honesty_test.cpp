#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <random>

#include "simulate.hpp"
#include "small_bars.hpp"
#include "ziggy/quant/strategies.hpp"

/// A backtest may not know the future: chance must earn nothing, and cutting the data must change
/// nothing before the cut.
namespace ziggy::backtest {
namespace {

/// What nobody can do: trade at the open of the bar whose close decided.
struct FillAtDecidingOpen {
  static double price(const quant::BarView& bars, std::size_t decided) {
    return bars.open[decided];
  }
  static std::size_t bar(std::size_t decided) { return decided; }
};

/// A martingale: each half-step multiplies the price by 1 + s or 1 - s with equal chances, so the
/// expected next price is this one.
void walk(std::mt19937_64& random, std::size_t count, BarColumns& bars) {
  constexpr double kStep = 0.01;
  bars.clear();
  double price = 100;
  std::uint64_t coins = 0;
  int coins_left = 0;
  const auto step = [&] {
    if (coins_left == 0) {
      coins = random();
      coins_left = 64;
    }
    price *= (coins & 1U) != 0 ? 1 + kStep : 1 - kStep;
    coins >>= 1U;
    --coins_left;
    return price;
  };
  for (std::size_t i = 0; i < count; ++i) {
    const double open = step();
    const double close = step();
    bars.push_back({Timestamp{std::chrono::nanoseconds{
                        testing::kMonday + static_cast<std::int64_t>(i) * testing::kDayNs}},
                    open, std::max(open, close), std::min(open, close), close, 1});
  }
}

struct Interval99 {
  double low;
  double high;
  [[nodiscard]] bool holds(double value) const { return low <= value && value <= high; }
};

/// The 99 % interval of the mean return of sma_cross, without costs, over 10 000 walks of 200 bars.
template <class Timing>
Interval99 earned_by_chance() {
  constexpr std::size_t kWalks = 10'000;
  constexpr std::size_t kBars = 200;
  constexpr std::uint64_t kSeed = 20240101;
  const auto strategy = quant::check_parameters("sma_cross", {{"fast", 3}, {"slow", 12}});
  std::mt19937_64 random{kSeed};
  BarColumns bars;
  quant::SignalColumn signals;
  History history;
  const Rules rules{.cash = 1'000'000};  // whole units hardly round
  double sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < kWalks; ++i) {
    walk(random, kBars, bars);
    quant::decide(*strategy, bars, signals);
    detail::simulate<Timing>(rules, signals.targets, bars, history);
    const double earned = history.equity.back() / rules.cash - 1;
    sum += earned;
    squares += earned * earned;
  }
  const double mean = sum / kWalks;
  const double error = std::sqrt((squares / kWalks - mean * mean) / kWalks);
  constexpr double kQuantile995 = 2.5758;
  return {mean - kQuantile995 * error, mean + kQuantile995 * error};
}

TEST(Honesty, RandomWalksEarnNothingBeyondChance) {
  const Interval99 next_open = earned_by_chance<detail::FillAtNextOpen>();
  EXPECT_TRUE(next_open.holds(0)) << next_open.low << " to " << next_open.high;
  const Interval99 close = earned_by_chance<detail::FillAtClose>();
  EXPECT_TRUE(close.holds(0)) << close.low << " to " << close.high;
}

TEST(Honesty, TheSameTestCatchesAFillThatLooksAhead) {
  const Interval99 cheat = earned_by_chance<FillAtDecidingOpen>();
  EXPECT_FALSE(cheat.holds(0)) << cheat.low << " to " << cheat.high;
  EXPECT_GT(cheat.low, 0.05);  // and by far
}

BarColumns random_bars(std::size_t count) {
  std::mt19937_64 random{*rc::gen::arbitrary<std::uint32_t>()};
  BarColumns bars;
  walk(random, count, bars);
  for (std::size_t i = 0; i < count; ++i) {  // wicks, so that stops and targets are met
    bars.high[i] *= 1 + 0.02 * static_cast<double>(random() % 100) / 100;
    bars.low[i] *= 1 - 0.02 * static_cast<double>(random() % 100) / 100;
  }
  return bars;
}

Spec random_spec() {
  const auto shares = [](int max) { return *rc::gen::inRange(0, max) / 1000.0; };
  const int kind = *rc::gen::inRange(0, 5);
  const char* names[] = {"sma_cross", "rsi_reversion", "macd", "donchian_breakout", "buy_and_hold"};
  Spec spec{*quant::check_parameters(names[kind]), {}};
  if (kind == 0) spec.strategy = *quant::check_parameters("sma_cross", {{"fast", 2}, {"slow", 5}});
  spec.rules.margin = 1.0 / *rc::gen::inRange(1, 20);
  spec.rules.costs = {.commission = shares(10), .spread = shares(10)};
  spec.rules.long_only = *rc::gen::arbitrary<bool>();
  spec.rules.trade_on_close = *rc::gen::arbitrary<bool>();
  spec.rules.stop_loss = shares(40);
  spec.rules.take_profit = shares(40);
  return spec;
}

bool same(const Trade& a, const Trade& b) {
  return a.units == b.units && a.entry_bar == b.entry_bar && a.exit_bar == b.exit_bar &&
         a.entry_price == b.entry_price && a.exit_price == b.exit_price && a.pnl == b.pnl;
}

RC_GTEST_PROP(Honesty, CuttingTheDataNeverChangesThePast, ()) {
  const BarColumns whole = random_bars(300);
  const Spec spec = random_spec();
  const auto kept = static_cast<std::size_t>(*rc::gen::inRange(1, 300));
  BarColumns part;
  part.append(whole, 0, kept);

  const History all = run(spec, whole).history;
  const History past = run(spec, part).history;

  RC_ASSERT(past.trades.size() <= all.trades.size());
  for (std::size_t i = 0; i < past.trades.size(); ++i)
    RC_ASSERT(same(past.trades[i], all.trades[i]));
  // What the whole closed before the cut, the part closed too. (A close at bar t is filled while t
  // + 1 is processed.)
  for (std::size_t i = past.trades.size(); i < all.trades.size(); ++i) {
    RC_ASSERT(all.trades[i].exit_bar + 1 >= kept);
  }
  for (std::size_t i = 0; i < kept; ++i) RC_ASSERT(past.equity[i] == all.equity[i]);
}

RC_GTEST_PROP(Honesty, TheSameInputGivesTheSameReport, ()) {
  const BarColumns bars = random_bars(200);
  const Spec spec = random_spec();
  const Report a = run(spec, bars);
  const Report b = run(spec, bars);
  RC_ASSERT(a.history.equity == b.history.equity);
  RC_ASSERT(a.history.trades.size() == b.history.trades.size());
}

RC_GTEST_PROP(Honesty, TheEquityIsTheCashPlusEveryProfit, ()) {
  const BarColumns bars = random_bars(200);
  Spec spec = random_spec();
  spec.rules.finalize = true;
  const History history = backtest::run(spec, bars).history;
  if (history.bankrupt) return;
  double sum = spec.rules.cash;
  for (const Trade& trade : history.trades) sum += trade.pnl;
  RC_ASSERT(std::abs(sum - history.equity.back()) < 1e-8 * spec.rules.cash);
}

RC_GTEST_PROP(Honesty, TheBarByBarPathAndTheStretchesAgree, ()) {
  // A target that is never reached makes the loop go bar by bar without changing what happens.
  const BarColumns bars = random_bars(200);
  Spec spec = random_spec();
  spec.rules.long_only = true;
  spec.rules.stop_loss = 0;
  spec.rules.take_profit = 0;
  const History stretches = run(spec, bars).history;
  spec.rules.take_profit = 1e9;
  const History steps = run(spec, bars).history;
  RC_ASSERT(stretches.equity == steps.equity);
}

}  // namespace
}  // namespace ziggy::backtest
