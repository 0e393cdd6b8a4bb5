#include "ziggy/lab/sweep.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <limits>

#include "ziggy/quant/moving_averages.hpp"

namespace ziggy::lab {
namespace {

using quant::StrategyCall;

// Averages kept for a whole sweep: 64 MiB is a thousand periods over ten years of days, or eight
// over a million bars; past that each point computes its own.
constexpr std::size_t kAveragesBytesMax = std::size_t{64} << 20;

/// The simple averages of the closes over every period that some call names, computed once.
class Averages {
 public:
  Averages(std::span<const StrategyCall> calls, std::span<const double> closes) {
    for (const StrategyCall& call : calls) {
      if (call.spec().name != "sma_cross") continue;
      for (const double period : call.values())
        periods_.push_back(static_cast<std::size_t>(period));
    }
    std::ranges::sort(periods_);
    periods_.erase(std::ranges::unique(periods_).begin(), periods_.end());
    if (periods_.size() * closes.size() * sizeof(double) > kAveragesBytesMax) periods_.clear();
    columns_.resize(periods_.size());
    for (std::size_t i = 0; i < periods_.size(); ++i) {
      columns_[i].resize(closes.size());
      quant::sma(closes, periods_[i], columns_[i]);
    }
  }

  [[nodiscard]] bool serve(const StrategyCall& call) const {
    return !periods_.empty() && call.spec().name == "sma_cross";
  }

  /// What quant::decide gives for sma_cross.
  void decide(const StrategyCall& call, std::size_t bars, quant::SignalColumn& out) const {
    const auto fast = static_cast<std::size_t>(call.value("fast"));
    const auto slow = static_cast<std::size_t>(call.value("slow"));
    out.targets.resize(bars);
    quant::crosses(column(fast), column(slow), out.targets);
    out.warm_up = slow <= bars ? slow - 1 : fast <= bars ? fast - 1 : 0;
  }

 private:
  [[nodiscard]] std::span<const double> column(std::size_t period) const {
    const auto at = std::ranges::lower_bound(periods_, period) - periods_.begin();
    return columns_[static_cast<std::size_t>(at)];
  }

  std::vector<std::size_t> periods_;
  std::vector<std::vector<double>> columns_;
};

/// What all points share.
struct Shared {
  const backtest::Rules& rules;
  const BarColumns& bars;
  Averages averages;
  backtest::Timeline timeline;
  backtest::Benchmark benchmark;
};

/// Memory that one thread uses for point after point.
struct Workspace {
  quant::SignalColumn signals;
  backtest::History history;
  backtest::Scratch scratch;
};

backtest::Metrics measure_point(const Shared& shared, const StrategyCall& call, Workspace& space) {
  if (shared.averages.serve(call)) {
    shared.averages.decide(call, shared.bars.size(), space.signals);
  } else {
    quant::decide(call, shared.bars, space.signals);
  }
  backtest::simulate(shared.rules, space.signals.targets, shared.bars, space.history);
  return backtest::measure_quickly(space.history, shared.bars, space.signals.warm_up,
                                   shared.timeline, shared.benchmark, space.scratch);
}

}  // namespace

Result<std::vector<StrategyCall>> points_of(std::string_view strategy, const Grid& grid) {
  std::size_t count = 1;
  std::vector<std::pair<std::string, std::span<const double>>> axes;
  for (const auto& [name, values] : grid) {
    if (values.empty()) return fail(ErrorCode::ValidationFailed, "no values for {}", name);
    if (count > kSweepPointsMax / values.size()) {
      return fail(ErrorCode::ValidationFailed, "more than {} points", kSweepPointsMax);
    }
    count *= values.size();
    axes.emplace_back(name, values);
  }
  std::vector<StrategyCall> calls;
  std::optional<Error> last;
  for (std::size_t point = 0; point < count; ++point) {
    std::map<std::string, double, std::less<>> chosen;
    std::size_t rest = point;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
      chosen[axis->first] = axis->second[rest % axis->second.size()];
      rest /= axis->second.size();
    }
    auto call = quant::check_parameters(strategy, chosen);
    if (call) {
      calls.push_back(*call);
    } else {
      last = std::move(call).error();
    }
  }
  if (calls.empty()) return fail(std::move(*last));
  return calls;
}

std::vector<SweepRow> sweep(const backtest::Rules& rules, std::span<const StrategyCall> calls,
                            const BarColumns& bars, Cores cores, const SweepProgress& progress) {
  const Shared shared{rules, bars, Averages{calls, bars.close}, backtest::make_timeline(bars.time),
                      backtest::make_benchmark(bars.close)};
  std::vector<SweepRow> rows(calls.size());
  std::atomic<std::size_t> done{0};
  const auto run_block = [&](std::size_t from, std::size_t to) {
    Workspace space;
    for (std::size_t i = from; i < to; ++i) {
      rows[i] = {calls[i], measure_point(shared, calls[i], space)};
    }
    const std::size_t so_far = done.fetch_add(to - from) + to - from;
    if (progress) progress(so_far);
  };
  // Blocks, so that a workspace serves many points and progress is not told for each.
  constexpr std::size_t kBlock = 32;
  if (cores == Cores::One) {
    for (std::size_t i = 0; i < calls.size(); i += kBlock) {
      run_block(i, std::min(i + kBlock, calls.size()));
    }
    return rows;
  }
  tbb::parallel_for(tbb::blocked_range<std::size_t>{0, calls.size(), kBlock},
                    [&](const auto& range) { run_block(range.begin(), range.end()); });
  return rows;
}

}  // namespace ziggy::lab
