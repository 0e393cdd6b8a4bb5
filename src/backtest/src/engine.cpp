#include "ziggy/backtest/engine.hpp"

#include "simulate.hpp"

namespace ziggy::backtest {

void History::begin() {
  trades.clear();
  open.reset();
  ambiguous_fills = 0;
  traded_value = 0;
  bankrupt = false;
}

void simulate(const Rules& rules, std::span<const quant::Target> targets, quant::BarView bars,
              History& out) {
  ZIGGY_ASSERT(targets.size() == bars.size());
  if (rules.trade_on_close) {
    detail::simulate<detail::FillAtClose>(rules, targets, bars, out);
  } else {
    detail::simulate<detail::FillAtNextOpen>(rules, targets, bars, out);
  }
}

Report run(const Spec& spec, const BarColumns& bars) {
  const quant::SignalColumn signals = quant::decide(spec.strategy, bars);
  Report report;
  report.warm_up = signals.warm_up;
  simulate(spec.rules, signals.targets, bars, report.history);
  report.metrics = measure(report.history, bars, signals.warm_up);
  return report;
}

}  // namespace ziggy::backtest
