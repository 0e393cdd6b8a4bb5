#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/time.hpp"

namespace ziggy::health {

enum class Status : std::uint8_t { Ok, Warning, Error };
/// `OK`, `WARNING`, `ERROR`.
[[nodiscard]] std::string_view status_name(Status status) noexcept;

/// What one look at something found; `message` is for people and may be empty.
struct Outcome {
  Status status = Status::Ok;
  std::string message;
};

enum class Criticality : std::uint8_t {
  Critical,  ///< its ERROR is the program's ERROR, and the program is not ready
  Optional,  ///< its ERROR makes a WARNING of the whole
};

/// A named question about the program's well-being.
struct Check {
  std::string name;  ///< "storage"
  Criticality criticality = Criticality::Optional;
  /// Without an answer for so long, the check counts as ERROR.
  std::chrono::milliseconds deadline{1'000};
  /// From the end of one run to the start of the next.
  std::chrono::milliseconds interval{5'000};
  /// May block; called on a thread of the health room, never twice at the same time.
  std::function<Outcome()> run;
};

struct CheckReport {
  std::string name;
  Criticality criticality = Criticality::Optional;
  Outcome outcome;
  std::chrono::microseconds response_time{0};
  Timestamp checked_at;
};

struct Report {
  Status overall = Status::Ok;
  bool is_ready = false;
  std::string not_ready_because;  ///< empty when ready
  Timestamp at;
  std::vector<CheckReport> checks;  ///< in the order they were given
};

/// Runs the checks on two threads of its own and remembers what they found. Thread-safe.
class Health {
 public:
  /// Begins at once. Not ready until every critical check has passed once. `clock` outlives this.
  Health(const Clock& clock, std::vector<Check> checks);
  Health(const Health&) = delete;
  Health& operator=(const Health&) = delete;
  /// Waits for a check that runs.
  ~Health();

  /// From memory: asks nothing, never blocks on a check.
  [[nodiscard]] Report report() const;

  /// From now on not ready: the server is draining.
  void set_draining();

  /// Returns when every check has run at least once or `wait` (wall time) is over; for tests and
  /// for a start that wants to say "ready" truthfully.
  bool wait_until_checked(std::chrono::milliseconds wait) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ziggy::health
