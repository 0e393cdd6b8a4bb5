#pragma once

#include <cstddef>
#include <optional>

#include "sim_days.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/interval.hpp"

namespace ziggy::feed::sim {

/// One symbol of a simulated market, ready to be asked.
struct SymbolView {
  const Listing* listing = nullptr;
  const Timetable* timetable = nullptr;
  const Days* days = nullptr;
  std::uint64_t seed = 0;
  bool is_exchange = false;

  [[nodiscard]] Session session(std::size_t index) const {
    return make_session(*listing, seed, index, days->days[index], timetable->at(index),
                        is_exchange);
  }
  /// The close before session `index`, in today's shares when the session begins with a split.
  [[nodiscard]] std::optional<double> previous_close(std::size_t index) const;
};

struct BarsWanted {
  TimeRange range;
  std::size_t limit = 0;
  Timestamp now;

  [[nodiscard]] bool wants_last() const noexcept { return range.start == Timestamp::min(); }
};

[[nodiscard]] BarColumns day_bars(const SymbolView& symbol, const BarsWanted& wanted);
/// Weeks and months.
[[nodiscard]] BarColumns calendar_bars(const SymbolView& symbol, Interval interval,
                                       const BarsWanted& wanted);
[[nodiscard]] BarColumns intraday_bars(const SymbolView& symbol, Interval interval,
                                       const BarsWanted& wanted);

}  // namespace ziggy::feed::sim
