#include "account.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"

namespace ziggy::backtest::detail {
namespace {

matching::Protection protection_of(const Rules& rules, matching::Side side, double close) {
  const double sign = matching::sign(side);
  matching::Protection protection;
  if (rules.stop_loss > 0) protection.stop = close * (1.0 - sign * rules.stop_loss);
  if (rules.take_profit > 0) protection.target = close * (1.0 + sign * rules.take_profit);
  return protection;
}

double units_of(const Rules& rules, matching::Side side, double price, double cash,
                double leverage) {
  if (const auto* fixed = std::get_if<Units>(&rules.size)) {
    const double needed = matching::required_value(rules.costs, side, price, fixed->units);
    return needed <= cash * leverage ? fixed->units : 0;
  }
  return matching::affordable_units(rules.costs, side, price, cash, leverage,
                                    std::get<EquityShare>(rules.size).share);
}

/// Writes the equity at each close; true when all of it is above zero.
ZIGGY_WIDE bool value_stretch(const double* closes, std::size_t count, double cash, double units,
                              double entry, double* equity) {
  // Gathered as bits and looked at once: a branch in the loop would keep it from going several
  // wide.
  std::uint64_t gone = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = cash + units * (closes[i] - entry);
    equity[i] = value;
    gone |= static_cast<std::uint64_t>(value <= 0);
  }
  return gone == 0;
}

}  // namespace

// The order of the floating-point operations in this file is part of the result: a position is
// sized by the cash, and a floor can hang on its last bit.

void Account::close(double price, std::size_t bar, ExitReason reason) {
  if (!is_open()) return;
  const double gross = units_ * (price - entry_price_);
  const double exit_commission = matching::commission(rules_.costs, units_, price);
  const double commission =
      exit_commission + matching::commission(rules_.costs, units_, entry_price_);
  const double size = std::abs(units_);
  cash_ += gross - exit_commission;
  history_.traded_value += size * price;
  history_.trades.push_back(
      {.units = units_,
       .entry_bar = static_cast<std::uint32_t>(entry_bar_),
       .exit_bar = static_cast<std::uint32_t>(bar),
       .entry_price = entry_price_,
       .exit_price = price,
       .pnl = gross - commission,
       .commission = commission,
       .return_fraction = std::copysign(1.0, units_) * (price / entry_price_ - 1.0) -
                          commission / (size * entry_price_),
       .protection = protection_,
       .reason = reason});
  units_ = 0;
}

void Account::enter(matching::Side side, double price, std::size_t bar, double decided_close) {
  const double units = units_of(rules_, side, price, cash_, leverage_);
  if (units == 0) return;
  units_ = std::copysign(units, matching::sign(side));
  entry_price_ = matching::entry_price(rules_.costs, side, price);
  entry_bar_ = bar;
  protection_ = protection_of(rules_, side, decided_close);
  cash_ -= matching::commission(rules_.costs, units_, entry_price_);
  history_.traded_value += units * entry_price_;
}

void Account::protect(const quant::BarView& bars, std::size_t bar) {
  const matching::ProtectiveFill fill =
      matching::protective_fill(is_long() ? matching::Side::Long : matching::Side::Short,
                                protection_, {bars.open[bar], bars.high[bar], bars.low[bar]});
  if (fill.exit == matching::Exit::None) return;
  history_.ambiguous_fills += fill.ambiguous ? 1 : 0;
  close(fill.price, bar, fill.exit == matching::Exit::Stop ? ExitReason::Stop : ExitReason::Target);
}

bool Account::mark(const quant::BarView& bars, std::size_t from, std::size_t to) {
  double* equity = history_.equity.data();
  if (!is_open()) {
    if (!(cash_ > 0)) {
      go_bankrupt(bars, from);
      return false;
    }
    std::fill(equity + from, equity + to, cash_);
    return true;
  }
  if (value_stretch(bars.close.data() + from, to - from, cash_, units_, entry_price_,
                    equity + from)) [[likely]] {
    return true;
  }
  const double* first = std::find_if(equity + from, equity + to, [](double e) { return e <= 0; });
  go_bankrupt(bars, static_cast<std::size_t>(first - equity));
  return false;
}

void Account::go_bankrupt(const quant::BarView& bars, std::size_t bar) {
  close(bars.close[bar], bar, ExitReason::Bankruptcy);
  cash_ = 0;
  history_.bankrupt = true;
  std::fill(history_.equity.begin() + static_cast<std::ptrdiff_t>(bar), history_.equity.end(), 0.0);
}

void Account::leave_open() {
  if (!is_open()) return;
  history_.open =
      OpenTrade{units_, static_cast<std::uint32_t>(entry_bar_), entry_price_, protection_};
}

}  // namespace ziggy::backtest::detail
