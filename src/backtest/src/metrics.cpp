#include "ziggy/backtest/metrics.hpp"

#include <algorithm>
#include <cmath>

#include "figures.hpp"
#include "lanes.hpp"
#include "ziggy/backtest/series.hpp"

namespace ziggy::backtest {
namespace {

using detail::kNaN;
using detail::nonzero;

Metrics unmeasurable() {
  Metrics none;
  for (double* figure : {&none.duration_s,
                         &none.exposure_pct,
                         &none.equity_final,
                         &none.equity_peak,
                         &none.return_pct,
                         &none.buy_hold_return_pct,
                         &none.return_ann_pct,
                         &none.volatility_ann_pct,
                         &none.cagr_pct,
                         &none.sharpe,
                         &none.sortino,
                         &none.calmar,
                         &none.alpha_pct,
                         &none.beta,
                         &none.max_drawdown_pct,
                         &none.avg_drawdown_pct,
                         &none.max_drawdown_duration_s,
                         &none.avg_drawdown_duration_s,
                         &none.win_rate_pct,
                         &none.best_trade_pct,
                         &none.worst_trade_pct,
                         &none.avg_trade_pct,
                         &none.max_trade_duration_s,
                         &none.avg_trade_duration_s,
                         &none.profit_factor,
                         &none.expectancy_pct,
                         &none.sqn,
                         &none.kelly,
                         &none.var_95_pct,
                         &none.turnover}) {
    *figure = kNaN;
  }
  return none;
}

double mean_of(std::span<const double> values) {
  return detail::sum_of(values.size(), [&](std::size_t i) { return values[i]; }) /
         static_cast<double>(values.size());
}

double growth_per_year_pct(double ratio, double seconds) {
  constexpr double kSecondsPerYear = 365.25 * 86400;
  const double years = seconds / kSecondsPerYear;
  return years > 0 ? (std::pow(ratio, 1.0 / years) - 1.0) * 100 : kNaN;
}

void measure_account(std::span<const double> equity, const BarColumns& bars, std::size_t warm_up,
                     Metrics& metrics) {
  metrics.start = bars.time_at(0);
  metrics.end = bars.time_at(bars.size() - 1);
  metrics.duration_s = std::chrono::duration<double>(metrics.end - metrics.start).count();
  metrics.equity_final = equity.back();
  metrics.return_pct = (equity.back() - equity.front()) / equity.front() * 100;
  const double first_close = bars.close[std::min(warm_up, bars.size() - 1)];
  metrics.buy_hold_return_pct = (bars.close.back() - first_close) / first_close * 100;
  metrics.cagr_pct = growth_per_year_pct(equity.back() / equity.front(), metrics.duration_s);
}

void measure_falls(std::span<const double> equity, const BarColumns& bars, const Timeline& timeline,
                   Metrics& metrics) {
  const DrawdownFigures falls = measure_drawdowns(equity, bars.time, timeline.duration_unit);
  metrics.equity_peak = falls.peak;
  metrics.max_drawdown_pct = 0.0 - falls.deepest * 100;  // no minus zero
  metrics.avg_drawdown_pct = -falls.mean_deepest * 100;
  metrics.max_drawdown_duration_s = falls.longest_s;
  metrics.avg_drawdown_duration_s = falls.mean_length_s;
  metrics.calmar = metrics.return_ann_pct / 100 / nonzero(falls.deepest);
}

/// Everything but the value at risk. `beta` is asked for once, for the equity.
template <class Beta>
Metrics measure_all(const History& history, const BarColumns& bars, std::size_t warm_up,
                    const Timeline& timeline, Scratch& scratch, Beta beta) {
  Metrics metrics = unmeasurable();
  metrics.ambiguous_fills = history.ambiguous_fills;
  if (bars.empty()) return metrics;
  const std::span<const double> equity{history.equity};
  measure_account(equity, bars, warm_up, metrics);
  detail::period_returns(equity, timeline, scratch.period_returns);
  detail::measure_returns(scratch.period_returns, equity, timeline, metrics);
  measure_falls(equity, bars, timeline, metrics);
  metrics.beta = beta(equity);
  metrics.alpha_pct = metrics.return_pct - metrics.beta * metrics.buy_hold_return_pct;
  detail::measure_trades(history, bars.time, timeline, metrics);
  metrics.turnover = history.traded_value / nonzero(mean_of(equity));
  return metrics;
}

}  // namespace

Metrics measure_quickly(const History& history, const BarColumns& bars, std::size_t warm_up,
                        const Timeline& timeline, const Benchmark& benchmark, Scratch& scratch) {
  return measure_all(
      history, bars, warm_up, timeline, scratch,
      [&](std::span<const double> equity) { return detail::measure_beta(equity, benchmark); });
}

Metrics measure(const History& history, const BarColumns& bars, std::size_t warm_up) {
  Scratch scratch;
  const Timeline timeline = make_timeline(bars.time);
  Metrics metrics = measure_all(
      history, bars, warm_up, timeline, scratch,
      [&](std::span<const double> equity) { return detail::measure_beta(equity, bars.close); });
  metrics.var_95_pct = detail::quantile(scratch.period_returns, 0.05) * 100;
  return metrics;
}

}  // namespace ziggy::backtest
