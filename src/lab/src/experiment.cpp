#include "ziggy/lab/experiment.hpp"

#include "hash.hpp"

namespace ziggy::lab {
namespace {

Manifest describe(const Experiment& experiment, const BarColumns& bars,
                  const backtest::Report& report) {
  Manifest manifest;
  manifest.engine_version = backtest::kEngineVersion;
  manifest.data_source = experiment.data_source;
  manifest.symbol = experiment.symbol;
  manifest.interval = experiment.interval;
  manifest.adjustment = experiment.adjustment;
  manifest.bars = bars.size();
  manifest.start = bars.time_at(0);
  manifest.end = bars.time_at(bars.size() - 1);
  manifest.data_hash = hash_of(bars);
  const quant::StrategyCall& strategy = experiment.spec.strategy;
  manifest.strategy = strategy.spec().name;
  for (std::size_t i = 0; i < strategy.values().size(); ++i) {
    manifest.parameters.emplace(strategy.spec().parameters[i].name, strategy.values()[i]);
  }
  manifest.rules = experiment.spec.rules;
  manifest.trade_hash = hash_of(report.history.trades);
  return manifest;
}

}  // namespace

std::string hash_of(const BarColumns& bars) {
  detail::Hash hash;
  hash.add(static_cast<std::uint64_t>(bars.size()));
  hash.add(bars.time);
  hash.add(bars.open);
  hash.add(bars.high);
  hash.add(bars.low);
  hash.add(bars.close);
  hash.add(bars.volume);
  return hash.finish();
}

std::string hash_of(std::span<const backtest::Trade> trades) {
  detail::Hash hash;
  for (const backtest::Trade& trade : trades) {
    hash.add(trade.units);
    hash.add(trade.entry_bar);
    hash.add(trade.exit_bar);
    hash.add(trade.entry_price);
    hash.add(trade.exit_price);
  }
  return hash.finish();
}

Result<Outcome> run(const Experiment& experiment, const BarColumns& bars) {
  if (const auto fine = backtest::check(experiment.spec.rules); !fine) return fail(fine.error());
  if (bars.empty()) {
    return fail(ErrorCode::ValidationFailed, "no bars of {} in that time", experiment.symbol);
  }
  Outcome outcome;
  outcome.report = backtest::run(experiment.spec, bars);
  outcome.manifest = describe(experiment, bars, outcome.report);
  return outcome;
}

Result<Outcome> rerun(const Manifest& manifest, const BarColumns& bars) {
  if (hash_of(bars) != manifest.data_hash) {
    return fail(ErrorCode::ValidationFailed, "these are not the bars of the manifest");
  }
  ZIGGY_TRY(strategy, quant::check_parameters(manifest.strategy, manifest.parameters));
  ZIGGY_TRY(outcome, run({.spec = {strategy, manifest.rules},
                          .data_source = manifest.data_source,
                          .symbol = manifest.symbol,
                          .interval = manifest.interval,
                          .adjustment = manifest.adjustment},
                         bars));
  outcome.manifest.seed = manifest.seed;
  if (outcome.manifest.trade_hash != manifest.trade_hash) {
    return fail(ErrorCode::ValidationFailed,
                "the trades come out different: the manifest is of engine version {}, this is {}",
                manifest.engine_version, backtest::kEngineVersion);
  }
  return outcome;
}

}  // namespace ziggy::lab
