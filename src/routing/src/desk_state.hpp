#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "incident_book.hpp"
#include "rank.hpp"
#include "seat.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/routing/desk.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::routing {

/// What waits to be written, in order; whoever drains it blocks. Thread-safe. Bounded: while the
/// database is away the oldest is dropped.
class WriteQueue {
 public:
  using Write = std::function<Result<>(store::Database&)>;

  void add(Write write);
  [[nodiscard]] bool empty() const;
  /// Runs them in order and stops at the first that fails because the storage is away, which stays.
  void drain(store::Database& database);

 private:
  // An hour of minutes for twenty operations of vendors, and incidents beside.
  static constexpr std::size_t kMax = 2'048;

  mutable std::mutex mutex_;
  std::mutex draining_;
  std::deque<Write> writes_;
  std::uint64_t dropped_ = 0;
};

/// Everything about one operation.
struct Bench {
  std::vector<Seat*> seats;  // configured order
  Ranking ranking;
  std::vector<std::optional<Score>> scores;  // of the last tick, by configured place
  std::optional<std::string> pin;
  std::shared_ptr<const Order> order = std::make_shared<const Order>();
};

struct Desk::State {
  explicit State(DeskParts with);

  [[nodiscard]] Timestamp time() const noexcept {
    return wall_base + (parts.clock.steady() - steady_base);
  }
  /// What the wall says now about a moment of the desk's time.
  [[nodiscard]] Timestamp wall_of(Timestamp time_then) const {
    return parts.clock.now() - (time() - time_then);
  }
  [[nodiscard]] Bench& bench(Operation operation) {
    return benches[static_cast<std::size_t>(operation)];
  }
  [[nodiscard]] Seat* find(std::string_view provider, Operation operation);

  // All of these with `mutex` held.
  void measure(Bench& bench, Timestamp now);
  void publish(Bench& bench);
  [[nodiscard]] Observation observe(Seat& seat, Timestamp now);
  void look_for_incidents(Timestamp now);
  void take_samples(Timestamp now, bool also_running);
  [[nodiscard]] OperationStatus status_of(Bench& bench, std::size_t place, Timestamp now);
  [[nodiscard]] std::vector<ProviderStatus> status();

  void tell(const store::Incident& incident, bool is_open);
  /// Writes what waits, on the pool if there is one.
  void flush(const std::shared_ptr<State>& self);

  const DeskParts parts;
  const Timestamp wall_base;
  const Monotonic steady_base;

  // Guards everything below but the orders, which readers copy on each request.
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Seat>> seats;
  std::array<Bench, kOperations> benches;
  IncidentBook incidents;
  Timestamp looked_at{};    // for incidents
  std::int64_t minute = 0;  // of the last samples
  std::int64_t cleaned_day = 0;
  mutable std::mutex order_mutex;  // Bench::order; taken after `mutex`

  WriteQueue writes;
  std::atomic<bool> is_writing{false};
  std::mutex timer_mutex;
  std::shared_ptr<net::Timer> timer;  // guarded by timer_mutex
  std::optional<net::Executor> executor;
  std::atomic<bool> is_stopped{false};
};

}  // namespace ziggy::routing
