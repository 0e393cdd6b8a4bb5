#pragma once

#include <atomic>
#include <chrono>

#include "ziggy/base/time.hpp"

namespace ziggy {

/// A point on a clock that never jumps; for deadlines and durations, meaningless as a date.
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Where time comes in. Only `apps` makes a SystemClock; tests make a ManualClock. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// The wall clock, UTC.
  [[nodiscard]] virtual Timestamp now() const = 0;
  [[nodiscard]] virtual Monotonic steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] Monotonic steady() const override { return std::chrono::steady_clock::now(); }
};

/// A clock that stands still until it is told to move; wall and monotonic time move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : nanos_{start.time_since_epoch().count()} {}

  [[nodiscard]] Timestamp now() const override {
    return Timestamp{std::chrono::nanoseconds{nanos_.load()}};
  }
  [[nodiscard]] Monotonic steady() const override {
    return Monotonic{std::chrono::nanoseconds{nanos_.load()}};
  }
  void advance(std::chrono::nanoseconds by) { nanos_ += by.count(); }

 private:
  std::atomic<std::int64_t> nanos_;
};

}  // namespace ziggy
