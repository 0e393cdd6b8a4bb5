#pragma once

#include <optional>

#include "ziggy/backtest/spec.hpp"
#include "ziggy/backtest/trade.hpp"
#include "ziggy/quant/bar_view.hpp"

namespace ziggy::backtest::detail {

/// Cash and at most one position, writing its history into a History.
class Account {
 public:
  Account(const Rules& rules, History& history)
      : rules_{rules}, history_{history}, cash_{rules.cash}, leverage_{1.0 / rules.margin} {}

  [[nodiscard]] const Rules& rules() const noexcept { return rules_; }
  [[nodiscard]] bool is_open() const noexcept { return units_ != 0; }
  [[nodiscard]] bool is_long() const noexcept { return units_ > 0; }
  [[nodiscard]] bool is_protected() const noexcept { return is_open() && protection_.any(); }

  /// Closes what is open; nothing when flat.
  void close(double price, std::size_t bar, ExitReason reason);
  /// Enters as much as the sizing says and the equity pays for, perhaps nothing; only when flat.
  void enter(matching::Side side, double price, std::size_t bar, double decided_close);
  /// Lets the bar's range take a protected position out.
  void protect(const quant::BarView& bars, std::size_t bar);
  /// Writes the equity of bars [from, to) at their closes. False when it is gone: then everything
  /// is closed at that bar's close, the rest of the equity is zero and the run is over.
  bool mark(const quant::BarView& bars, std::size_t from, std::size_t to);
  /// Notes in the run what is still held.
  void leave_open();

 private:
  void go_bankrupt(const quant::BarView& bars, std::size_t bar);

  const Rules& rules_;
  History& history_;
  double cash_;
  double leverage_;
  double units_ = 0;
  double entry_price_ = 0;
  std::size_t entry_bar_ = 0;
  matching::Protection protection_;
};

}  // namespace ziggy::backtest::detail
