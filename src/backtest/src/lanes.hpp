#pragma once

#include <array>
#include <cstddef>

/// Compiles a leaf function over plain pointers twice, for any x86-64 and for AVX2, and chooses
/// when the program starts. Multiplications and additions are never fused (-ffp-contract=off), so
/// both give the same bits. Not under sanitizers, whose run-time is not up yet when the choice is
/// made.
#if defined(__x86_64__) && !__has_feature(address_sanitizer) && \
    !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)
#define ZIGGY_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define ZIGGY_WIDE
#endif

namespace ziggy::backtest::detail {

/// The sum of f(0) … f(count - 1) in eight partial sums: each addition waits for the one before it
/// in its own lane only, and the compiler puts lanes side by side. The order is fixed, so the
/// result is too.
template <class F>
double sum_of(std::size_t count, F f) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += f(i + lane);
  }
  for (; i < count; ++i) sums[0] += f(i);
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace ziggy::backtest::detail
