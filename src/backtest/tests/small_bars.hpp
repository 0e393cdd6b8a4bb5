#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "ziggy/backtest/engine.hpp"

/// Small price histories whose results can be worked out by hand.
namespace ziggy::backtest::testing {

inline constexpr std::int64_t kHourNs = 3'600'000'000'000;
inline constexpr std::int64_t kDayNs = 24 * kHourNs;
// 2024-01-01, a Monday.
inline constexpr std::int64_t kMonday = 19'723 * kDayNs;

struct OpenClose {
  double open;
  double close;
};

/// Daily bars from a Monday on, without weekends' gaps; high and low are the further of open and
/// close.
inline BarColumns bars_of(const std::vector<OpenClose>& prices, std::int64_t step = kDayNs) {
  BarColumns bars;
  for (std::size_t i = 0; i < prices.size(); ++i) {
    bars.push_back(
        {Timestamp{std::chrono::nanoseconds{kMonday + static_cast<std::int64_t>(i) * step}},
         prices[i].open, std::max(prices[i].open, prices[i].close),
         std::min(prices[i].open, prices[i].close), prices[i].close, 1});
  }
  return bars;
}

/// A decision a bar: `.` hold, `L` long, `S` short, `F` flat.
inline std::vector<quant::Target> targets_of(std::string_view text) {
  std::vector<quant::Target> targets;
  for (const char letter : text) {
    targets.push_back(letter == 'L'   ? quant::Target::Long
                      : letter == 'S' ? quant::Target::Short
                      : letter == 'F' ? quant::Target::Flat
                                      : quant::Target::Hold);
  }
  return targets;
}

inline History run_of(const Rules& rules, std::string_view targets, const BarColumns& bars) {
  History history;
  simulate(rules, targets_of(targets), bars, history);
  return history;
}

}  // namespace ziggy::backtest::testing
