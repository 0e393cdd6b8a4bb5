#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ziggy/backtest/metrics.hpp"

namespace ziggy::lab {

/// One figure as people read it: `Sharpe ratio`, `0.58`. A dash where it has no meaning.
struct Figure {
  std::string_view label;
  std::string text;
};

struct FigureGroup {
  std::string_view title;
  std::vector<Figure> figures;
};

/// Every metric, in groups; for a terminal's table and the report's.
[[nodiscard]] std::vector<FigureGroup> figures_of(const backtest::Metrics& metrics);

}  // namespace ziggy::lab
