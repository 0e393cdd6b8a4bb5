#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "ziggy/base/clock.hpp"

namespace ziggy::resilience {

/// The outcomes of the latest calls: at most so many, none older than `span`. Not thread-safe;
/// amortised O(1).
class CallWindow {
 public:
  CallWindow(std::size_t calls_max, std::chrono::nanoseconds span)
      : ring_(calls_max == 0 ? 1 : calls_max), span_{span} {}

  void record(Monotonic at, bool failed, bool slow) {
    forget_old(at);
    if (size_ == ring_.size()) drop_oldest();
    ring_[(first_ + size_) % ring_.size()] = {.at = at, .failed = failed, .slow = slow};
    ++size_;
    failures_ += failed ? 1 : 0;
    slow_ += slow ? 1 : 0;
  }
  /// Drops what is as old as `span`, or older, at `now`.
  void forget_old(Monotonic now) {
    while (size_ > 0 && now - ring_[first_].at >= span_) drop_oldest();
  }
  void clear() noexcept { first_ = size_ = failures_ = slow_ = 0; }

  [[nodiscard]] std::size_t calls() const noexcept { return size_; }
  [[nodiscard]] std::size_t failures() const noexcept { return failures_; }
  [[nodiscard]] std::size_t slow() const noexcept { return slow_; }

 private:
  struct Entry {
    Monotonic at;
    bool failed = false;
    bool slow = false;
  };

  void drop_oldest() noexcept {
    const Entry& oldest = ring_[first_];
    failures_ -= oldest.failed ? 1 : 0;
    slow_ -= oldest.slow ? 1 : 0;
    first_ = (first_ + 1) % ring_.size();
    --size_;
  }

  std::vector<Entry> ring_;
  std::chrono::nanoseconds span_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::size_t failures_ = 0;
  std::size_t slow_ = 0;
};

}  // namespace ziggy::resilience
