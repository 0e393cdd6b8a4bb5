/// Bars a second of one run of sma_cross over a million minutes, and of a sweep of a thousand pairs
/// over 2148 days (GOOG's length), each against a plain loop that computes the same equity, in the
/// same process.
///
/// `run` is what a user calls: the averages and decisions, the fills, equity and trades, and every
/// metric. `simulate` is the same without the metrics, which the loop does not have either.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <random>

#include "limits/sma_cross_loop.hpp"
#include "ziggy/backtest/engine.hpp"
#include "ziggy/lab/sweep.hpp"

namespace ziggy::bench {
namespace {

constexpr double kCash = 1'000'000;

/// Bars that wander by half a per mille a step (minutes) or two percent (days): as many crosses as
/// prices have.
BarColumns walk(std::size_t count, std::chrono::seconds step, double size) {
  std::mt19937_64 random{1};
  std::normal_distribution<double> normal{0, size};
  BarColumns bars;
  bars.reserve(count);
  double price = 100;
  Timestamp time{std::chrono::days{14'000}};
  for (std::size_t i = 0; i < count; ++i, time += step) {
    const double open = price * std::exp(normal(random) / 4);
    price = open * std::exp(normal(random) - size * size / 2);
    bars.push_back({time, open, std::max(open, price), std::min(open, price), price, 1000});
  }
  return bars;
}

/// CPU seconds of this process: shared machines take wall time away.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double once(const std::function<void()>& work) {
  const double start = cpu_seconds();
  work();
  return cpu_seconds() - start;
}

/// The best of some rounds of each, taken in turn, so that both see the same machine.
struct Pair {
  double ours = 1e9;
  double limit = 1e9;
};

Pair compare(const std::function<void()>& ours, const std::function<void()>& limit) {
  constexpr int kRounds = 15;
  Pair best;
  for (int i = 0; i < kRounds; ++i) {
    best.ours = std::min(best.ours, once(ours));
    best.limit = std::min(best.limit, once(limit));
  }
  return best;
}

void print(const char* name, double bars, Pair seconds, double target_ratio, double target_value) {
  const double value = bars / seconds.ours;
  const double limit = bars / seconds.limit;
  const bool is_met = value / limit >= target_ratio && value >= target_value;
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.0f},\"limit\":{:.0f},\"unit\":\"bars per CPU-second\","
      "\"ratio\":{:.3f},\"target\":{},\"met\":{}}}\n",
      name, value, limit, value / limit, target_ratio, is_met);
}

/// A fast answer to another question is no answer.
void require_same(double ours, double limit) {
  if (std::abs(ours - limit) <= 1e-6 * std::abs(limit)) return;
  fmt::print(stderr, "the loop ends with {}, the engine with {}\n", limit, ours);
  std::exit(1);
}

void one_run() {
  constexpr std::size_t kBars = 1'000'000;
  const BarColumns bars = walk(kBars, std::chrono::seconds{60}, 0.0005);
  const backtest::Spec spec{*quant::check_parameters("sma_cross", {{"fast", 10}, {"slow", 30}}),
                            {.cash = kCash}};
  std::vector<double> equity(kBars);
  double limit_end = 0;
  const auto limit = [&] { limit_end = sma_cross_loop(bars, 10, 30, kCash, equity); };

  backtest::Report report;
  print("backtest_run_1m_bars", kBars, compare([&] { report = backtest::run(spec, bars); }, limit),
        0.2, 10e6);
  require_same(report.history.equity.back(), limit_end);

  quant::SignalColumn signals;
  backtest::History history;
  const auto simulate = [&] {
    quant::decide(spec.strategy, bars, signals);
    backtest::simulate(spec.rules, signals.targets, bars, history);
  };
  print("backtest_simulate_1m_bars", kBars, compare(simulate, limit), 0.2, 10e6);
}

void one_sweep() {
  constexpr std::size_t kBars = 2148;
  const BarColumns bars = walk(kBars, std::chrono::days{1}, 0.02);
  lab::Grid grid;
  for (int fast = 2; fast < 27; ++fast) grid["fast"].push_back(fast);
  for (int slow = 30; slow < 110; slow += 2) grid["slow"].push_back(slow);
  const auto calls = *lab::points_of("sma_cross", grid);
  const double points = static_cast<double>(calls.size());
  std::vector<double> equity(kBars);
  std::vector<double> ends(calls.size());
  const auto limit = [&] {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      ends[i] = sma_cross_loop(bars, static_cast<std::size_t>(calls[i].value("fast")),
                               static_cast<std::size_t>(calls[i].value("slow")), kCash, equity);
    }
  };
  std::vector<lab::SweepRow> rows;
  const auto sweep = [&](lab::Cores cores) {
    return [&, cores] { rows = lab::sweep({.cash = kCash}, calls, bars, cores); };
  };
  const std::string name = fmt::format("backtest_sweep_{}_pairs", calls.size());
  print((name + "_one_core").c_str(), points * kBars, compare(sweep(lab::Cores::One), limit), 0.3,
        0);
  print((name + "_all_cores").c_str(), points * kBars, compare(sweep(lab::Cores::All), limit), 0.3,
        0);
  for (std::size_t i = 0; i < rows.size(); ++i) require_same(rows[i].metrics.equity_final, ends[i]);
}

}  // namespace
}  // namespace ziggy::bench

int main(int argc, char** argv) {
  const std::string_view part = argc > 1 ? argv[1] : "";  // "run" or "sweep": one of them alone
  if (part != "sweep") ziggy::bench::one_run();
  if (part != "run") ziggy::bench::one_sweep();
}
