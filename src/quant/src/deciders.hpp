#pragma once

#include <algorithm>
#include <span>

#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/oscillators.hpp"
#include "ziggy/quant/strategies.hpp"
#include "ziggy/quant/window.hpp"

/// The strategies as step functions over one closed bar. Each says in `warm_up` how many bars lack
/// a value of its indicators, given how many bars there are.
namespace ziggy::quant::detail {

inline Target cross(double fast_before, double slow_before, double fast, double slow) noexcept {
  const bool up = fast_before < slow_before && fast > slow;
  const bool down = fast_before > slow_before && fast < slow;
  return up ? Target::Long : down ? Target::Short : Target::Hold;
}

/// `lookback` bars without a value, if there are enough bars for a value at all.
inline std::size_t counted(std::size_t lookback, std::size_t bars) noexcept {
  return lookback < bars ? lookback : 0;
}

inline std::size_t whole(double parameter) noexcept { return static_cast<std::size_t>(parameter); }

struct SmaCross {
  explicit SmaCross(std::span<const double> p) : fast{whole(p[0])}, slow{whole(p[1])} {}

  Target step(double, double, double close) noexcept {
    const double fast_now = fast.push(close);
    const double slow_now = slow.push(close);
    const Target target = cross(fast_before, slow_before, fast_now, slow_now);
    fast_before = fast_now;
    slow_before = slow_now;
    return target;
  }
  static std::size_t warm_up(std::span<const double> p, std::size_t bars) noexcept {
    return std::max(counted(whole(p[0]) - 1, bars), counted(whole(p[1]) - 1, bars));
  }

  Sma fast;
  Sma slow;
  double fast_before = kNone;
  double slow_before = kNone;
};

struct RsiReversion {
  explicit RsiReversion(std::span<const double> p)
      : rsi{whole(p[0])}, oversold{p[1]}, overbought{p[2]} {}

  Target step(double, double, double close) noexcept {
    const double now = rsi.push(close);
    const bool sinks = before >= oversold && now < oversold;
    const bool soars = before <= overbought && now > overbought;
    before = now;
    return sinks ? Target::Long : soars ? Target::Short : Target::Hold;
  }
  static std::size_t warm_up(std::span<const double> p, std::size_t bars) noexcept {
    return counted(whole(p[0]), bars);
  }

  Rsi rsi;
  double oversold;
  double overbought;
  double before = kNone;
};

struct MacdCross {
  explicit MacdCross(std::span<const double> p) : lines{whole(p[0]), whole(p[1]), whole(p[2])} {}

  Target step(double, double, double close) noexcept {
    const MacdValue now = lines.push(close);
    const Target target = cross(before.macd, before.signal, now.macd, now.signal);
    before = now;
    return target;
  }
  static std::size_t warm_up(std::span<const double> p, std::size_t bars) noexcept {
    return std::max(counted(whole(p[1]) - 1, bars), counted(whole(p[1]) + whole(p[2]) - 2, bars));
  }

  Macd lines;
  MacdValue before;
};

struct DonchianBreakout {
  explicit DonchianBreakout(std::span<const double> p)
      : entry_high{whole(p[0])},
        entry_low{whole(p[0])},
        exit_high{whole(p[1])},
        exit_low{whole(p[1])} {}

  Target step(double high, double low, double close) noexcept {
    const Target target = wanted(close);
    if (target != Target::Hold) holds = target;
    // The channels are those of the bars before the one that breaks out.
    entry_high_before = entry_high.push(high);
    entry_low_before = entry_low.push(low);
    exit_high_before = exit_high.push(high);
    exit_low_before = exit_low.push(low);
    return target;
  }
  static std::size_t warm_up(std::span<const double> p, std::size_t bars) noexcept {
    return std::max(counted(whole(p[0]), bars), counted(whole(p[1]), bars));
  }

  [[nodiscard]] Target wanted(double close) const noexcept {
    if (close > entry_high_before) return holds == Target::Long ? Target::Hold : Target::Long;
    if (close < entry_low_before) return holds == Target::Short ? Target::Hold : Target::Short;
    if (holds == Target::Long && close < exit_low_before) return Target::Flat;
    if (holds == Target::Short && close > exit_high_before) return Target::Flat;
    return Target::Hold;
  }

  RollingMaximum entry_high;
  RollingMinimum entry_low;
  RollingMaximum exit_high;
  RollingMinimum exit_low;
  double entry_high_before = kNone;
  double entry_low_before = kNone;
  double exit_high_before = kNone;
  double exit_low_before = kNone;
  Target holds = Target::Flat;
};

struct BuyAndHold {
  explicit BuyAndHold(std::span<const double>) {}

  Target step(double, double, double) noexcept {
    const Target target = first ? Target::Long : Target::Hold;
    first = false;
    return target;
  }
  static std::size_t warm_up(std::span<const double>, std::size_t) noexcept { return 0; }

  bool first = true;
};

}  // namespace ziggy::quant::detail
