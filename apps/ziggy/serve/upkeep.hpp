#pragma once

#include "ziggy/market/agreement.hpp"
#include "ziggy/market/backfill.hpp"

namespace ziggy::app {

/// Work in the background, for as long as the loop runs: every half minute missing bars are tried
/// again, every five minutes one symbol's vendors are compared. As batch work: it waits for what
/// callers leave of the vendors' budgets. Both outlive the loop.
[[nodiscard]] net::Task<> keep_up(const Clock* clock, const market::Backfill* backfill,
                                  market::Agreement* agreement);

}  // namespace ziggy::app
