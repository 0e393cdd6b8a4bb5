#pragma once

#include <optional>

#include "ziggy/api/json.hpp"
#include "ziggy/resilience/breaker.hpp"
#include "ziggy/routing/desk.hpp"

namespace ziggy::api {

// Histograms know a latency within 2.5 %, and a thousandth of a millisecond is finer than that; of
// a rate, one in a million calls must not disappear.
inline constexpr double kFigureScale = 1e3;
inline constexpr double kRateScale = 1e6;

/// The nearest multiple of 1 / `scale`, so that a figure has no more digits than it means.
[[nodiscard]] double rounded(double figure, double scale) noexcept;
[[nodiscard]] std::optional<double> rounded(std::optional<double> figure, double scale) noexcept;

void write_breaker(JsonOut& json, const resilience::BreakerStatus& breaker);
void write_provider(JsonOut& json, const routing::ProviderStatus& provider);

}  // namespace ziggy::api
