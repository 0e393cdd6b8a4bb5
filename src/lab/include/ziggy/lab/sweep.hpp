#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ziggy/backtest/engine.hpp"

namespace ziggy::lab {

enum class Cores { One, All };

/// The values to try for each parameter.
using Grid = std::map<std::string, std::vector<double>, std::less<>>;

/// More points than this in one sweep is a mistake in the grid: at 10 µs a point on ten years of
/// days it is already ten seconds a core, and each point keeps a row of metrics.
inline constexpr std::size_t kSweepPointsMax = 1'000'000;

/// Every combination of the grid that the strategy accepts (in range, fast below slow), the last
/// parameter running fastest. Errors: ValidationFailed for an empty axis, too many points, or when
/// no combination is left (then with the reason of the last one, such as an unknown parameter).
[[nodiscard]] Result<std::vector<quant::StrategyCall>> points_of(std::string_view strategy,
                                                                 const Grid& grid);

struct SweepRow {
  quant::StrategyCall call;
  backtest::Metrics metrics;  // var_95_pct is left out (NaN)
};

/// Called from any thread as points are done, with how many; not for each single one.
using SweepProgress = std::function<void(std::size_t done)>;

/// Runs every call under the same rules; row i belongs to calls[i], whatever the cores. What
/// depends on the bars or on one period alone (averages, calendar, the market's returns) is
/// computed once. `rules` have passed `check`.
[[nodiscard]] std::vector<SweepRow> sweep(const backtest::Rules& rules,
                                          std::span<const quant::StrategyCall> calls,
                                          const BarColumns& bars, Cores cores = Cores::All,
                                          const SweepProgress& progress = {});

}  // namespace ziggy::lab
