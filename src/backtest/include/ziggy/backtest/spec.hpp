#pragma once

#include <limits>
#include <variant>

#include "ziggy/base/result.hpp"
#include "ziggy/matching/costs.hpp"
#include "ziggy/quant/strategies.hpp"

namespace ziggy::backtest {

/// A share of the equity that is free when the order fills, times the leverage, in whole units.
struct EquityShare {
  /// All of it, less one part in 2^52: the last bit decides that an order can always be paid for.
  static constexpr double kAll = 1.0 - std::numeric_limits<double>::epsilon();
  double share = kAll;
  friend bool operator==(const EquityShare&, const EquityShare&) = default;
};

/// The same number of units every time; an entry that the account cannot pay for is not made.
struct Units {
  double units = 1;
  friend bool operator==(const Units&, const Units&) = default;
};

using Sizing = std::variant<EquityShare, Units>;

/// The account and how its orders are filled. Entries are exclusive: whatever is open is closed
/// first.
struct Rules {
  double cash = 10'000;  // to begin with, in the quote currency
  double margin =
      1;  // share of a position's value that the account must bring: leverage is 1 / margin
  matching::Costs costs = {};
  Sizing size = EquityShare{};
  /// A short signal closes what is open and enters nothing; a long signal leaves a long alone.
  bool long_only = false;
  /// Fill at the close of the deciding bar instead of the next open. The fill still needs a next
  /// bar.
  bool trade_on_close = false;
  /// Close what is open at the end as if ordered on the bar before the last: at the last bar's
  /// open, or with `trade_on_close` at the close before it. Otherwise it stays out of the trades.
  bool finalize = false;
  /// Distance of the stop from the deciding close, as a share of it; 0 for none. Below 1.
  double stop_loss = 0;
  /// Likewise of the target; 0 for none. For a short below 1.
  double take_profit = 0;
  friend bool operator==(const Rules&, const Rules&) = default;
};

struct Spec {
  quant::StrategyCall strategy;
  Rules rules;
};

/// Errors: ValidationFailed with one FieldError for each rule that is out of its range.
[[nodiscard]] Result<> check(const Rules& rules);

}  // namespace ziggy::backtest
