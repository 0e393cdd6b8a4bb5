#include "yahoo_numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace ziggy::feed {
namespace {

// Exact up to 10^22; more than 15 digits after the point no double below 1 shows.
constexpr std::array kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Also when it was printed with a digit less than a double needs.
bool is_float(double value) {
  if (!(std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max()))) return false;
  return std::abs(static_cast<double>(static_cast<float>(value)) - value) <=
         std::abs(value) * 1e-15;
}

// Half the distance to the next number of that precision: what rounding may have changed.
double half_step(double value) {
  if (is_float(value)) {
    const float one = static_cast<float>(std::abs(value));
    const float next = std::nextafter(one, std::numeric_limits<float>::infinity());
    return (static_cast<double>(next) - static_cast<double>(one)) / 2;
  }
  const double next = std::nextafter(std::abs(value), std::numeric_limits<double>::infinity());
  return (next - std::abs(value)) * 4;
}

double simplest_within(double target, double margin) {
  for (const double power : kPowers) {
    const double scaled = target * power;
    // Past 2^53 every double is whole already.
    if (std::abs(scaled) > 9e15) break;
    const double rounded = std::nearbyint(scaled) / power;
    if (std::abs(rounded - target) <= margin) return rounded;
  }
  return target;
}

}  // namespace

double simplest_price(double value, double factor) {
  if (value == 0 || !std::isfinite(value)) return value;
  return simplest_within(value * factor, half_step(value) * factor);
}

double simplest_dividend(double value, double factor) {
  if (value == 0 || !std::isfinite(value)) return value;
  if (factor == 1) return simplest_price(value);
  return simplest_within(value * factor, std::max(0.5e-6, half_step(value)) * factor);
}

}  // namespace ziggy::feed
