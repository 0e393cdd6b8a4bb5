#pragma once

#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/standin/faults.hpp"

namespace ziggy::standin {

/// What is wrong with the figures of one answer or one message.
struct DataFaults {
  bool is_duplicated = false;
  bool is_out_of_order = false;
  bool is_wrong_symbol = false;
  bool is_negative = false;
  std::chrono::milliseconds age{0};
};

/// What happens to one answer or one message.
struct Effects {
  std::chrono::milliseconds delay{0};
  /// What happens to its bytes; at most one thing.
  std::optional<FaultStep> wire;
  DataFaults data;
};

/// A step that began or ended.
struct FaultChange {
  FaultStep step;
  bool is_begin = false;
};

/// The scripts that run and what they say about this moment. Thread-safe.
class FaultBoard {
 public:
  /// More than any test adds by hand between two clears.
  static constexpr std::size_t kScriptsMax = 200;

  /// The script's time begins `now`. Errors: Conflict when too many run already.
  [[nodiscard]] Result<> run(FaultScript script, Monotonic now);
  void clear();

  [[nodiscard]] Effects pick(Vendor vendor, Route route, Monotonic now);
  /// What changed since the last call, in the order of the scripts. A drop without an end begins
  /// once.
  [[nodiscard]] std::vector<FaultChange> changes(Monotonic now);

 private:
  struct Running {
    FaultScript script;
    Monotonic since;
    /// Of each step: whether it was on, and which of its repetitions has begun.
    struct Seen {
      bool was_on = false;
      std::int64_t turn = -1;
    };
    std::vector<Seen> seen;

    [[nodiscard]] std::chrono::milliseconds elapsed(Monotonic now) const;
  };

  std::mutex mutex_;
  std::vector<Running> running_;       // guarded by mutex_
  std::minstd_rand dice_{20'240'101};  // guarded by mutex_
};

}  // namespace ziggy::standin
