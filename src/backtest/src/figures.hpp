#pragma once

#include <limits>
#include <span>
#include <vector>

#include "ziggy/backtest/metrics.hpp"

/// The families of figures, each in its file; `measure` puts them together.
namespace ziggy::backtest::detail {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// `value`, or NaN in place of the zero that nothing can be divided by.
inline double nonzero(double value) noexcept { return value == 0 ? kNaN : value; }

/// The equity's return over each period after the first, in fractions; NaN from nothing to nothing.
void period_returns(std::span<const double> equity, const Timeline& timeline,
                    std::vector<double>& out);

/// Annualised return, volatility, Sharpe, Sortino.
void measure_returns(std::span<const double> returns, std::span<const double> equity,
                     const Timeline& timeline, Metrics& metrics);

/// The fraction below which `share` of the values lie, linear between neighbours; NaN without
/// values. Reorders them.
double quantile(std::span<double> values, double share);

/// out[i] = log(values[i + 1] / values[i]), to within one or two units in the last place.
void log_returns(std::span<const double> values, std::span<double> out);

/// Of the equity's log returns against the market's, which come from its closes or are there
/// already. Both give the same bits. NaN for fewer than three bars.
double measure_beta(std::span<const double> equity, std::span<const double> closes);
double measure_beta(std::span<const double> equity, const Benchmark& benchmark);

/// Everything that comes from the list of closed trades.
void measure_trades(const History& history, std::span<const std::int64_t> times,
                    const Timeline& timeline, Metrics& metrics);

}  // namespace ziggy::backtest::detail
