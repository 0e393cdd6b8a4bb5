#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/store/bar_store.hpp"

namespace ziggy::store {

/// Bars with the source of each, as runs: `runs` covers the bars, ascending, neighbours differ.
struct SourcedBars {
  BarColumns bars;
  std::vector<SourceRun> runs;

  [[nodiscard]] std::size_t size() const noexcept { return bars.size(); }
  [[nodiscard]] bool empty() const noexcept { return bars.empty(); }
  void push_back(const Bar& bar, std::string_view source);
  /// Rows [from, to) of `other`, which lie after all of ours.
  void append(const SourcedBars& other, std::size_t from, std::size_t to);
};

/// Which run each row of [from, to) belongs to, walked in order.
class RunCursor {
 public:
  explicit RunCursor(std::span<const SourceRun> runs) : runs_{runs} {}
  /// The source of `row`; rows are asked in ascending order.
  [[nodiscard]] std::string_view at(std::size_t row) {
    while (next_ < runs_.size() && runs_[next_].begin <= row) ++next_;
    return runs_[next_ - 1].source;
  }

 private:
  std::span<const SourceRun> runs_;
  std::size_t next_ = 0;
};

/// The union of two: where both have a time the incoming bar stays, with its source, unless the
/// values are the same, and then nothing changes. Counts into `outcome`.
[[nodiscard]] SourcedBars merge(const SourcedBars& stored, const SourcedBars& incoming,
                                WriteOutcome& outcome);

/// The incoming rows that are not in `stored` with the same values.
[[nodiscard]] SourcedBars differing(const SourcedBars& stored, const SourcedBars& incoming);

/// Errors: ValidationFailed, as BarStore::write promises.
[[nodiscard]] Result<> check_storable(const BarColumns& bars);
[[nodiscard]] Result<> check_source(std::string_view source);

}  // namespace ziggy::store
