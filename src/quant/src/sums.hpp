#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

/// Sums over one window. Four partial sums give the processor four chains at once, and the order is
/// always the same, wherever the window lies: so batch and incremental forms agree to the bit.
namespace ziggy::quant {

template <class Term>
double sum_of(std::span<const double> window, Term term) noexcept {
  std::array<double, 4> partial{};
  std::size_t i = 0;
  for (; i + 4 <= window.size(); i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      partial[lane] += term(window[i + lane], i + lane);
    }
  }
  for (; i < window.size(); ++i) partial[0] += term(window[i], i);
  return (partial[0] + partial[1]) + (partial[2] + partial[3]);
}

inline double sum_of_squares(std::span<const double> window, double mean) noexcept {
  return sum_of(window,
                [mean](double value, std::size_t) { return (value - mean) * (value - mean); });
}

inline double sum_of_distances(std::span<const double> window, double mean) noexcept {
  return sum_of(window, [mean](double value, std::size_t) { return std::abs(value - mean); });
}

}  // namespace ziggy::quant
