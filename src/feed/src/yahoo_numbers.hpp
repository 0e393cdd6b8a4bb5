#pragma once

/// Yahoo computes prices as floats and prints them as doubles: 129.04 arrives as
/// 129.0399932861328.
namespace ziggy::feed {

/// The price that Yahoo meant by `value`, times `factor` (> 0): of all decimals that Yahoo would
/// have printed as `value`, scaled, the one with the fewest digits, and of those the nearest. A
/// value that is no float counts as exact to a few units in its last place.
[[nodiscard]] double simplest_price(double value, double factor = 1);

/// The same for a dividend, which Yahoo divides by later splits and rounds to six digits after the
/// point.
[[nodiscard]] double simplest_dividend(double value, double factor = 1);

}  // namespace ziggy::feed
