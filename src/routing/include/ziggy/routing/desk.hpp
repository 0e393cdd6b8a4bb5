#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/net/task.hpp"
#include "ziggy/resilience/breaker_registry.hpp"
#include "ziggy/resilience/budget.hpp"
#include "ziggy/routing/operation.hpp"
#include "ziggy/routing/sla.hpp"
#include "ziggy/store/incident_store.hpp"
#include "ziggy/store/sample_store.hpp"

namespace ziggy::net {
class BlockingPool;
}
namespace ziggy::store {
class Database;
}

namespace ziggy::routing {

struct Seat;
struct Order;

/// References and pointers outlive the desk.
struct DeskParts {
  const Clock& clock;
  resilience::BreakerRegistry& breakers;
  /// Where samples, incidents and pins survive; without it they don't.
  store::Database* database = nullptr;
  /// Who writes there; without it the caller of `tick` does, blocking.
  net::BlockingPool* pool = nullptr;
  /// Told `incident.opened` and `incident.closed` with the incident as JSON; must not block. False
  /// when it can't take it.
  std::function<bool(std::string event, std::string json)> webhook = {};
  /// How often `start` ticks, in real time.
  std::chrono::milliseconds tick_every{1'000};
};

struct OperationStatus {
  Operation operation = Operation::Bars;
  /// 1 is asked first; 0 is not asked at all (not configured, or held open).
  std::size_t rank = 0;
  std::size_t configured_rank = 1;
  /// 0 to 100; absent when too little was measured, and always for who is not configured.
  std::optional<double> score;
  /// Why it has this rank, in words.
  std::string reason;
  bool pinned = false;
  resilience::BreakerStatus breaker;
  std::optional<resilience::BudgetStatus> budget;
  std::array<SlaWindow, kSlaWindows> windows;
  SlaTotals totals;
};

struct ProviderStatus {
  std::string name;
  bool configured = true;
  /// What is missing, when it is not configured.
  std::string not_configured;
  /// `ok`, `degraded` (a breaker is not closed, or an incident is open), `down` (no operation can
  /// be asked), `idle` (not asked for a day), `not_configured`.
  std::string_view state;
  std::vector<OperationStatus> operations;
};

/// Knows how each vendor does at each operation, and in which order they are to be asked; keeps
/// breakers, measurements, ranks, pins and incidents. Thread-safe. Its windows are on the monotonic
/// clock. Desk, breakers and vendors outlive the loops' coroutines (not just their threads).
class Desk {
 public:
  explicit Desk(DeskParts parts);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// These vendors serve the operation, in the configured order; each gets the breaker
  /// `<vendor>.<operation>`. `timeout` is the longest one call may take. At start, by each Chain.
  void enroll(Operation operation, const std::vector<feed::Provider*>& providers,
              std::chrono::milliseconds timeout);
  /// Whom to ask, best first; open breakers last, without those that are not configured or held
  /// open.
  [[nodiscard]] std::vector<feed::Provider*> order(Operation operation) const;

  /// Blocking, after the chains are made: the last day's samples, pins, open incidents.
  /// Errors: StorageUnavailable.
  Result<> load();
  /// Ticks every `tick_every` on this loop until `stop`; what a tick throws is logged and the next
  /// one comes all the same.
  void start(net::Executor executor);
  /// Ends the ticks and writes what is not written yet; blocking. Call it when the loops have
  /// stopped, or before; a second call does nothing.
  void stop();
  /// Measures, ranks, opens and closes incidents, writes finished minutes. `start` calls it.
  void tick();

  [[nodiscard]] std::vector<ProviderStatus> status() const;
  [[nodiscard]] std::optional<ProviderStatus> status(std::string_view provider) const;
  /// The stored minutes of all its operations. Errors: NotFound for a name nobody enrolled;
  /// StorageUnavailable.
  [[nodiscard]] net::Task<Result<std::vector<store::ProviderSample>>> history(std::string provider,
                                                                              TimeRange range);

  /// The newest first: open ones and the latest closed ones since the start, 256 at most.
  [[nodiscard]] std::vector<store::Incident> incidents() const;
  /// All that are stored, by pages: newest first, those before the incident `before`.
  /// Errors: StorageUnavailable.
  [[nodiscard]] net::Task<Result<std::vector<store::Incident>>> incidents(std::size_t limit,
                                                                          std::string before);

  /// Puts a vendor first, whatever its score, until `unpin`; while its breaker is open others are
  /// asked nonetheless. Errors: NotFound unless it serves the operation; Configuration when it
  /// can't be asked.
  Result<> pin(Operation operation, std::string_view provider);
  /// Errors: NotFound when nothing is pinned.
  Result<> unpin(Operation operation);
  [[nodiscard]] std::optional<std::string> pinned(Operation operation) const;

  /// What others found out about answers; unknown names are ignored. A violation that a chain's
  /// Terms refused is counted already.
  void note_violation(std::string_view provider, Operation operation);
  void note_agreement(std::string_view provider, Operation operation, bool agrees);
  void note_gap(std::string_view provider, Operation operation, std::size_t expected,
                std::size_t missing);
  /// A call that was made without a chain (a stream's connection, say); `age` of the data. Without
  /// a latency it is counted but not timed. A stream's is told to its breaker, which nobody else
  /// tells anything; a connection that comes up closes it.
  void note_answer(std::string_view provider, Operation operation, AnswerClass answer,
                   std::optional<std::chrono::nanoseconds> latency,
                   std::optional<std::chrono::nanoseconds> age = {});

  [[nodiscard]] const Clock& clock() const noexcept;

  /// For Chain: the seats of an operation as of the last tick, pinned ones first. Cheap: one short
  /// lock, no allocation.
  [[nodiscard]] std::shared_ptr<const Order> seats(Operation operation) const;
  /// For Chain: now, on the desk's monotonic time line.
  [[nodiscard]] Timestamp time() const noexcept;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace ziggy::routing
