#pragma once

#include <string>

#include "ziggy/lab/experiment.hpp"

namespace ziggy::lab {

/// One HTML page with everything inside (styles and SVG; no script, no network): figures, price
/// with the trades, equity, drawdown, monthly returns, the trades and the manifest. Light or dark
/// as the reader's system is. Whatever came from outside is escaped. `bars` are those of the
/// outcome.
[[nodiscard]] std::string report_html(const Outcome& outcome, const BarColumns& bars);

}  // namespace ziggy::lab
