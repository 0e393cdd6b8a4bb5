#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "histogram.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/routing/sla.hpp"

namespace ziggy::routing {

/// Plain sums over some span of time.
struct Tally {
  std::array<std::uint32_t, kAnswerClasses> classes{};
  std::uint32_t violations = 0;
  std::uint32_t expected = 0;
  std::uint32_t missing = 0;
  std::uint32_t agreed = 0;
  std::uint32_t disagreed = 0;

  void add(const Tally& other) noexcept;
  [[nodiscard]] bool empty() const noexcept;
};

/// One bucket of a histogram that is mostly empty.
struct SparseCount {
  std::uint16_t bucket = 0;
  std::uint32_t count = 0;
  friend bool operator==(const SparseCount&, const SparseCount&) = default;
};

/// What one finished minute holds.
struct Minute {
  /// Minutes since the epoch of the desk's time.
  std::int64_t index = 0;
  Tally tally;
  std::vector<SparseCount> latency;
  std::vector<SparseCount> age;
  /// From before this start of the program.
  bool restored = false;
};

/// One vendor's one operation over time: 5-second cells for the short windows, minutes for the long
/// ones. Times are the desk's (monotonic, see Desk). Thread-safe; a record is one short lock and no
/// allocation but the first's.
///
/// Memory: nothing until the first record; then 105 kB of cells, and at most 1 440 minutes of 120
/// bytes and 8 a bucket that was hit: some 0.5 MB for a vendor with traffic all day (40 buckets a
/// minute), 4.7 MB at the very most.
class SlaTrack {
 public:
  SlaTrack() = default;
  SlaTrack(const SlaTrack&) = delete;
  SlaTrack& operator=(const SlaTrack&) = delete;

  /// Without a latency the answer is counted but not timed.
  void record(Timestamp now, AnswerClass answer, std::optional<std::chrono::nanoseconds> latency,
              std::optional<std::chrono::nanoseconds> age = {});
  void add_violation(Timestamp now);
  void add_agreement(Timestamp now, bool agrees);
  void add_gaps(Timestamp now, std::uint32_t expected, std::uint32_t missing);

  /// The span of one of kSlaWindowLengths that ends now; latencies over `slow_after` are counted.
  [[nodiscard]] SlaWindow window(Timestamp now, std::size_t which,
                                 std::chrono::nanoseconds slow_after);

  /// Since the program started.
  [[nodiscard]] SlaTotals totals() const;

  /// Turns cells of finished minutes into minutes and returns those that nobody took yet; with
  /// `also_running` also the minute that still runs, which may come again.
  [[nodiscard]] std::vector<Minute> take_minutes(Timestamp now, bool also_running = false);
  /// A minute of an earlier run of the program; in ascending order, before anything is recorded.
  void restore(Minute minute, Timestamp now);

 private:
  static constexpr std::int64_t kCellSeconds = 5;
  static constexpr std::int64_t kCellsPerMinute = 12;
  // 5 minutes and 20 s of grace for whoever turns cells into minutes.
  static constexpr std::size_t kCells = 64;
  static constexpr std::int64_t kMinutesMax = 1'440;

  struct Cell {
    std::int64_t index = -1;
    Tally tally;
    std::array<std::uint32_t, kLatencyScale.buckets> latency{};
    std::array<std::uint32_t, kAgeScale.buckets> age{};
  };
  struct Sums;

  Cell& cell_at(Timestamp now);
  void roll(std::int64_t minute_now);
  [[nodiscard]] std::optional<Minute> gather(std::int64_t minute) const;

  mutable std::mutex mutex_;
  std::unique_ptr<std::array<Cell, kCells>> cells_;  // guarded by mutex_, as all below
  std::deque<Minute> minutes_;
  std::vector<Minute> untaken_;
  std::int64_t rolled_ = 0;
  SlaTotals totals_;
};

}  // namespace ziggy::routing
