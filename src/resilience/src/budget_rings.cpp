#include "budget_rings.hpp"

#include <algorithm>
#include <vector>

namespace ziggy::resilience {

namespace {

// Slices are numbered from the epoch; both clocks stay above it, but a mended file may not.
std::int64_t slice_of(const TokenRing& ring, std::int64_t stamp) noexcept {
  const std::int64_t slice = stamp / ring.width;
  return stamp % ring.width < 0 ? slice - 1 : slice;
}

std::size_t slot_of(std::int64_t slice) noexcept {
  const std::int64_t rest = slice % TokenRing::kSlots;
  return static_cast<std::size_t>(rest < 0 ? rest + TokenRing::kSlots : rest);
}

}  // namespace

TokenRing TokenRing::make(std::int64_t hold_nanos) noexcept {
  TokenRing ring;
  // Rounded up, so that kSlices of them last at least as long as tokens are held.
  ring.width = std::max<std::int64_t>(1, (hold_nanos + kSlices - 1) / kSlices);
  ring.hold = hold_nanos;
  return ring;
}

Held TokenRing::held(std::int64_t now) const noexcept {
  Held sum;
  for (const Slot& slot : slots) {
    if (free_at(slot.slice) > now) sum.add(slot.held);
  }
  return sum;
}

void TokenRing::add(CallUse use, std::int64_t stamp) noexcept {
  const std::int64_t slice = slice_of(*this, stamp);
  Slot& slot = slots[slot_of(slice)];
  // What is found here of another slice is kSlots slices old and free for long: kSlots * width is
  // more than hold + width.
  if (slot.slice != slice) slot = {.slice = slice, .held = {}};
  ++slot.held.of(use);
}

bool TokenRing::remove(CallUse use, std::int64_t stamp) noexcept {
  const std::int64_t slice = slice_of(*this, stamp);
  Slot& slot = slots[slot_of(slice)];
  if (slot.slice != slice || slot.held.of(use) == 0) return false;
  --slot.held.of(use);
  return true;
}

bool TokenRing::mend_future(std::int64_t now) noexcept {
  const std::int64_t current = slice_of(*this, now);
  Held moved;
  for (Slot& slot : slots) {
    if (slot.slice <= current) continue;
    moved.add(slot.held);
    slot = {};
  }
  if (moved.total() == 0) return false;
  Slot& slot = slots[slot_of(current)];
  if (slot.slice != current) slot = {.slice = current, .held = {}};
  slot.held.add(moved);
  return true;
}

BudgetRings BudgetRings::make(std::int64_t hold, std::int64_t in_flight_max) noexcept {
  return {.open = TokenRing::make(hold + in_flight_max), .ended = TokenRing::make(hold)};
}

Held BudgetRings::held(std::int64_t now) const noexcept {
  Held sum = open.held(now);
  sum.add(ended.held(now));
  return sum;
}

std::int64_t BudgetRings::time_of(std::int64_t now, std::uint32_t total,
                                  std::uint32_t batch) const {
  struct Return {
    std::int64_t at;
    Held held;
  };
  std::vector<Return> returns;
  for (const TokenRing* const ring : {&open, &ended}) {
    for (const TokenRing::Slot& slot : ring->slots) {
      std::int64_t at = ring->free_at(slot.slice);
      if (at <= now || slot.held.total() == 0) continue;
      if (ring == &open) at = std::min(at, now + ended.hold + ended.width);
      returns.push_back({at, slot.held});
    }
  }
  std::ranges::sort(returns, {}, &Return::at);
  Held left = held(now);
  std::int64_t time = now;
  for (const Return& next : returns) {
    if (left.total() <= total && left.batch <= batch) break;
    left.interactive -= next.held.interactive;
    left.batch -= next.held.batch;
    time = next.at;
  }
  return time;
}

bool BudgetRings::same_shape(const BudgetRings& other) const noexcept {
  return open.width == other.open.width && open.hold == other.open.hold &&
         ended.width == other.ended.width && ended.hold == other.ended.hold;
}

}  // namespace ziggy::resilience
