#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ziggy::resilience {

/// A small generator of random numbers (splitmix64) for jitter; its seed is given, so that a test
/// repeats itself. Not thread-safe, not for secrets.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) noexcept : state_{seed} {}

  /// In [0, 1).
  double next() noexcept {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
  }

 private:
  std::uint64_t state_;
};

struct BackoffSettings {
  std::chrono::milliseconds first{100};
  /// Never longer than this.
  std::chrono::milliseconds max{30'000};
  /// Each wait is this many times the one before, before jitter.
  double factor = 2.0;
  /// Up to this share is taken off at random, so that those who failed together do not return
  /// together. 0 to 1.
  double jitter = 0.2;
  std::uint64_t seed = 1;
};

/// Waits that grow between tries. Not thread-safe.
class Backoff {
 public:
  explicit Backoff(BackoffSettings settings) noexcept
      : settings_{settings}, base_{as_double(settings.first)}, jitter_{settings.seed} {}

  /// How long to wait before the next try.
  std::chrono::nanoseconds next() noexcept {
    const double base = std::min(base_, as_double(settings_.max));
    base_ = std::min(base * std::max(1.0, settings_.factor), as_double(settings_.max));
    const double share = std::clamp(settings_.jitter, 0.0, 1.0) * jitter_.next();
    return std::chrono::nanoseconds{static_cast<std::int64_t>(base * (1.0 - share))};
  }
  /// The try succeeded: the next wait is the first again.
  void reset() noexcept { base_ = as_double(settings_.first); }

 private:
  static double as_double(std::chrono::nanoseconds wait) noexcept {
    return static_cast<double>(wait.count());
  }

  BackoffSettings settings_;
  double base_;
  Jitter jitter_;
};

}  // namespace ziggy::resilience
