#include <algorithm>
#include <array>
#include <cmath>

#include "figures.hpp"

namespace ziggy::backtest {
namespace detail {
namespace {

// A call of log a bar would cost more than the whole simulation. Between neighbouring bars the
// ratio is near one, where log(b / a) = 2 atanh(s), s = (b - a) / (b + a), and six terms of the
// series reach the last bit for |s| up to 0.05 (a move of 10 %): the first left out is s^13 / 13 <
// 1e-18.
constexpr double kSeriesMax = 0.05;
constexpr std::size_t kBlock = 256;

double series(double s) noexcept {
  const double z = s * s;
  const double tail =
      z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11)))));
  return 2.0 * (s + s * tail);
}

}  // namespace

void log_returns(std::span<const double> values, std::span<double> out) {
  for (std::size_t from = 0; from < out.size(); from += kBlock) {
    const std::size_t to = std::min(from + kBlock, out.size());
    std::uint64_t far = 0;
    for (std::size_t i = from; i < to; ++i) {
      const double a = values[i];
      const double b = values[i + 1];
      const double s = (b - a) / (b + a);
      far |= static_cast<std::uint64_t>(!(std::abs(s) <= kSeriesMax));
      out[i] = series(s);
    }
    if (far == 0) [[likely]]
      continue;
    for (std::size_t i = from; i < to; ++i) out[i] = std::log(values[i + 1] / values[i]);
  }
}

double measure_beta(std::span<const double> equity, const Benchmark& benchmark,
                    std::vector<double>& log_returns) {
  const std::size_t count = equity.size() - 1;
  if (count < 2) return kNaN;
  log_returns.resize(count);
  detail::log_returns(equity, log_returns);
  // The market's returns are centred, so the equity's need not be. Four sums, since each waits on
  // itself.
  std::array<double, 4> sums{};
  const double* market = benchmark.centred_log_returns.data();
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      sums[lane] += log_returns[i + lane] * market[i + lane];
    }
  }
  for (; i < count; ++i) sums[0] += log_returns[i] * market[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) / benchmark.square_sum;
}

}  // namespace detail

Benchmark make_benchmark(std::span<const double> closes) {
  Benchmark benchmark;
  if (closes.size() < 2) return benchmark;
  std::vector<double>& returns = benchmark.centred_log_returns;
  returns.resize(closes.size() - 1);
  detail::log_returns(closes, returns);
  double sum = 0;
  for (const double value : returns) sum += value;
  const double mean = sum / static_cast<double>(returns.size());
  for (double& value : returns) {
    value -= mean;
    benchmark.square_sum += value * value;
  }
  return benchmark;
}

}  // namespace ziggy::backtest
