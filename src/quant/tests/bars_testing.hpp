#pragma once

#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <span>

#include "ziggy/domain/bar.hpp"

namespace ziggy::quant::testing {

/// A random walk on a grid of cents, short or long, so that equal averages, flat stretches and bars
/// without volume come up often.
inline BarColumns any_bars(std::size_t size_max = 200) {
  BarColumns bars;
  const auto size = *rc::gen::inRange<std::size_t>(0, size_max);
  const int step_max = *rc::gen::element(1, 3, 30, 500);
  int price = 10'000;
  for (std::size_t i = 0; i < size; ++i) {
    const int open = price;
    price =
        std::max(100, price + *rc::gen::resize(1000, rc::gen::inRange(-step_max, step_max + 1)));
    const int high = std::max(open, price) + *rc::gen::inRange(0, step_max + 1);
    const int low = std::max(1, std::min(open, price) - *rc::gen::inRange(0, step_max + 1));
    const int volume = *rc::gen::inRange(0, 1000) * *rc::gen::element(0, 1, 1);
    bars.push_back({Timestamp{std::chrono::days{i}}, open / 100.0, high / 100.0, low / 100.0,
                    price / 100.0, static_cast<double>(volume)});
  }
  return bars;
}

inline std::size_t any_period(std::size_t minimum = 1) {
  return minimum + *rc::gen::inRange<std::size_t>(0, 40);
}

/// The same bits; one NaN is as good as another.
inline bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

}  // namespace ziggy::quant::testing
