#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "ziggy/base/time.hpp"
#include "ziggy/domain/quote.hpp"
#include "ziggy/domain/symbol.hpp"

namespace ziggy {

/// One trading day; instants in UTC. Early trading runs from `pre_open` to `open`, the regular
/// session from `open` (inside) to `close` (outside), late trading until `post_close`.
struct Session {
  std::chrono::sys_days date;
  Timestamp pre_open;
  Timestamp open;
  Timestamp close;
  Timestamp post_close;
  friend bool operator==(const Session&, const Session&) = default;
};

/// When a market trades. Two calendars exist: the New York Stock Exchange, by rules and without
/// tables of dates (exact from 1990 to what the exchange has announced; unscheduled closures of the
/// future cannot be known), and crypto, which never closes and has one session a UTC day.
/// Thread-safe, no allocation but for `sessions`; every question costs well under a microsecond.
class Calendar {
 public:
  [[nodiscard]] static const Calendar& nyse() noexcept;
  [[nodiscard]] static const Calendar& crypto() noexcept;
  /// The one for a symbol: crypto for pairs such as BTC-USD, otherwise NYSE.
  [[nodiscard]] static const Calendar& of(const Symbol& symbol) noexcept;

  [[nodiscard]] bool never_closes() const noexcept { return kind_ == Kind::Crypto; }

  /// True from a regular open (inside) to its close (outside).
  [[nodiscard]] bool is_open(Timestamp time) const noexcept;
  /// Closed, Pre, Open or Post. Halts are not the calendar's.
  [[nodiscard]] MarketState state_at(Timestamp time) const noexcept;
  /// The session of a date; nullopt on days without one.
  [[nodiscard]] std::optional<Session> session_on(std::chrono::sys_days date) const noexcept;
  /// The session whose early, regular or late trading is on; nullopt otherwise.
  [[nodiscard]] std::optional<Session> session_at(Timestamp time) const noexcept;
  /// The first regular open, close after `time` (later than it, never equal). Crypto, which has no
  /// such moment, answers with the next UTC midnight.
  [[nodiscard]] Timestamp next_open(Timestamp time) const noexcept;
  [[nodiscard]] Timestamp next_close(Timestamp time) const noexcept;
  /// The last regular close at or before `time`.
  [[nodiscard]] Timestamp previous_close(Timestamp time) const noexcept;
  /// Sessions whose date lies in [from, to).
  [[nodiscard]] std::vector<Session> sessions(std::chrono::sys_days from,
                                              std::chrono::sys_days to) const;

 private:
  enum class Kind { Nyse, Crypto };
  explicit constexpr Calendar(Kind kind) noexcept : kind_{kind} {}
  /// The first session on or after a date, the last on or before it.
  [[nodiscard]] Session session_from(std::chrono::sys_days date) const noexcept;
  [[nodiscard]] Session session_until(std::chrono::sys_days date) const noexcept;
  [[nodiscard]] std::chrono::sys_days local_date(Timestamp time) const noexcept;

  Kind kind_;
};

}  // namespace ziggy
