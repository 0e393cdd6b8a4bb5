#include "ziggy/api/backtest_json.hpp"

#include "ziggy/api/json.hpp"
#include "ziggy/domain/adjust.hpp"

namespace ziggy::api {
namespace {

using backtest::Trade;

constexpr std::string_view reason_name(backtest::ExitReason reason) noexcept {
  switch (reason) {
    case backtest::ExitReason::Signal:
      return "signal";
    case backtest::ExitReason::Stop:
      return "stop_loss";
    case backtest::ExitReason::Target:
      return "take_profit";
    case backtest::ExitReason::Finalize:
      return "finalize";
    case backtest::ExitReason::Bankruptcy:
      return "bankruptcy";
  }
  return "signal";
}

void write_metrics(JsonOut& json, const backtest::Metrics& m) {
  json.begin_object()
      .field("start", m.start)
      .field("end", m.end)
      .field("duration_s", m.duration_s)
      .field("exposure_pct", m.exposure_pct)
      .field("equity_final", m.equity_final)
      .field("equity_peak", m.equity_peak)
      .field("return_pct", m.return_pct)
      .field("buy_hold_return_pct", m.buy_hold_return_pct)
      .field("return_ann_pct", m.return_ann_pct)
      .field("volatility_ann_pct", m.volatility_ann_pct)
      .field("cagr_pct", m.cagr_pct)
      .field("sharpe", m.sharpe)
      .field("sortino", m.sortino)
      .field("calmar", m.calmar)
      .field("alpha_pct", m.alpha_pct)
      .field("beta", m.beta)
      .field("max_drawdown_pct", m.max_drawdown_pct)
      .field("avg_drawdown_pct", m.avg_drawdown_pct)
      .field("max_drawdown_duration_s", m.max_drawdown_duration_s)
      .field("avg_drawdown_duration_s", m.avg_drawdown_duration_s)
      .field("num_trades", static_cast<std::uint64_t>(m.num_trades))
      .field("win_rate_pct", m.win_rate_pct)
      .field("best_trade_pct", m.best_trade_pct)
      .field("worst_trade_pct", m.worst_trade_pct)
      .field("avg_trade_pct", m.avg_trade_pct)
      .field("max_trade_duration_s", m.max_trade_duration_s)
      .field("avg_trade_duration_s", m.avg_trade_duration_s)
      .field("profit_factor", m.profit_factor)
      .field("expectancy_pct", m.expectancy_pct)
      .field("sqn", m.sqn)
      .field("kelly", m.kelly)
      .field("var_95_pct", m.var_95_pct)
      .field("turnover", m.turnover)
      .field("costs", m.costs)
      .field("ambiguous_fills", static_cast<std::uint64_t>(m.ambiguous_fills))
      .end_object();
}

double duration_s(const Trade& trade, const BarColumns& bars) {
  return std::chrono::duration<double>(bars.time_at(trade.exit_bar) - bars.time_at(trade.entry_bar))
      .count();
}

void write_trade(JsonOut& json, const Trade& trade, const BarColumns& bars) {
  json.begin_object()
      .field("size", trade.units)
      .field("entry_bar", static_cast<std::uint64_t>(trade.entry_bar))
      .field("exit_bar", static_cast<std::uint64_t>(trade.exit_bar))
      .field("entry_time", bars.time_at(trade.entry_bar))
      .field("exit_time", bars.time_at(trade.exit_bar))
      .field("entry_price", trade.entry_price)
      .field("exit_price", trade.exit_price)
      .field("stop_loss", trade.protection.stop)
      .field("take_profit", trade.protection.target)
      .field("pnl", trade.pnl)
      .field("commission", trade.commission)
      .field("return_pct", trade.return_fraction * 100)
      .field("duration_s", duration_s(trade, bars))
      .field("exit_reason", reason_name(trade.reason))
      .end_object();
}

void write_open_trade(JsonOut& json, const std::optional<backtest::OpenTrade>& trade,
                      const BarColumns& bars) {
  if (!trade) {
    json.null();
    return;
  }
  json.begin_object()
      .field("size", trade->units)
      .field("entry_bar", static_cast<std::uint64_t>(trade->entry_bar))
      .field("entry_time", bars.time_at(trade->entry_bar))
      .field("entry_price", trade->entry_price)
      .field("stop_loss", trade->protection.stop)
      .field("take_profit", trade->protection.target)
      .end_object();
}

void write_manifest(JsonOut& json, const lab::Manifest& manifest) {
  const backtest::Rules& rules = manifest.rules;
  json.begin_object().field("engine_version", std::string_view{manifest.engine_version});
  json.key("data")
      .begin_object()
      .field("source", std::string_view{manifest.data_source})
      .field("symbol", std::string_view{manifest.symbol})
      .field("interval", interval_name(manifest.interval))
      .field("adjustment", adjustment_name(manifest.adjustment))
      .field("bars", static_cast<std::uint64_t>(manifest.bars))
      .field("start", manifest.start)
      .field("end", manifest.end)
      .field("hash", std::string_view{manifest.data_hash})
      .end_object();
  json.field("strategy", std::string_view{manifest.strategy}).key("params").begin_object();
  for (const auto& [name, value] : manifest.parameters) json.field(name, value);
  json.end_object().field("cash", rules.cash).field("margin", rules.margin);
  json.key("size").begin_object();
  if (const auto* part = std::get_if<backtest::EquityShare>(&rules.size)) {
    json.field("equity_share", part->share);
  } else {
    json.field("units", std::get<backtest::Units>(rules.size).units);
  }
  json.end_object()
      .field("commission", rules.costs.commission)
      .field("commission_per_unit", rules.costs.commission_per_unit)
      .field("commission_fixed", rules.costs.commission_fixed)
      .field("spread", rules.costs.spread)
      .field("long_only", rules.long_only)
      .field("trade_on_close", rules.trade_on_close)
      .field("finalize", rules.finalize)
      .field("stop_loss", rules.stop_loss)
      .field("take_profit", rules.take_profit)
      .field("seed", manifest.seed)
      .field("trade_hash", std::string_view{manifest.trade_hash})
      .end_object();
}

void append_cell(std::string& out, double value) {
  char digits[kNumberSize];
  if (value == value) out.append(digits, write_number(digits, value));  // no value, no text
  out += ',';
}

}  // namespace

void append_backtest(std::string& out, const lab::Outcome& outcome, const BarColumns& bars) {
  JsonOut json{out};
  json.begin_object().key("metrics");
  write_metrics(json, outcome.report.metrics);
  json.key("trades").begin_array();
  for (const Trade& trade : outcome.report.history.trades) write_trade(json, trade, bars);
  json.end_array().key("open_trade");
  write_open_trade(json, outcome.report.history.open, bars);
  json.key("manifest");
  write_manifest(json, outcome.manifest);
  json.end_object();
}

void append_trades_csv(std::string& out, const lab::Outcome& outcome, const BarColumns& bars) {
  out +=
      "size,entry_bar,exit_bar,entry_time,exit_time,entry_price,exit_price,stop_loss,take_profit,"
      "pnl,commission,return_pct,duration_s,exit_reason\n";
  for (const Trade& trade : outcome.report.history.trades) {
    append_cell(out, trade.units);
    append_cell(out, trade.entry_bar);
    append_cell(out, trade.exit_bar);
    out += to_rfc3339(bars.time_at(trade.entry_bar)) + ",";
    out += to_rfc3339(bars.time_at(trade.exit_bar)) + ",";
    append_cell(out, trade.entry_price);
    append_cell(out, trade.exit_price);
    append_cell(out, trade.protection.stop);
    append_cell(out, trade.protection.target);
    append_cell(out, trade.pnl);
    append_cell(out, trade.commission);
    append_cell(out, trade.return_fraction * 100);
    append_cell(out, duration_s(trade, bars));
    out += reason_name(trade.reason);
    out += '\n';
  }
}

}  // namespace ziggy::api
