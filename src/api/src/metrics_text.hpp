#pragma once

#include <string>

#include "state.hpp"

namespace ziggy::api {

/// Everything that is counted, in Prometheus's text format 0.0.4.
[[nodiscard]] std::string render_metrics(const Api::State& state);

}  // namespace ziggy::api
