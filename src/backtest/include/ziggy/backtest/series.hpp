#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace ziggy::backtest {

/// 1 - equity / peak so far, for each bar: 0.1 is ten percent below the peak.
[[nodiscard]] std::vector<double> drawdown_series(std::span<const double> equity);

/// Drawdowns from a peak to the bar that reaches it again, or to the last bar.
struct DrawdownFigures {
  double peak = 0;           // the highest equity of all
  double deepest = 0;        // fraction, positive
  double mean_deepest = 0;   // over the drawdowns; NaN without any
  double longest_s = 0;      // NaN without any
  double mean_length_s = 0;  // likewise
};

/// Lengths are rounded up to multiples of `duration_unit`. `equity` and `times` have the same,
/// non-zero size.
[[nodiscard]] DrawdownFigures measure_drawdowns(std::span<const double> equity,
                                                std::span<const std::int64_t> times,
                                                std::chrono::nanoseconds duration_unit);

struct MonthlyReturn {
  std::chrono::year_month month;
  double return_fraction =
      0;  // from the last equity of the month before (the first of all, to begin with)
};

/// Every month of UTC that has a bar, ascending.
[[nodiscard]] std::vector<MonthlyReturn> monthly_returns(std::span<const double> equity,
                                                         std::span<const std::int64_t> times);

}  // namespace ziggy::backtest
