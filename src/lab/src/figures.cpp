#include "ziggy/lab/figures.hpp"

#include <fmt/core.h>

#include <cmath>

namespace ziggy::lab {
namespace {

constexpr const char* kNothing = "–";

std::string percent(double value) {
  return std::isfinite(value) ? fmt::format("{:.2f} %", value) : kNothing;
}

std::string plain(double value, int digits = 2) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : kNothing;
}

/// 51,422.99: money is read in groups of three.
std::string money(double value) {
  if (!std::isfinite(value)) return kNothing;
  std::string text = fmt::format("{:.2f}", value);
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  for (std::size_t at = text.size() - 3; at > first + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return kNothing;
  const auto whole = static_cast<long long>(seconds);
  const long long days = whole / 86400;
  const long long rest = whole % 86400;
  if (days > 0 && rest == 0) return fmt::format("{} d", days);
  if (days > 0) return fmt::format("{} d {} h", days, rest / 3600);
  return fmt::format("{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
}

}  // namespace

std::vector<FigureGroup> figures_of(const backtest::Metrics& m) {
  return {
      {"Period",
       {{"Start", to_rfc3339(m.start, Subsecond::None)},
        {"End", to_rfc3339(m.end, Subsecond::None)},
        {"Duration", duration(m.duration_s)},
        {"Exposure", percent(m.exposure_pct)}}},
      {"Return",
       {{"Final equity", money(m.equity_final)},
        {"Peak equity", money(m.equity_peak)},
        {"Return", percent(m.return_pct)},
        {"Buy and hold", percent(m.buy_hold_return_pct)},
        {"Annual return", percent(m.return_ann_pct)},
        {"Annual volatility", percent(m.volatility_ann_pct)},
        {"CAGR", percent(m.cagr_pct)}}},
      {"Risk",
       {{"Sharpe ratio", plain(m.sharpe)},
        {"Sortino ratio", plain(m.sortino)},
        {"Calmar ratio", plain(m.calmar)},
        {"Alpha", percent(m.alpha_pct)},
        {"Beta", plain(m.beta, 4)},
        {"Worst day in twenty (VaR 95)", percent(m.var_95_pct)},
        {"Largest drawdown", percent(m.max_drawdown_pct)},
        {"Average drawdown", percent(m.avg_drawdown_pct)},
        {"Longest drawdown", duration(m.max_drawdown_duration_s)},
        {"Average drawdown length", duration(m.avg_drawdown_duration_s)}}},
      {"Trades",
       {{"Trades", fmt::format("{}", m.num_trades)},
        {"Win rate", percent(m.win_rate_pct)},
        {"Best trade", percent(m.best_trade_pct)},
        {"Worst trade", percent(m.worst_trade_pct)},
        {"Average trade", percent(m.avg_trade_pct)},
        {"Longest trade", duration(m.max_trade_duration_s)},
        {"Average trade length", duration(m.avg_trade_duration_s)},
        {"Profit factor", plain(m.profit_factor)},
        {"Expectancy", percent(m.expectancy_pct)},
        {"SQN", plain(m.sqn)},
        {"Kelly criterion", plain(m.kelly, 4)},
        {"Turnover", plain(m.turnover)},
        {"Costs", money(m.costs)},
        {"Ambiguous fills", fmt::format("{}", m.ambiguous_fills)}}},
  };
}

}  // namespace ziggy::lab
