#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/progress.hpp"
#include "cli/stored_bars.hpp"
#include "cli/text_file.hpp"
#include "commands/backtest_bars.hpp"
#include "commands/commands.hpp"
#include "ziggy/api/backtest_json.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/lab/experiment.hpp"
#include "ziggy/lab/figures.hpp"
#include "ziggy/lab/report_html.hpp"

namespace ziggy::app {

namespace {

struct Options {
  std::string strategy;
  std::string symbol;
  std::vector<std::string> parameters;
  std::string from;
  std::string to;
  std::string interval;
  backtest::Rules rules;
  bool json = false;
  std::string report;
  std::string trades;
  // What the texts above turn into; made while the command line is checked.
  BarsWanted wanted;
  std::optional<quant::StrategyCall> call;
};

using Given = std::map<std::string, double, std::less<>>;

Result<Given> parse_parameters(const std::vector<std::string>& pairs) {
  Given given;
  for (const std::string& pair : pairs) {
    const std::size_t at = pair.find('=');
    const auto value =
        at == std::string::npos ? std::nullopt : text::parse_double(pair.substr(at + 1));
    if (!value || at == 0) {
      return fail(ErrorCode::ValidationFailed, "--param {}: not NAME=NUMBER", pair);
    }
    if (!given.emplace(pair.substr(0, at), *value).second) {
      return fail(ErrorCode::ValidationFailed, "--param {}: given twice", pair.substr(0, at));
    }
  }
  return given;
}

/// Everything that can be wrong before any bar is read; wrong usage, therefore.
Result<> check_usage(Options& options) {
  ZIGGY_TRY(given, parse_parameters(options.parameters));
  ZIGGY_TRY(call, quant::check_parameters(options.strategy, given));
  options.call = call;
  if (!options.symbol.empty()) {
    ZIGGY_TRY(symbol, Symbol::parse(options.symbol));
    options.wanted.symbol = symbol;
  }
  if (!options.interval.empty()) {
    ZIGGY_TRY(interval, parse_interval(options.interval));
    options.wanted.interval = interval;
  }
  if (!options.from.empty()) {
    ZIGGY_TRY(from, parse_rfc3339(options.from));
    options.wanted.range.start = from;
  }
  if (!options.to.empty()) {
    ZIGGY_TRY(to, parse_rfc3339(options.to));
    options.wanted.range.end = to;
  }
  if (!(options.wanted.range.start < options.wanted.range.end)) {
    return fail(ErrorCode::ValidationFailed, "--from must lie before --to");
  }
  return backtest::check(options.rules);
}

void print_table(const lab::Outcome& outcome) {
  const lab::Manifest& manifest = outcome.manifest;
  std::string parameters;
  for (const auto& [name, value] : manifest.parameters) {
    parameters += fmt::format(" {}={}", name, value);
  }
  std::string text = fmt::format("{}{} on {}: {} bars of {}\n", manifest.strategy, parameters,
                                 manifest.symbol, manifest.bars, interval_name(manifest.interval));
  for (const lab::FigureGroup& group : lab::figures_of(outcome.report.metrics)) {
    text += fmt::format("\n{}\n", group.title);
    for (const lab::Figure& figure : group.figures) {
      text += fmt::format("  {:<30}{:>20}\n", figure.label, figure.text);
    }
  }
  if (outcome.report.history.open) {
    text += fmt::format(
        "\nA trade of {} units is still open and not among the trades (--finalize closes it).\n",
        outcome.report.history.open->units);
  }
  if (outcome.report.history.bankrupt)
    text += "\nThe account lost everything; the run ended there.\n";
  Context::print(std::string_view{text});
}

Result<> run_backtest(Context& context, const Options& options) {
  for (const std::string& file : {options.report, options.trades}) {
    if (file.empty()) continue;
    if (const Result<> fine = check_writable(file); !fine) return fine;
  }
  // Worth a bar only for big files; a pipe gets the result alone.
  Progress progress{Context::stderr_is_terminal() ? Progress::Style::Bar : Progress::Style::Silent,
                    "backtest", "steps"};
  constexpr std::size_t kSteps = 3;
  progress.update(0, kSteps);
  ZIGGY_TRY(named, read_bars(context, options.wanted));
  progress.update(1, kSteps);
  ZIGGY_TRY(outcome, lab::run({.spec = {*options.call, options.rules},
                               .data_source = named.source,
                               .symbol = named.symbol,
                               .interval = named.interval,
                               .adjustment = options.wanted.adjustment},
                              named.bars));
  progress.update(2, kSteps);
  if (!options.report.empty()) {
    const Result<> written = write_text_file(options.report, lab::report_html(outcome, named.bars));
    if (!written) return written;
  }
  if (!options.trades.empty()) {
    std::string csv;
    api::append_trades_csv(csv, outcome, named.bars);
    const Result<> written = write_text_file(options.trades, csv);
    if (!written) return written;
  }
  progress.update(kSteps, kSteps);
  if (options.json) {
    std::string json;
    api::append_backtest(json, outcome, named.bars);
    Context::print(std::string_view{json += '\n'});
  } else {
    print_table(outcome);
  }
  return {};
}

void add_options(CLI::App& command, Options& options) {
  std::string names;
  for (const quant::StrategySpec& strategy : quant::strategies()) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", strategy.name);
  }
  command.add_option("--strategy", options.strategy, names)->required();
  CLI::Option_group& source = *command.add_option_group("bars", "Where the bars come from");
  source.add_option("--symbol", options.symbol, "A symbol whose bars are stored");
  source.add_option("--data", options.wanted.file, "A CSV file of bars");
  source.require_option(1);
  command.add_option("--interval", options.interval,
                     "Of the stored bars (default: 1d), or of a file whose spacing misleads");
  add_adjustment_option(command, options.wanted.adjustment);
  command.add_option("--from", options.from, "First date or RFC 3339 time (inside)");
  command.add_option("--to", options.to, "Last date or RFC 3339 time (outside)");
  command
      .add_option("--param", options.parameters,
                  "NAME=NUMBER: a parameter of the strategy; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_rules(CLI::App& command, backtest::Rules& rules) {
  command.add_option("--cash", rules.cash, "To begin with")->capture_default_str();
  command
      .add_option("--commission", rules.costs.commission,
                  "Share of the value, both sides: 0.002 is 0.2 %")
      ->capture_default_str();
  command
      .add_option("--commission-per-unit", rules.costs.commission_per_unit,
                  "Amount a unit, both sides")
      ->capture_default_str();
  command.add_option("--commission-fixed", rules.costs.commission_fixed, "Amount a fill")
      ->capture_default_str();
  command.add_option("--spread", rules.costs.spread, "Share of the price, on entry")
      ->capture_default_str();
  command
      .add_option("--margin", rules.margin,
                  "Share that the account must bring: 0.1 is ten times leverage")
      ->capture_default_str();
  command
      .add_option("--stop-loss", rules.stop_loss,
                  "Share below (short: above) the deciding close; 0: none")
      ->capture_default_str();
  command
      .add_option("--take-profit", rules.take_profit,
                  "Share above (short: below) the deciding close; 0: none")
      ->capture_default_str();
  command.add_flag("--long-only", rules.long_only, "Never go short");
  command.add_flag("--trade-on-close", rules.trade_on_close,
                   "Fill at the deciding close, not the next open");
  command.add_flag("--finalize", rules.finalize, "Close what is still open at the last bar");
}

}  // namespace

void add_backtest_command(CLI::App& app, Runner& runner) {
  CLI::App& command = *app.add_subcommand("backtest", "Runs a strategy over stored bars or a file");
  const auto options = std::make_shared<Options>();
  add_options(command, *options);
  add_rules(command, options->rules);
  command.add_flag("--json", options->json, "One JSON document: metrics, trades, manifest");
  command.add_option("--report", options->report, "HTML file to write");
  command.add_option("--trades", options->trades, "CSV file to write");
  command.parse_complete_callback([options] {
    const Result<> fine = check_usage(*options);
    if (!fine) throw CLI::ValidationError("backtest", fine.error().detail());
  });
  runner.on(command, [options](Context& context) { return run_backtest(context, *options); });
}

}  // namespace ziggy::app
