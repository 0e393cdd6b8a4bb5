#pragma once

#include <chrono>
#include <cstdint>

namespace ziggy::backtest::detail {

/// The sum of `count` durations as their mean, rounded up to a multiple of `unit`, in seconds. A
/// zero unit rounds nothing.
inline double mean_seconds(std::int64_t sum_ns, std::size_t count, std::chrono::nanoseconds unit) {
  if (unit.count() <= 0) return static_cast<double>(sum_ns) / static_cast<double>(count) / 1e9;
  const __int128 step = static_cast<__int128>(unit.count()) * static_cast<__int128>(count);
  const __int128 units = (static_cast<__int128>(sum_ns) + step - 1) / step;
  return static_cast<double>(units * unit.count()) / 1e9;
}

}  // namespace ziggy::backtest::detail
