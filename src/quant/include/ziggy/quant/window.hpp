#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "ziggy/base/assert.hpp"

namespace ziggy::quant {

/// What an indicator answers while its history is too short; null on the wire, never zero.
inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// The last `capacity` values, oldest first and contiguous in memory: every value is written twice,
/// half a buffer apart, so that a batch function over a column and an incremental one over a window
/// run the same loop in the same order and give the same bits. Allocates once.
class Window {
 public:
  explicit Window(std::size_t capacity) : capacity_{capacity}, data_(2 * capacity) {
    ZIGGY_ASSERT(capacity > 0);
  }

  void push(double value) noexcept {
    data_[at_] = value;
    data_[at_ + capacity_] = value;
    at_ = at_ + 1 == capacity_ ? 0 : at_ + 1;
    count_ += count_ < capacity_ ? 1 : 0;
  }

  [[nodiscard]] bool full() const noexcept { return count_ == capacity_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// Oldest first.
  [[nodiscard]] std::span<const double> values() const noexcept {
    return {data_.data() + (full() ? at_ : 0), count_};
  }
  /// The value that the next push drops; only when full.
  [[nodiscard]] double oldest() const noexcept { return data_[at_]; }

 private:
  std::size_t capacity_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  std::vector<double> data_;
};

/// The largest (Sign = 1) or smallest (Sign = -1) of the last `period` values, in constant time a
/// value on average: a wedge of candidates that can still become the extreme. Allocates once.
template <int Sign>
class Extreme {
 public:
  explicit Extreme(std::size_t period) : period_{period}, wedge_(period) {
    ZIGGY_ASSERT(period > 0);
  }

  /// The extreme including `value`; NaN until `period` values are there.
  double push(double value) noexcept {
    while (count_ > 0 && !beats(wedge_[slot(count_ - 1)].value, value)) --count_;
    if (count_ > 0 && wedge_[first_].index + period_ <= seen_) {
      first_ = first_ + 1 == period_ ? 0 : first_ + 1;
      --count_;
    }
    wedge_[slot(count_)] = {value, seen_};
    ++count_;
    ++seen_;
    return seen_ < period_ ? kNone : wedge_[first_].value;
  }

  [[nodiscard]] bool ready() const noexcept { return seen_ >= period_; }
  /// The extreme after the last push; only when ready.
  [[nodiscard]] double value() const noexcept { return wedge_[first_].value; }

 private:
  struct Candidate {
    double value = 0;
    std::size_t index = 0;
  };

  static bool beats(double a, double b) noexcept { return Sign > 0 ? a > b : a < b; }
  [[nodiscard]] std::size_t slot(std::size_t i) const noexcept {
    const std::size_t at = first_ + i;
    return at >= period_ ? at - period_ : at;
  }

  std::size_t period_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t seen_ = 0;
  std::vector<Candidate> wedge_;
};

using RollingMaximum = Extreme<1>;
using RollingMinimum = Extreme<-1>;

}  // namespace ziggy::quant
