#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ziggy/base/time.hpp"

namespace ziggy {

/// One bar: open, high, low, close in the quote currency, volume in units. Unadjusted unless said.
/// `time` is the start of the period in UTC; daily and longer: the session date at 00:00Z.
struct Bar {
  Timestamp time;
  double open = 0;
  double high = 0;
  double low = 0;
  double close = 0;
  double volume = 0;
  friend bool operator==(const Bar&, const Bar&) = default;
};

/// How final a bar is that somebody pushes.
enum class BarPhase : std::uint8_t {
  /// The period is over.
  Closed,
  /// The period runs; another one with the same time follows.
  Running,
  /// A closed bar that the vendor has changed since.
  Corrected,
};

/// Many bars as columns of equal length, ascending by time: what the store packs, the engine scans
/// and the wire prints. Times are nanoseconds since 1970 UTC.
struct BarColumns {
  std::vector<std::int64_t> time;
  std::vector<double> open;
  std::vector<double> high;
  std::vector<double> low;
  std::vector<double> close;
  std::vector<double> volume;

  [[nodiscard]] std::size_t size() const noexcept { return time.size(); }
  [[nodiscard]] bool empty() const noexcept { return time.empty(); }
  [[nodiscard]] Timestamp time_at(std::size_t i) const {
    return Timestamp{std::chrono::nanoseconds{time[i]}};
  }
  [[nodiscard]] Bar at(std::size_t i) const {
    return {time_at(i), open[i], high[i], low[i], close[i], volume[i]};
  }
  void reserve(std::size_t count);
  void clear() noexcept;
  void push_back(const Bar& bar);
  /// Appends rows [from, to) of `other`.
  void append(const BarColumns& other, std::size_t from, std::size_t to);
  void append(const BarColumns& other) { append(other, 0, other.size()); }
  /// The first row at or after `time`.
  [[nodiscard]] std::size_t lower_bound(Timestamp at_or_after) const;

  friend bool operator==(const BarColumns&, const BarColumns&) = default;
};

}  // namespace ziggy
