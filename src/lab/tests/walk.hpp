#pragma once

#include <algorithm>
#include <random>

#include "ziggy/domain/bar.hpp"

namespace ziggy::lab::testing {

/// Daily bars from 1970 on that wander, the same at every run; up to 100 000 (nanoseconds end in
/// 2262).
inline BarColumns walk(std::size_t count, std::uint64_t seed = 7) {
  std::mt19937_64 random{seed};
  BarColumns bars;
  double price = 100;
  for (std::size_t i = 0; i < count; ++i) {
    const double open = price;
    price *= 1 + (static_cast<double>(random() % 2001) - 1000) / 50'000;
    bars.push_back({Timestamp{std::chrono::days{static_cast<int>(i)}}, open,
                    std::max(open, price) * 1.001, std::min(open, price) * 0.999, price, 1000});
  }
  return bars;
}

}  // namespace ziggy::lab::testing
