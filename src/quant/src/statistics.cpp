#include "ziggy/quant/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "ziggy/base/assert.hpp"

namespace ziggy::quant {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Neumaier's sum: keeps what each addition rounds away, whichever operand is larger.
class ExactishSum {
 public:
  void add(double value) noexcept {
    const double total = sum_ + value;
    lost_ += std::abs(sum_) >= std::abs(value) ? (sum_ - total) + value : (value - total) + sum_;
    sum_ = total;
  }
  [[nodiscard]] double value() const noexcept { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

double central_moment(std::span<const double> values, double mean, int power) noexcept {
  ExactishSum sum;
  for (const double value : values) sum.add(std::pow(value - mean, power));
  return sum.value() / static_cast<double>(values.size());
}

template <std::size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) noexcept {
  double value = 0;
  for (const double coefficient : coefficients) value = value * x + coefficient;
  return value;
}

/// Peter J. Acklam, "An algorithm for computing the inverse normal cumulative distribution
/// function": relative error below 1.15e-9.
double acklam(double p) noexcept {
  constexpr std::array kA = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                             1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array kB = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                             6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
  constexpr std::array kC = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                             -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array kD = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                             3.754408661907416e+00, 1.0};
  constexpr double kTail = 0.02425;
  if (p < kTail || p > 1 - kTail) {
    const double q = std::sqrt(-2 * std::log(p < kTail ? p : 1 - p));
    const double x = polynomial(kC, q) / polynomial(kD, q);
    return p < kTail ? x : -x;
  }
  const double q = p - 0.5;
  return q * polynomial(kA, q * q) / polynomial(kB, q * q);
}

}  // namespace

double sum(std::span<const double> values) noexcept {
  ExactishSum total;
  for (const double value : values) total.add(value);
  return total.value();
}

double mean(std::span<const double> values) noexcept {
  return values.empty() ? kNaN : sum(values) / static_cast<double>(values.size());
}

double covariance(std::span<const double> a, std::span<const double> b, Freedom freedom) noexcept {
  ZIGGY_ASSERT(a.size() == b.size());
  const auto used = static_cast<std::size_t>(freedom);
  if (a.size() <= used) return kNaN;
  const double mean_a = mean(a);
  const double mean_b = mean(b);
  ExactishSum products;
  ExactishSum left_a;
  ExactishSum left_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    products.add((a[i] - mean_a) * (b[i] - mean_b));
    left_a.add(a[i] - mean_a);
    left_b.add(b[i] - mean_b);
  }
  const auto n = static_cast<double>(a.size());
  const double rounding = left_a.value() * left_b.value() / n;
  return (products.value() - rounding) / (n - static_cast<double>(used));
}

double variance(std::span<const double> values, Freedom freedom) noexcept {
  const double result = covariance(values, values, freedom);
  return result < 0 ? 0.0 : result;
}

double standard_deviation(std::span<const double> values, Freedom freedom) noexcept {
  return std::sqrt(variance(values, freedom));
}

double skewness(std::span<const double> values) noexcept {
  const double spread = variance(values, Freedom::Population);
  if (!(spread > 0)) return kNaN;
  return central_moment(values, mean(values), 3) / std::pow(spread, 1.5);
}

double excess_kurtosis(std::span<const double> values) noexcept {
  const double spread = variance(values, Freedom::Population);
  if (!(spread > 0)) return kNaN;
  return central_moment(values, mean(values), 4) / (spread * spread) - 3.0;
}

double quantile(std::vector<double> values, double q) {
  ZIGGY_ASSERT(q >= 0 && q <= 1);
  if (values.empty()) return kNaN;
  const double place = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(low);
  std::nth_element(values.begin(), at, values.end());
  if (low + 1 == values.size()) return *at;
  const double above = *std::min_element(at + 1, values.end());
  return *at + (above - *at) * (place - static_cast<double>(low));
}

double normal_cdf(double x) noexcept { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_quantile(double p) noexcept {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p == 0) return -std::numeric_limits<double>::infinity();
  if (p == 1) return std::numeric_limits<double>::infinity();
  const double x = acklam(p);
  const double error = normal_cdf(x) - p;
  const double step = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
  return x - step / (1 + x * step / 2);
}

}  // namespace ziggy::quant
