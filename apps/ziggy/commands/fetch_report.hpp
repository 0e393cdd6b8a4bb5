#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ziggy/market/backfill.hpp"
#include "ziggy/resilience/budget.hpp"

namespace ziggy::app {

/// What a back-fill will cost: told before it starts.
struct FetchCost {
  std::size_t expected = 0;
  std::size_t missing = 0;
  std::size_t ranges = 0;
  std::size_t requests = 0;
  /// The vendor that will be asked first, and what limits it.
  std::string provider;
  std::optional<resilience::BudgetStatus> budget;
  std::chrono::seconds eta{0};
};

/// How long `requests` take: a fraction of a second each, or as the budget's share for back-fills
/// comes back.
[[nodiscard]] std::chrono::seconds fetch_eta(std::size_t requests,
                                             const std::optional<resilience::BudgetStatus>& budget,
                                             double batch_share);

/// What came of one symbol.
struct FetchResult {
  market::FillPlan plan;
  /// Bars that came with whole sessions.
  std::size_t by_session = 0;
  store::WriteOutcome written;
  std::size_t dropped = 0;
  std::size_t no_trades = 0;
  std::size_t still_missing = 0;
  std::vector<std::string> providers;
  std::optional<Error> error;
};

/// One line for people, and the whole as one JSON document.
[[nodiscard]] std::string cost_text(const FetchCost& cost, std::size_t symbols, Interval interval);
[[nodiscard]] std::string result_text(const FetchResult& result);
[[nodiscard]] std::string fetch_json(const FetchCost& cost, Interval interval,
                                     const std::vector<FetchResult>& results);

}  // namespace ziggy::app
