#pragma once

#include <span>

#include "ziggy/domain/bar.hpp"

namespace ziggy::bench {

/// The limit: sma_cross, long and short, whole units, no costs, decided on a close and filled at
/// the next open, as the one loop that a programmer would write for this and nothing else: two
/// running sums, no decisions kept, no trades, no metrics. Writes the equity of every bar and
/// returns the last.
double sma_cross_loop(const BarColumns& bars, std::size_t fast, std::size_t slow, double cash,
                      std::span<double> equity);

}  // namespace ziggy::bench
