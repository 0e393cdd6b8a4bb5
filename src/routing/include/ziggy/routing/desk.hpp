#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/routing/operation.hpp"
#include "ziggy/routing/sla.hpp"

namespace ziggy::routing {

struct DeskParts {
  const Clock& clock;
};

/// Knows how each vendor does at each operation, and in which order they are to be asked.
class Desk {
 public:
  explicit Desk(DeskParts parts) : parts_{parts} {}

  [[nodiscard]] const Clock& clock() const noexcept { return parts_.clock; }

 private:
  DeskParts parts_;
};

}  // namespace ziggy::routing
