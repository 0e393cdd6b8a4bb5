#pragma once

#include <span>
#include <string_view>

#include "ziggy/backtest/metrics.hpp"
#include "ziggy/backtest/spec.hpp"
#include "ziggy/backtest/trade.hpp"
#include "ziggy/domain/bar.hpp"

namespace ziggy::backtest {

/// Changes whenever the same spec and bars give other trades.
inline constexpr std::string_view kEngineVersion = "1";

struct Report {
  History history;
  Metrics metrics;
  std::size_t warm_up = 0;  // bars before the strategy's indicators all have a value
};

/// Runs `spec` over `bars`: decides on the close of bar t, fills from bar t + 1 on. The same input
/// gives the same report to the last bit. `spec.rules` has passed `check`; bars ascend in time.
[[nodiscard]] Report run(const Spec& spec, const BarColumns& bars);

/// The account's history alone, for decisions from anywhere: `targets` holds one for each bar.
/// Reuses the memory of `out`.
void simulate(const Rules& rules, std::span<const quant::Target> targets, quant::BarView bars,
              History& out);

}  // namespace ziggy::backtest
