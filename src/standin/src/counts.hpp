#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>

#include "ziggy/base/clock.hpp"
#include "ziggy/standin/standin.hpp"

namespace ziggy::standin {

/// The most requests there have been within any window, counted as they come.
class SlidingMax {
 public:
  void add(Monotonic at, std::chrono::nanoseconds window);
  [[nodiscard]] std::size_t most() const noexcept { return most_; }

 private:
  // A minute at 5 000 requests a second, past which the number says enough.
  static constexpr std::size_t kKeptMax = 300'000;
  std::deque<Monotonic> recent_;
  std::size_t most_ = 0;
};

/// What the vendors were asked. Thread-safe.
class Counts {
 public:
  explicit Counts(std::chrono::nanoseconds window) : window_{window} {}
  void request(Vendor vendor, Route route, bool is_faulty, Monotonic at);
  [[nodiscard]] StandInCounts snapshot() const;

 private:
  struct Cell {
    std::uint64_t requests = 0;
    std::uint64_t faulty = 0;
    SlidingMax window;
  };
  std::chrono::nanoseconds window_;
  mutable std::mutex mutex_;
  std::array<std::array<Cell, kRoutes.size()>, kVendors.size()> cells_;  // guarded by mutex_
  std::array<SlidingMax, kVendors.size()> vendors_;                      // guarded by mutex_
};

}  // namespace ziggy::standin
