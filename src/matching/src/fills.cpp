#include "ziggy/matching/fills.hpp"

#include <algorithm>

namespace ziggy::matching {
namespace {

// A comparison with kNoPrice is false, so a missing stop or target is never reached.
ProtectiveFill long_fill(const Protection& protection, const BarRange& bar) noexcept {
  const bool target_reached = bar.high >= protection.target;
  if (bar.low <= protection.stop) {
    const bool opened_beyond = bar.open <= protection.stop;
    return {Exit::Stop, std::min(bar.open, protection.stop), target_reached && !opened_beyond};
  }
  if (target_reached) return {Exit::Target, std::max(bar.open, protection.target), false};
  return {};
}

ProtectiveFill short_fill(const Protection& protection, const BarRange& bar) noexcept {
  const bool target_reached = bar.low <= protection.target;
  if (bar.high >= protection.stop) {
    const bool opened_beyond = bar.open >= protection.stop;
    return {Exit::Stop, std::max(bar.open, protection.stop), target_reached && !opened_beyond};
  }
  if (target_reached) return {Exit::Target, std::min(bar.open, protection.target), false};
  return {};
}

}  // namespace

ProtectiveFill protective_fill(Side side, const Protection& protection,
                               const BarRange& bar) noexcept {
  return side == Side::Long ? long_fill(protection, bar) : short_fill(protection, bar);
}

}  // namespace ziggy::matching
