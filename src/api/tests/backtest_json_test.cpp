#include "ziggy/api/backtest_json.hpp"

#include <gtest/gtest.h>

namespace ziggy::api {
namespace {

lab::Outcome small_outcome(BarColumns& bars) {
  // sma(1) crosses sma(2) up at bar 2 and down at bar 4.
  const double closes[] = {10, 9, 12, 13, 8, 7, 7};
  const double opens[] = {10, 10, 9, 12, 13, 8, 7};
  for (int i = 0; i < 7; ++i) {
    bars.push_back({Timestamp{std::chrono::days{19'000 + i}}, opens[i],
                    std::max(opens[i], closes[i]), std::min(opens[i], closes[i]), closes[i], 1});
  }
  auto outcome = lab::run(
      {.spec = {*quant::check_parameters("sma_cross", {{"fast", 1}, {"slow", 2}}), {.cash = 125}},
       .data_source = "a \"file\".csv",
       .symbol = "TINY",
       .adjustment = Adjustment::All},
      bars);
  EXPECT_TRUE(outcome.has_value());
  return *outcome;
}

TEST(BacktestJson, NamesWhatTheContractNames) {
  BarColumns bars;
  const lab::Outcome outcome = small_outcome(bars);
  std::string json;
  append_backtest(json, outcome, bars);
  const auto has = [&](std::string_view part) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
  };
  has(R"({"metrics":{"start":"2022-01-08T00:00:00Z","end":"2022-01-14T00:00:00Z","duration_s":518400,)");
  has(R"("num_trades":1,"win_rate_pct":0,)");
  has(R"("kelly":null,)");  // no winner
  has(R"("ambiguous_fills":0},"trades":[{"size":10,"entry_bar":3,"exit_bar":5,)");
  has(R"("entry_price":12,"exit_price":8,"stop_loss":null,"take_profit":null,"pnl":-40,"commission":0,)");
  has(R"("duration_s":172800,"exit_reason":"signal"}],"open_trade":{"size":-10,"entry_bar":5,)");
  has(R"("manifest":{"engine_version":)");
  has(R"("source":"a \"file\".csv","symbol":"TINY","interval":"1d","adjustment":"all","bars":7,)");
  has(R"("params":{"fast":1,"slow":2},"cash":125,"margin":1,"size":{"equity_share":)");
  has(R"("trade_hash":"sha256:)");
}

TEST(BacktestJson, TradesAreALineEachInCsv) {
  BarColumns bars;
  const lab::Outcome outcome = small_outcome(bars);
  std::string csv;
  append_trades_csv(csv, outcome, bars);
  EXPECT_EQ(csv,
            "size,entry_bar,exit_bar,entry_time,exit_time,entry_price,exit_price,stop_loss,take_"
            "profit,pnl,commission,"
            "return_pct,duration_s,exit_reason\n"
            "10,3,5,2022-01-11T00:00:00Z,2022-01-13T00:00:00Z,12,8,,,-40,0,-33.333333333333336,"
            "172800,signal\n");
}

}  // namespace
}  // namespace ziggy::api
