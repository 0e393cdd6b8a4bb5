#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ziggy/backtest/engine.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"

namespace ziggy::lab {

/// What a result needs to be repeated and to be trusted: where it came from, every number that went
/// in, and hashes of what went in and out. Enough to run again without anything else but the bars.
struct Manifest {
  std::string engine_version;  // backtest::kEngineVersion of the run
  std::string data_source;     // a file's name or `store`: for people
  std::string symbol;
  Interval interval = Interval::Day;
  Adjustment adjustment = Adjustment::Split;  // what was folded into the bars
  std::size_t bars = 0;
  Timestamp start;  // of the first and last bar
  Timestamp end;
  std::string data_hash;  // `sha256:` and hex, over the columns
  std::string strategy;
  std::map<std::string, double, std::less<>> parameters;  // all of them, defaults included
  backtest::Rules rules;
  std::uint64_t seed = 0;  // of whatever is random; a single run has nothing random
  std::string trade_hash;  // `sha256:` and hex, over the closed trades
};

/// A spec and the names of the bars it runs over.
struct Experiment {
  backtest::Spec spec;
  std::string data_source;
  std::string symbol;
  Interval interval = Interval::Day;
  Adjustment adjustment = Adjustment::Split;  // of the bars: written down, not applied
};

struct Outcome {
  backtest::Report report;
  Manifest manifest;
};

/// Runs the experiment and writes its manifest. Errors: ValidationFailed for rules out of their
/// ranges and for no bars.
[[nodiscard]] Result<Outcome> run(const Experiment& experiment, const BarColumns& bars);

/// Runs what a manifest describes once more. Errors: ValidationFailed when the bars are not those
/// of the manifest, when its strategy or rules are unknown here, or when the trades come out
/// different (another engine).
[[nodiscard]] Result<Outcome> rerun(const Manifest& manifest, const BarColumns& bars);

/// `sha256:` and hex over every column, bit for bit.
[[nodiscard]] std::string hash_of(const BarColumns& bars);
/// Likewise over units, bars and prices of each trade.
[[nodiscard]] std::string hash_of(std::span<const backtest::Trade> trades);

}  // namespace ziggy::lab
