#include "ziggy/lab/report_html.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "report_style.hpp"
#include "svg.hpp"
#include "ziggy/backtest/series.hpp"
#include "ziggy/domain/adjust.hpp"
#include "ziggy/lab/figures.hpp"

namespace ziggy::lab {
namespace {

using detail::Chart;
using detail::escaped;

// A page that opens at once: past these a chart is solid colour and a table is no reading matter.
constexpr std::size_t kTradesDrawn = 1'000;
constexpr std::size_t kTradesListed = 2'000;

std::string time_text(const BarColumns& bars, std::size_t bar, Interval interval) {
  const std::string text = to_rfc3339(bars.time_at(bar), Subsecond::None);
  return is_intraday(interval) ? text.substr(0, 10) + " " + text.substr(11, 5) : text.substr(0, 10);
}

std::string signed_percent(double fraction) {
  return std::isfinite(fraction) ? fmt::format("{:+.2f} %", fraction * 100) : "–";
}

const char* sign_class(double value) { return value > 0 ? "gain" : value < 0 ? "loss" : ""; }

std::string heading(const Manifest& manifest, std::string& out) {
  std::string parameters;
  for (const auto& [name, value] : manifest.parameters) {
    parameters += fmt::format("{}{} {}", parameters.empty() ? "" : ", ", name, value);
  }
  const std::string title = fmt::format("{} on {}", manifest.strategy, manifest.symbol);
  out += fmt::format("<header><h1>{}</h1><p class=\"muted\">{}</p></header>\n", escaped(title),
                     escaped(fmt::format("{} · {} bars of {} · {} to {}",
                                         parameters.empty() ? "no parameters" : parameters,
                                         manifest.bars, interval_name(manifest.interval),
                                         to_rfc3339(manifest.start, Subsecond::None).substr(0, 10),
                                         to_rfc3339(manifest.end, Subsecond::None).substr(0, 10))));
  return title;
}

void write_figures(const backtest::Metrics& metrics, std::string& out) {
  out += "<section><h2>Figures</h2><div class=\"figures\">\n";
  for (const FigureGroup& group : figures_of(metrics)) {
    out += fmt::format("<table><caption>{}</caption><tbody>\n", escaped(group.title));
    for (const Figure& figure : group.figures) {
      out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(figure.label),
                         escaped(figure.text));
    }
    out += "</tbody></table>\n";
  }
  out += "</div></section>\n";
}

void write_price(const Outcome& outcome, const BarColumns& bars, std::string& out) {
  const auto [low, high] = std::ranges::minmax(bars.close);
  std::span<const backtest::Trade> trades{outcome.report.history.trades};
  const std::size_t drawn = std::min(trades.size(), kTradesDrawn);
  double bottom = low;
  double top = high;
  for (const backtest::Trade& trade :
       trades.first(drawn)) {  // fills lie between open and close, or on a wick
    bottom = std::min({bottom, trade.entry_price, trade.exit_price});
    top = std::max({top, trade.entry_price, trade.exit_price});
  }
  Chart chart{"Price with trades", bars.time, bottom, top, 320, detail::Scale::Logarithmic};
  chart.curve(bars.close, "price");
  for (const backtest::Trade& trade : trades.first(drawn)) {
    const bool is_long = trade.units > 0;
    const std::string tip = fmt::format(
        "{} {} from {} at {:.6g} to {} at {:.6g}: {}", is_long ? "Long" : "Short",
        std::abs(trade.units), time_text(bars, trade.entry_bar, outcome.manifest.interval),
        trade.entry_price, time_text(bars, trade.exit_bar, outcome.manifest.interval),
        trade.exit_price, signed_percent(trade.return_fraction));
    chart.line(trade.entry_bar, trade.entry_price, trade.exit_bar, trade.exit_price,
               trade.pnl > 0 ? "won" : "lost", tip);
    chart.marker(trade.entry_bar, trade.entry_price, is_long, is_long ? "long" : "short", tip);
  }
  out += "<section><h2>Price and trades</h2>\n";
  out += chart.finish(fmt::format("{} trades, {} of them drawn", trades.size(), drawn), "");
  out += fmt::format(
      "<p class=\"muted\">Close, logarithmic. A triangle is an entry (up long, down short); solid "
      "lines won, dashed "
      "ones lost.{}</p></section>\n",
      drawn < trades.size()
          ? fmt::format(" The first {} of {} trades are drawn.", drawn, trades.size())
          : "");
}

void write_equity(const Outcome& outcome, const BarColumns& bars, std::string& out) {
  const std::vector<double>& equity = outcome.report.history.equity;
  // What buying at the end of the warm-up and holding would have made of the same cash.
  std::vector<double> hold(bars.size(), equity.front());
  const std::size_t from = std::min(outcome.report.warm_up, bars.size() - 1);
  for (std::size_t i = from; i < bars.size(); ++i) {
    hold[i] = equity.front() * bars.close[i] / bars.close[from];
  }
  const auto [low, high] = std::ranges::minmax(equity);
  const auto [hold_low, hold_high] = std::ranges::minmax(hold);
  Chart chart{"Equity", bars.time, std::min(low, hold_low), std::max(high, hold_high), 280};
  chart.curve(hold, "hold");
  chart.curve(equity, "equity");
  out += "<section><h2>Equity</h2>\n";
  out += chart.finish(fmt::format("From {:.2f} to {:.2f}", equity.front(), equity.back()), "");
  out +=
      "<p class=\"muted\">Solid: the account at each close. Dashed: buy and hold, without "
      "costs.</p></section>\n";

  std::vector<double> drawdown = backtest::drawdown_series(equity);
  for (double& value : drawdown) value *= -100;
  const double deepest = *std::ranges::min_element(drawdown);
  Chart falls{"Drawdown", bars.time, std::min(deepest, -1.0), 0, 160};
  falls.area(drawdown, 0, "fall");
  out += "<section><h2>Drawdown</h2>\n";
  out += falls.finish(fmt::format("At most {:.2f} percent below the peak", -deepest), " %");
  out += "</section>\n";
}

void write_months(const Outcome& outcome, const BarColumns& bars, std::string& out) {
  const auto months = backtest::monthly_returns(outcome.report.history.equity, bars.time);
  out +=
      "<section><h2>Monthly returns</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"Monthly "
      "returns\"><table>\n<thead><tr><th scope=\"col\">Year</th>";
  for (const char* name :
       {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}) {
    out += fmt::format("<th scope=\"col\">{}</th>", name);
  }
  out += "<th scope=\"col\">Year</th></tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < months.size();) {
    const auto year = months[i].month.year();
    out += fmt::format("<tr><th scope=\"row\">{}</th>", static_cast<int>(year));
    double growth = 1;
    for (unsigned month = 1; month <= 12; ++month) {
      if (i < months.size() && months[i].month.year() == year &&
          static_cast<unsigned>(months[i].month.month()) == month) {
        const double value = months[i].return_fraction;
        growth *= 1 + value;
        out += fmt::format("<td class=\"{}\">{:+.1f}</td>", sign_class(value), value * 100);
        ++i;
      } else {
        out += "<td></td>";
      }
    }
    out += fmt::format("<td class=\"{}\">{:+.1f}</td></tr>\n", sign_class(growth - 1),
                       (growth - 1) * 100);
  }
  out += "</tbody></table></div><p class=\"muted\">In percent.</p></section>\n";
}

void write_trades(const Outcome& outcome, const BarColumns& bars, std::string& out) {
  const std::span<const backtest::Trade> trades{outcome.report.history.trades};
  const std::size_t listed = std::min(trades.size(), kTradesListed);
  out += fmt::format(
      "<section><h2>Trades</h2><details><summary>{} trades{}</summary><div class=\"scroll\" "
      "tabindex=\"0\" "
      "role=\"region\" aria-label=\"Trades\"><table>\n<thead><tr><th scope=\"col\">Entry</th><th "
      "scope=\"col\">Exit</th><th scope=\"col\">Size</th><th scope=\"col\">In</th><th "
      "scope=\"col\">Out</th><th "
      "scope=\"col\">Commission</th><th scope=\"col\">Profit</th><th "
      "scope=\"col\">Return</th></tr></thead>\n<tbody>\n",
      trades.size(), listed < trades.size() ? fmt::format(", the first {} listed", listed) : "");
  for (const backtest::Trade& trade : trades.first(listed)) {
    out += fmt::format(
        "<tr><th "
        "scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{:.6g}</td><td>{:.6g}</td><td>{:.2f}</"
        "td><td "
        "class=\"{}\">{:+.2f}</td><td>{}</td></tr>\n",
        time_text(bars, trade.entry_bar, outcome.manifest.interval),
        time_text(bars, trade.exit_bar, outcome.manifest.interval), trade.units, trade.entry_price,
        trade.exit_price, trade.commission, sign_class(trade.pnl), trade.pnl,
        signed_percent(trade.return_fraction));
  }
  out += "</tbody></table></div></details></section>\n";
}

void write_manifest(const Manifest& manifest, std::string& out) {
  const backtest::Rules& rules = manifest.rules;
  std::string flags;
  for (const auto& [is_set, name] :
       {std::pair{rules.long_only, "long only"}, std::pair{rules.trade_on_close, "trade on close"},
        std::pair{rules.finalize, "finalize"}}) {
    if (is_set) flags += fmt::format("{}{}", flags.empty() ? "" : ", ", name);
  }
  const std::pair<const char*, std::string> lines[] = {
      {"Data", manifest.data_source},
      {"Adjustment", std::string{adjustment_name(manifest.adjustment)}},
      {"Data hash", manifest.data_hash},
      {"Trade hash", manifest.trade_hash},
      {"Engine version", manifest.engine_version},
      {"Cash", fmt::format("{}", rules.cash)},
      {"Margin", fmt::format("{}", rules.margin)},
      {"Commission", fmt::format("{} of the value, {} a unit, {} a fill", rules.costs.commission,
                                 rules.costs.commission_per_unit, rules.costs.commission_fixed)},
      {"Spread", fmt::format("{}", rules.costs.spread)},
      {"Stop-loss", fmt::format("{}", rules.stop_loss)},
      {"Take-profit", fmt::format("{}", rules.take_profit)},
      {"Fills", flags.empty() ? "at the next open" : flags}};
  out +=
      "<section><h2>Manifest</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"Manifest\"><table><tbody>\n";
  for (const auto& [name, value] : lines) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td><code>{}</code></td></tr>\n", name,
                       escaped(value));
  }
  out +=
      "</tbody></table></div><p class=\"muted\">The same manifest and data give the same trade "
      "hash.</p></section>\n";
}

}  // namespace

std::string report_html(const Outcome& outcome, const BarColumns& bars) {
  std::string body;
  const std::string title = heading(outcome.manifest, body);
  body += "<main>\n";
  write_equity(outcome, bars, body);
  write_figures(outcome.report.metrics, body);
  write_price(outcome, bars, body);
  write_months(outcome, bars, body);
  write_trades(outcome, bars, body);
  write_manifest(outcome.manifest, body);
  body += "</main>\n";
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><meta "
      "http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{} – "
      "Ziggy</title>\n<style>{}</style>"
      "</head>\n<body>\n{}</body></html>\n",
      escaped(title), detail::kReportStyle, body);
}

}  // namespace ziggy::lab
