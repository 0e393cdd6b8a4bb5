#include "ziggy/quant/strategies.hpp"

#include <algorithm>
#include <array>
#include <variant>

#include "catalogue.hpp"
#include "deciders.hpp"
#include "ziggy/base/assert.hpp"

namespace ziggy::quant {
namespace {

using detail::cross;

template <class Rule>
void run(std::span<const double> parameters, BarView bars, SignalColumn& out) {
  Rule rule{parameters};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    out.targets[i] = rule.step(bars.high[i], bars.low[i], bars.close[i]);
  }
  out.warm_up = Rule::warm_up(parameters, bars.size());
}

/// SmaCross::step without its windows: the column is the window. Both averages advance in one loop,
/// whose speed is that of one compensated sum, since the chains of dependent additions overlap.
void run_sma_cross(std::span<const double> parameters, BarView bars, SignalColumn& out) {
  const std::size_t fast_period = detail::whole(parameters[0]);
  const std::size_t slow_period = detail::whole(parameters[1]);
  const auto fast_count = static_cast<std::int64_t>(fast_period);
  const auto slow_count = static_cast<std::int64_t>(slow_period);
  const double* close = bars.close.data();
  const std::size_t count = bars.size();
  Target* targets = out.targets.data();
  out.warm_up = detail::SmaCross::warm_up(parameters, count);

  RollingSum fast;
  RollingSum slow;
  double fast_before = kNone;
  double slow_before = kNone;
  const std::size_t head = std::min(slow_period, count);
  for (std::size_t i = 0; i < head; ++i) {
    if (i >= fast_period) fast.remove(close[i - fast_period]);
    fast.add(close[i]);
    slow.add(close[i]);
    targets[i] = Target::Hold;
  }
  if (head < slow_period) return;
  fast_before = fast.mean(fast_count);
  slow_before = slow.mean(slow_count);
  for (std::size_t i = slow_period; i < count; ++i) {
    fast.remove(close[i - fast_period]);
    slow.remove(close[i - slow_period]);
    fast.add(close[i]);
    slow.add(close[i]);
    const double fast_now = fast.mean(fast_count);
    const double slow_now = slow.mean(slow_count);
    targets[i] = cross(fast_before, slow_before, fast_now, slow_now);
    fast_before = fast_now;
    slow_before = slow_now;
  }
}

using Rule = std::variant<detail::SmaCross, detail::RsiReversion, detail::MacdCross,
                          detail::DonchianBreakout, detail::BuyAndHold>;

Rule make_rule(const StrategyCall& call) {
  switch (detail::kind_of(call)) {
    case detail::Kind::SmaCross:
      return Rule{std::in_place_type<detail::SmaCross>, call.values()};
    case detail::Kind::RsiReversion:
      return Rule{std::in_place_type<detail::RsiReversion>, call.values()};
    case detail::Kind::Macd:
      return Rule{std::in_place_type<detail::MacdCross>, call.values()};
    case detail::Kind::DonchianBreakout:
      return Rule{std::in_place_type<detail::DonchianBreakout>, call.values()};
    case detail::Kind::BuyAndHold:
      return Rule{std::in_place_type<detail::BuyAndHold>, call.values()};
  }
}

}  // namespace

void decide(const StrategyCall& call, BarView bars, SignalColumn& out) {
  out.targets.resize(bars.size());
  switch (detail::kind_of(call)) {
    case detail::Kind::SmaCross:
      return run_sma_cross(call.values(), bars, out);
    case detail::Kind::RsiReversion:
      return run<detail::RsiReversion>(call.values(), bars, out);
    case detail::Kind::Macd:
      return run<detail::MacdCross>(call.values(), bars, out);
    case detail::Kind::DonchianBreakout:
      return run<detail::DonchianBreakout>(call.values(), bars, out);
    case detail::Kind::BuyAndHold:
      return run<detail::BuyAndHold>(call.values(), bars, out);
  }
}

SignalColumn decide(const StrategyCall& call, BarView bars) {
  SignalColumn out;
  decide(call, bars, out);
  return out;
}

void crosses(std::span<const double> fast, std::span<const double> slow, std::span<Target> out) {
  ZIGGY_ASSERT(fast.size() == slow.size() && fast.size() == out.size());
  if (out.empty()) return;
  out[0] = Target::Hold;
  // `cross` without its branches: bit 0 says fast above slow, bit 1 below, neither for equal or
  // NaN. In blocks, so that the compiler can compare several bars at once; a sweep spends much of
  // its time here.
  static_assert(static_cast<int>(Target::Long) == 1 && static_cast<int>(Target::Short) == 2);
  constexpr std::size_t kBlock = 256;
  std::array<std::uint8_t, kBlock + 1> side;
  for (std::size_t from = 1; from < out.size(); from += kBlock) {
    const std::size_t size = std::min(kBlock, out.size() - from);
    for (std::size_t i = 0; i <= size; ++i) {
      const double a = fast[from - 1 + i];
      const double b = slow[from - 1 + i];
      side[i] = static_cast<std::uint8_t>(static_cast<int>(a > b) | (static_cast<int>(a < b) << 1));
    }
    for (std::size_t i = 0; i < size; ++i) {
      const int up = side[i + 1] & 1 & (side[i] >> 1);
      const int down = (side[i + 1] >> 1) & side[i] & 1;
      out[from + i] = static_cast<Target>(up | (down << 1));
    }
  }
}

struct Decider::State {
  Rule rule;
};

Decider::Decider(const StrategyCall& call) : state_{new State{make_rule(call)}} {}
Decider::Decider(Decider&&) noexcept = default;
Decider& Decider::operator=(Decider&&) noexcept = default;
Decider::~Decider() = default;

Target Decider::on_bar(const Bar& bar) {
  return std::visit([&](auto& rule) { return rule.step(bar.high, bar.low, bar.close); },
                    state_->rule);
}

}  // namespace ziggy::quant
