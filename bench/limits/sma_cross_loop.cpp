#include "limits/sma_cross_loop.hpp"

#include <cmath>

namespace ziggy::bench {

double sma_cross_loop(const BarColumns& bars, std::size_t fast, std::size_t slow, double cash,
                      std::span<double> equity) {
  const double* open = bars.open.data();
  const double* close = bars.close.data();
  const std::size_t count = bars.size();
  const double fast_share = 1.0 / static_cast<double>(fast);
  const double slow_share = 1.0 / static_cast<double>(slow);
  double fast_sum = 0;
  double slow_sum = 0;
  for (std::size_t i = 0; i < slow; ++i) {
    slow_sum += close[i];
    if (i + fast >= slow) fast_sum += close[i];
    equity[i] = cash;
  }
  bool was_above = fast_sum * fast_share > slow_sum * slow_share;
  double units = 0;
  double entry = 0;
  int order = 0;
  for (std::size_t i = slow; i < count; ++i) {
    if (order != 0) {
      cash += units * (open[i] - entry);
      entry = open[i];
      units = order * std::floor(cash * (1 - 0x1p-52) / open[i]);
      order = 0;
    }
    equity[i] = cash + units * (close[i] - entry);
    fast_sum += close[i] - close[i - fast];
    slow_sum += close[i] - close[i - slow];
    const bool is_above = fast_sum * fast_share > slow_sum * slow_share;
    if (is_above != was_above) order = is_above ? 1 : -1;
    was_above = is_above;
  }
  return equity[count - 1];
}

}  // namespace ziggy::bench
