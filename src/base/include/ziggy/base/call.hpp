#pragma once

#include "ziggy/base/clock.hpp"
#include "ziggy/base/correlation_id.hpp"

namespace ziggy {

/// What travels with a request from the door to the disk and the vendor; passed by value.
struct Call {
  /// Nobody works on the request after this.
  Monotonic deadline = Monotonic::max();
  CorrelationId correlation_id;
};

}  // namespace ziggy
