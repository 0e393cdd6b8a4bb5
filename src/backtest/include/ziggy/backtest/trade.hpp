#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ziggy/matching/fills.hpp"

namespace ziggy::backtest {

enum class ExitReason : std::uint8_t {
  Signal,      // the strategy closed or reversed it
  Stop,        // its stop-loss
  Target,      // its take-profit
  Finalize,    // the end of the data
  Bankruptcy,  // the equity was gone
};

/// A position from its entry to its exit. Bars are indexes into the columns; with `trade_on_close`
/// the deciding bar itself.
struct Trade {
  double units = 0;  // negative: short
  std::uint32_t entry_bar = 0;
  std::uint32_t exit_bar = 0;
  double entry_price = 0;  // spread included
  double exit_price = 0;
  double pnl = 0;              // commission of both sides deducted
  double commission = 0;       // of both sides
  double return_fraction = 0;  // pnl over the value at entry: 0.01 is 1 %
  matching::Protection protection;
  ExitReason reason = ExitReason::Signal;
};

/// What is still held when the data ends.
struct OpenTrade {
  double units = 0;
  std::uint32_t entry_bar = 0;
  double entry_price = 0;
  matching::Protection protection;
};

/// What happened: the account bar by bar.
struct History {
  std::vector<Trade> trades;   // closed ones, by time of their exit
  std::vector<double> equity;  // at each close, open profit included; the exit's costs are not
  std::optional<OpenTrade> open;
  std::size_t ambiguous_fills =
      0;                    // bars that reached both stop and target, where the stop was assumed
  double traded_value = 0;  // units times price over all fills, entries and exits
  bool bankrupt = false;    // equity fell to zero or below: everything closed, zero from there on

  /// Forgets everything but the equity's memory, which the next simulation writes over.
  void begin();
};

}  // namespace ziggy::backtest
