#pragma once

#include <cstdint>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/correlation_id.hpp"

namespace ziggy {

/// Who waits for the answer, which decides what happens when a vendor's budget is spent.
enum class CallUse : std::uint8_t {
  /// A person or a program: refused at once, so that the next vendor is asked.
  Interactive,
  /// A back-fill or a background check: waits for its share of the budget.
  Batch,
};

/// What travels with a request from the door to the disk and the vendor; passed by value.
struct Call {
  /// Nobody works on the request after this.
  Monotonic deadline = Monotonic::max();
  CorrelationId correlation_id;
  CallUse use = CallUse::Interactive;
};

}  // namespace ziggy
