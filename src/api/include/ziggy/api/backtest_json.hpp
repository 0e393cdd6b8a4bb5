#pragma once

#include <string>

#include "ziggy/domain/bar.hpp"
#include "ziggy/lab/experiment.hpp"

namespace ziggy::api {

/// Appends the document of one backtest: `metrics`, `trades` (closed ones), `open_trade` (null when
/// nothing is held at the end) and `manifest`. Figures without a meaning are null. `bars` are those
/// of the outcome.
void append_backtest(std::string& out, const lab::Outcome& outcome, const BarColumns& bars);

/// Appends the closed trades as CSV under a header line, with the names that they have in JSON.
void append_trades_csv(std::string& out, const lab::Outcome& outcome, const BarColumns& bars);

}  // namespace ziggy::api
