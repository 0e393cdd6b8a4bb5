#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ziggy/backtest/timeline.hpp"
#include "ziggy/backtest/trade.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/domain/bar.hpp"

namespace ziggy::backtest {

/// How the run did. `_pct` is in percent, `_s` in seconds; drawdowns are negative; the risk-free
/// rate is zero. NaN (null on the wire) where a figure has no meaning: no trades, no variance, one
/// bar. Definitions are those of backtesting.py 0.6 unless said.
struct Metrics {
  Timestamp start;  // of the first and the last bar
  Timestamp end;
  double duration_s = 0;
  double exposure_pct =
      0;  // share of the bars that belong to a closed trade, entry and exit bar included
  double equity_final = 0;
  double equity_peak = 0;
  double return_pct = 0;
  double buy_hold_return_pct = 0;  // from the first close after warm-up to the last, no costs
  /// Geometric mean of the daily returns of the equity, compounded over a year.
  double return_ann_pct = 0;
  double volatility_ann_pct =
      0;                 // of a compounded return (https://dx.doi.org/10.2139/ssrn.3054517)
  double cagr_pct = 0;   // over calendar years of 365.25 days
  double sharpe = 0;     // return_ann_pct over volatility_ann_pct
  double sortino = 0;    // annual return over the root of the mean squared losing day, annualised
  double calmar = 0;     // annual return over the largest drawdown
  double alpha_pct = 0;  // return less beta times buy-and-hold's
  double beta = 0;       // of bar-by-bar log returns against the bars' closes
  double max_drawdown_pct = 0;
  double avg_drawdown_pct = 0;         // mean of the deepest point of each drawdown
  double max_drawdown_duration_s = 0;  // from a peak to the recovery, rounded up (Timeline)
  double avg_drawdown_duration_s = 0;
  std::size_t num_trades = 0;
  double win_rate_pct = 0;
  double best_trade_pct = 0;
  double worst_trade_pct = 0;
  double avg_trade_pct = 0;  // geometric mean of the trades' returns
  double max_trade_duration_s = 0;
  double avg_trade_duration_s = 0;
  double profit_factor = 0;   // sum of the winning trades' returns over that of the losing ones
  double expectancy_pct = 0;  // arithmetic mean of the trades' returns
  double sqn = 0;  // root of the number of trades, times mean over deviation of their profit
  double kelly = 0;
  /// Ours: the 5th percentile of the daily returns of the equity (linear between neighbours), so
  /// that on one day in twenty the result was this or worse; negative is a loss.
  double var_95_pct = 0;
  /// Ours: the value traded in all fills, entries and exits, over the mean equity.
  double turnover = 0;
  double costs = 0;  // commission of the closed trades, both sides; the spread is in their prices
  std::size_t ambiguous_fills =
      0;  // ours: bars that reached both stop and target; the stop was assumed
};

/// The market's side of beta, from the closes alone; a sweep makes it once.
struct Benchmark {
  std::vector<double> centred_log_returns;  // of each bar after the first, less their mean
  double square_sum = 0;
};

[[nodiscard]] Benchmark make_benchmark(std::span<const double> closes);

/// Memory that one measurement after another can use again.
struct Scratch {
  std::vector<double> period_returns;
};

/// Measures a run over `bars`. Linear in the bars and trades.
[[nodiscard]] Metrics measure(const History& history, const BarColumns& bars, std::size_t warm_up);

/// The same with what can be shared and used again; `var_95_pct` is left NaN, since its selection
/// costs a sweep more than all other figures.
[[nodiscard]] Metrics measure_quickly(const History& history, const BarColumns& bars,
                                      std::size_t warm_up, const Timeline& timeline,
                                      const Benchmark& benchmark, Scratch& scratch);

}  // namespace ziggy::backtest
