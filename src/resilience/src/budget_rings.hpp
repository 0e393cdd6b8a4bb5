#pragma once

#include <array>
#include <cstdint>

#include "ziggy/base/call.hpp"

namespace ziggy::resilience {

/// How many tokens are held, by whom.
struct Held {
  std::uint32_t interactive = 0;
  std::uint32_t batch = 0;

  [[nodiscard]] std::uint32_t total() const noexcept { return interactive + batch; }
  std::uint32_t& of(CallUse use) noexcept { return use == CallUse::Batch ? batch : interactive; }
  void add(const Held& other) noexcept {
    interactive += other.interactive;
    batch += other.batch;
  }
};

/// Tokens by the slice of time in which they were stamped; a token counts as held until `hold`
/// after the END of its slice, so that rounding is always on the safe side. Plain bytes: it is
/// written to a file as it is. All times are nanoseconds since some epoch.
struct TokenRing {
  // 120 slices of a minute are 0.5 s each: that is what a token may come back late.
  static constexpr std::int64_t kSlices = 120;
  // One for the slice that is filling up, one for the oldest that still holds.
  static constexpr std::int64_t kSlots = kSlices + 2;

  struct Slot {
    std::int64_t slice = 0;
    Held held;
  };

  std::int64_t width = 1;
  std::int64_t hold = 0;
  std::array<Slot, kSlots> slots{};

  /// Empty, for tokens that are held for `hold`.
  static TokenRing make(std::int64_t hold_nanos) noexcept;

  /// When the tokens of a slice come back.
  [[nodiscard]] std::int64_t free_at(std::int64_t slice) const noexcept {
    return (slice + 1) * width + hold;
  }
  [[nodiscard]] Held held(std::int64_t now) const noexcept;
  void add(CallUse use, std::int64_t stamp) noexcept;
  /// Takes one out that was added with this stamp; false when it is no longer there.
  bool remove(CallUse use, std::int64_t stamp) noexcept;
  /// The clock went back: what is stamped later than `now` is stamped now instead, so that nothing
  /// is held for longer than a hold from now. True when there was such a thing.
  bool mend_future(std::int64_t now) noexcept;
};

/// All that a budget remembers.
struct BudgetRings {
  /// Requests in flight by their start; held so long that a lost one is taken as ended at last.
  TokenRing open;
  /// Requests by their end.
  TokenRing ended;

  static BudgetRings make(std::int64_t hold, std::int64_t in_flight_max) noexcept;

  [[nodiscard]] Held held(std::int64_t now) const noexcept;
  /// The earliest time at which the rings may hold at most `total` in all and at most `batch` for
  /// batch work, if what is in flight ends now and nothing is added.
  [[nodiscard]] std::int64_t time_of(std::int64_t now, std::uint32_t total,
                                     std::uint32_t batch) const;
  [[nodiscard]] bool same_shape(const BudgetRings& other) const noexcept;
};

}  // namespace ziggy::resilience
