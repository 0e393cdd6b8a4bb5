#include "ziggy/lab/experiment.hpp"

#include <gtest/gtest.h>

#include "walk.hpp"

namespace ziggy::lab {
namespace {

Experiment some_experiment() {
  return {
      .spec = {*quant::check_parameters("sma_cross", {{"fast", 5}}),
               {.cash = 50'000, .margin = 0.5, .costs = {.commission = 0.001}, .stop_loss = 0.05}},
      .data_source = "WALK.csv",
      .symbol = "WALK",
      .adjustment = Adjustment::Raw};
}

TEST(Experiment, ItsManifestRunsAgainToTheSameTrades) {
  const BarColumns bars = testing::walk(500);
  const auto first = run(some_experiment(), bars);
  ASSERT_TRUE(first.has_value());
  EXPECT_GT(first->report.history.trades.size(), 5U);
  EXPECT_EQ(first->manifest.parameters.at("fast"), 5);
  EXPECT_TRUE(first->manifest.parameters.contains("slow"));  // defaults are written down too
  const auto again = rerun(first->manifest, bars);
  ASSERT_TRUE(again.has_value()) << again.error().detail();
  EXPECT_EQ(again->manifest.adjustment, Adjustment::Raw);
  EXPECT_EQ(again->manifest.trade_hash, first->manifest.trade_hash);
  EXPECT_EQ(again->report.history.equity, first->report.history.equity);
}

TEST(Experiment, AnotherBarOrAnotherTradeIsNoticed) {
  BarColumns bars = testing::walk(500);
  auto outcome = run(some_experiment(), bars);
  ASSERT_TRUE(outcome.has_value());
  Manifest forged = outcome->manifest;
  forged.rules.costs.commission = 0.05;
  EXPECT_FALSE(rerun(forged, bars).has_value());
  bars.volume[17] += 1;
  EXPECT_FALSE(rerun(outcome->manifest, bars).has_value());
}

TEST(Experiment, HashesTellOneBitApart) {
  BarColumns bars = testing::walk(10);
  const std::string hash = hash_of(bars);
  EXPECT_EQ(hash.size(), 7U + 64U);
  EXPECT_EQ(hash_of(bars), hash);
  bars.close[9] = std::nextafter(bars.close[9], 1e9);
  EXPECT_NE(hash_of(bars), hash);
  // SHA-256 of nothing.
  EXPECT_EQ(hash_of(std::span<const backtest::Trade>{}),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Experiment, NoBarsAndWrongRulesAreRefused) {
  EXPECT_FALSE(run(some_experiment(), {}).has_value());
  Experiment wrong = some_experiment();
  wrong.spec.rules.cash = 0;
  EXPECT_FALSE(run(wrong, testing::walk(10)).has_value());
}

}  // namespace
}  // namespace ziggy::lab
