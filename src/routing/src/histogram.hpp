#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ziggy::routing {

/// Buckets whose bounds grow by a constant factor: bucket i holds the values in
/// (first * growth^i, first * growth^(i+1)], the lowest and the highest also what lies beyond.
struct LogScale {
  double first;
  double growth;
  std::size_t buckets;

  [[nodiscard]] std::size_t bucket(double value) const noexcept {
    if (!(value > first)) return 0;
    const double index = std::log(value / first) / std::log(growth);
    return std::min(static_cast<std::size_t>(index), buckets - 1);
  }
  /// The geometric middle of a bucket: off by at most sqrt(growth) - 1.
  [[nodiscard]] double middle(std::size_t bucket) const noexcept {
    return first * std::pow(growth, static_cast<double>(bucket) + 0.5);
  }
};

/// Milliseconds, 0.1 ms to 63 s: off by 2.5 % at most.
inline constexpr LogScale kLatencyScale{0.1, 1.05, 274};
/// Milliseconds, 1 ms to 49 days: off by 10 % at most.
inline constexpr LogScale kAgeScale{1.0, 1.2, 122};

/// The value below which the share `q` of the counted values lies; nullopt when nothing is counted.
template <class Count>
[[nodiscard]] std::optional<double> quantile(const LogScale& scale, std::span<const Count> counts,
                                             double q) {
  std::uint64_t total = 0;
  for (const Count count : counts) total += count;
  if (total == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return scale.middle(i);
  }
  return scale.middle(counts.size() - 1);
}

}  // namespace ziggy::routing
