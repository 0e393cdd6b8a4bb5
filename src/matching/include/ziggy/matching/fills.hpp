#pragma once

#include <cstdint>
#include <limits>

#include "ziggy/matching/costs.hpp"

namespace ziggy::matching {

/// No stop, no target.
inline constexpr double kNoPrice = std::numeric_limits<double>::quiet_NaN();

/// The exits that wait beside an open position; kNoPrice where there is none. A stop lies on the
/// losing side, a target on the winning side.
struct Protection {
  double stop = kNoPrice;
  double target = kNoPrice;

  [[nodiscard]] bool any() const noexcept { return stop == stop || target == target; }
};

/// What a bar says about the prices inside it: the first is `open`, the extremes came in an order
/// that nobody knows.
struct BarRange {
  double open = 0;
  double high = 0;
  double low = 0;
};

enum class Exit : std::uint8_t { None, Stop, Target };

struct ProtectiveFill {
  Exit exit = Exit::None;
  double price = kNoPrice;
  /// True when the bar reached both prices and its open did not decide which came first: the stop
  /// was assumed.
  bool ambiguous = false;
};

/// Where a bar takes a protected position out. A stop fills at its price, or at the open when the
/// bar opened beyond it (worse); a target fills at its price, or at the open when that is better.
/// When one bar reaches both, the pessimistic one counts: the stop.
[[nodiscard]] ProtectiveFill protective_fill(Side side, const Protection& protection,
                                             const BarRange& bar) noexcept;

}  // namespace ziggy::matching
