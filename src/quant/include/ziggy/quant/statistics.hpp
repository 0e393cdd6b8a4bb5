#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// Statistics of a column. Inputs hold no NaN; what too few values cannot give is NaN.
namespace ziggy::quant {

/// Compensated (Neumaier), so that the order of magnitude of the values does not matter.
[[nodiscard]] double sum(std::span<const double> values) noexcept;
/// NaN when empty.
[[nodiscard]] double mean(std::span<const double> values) noexcept;

/// How many degrees of freedom the mean has used up: numpy's `ddof`.
enum class Freedom : std::size_t { Population = 0, Sample = 1 };

/// Two passes, corrected for the mean's rounding; NaN for fewer values than the divisor needs.
[[nodiscard]] double variance(std::span<const double> values, Freedom freedom) noexcept;
[[nodiscard]] double standard_deviation(std::span<const double> values, Freedom freedom) noexcept;
/// Of pairs; both of one size.
[[nodiscard]] double covariance(std::span<const double> a, std::span<const double> b,
                                Freedom freedom) noexcept;
/// Population moments, as scipy's `skew` and `kurtosis` (normal = 0) give them; NaN without spread.
[[nodiscard]] double skewness(std::span<const double> values) noexcept;
[[nodiscard]] double excess_kurtosis(std::span<const double> values) noexcept;

/// The value below which the share `q` (0 to 1) of `values` lies, linear between neighbours:
/// numpy's default. Takes a copy, since it reorders. NaN when empty.
[[nodiscard]] double quantile(std::vector<double> values, double q);

/// Share of a standard normal distribution below `x`.
[[nodiscard]] double normal_cdf(double x) noexcept;
/// Its inverse for 0 < p < 1, to full double precision (Acklam's rational approximation with one
/// Halley step); -inf at 0, inf at 1, NaN outside.
[[nodiscard]] double normal_quantile(double p) noexcept;

}  // namespace ziggy::quant
