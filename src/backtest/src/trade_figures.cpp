#include <algorithm>
#include <cmath>

#include "durations.hpp"
#include "figures.hpp"

namespace ziggy::backtest::detail {
namespace {

/// What one walk over the trades adds up.
struct Sums {
  double count = 0;
  double wins = 0;
  double win_pnl = 0;
  double losses = 0;
  double loss_pnl = 0;
  double pnl = 0;
  double returns = 0;
  double winning_returns = 0;
  double losing_returns = 0;
  double log_growth = 0;
  bool lost_everything = false;  // some trade lost its whole stake or more
  double best = kNaN;
  double worst = kNaN;
  double commission = 0;
  std::int64_t length_ns = 0;
  std::int64_t longest_ns = 0;
  std::size_t bars = 0;  // that belong to some trade

  void add(const Trade& trade) {
    const double value = trade.return_fraction;
    count += 1;
    pnl += trade.pnl;
    wins += trade.pnl > 0 ? 1 : 0;
    win_pnl += trade.pnl > 0 ? trade.pnl : 0;
    losses += trade.pnl < 0 ? 1 : 0;
    loss_pnl += trade.pnl < 0 ? trade.pnl : 0;
    returns += value;
    winning_returns += value > 0 ? value : 0;
    losing_returns += value < 0 ? value : 0;
    if (1.0 + value > 0) {
      log_growth += std::log(1.0 + value);
    } else {
      lost_everything = true;
    }
    best = best >= value ? best : value;
    worst = worst <= value ? worst : value;
    commission += trade.commission;
  }
};

Sums sums_of(std::span<const Trade> trades, std::span<const std::int64_t> times) {
  Sums sums;
  std::size_t counted =
      0;  // bars before this one are counted: a bar may end one trade and begin another
  for (const Trade& trade : trades) {
    sums.add(trade);
    const std::int64_t length = times[trade.exit_bar] - times[trade.entry_bar];
    sums.length_ns += length;
    sums.longest_ns = std::max(sums.longest_ns, length);
    const std::size_t from = std::max<std::size_t>(trade.entry_bar, counted);
    const std::size_t to = std::max<std::size_t>(trade.exit_bar + 1U, counted);
    sums.bars += to - std::min(from, to);
    counted = to;
  }
  return sums;
}

double profit_deviation(std::span<const Trade> trades, double mean) {
  double squares = 0;
  for (const Trade& trade : trades) squares += (trade.pnl - mean) * (trade.pnl - mean);
  return std::sqrt(squares / (static_cast<double>(trades.size()) - 1.0));  // NaN for one trade
}

double geometric_mean(const Sums& sums) {
  return sums.lost_everything ? 0 : std::exp(sums.log_growth / sums.count) - 1.0;
}

}  // namespace

void measure_trades(const History& history, std::span<const std::int64_t> times,
                    const Timeline& timeline, Metrics& metrics) {
  const std::span<const Trade> trades{history.trades};
  const Sums sums = sums_of(trades, times);
  metrics.num_trades = trades.size();
  metrics.exposure_pct = static_cast<double>(sums.bars) / static_cast<double>(times.size()) * 100;
  metrics.costs = sums.commission;
  metrics.best_trade_pct = sums.best * 100;
  metrics.worst_trade_pct = sums.worst * 100;
  const double win_rate = sums.wins / nonzero(sums.count);
  metrics.win_rate_pct = win_rate * 100;
  metrics.avg_trade_pct = trades.empty() ? kNaN : geometric_mean(sums) * 100;
  metrics.expectancy_pct = sums.returns / nonzero(sums.count) * 100;
  metrics.profit_factor = sums.winning_returns / nonzero(std::abs(sums.losing_returns));
  const double mean = sums.pnl / nonzero(sums.count);
  metrics.sqn = trades.empty()
                    ? kNaN
                    : std::sqrt(sums.count) * mean / nonzero(profit_deviation(trades, mean));
  metrics.kelly = win_rate - (1.0 - win_rate) / ((sums.win_pnl / nonzero(sums.wins)) /
                                                 (-sums.loss_pnl / nonzero(sums.losses)));
  metrics.max_trade_duration_s =
      trades.empty() ? kNaN : mean_seconds(sums.longest_ns, 1, timeline.duration_unit);
  metrics.avg_trade_duration_s =
      trades.empty() ? kNaN : mean_seconds(sums.length_ns, trades.size(), timeline.duration_unit);
}

}  // namespace ziggy::backtest::detail
