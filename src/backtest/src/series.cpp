#include "ziggy/backtest/series.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "durations.hpp"

namespace ziggy::backtest {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Collects drawdowns one after another.
struct Drawdowns {
  std::span<const std::int64_t> times;
  std::size_t count = 0;
  double deepest_sum = 0;
  std::int64_t longest = 0;
  std::int64_t length_sum = 0;

  void add(std::size_t peak_bar, std::size_t end_bar, double peak, double lowest) {
    const std::int64_t length = times[end_bar] - times[peak_bar];
    ++count;
    deepest_sum += 1.0 - lowest / peak;
    longest = std::max(longest, length);
    length_sum += length;
  }
};

constexpr std::size_t kBlock = 16;

struct Extremes {
  double low;
  double high;
};

/// Of one block; in lanes, which the compiler puts side by side.
Extremes extremes(const double* values) {
  constexpr std::size_t kLanes = 4;
  std::array<double, kLanes> low;
  std::array<double, kLanes> high;
  for (std::size_t lane = 0; lane < kLanes; ++lane) low[lane] = high[lane] = values[lane];
  for (std::size_t i = kLanes; i < kBlock; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
    }
  }
  return {std::min(std::min(low[0], low[1]), std::min(low[2], low[3])),
          std::max(std::max(high[0], high[1]), std::max(high[2], high[3]))};
}

}  // namespace

std::vector<double> drawdown_series(std::span<const double> equity) {
  std::vector<double> series(equity.size());
  double peak = 0;
  for (std::size_t i = 0; i < equity.size(); ++i) {
    peak = std::max(peak, equity[i]);
    series[i] = peak > 0 ? 1.0 - equity[i] / peak : 0.0;
  }
  return series;
}

DrawdownFigures measure_drawdowns(std::span<const double> equity,
                                  std::span<const std::int64_t> times,
                                  std::chrono::nanoseconds duration_unit) {
  Drawdowns drawdowns{times};
  DrawdownFigures figures;
  // Dividing once a drawdown suffices: below one peak the lowest equity is the deepest point.
  double peak = equity.front();
  double lowest = peak;
  std::size_t peak_bar = 0;
  const std::size_t last = equity.size() - 1;
  const auto end = [&](std::size_t bar) {
    figures.deepest = std::max(figures.deepest, 1.0 - lowest / peak);
    if (bar > peak_bar + 1) drawdowns.add(peak_bar, bar, peak, lowest);
  };
  for (std::size_t i = 1; i <= last; ++i) {
    // Most bars lie below a peak: a block without a new one is looked at as a whole.
    if (i + kBlock <= last) {
      const auto [low, high] = extremes(equity.data() + i);
      if (high < peak) {
        lowest = std::min(lowest, low);
        i += kBlock - 1;
        continue;
      }
    }
    if (equity[i] < peak) {
      lowest = std::min(lowest, equity[i]);
      continue;
    }
    if (lowest < peak) end(i);
    peak = equity[i];
    lowest = peak;
    peak_bar = i;
  }
  if (lowest < peak) end(last);
  figures.peak = peak;

  if (drawdowns.count == 0) {
    // A fall on the last bar alone has a depth and no length yet.
    figures.mean_deepest = figures.deepest > 0 ? figures.deepest : kNaN;
    figures.longest_s = kNaN;
    figures.mean_length_s = kNaN;
    return figures;
  }
  figures.mean_deepest = drawdowns.deepest_sum / static_cast<double>(drawdowns.count);
  figures.longest_s = detail::mean_seconds(drawdowns.longest, 1, duration_unit);
  figures.mean_length_s =
      detail::mean_seconds(drawdowns.length_sum, drawdowns.count, duration_unit);
  return figures;
}

std::vector<MonthlyReturn> monthly_returns(std::span<const double> equity,
                                           std::span<const std::int64_t> times) {
  using std::chrono::days;
  using std::chrono::nanoseconds;
  std::vector<MonthlyReturn> months;
  double before = equity.empty() ? 0 : equity.front();
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::chrono::year_month_day date{
        std::chrono::floor<days>(std::chrono::sys_time<nanoseconds>{nanoseconds{times[i]}})};
    const std::chrono::year_month month{date.year(), date.month()};
    if (months.empty() || months.back().month != month) {
      if (!months.empty()) before = equity[i - 1];
      months.push_back({month, 0});
    }
    months.back().return_fraction = before != 0 ? equity[i] / before - 1.0 : 0.0;
  }
  return months;
}

}  // namespace ziggy::backtest
