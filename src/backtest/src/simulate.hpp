#pragma once

#include <algorithm>
#include <bit>
#include <cstring>

#include "account.hpp"
#include "ziggy/base/assert.hpp"

namespace ziggy::backtest::detail {

/// When an order decided at the close of bar t trades. `price` and `bar` are asked while bar t + 1
/// is processed, so nothing here can be later than that. A test has a third one, which looks ahead.
struct FillAtNextOpen {
  static double price(const quant::BarView& bars, std::size_t decided) {
    return bars.open[decided + 1];
  }
  static std::size_t bar(std::size_t decided) { return decided + 1; }
};

struct FillAtClose {
  static double price(const quant::BarView& bars, std::size_t decided) {
    return bars.close[decided];
  }
  static std::size_t bar(std::size_t decided) { return decided; }
};

/// The first bar from `from` on that decided something, or `end`.
inline std::size_t next_decision(std::span<const quant::Target> targets, std::size_t from,
                                 std::size_t end) {
  static_assert(sizeof(quant::Target) == 1 && static_cast<int>(quant::Target::Hold) == 0);
  const auto* bytes = reinterpret_cast<const unsigned char*>(targets.data());
  std::size_t i = from;
  for (; i + 8 <= end; i += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, bytes + i, 8);
    if (eight != 0) return i + static_cast<std::size_t>(std::countr_zero(eight)) / 8;
  }
  while (i < end && bytes[i] == 0) ++i;
  return i;
}

/// Carries out what was decided at the close of `decided`.
template <class Timing>
void execute(Account& account, quant::Target target, const quant::BarView& bars,
             std::size_t decided) {
  const bool long_only = account.rules().long_only;
  if (long_only && target == quant::Target::Long && account.is_long()) return;
  const double price = Timing::price(bars, decided);
  const std::size_t bar = Timing::bar(decided);
  account.close(price, bar, ExitReason::Signal);
  if (target == quant::Target::Flat || (long_only && target == quant::Target::Short)) return;
  account.enter(target == quant::Target::Long ? matching::Side::Long : matching::Side::Short, price,
                bar, bars.close[decided]);
}

/// The bar loop. Between two decisions nothing can happen to an unprotected position, so a whole
/// stretch is marked at once; a protected one goes bar by bar.
template <class Timing>
void simulate(const Rules& rules, std::span<const quant::Target> targets, quant::BarView bars,
              History& out) {
  out.begin();
  const std::size_t count = bars.size();
  out.equity.resize(count);  // every bar is written below
  if (count == 0) return;
  Account account{rules, out};
  if (!account.mark(bars, 0, 1)) return;
  for (std::size_t i = 1; i < count;) {
    if (targets[i - 1] != quant::Target::Hold) {
      execute<Timing>(account, targets[i - 1], bars, i - 1);
    }
    std::size_t end = i + 1;
    if (account.is_protected()) {
      account.protect(bars, i);
    } else {
      end = std::min(next_decision(targets, i, count) + 1, count);
    }
    if (!account.mark(bars, i, end)) return;
    i = end;
  }
  if (rules.finalize && account.is_open()) {
    account.close(Timing::price(bars, count - 2), Timing::bar(count - 2), ExitReason::Finalize);
    account.mark(bars, count - 1, count);
  }
  account.leave_open();
}

}  // namespace ziggy::backtest::detail
