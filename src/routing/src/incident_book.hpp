#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/time.hpp"
#include "ziggy/resilience/breaker.hpp"
#include "ziggy/routing/sla.hpp"
#include "ziggy/store/incident_store.hpp"

namespace ziggy::routing {

/// What each operation promises: 99 of 100 answers are good, and 95 of 100 come within two thirds
/// of the time limit.
inline constexpr double kSuccessTarget = 0.99;
inline constexpr double kLatencyTarget = 0.95;

/// Burn-rate alerts over two windows each, the long one so that a blip does not ring, the short one
/// so that it stops ringing: https://sre.google/workbook/alerting-on-slos/, "Multiwindow,
/// Multi-Burn- Rate Alerts" (its 14.4 and 6; the slow one over 24 hours instead of 6).
struct BurnRule {
  std::string_view kind;
  std::size_t short_window;  // index into kSlaWindowLengths
  std::size_t long_window;
  double burn;
  /// Answers in the short window below which it says nothing.
  std::uint64_t volume_min;
  store::Incident::Severity severity;
};

/// What is looked at for one vendor's operation.
struct Observation {
  std::string_view provider;
  std::string_view operation;
  resilience::BreakerState breaker = resilience::BreakerState::Closed;
  bool forced = false;
  /// Open because of a quota, which is no failure.
  bool quota = false;
  std::string_view breaker_reason;
  std::array<SlaWindow, kSlaWindows> windows;
  /// The last good answer since the program started.
  std::optional<Timestamp> succeeded_at;
};

/// Opens and closes incidents; one of a kind is open at a time. Not thread-safe.
class IncidentBook {
 public:
  struct Changes {
    std::vector<store::Incident> opened;
    std::vector<store::Incident> closed;
  };

  /// Those that were open when the program ended.
  void restore(std::vector<store::Incident> open);
  /// `now` on the monotonic time line, `wall` for people.
  [[nodiscard]] Changes update(const std::vector<Observation>& seen, Timestamp now, Timestamp wall);
  /// Newest first.
  [[nodiscard]] std::vector<store::Incident> list() const;
  [[nodiscard]] bool has_open(std::string_view provider, std::string_view operation) const;

 private:
  using Key = std::array<std::string, 3>;
  struct Open {
    store::Incident incident;
    /// On the monotonic time line; for restored ones when they were restored.
    Timestamp since;
    std::optional<Timestamp> well_since;
  };

  void raise(const Observation& seen, std::string_view kind, store::Incident::Severity severity,
             std::string reason, Timestamp now, Timestamp wall, Changes& changes);
  void settle(const Observation& seen, std::string_view kind, bool is_well,
              std::chrono::seconds hold, std::string closing, Timestamp now, Timestamp wall,
              Changes& changes);
  void look_at_breaker(const Observation& seen, Timestamp now, Timestamp wall, Changes& changes);
  void look_at_burn(const Observation& seen, const BurnRule& rule, Timestamp now, Timestamp wall,
                    Changes& changes);

  std::map<Key, Open> open_;
  // Newest last.
  std::deque<store::Incident> closed_;
};

/// `incident` as the object that a webhook gets.
[[nodiscard]] std::string incident_json(const store::Incident& incident);

}  // namespace ziggy::routing
