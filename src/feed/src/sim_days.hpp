#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim_path.hpp"
#include "sim_symbols.hpp"
#include "ziggy/base/time.hpp"
#include "ziggy/domain/corporate_action.hpp"

namespace ziggy::feed::sim {

/// Nothing is simulated before this date.
inline constexpr std::chrono::sys_days kFirstDay{std::chrono::year{2000} / 1 / 1};

/// When one session of a symbol trades; [open, close) is a whole number of half hours.
struct Hours {
  std::chrono::sys_days date;
  Timestamp open;
  Timestamp close;
};

/// The sessions of a kind of symbol in order: every UTC day, or an exchange's list.
class Timetable {
 public:
  /// Every UTC day from kFirstDay on, without end.
  Timetable() = default;
  /// `sessions` ascending, all from kFirstDay on.
  explicit Timetable(std::vector<Hours> sessions)
      : sessions_{std::move(sessions)}, is_listed_{true} {}

  [[nodiscard]] Hours at(std::size_t index) const;
  /// How many sessions opened at or before `time`; the running or last one is one less.
  [[nodiscard]] std::size_t opened(Timestamp time) const;
  /// How many sessions lie before `date`.
  [[nodiscard]] std::size_t before(std::chrono::sys_days date) const;
  /// How many there are up to and with `horizon`.
  [[nodiscard]] std::size_t until(std::chrono::sys_days horizon) const {
    return before(horizon + std::chrono::days{1});
  }
  /// True when each session ends where the next begins: no gap overnight.
  [[nodiscard]] bool is_seamless() const noexcept { return !is_listed_; }

 private:
  std::vector<Hours> sessions_;
  bool is_listed_ = false;
};

/// One session's ends, in cents, and how much it moved.
struct Day {
  std::int32_t open = 0;
  std::int32_t close = 0;
  /// Standard deviation of the session's logarithmic return, without the gap.
  float deviation = 0;
  bool is_turbulent = false;
};

/// The sessions of one symbol from kFirstDay to a horizon, in raw prices, with their splits and
/// dividends. The same symbol and seed give the same days whatever the horizon.
struct Days {
  std::vector<Day> days;
  std::vector<CorporateAction> actions;
};

/// `exchange` adds opening gaps, jumps, splits and dividends (never for coins). About a
/// millisecond for 25 years.
[[nodiscard]] Days make_days(const Listing& listing, std::uint64_t seed, const Timetable& timetable,
                             std::size_t count, bool is_exchange);

/// Session `index` as a tree: its extremes, volume and halt drawn from the same seed.
[[nodiscard]] Session make_session(const Listing& listing, std::uint64_t seed, std::size_t index,
                                   const Day& day, const Hours& hours, bool is_exchange);

}  // namespace ziggy::feed::sim
