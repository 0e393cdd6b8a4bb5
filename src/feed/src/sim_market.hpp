#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sim_days.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"

namespace ziggy::feed::sim {

/// Sessions of shares from kFirstDay to a date, inclusive.
using ExchangeHours = std::function<std::vector<Hours>(std::chrono::sys_days until)>;

/// What was said about a symbol, and when.
struct Story {
  Timestamp time;
  std::string title;
};

/// The simulated market as a pure function of (seed, symbol, time): any bar of any interval and any
/// quote can be asked in any order, from any thread, and is the same in every process. All bars of
/// a symbol agree: a day is the sum of its minutes, a minute of its seconds, and a second of the
/// four prints that the live quotes show.
class SimMarket {
 public:
  /// Without `exchange`, every UTC day is a session of every symbol, one after the other without
  /// gap, split, dividend or halt. With it, shares keep the exchange's hours; coins never close.
  explicit SimMarket(std::uint64_t seed, ExchangeHours exchange = {});

  /// What a source would say at `now`: the last print at or before it. nullopt before kFirstDay.
  [[nodiscard]] std::optional<Quote> quote(std::size_t listing, Timestamp now) const;

  /// Closed bars with `t` inside `range`: the last `limit` when `range.start` is Timestamp::min(),
  /// else the first. Hours and four hours are cut at whole UTC hours; a week is named by its
  /// Monday, a month by its first day. A day is closed when its session is, every other bar when
  /// its period is.
  [[nodiscard]] BarColumns bars(std::size_t listing, Interval interval, TimeRange range,
                                std::size_t limit, Timestamp now) const;

  /// Splits and dividends with an ex-date up to `now`.
  [[nodiscard]] std::vector<CorporateAction> actions(std::size_t listing, Timestamp now) const;

  /// Headlines inside `range`, which is cut to 400 sessions from its start: wide moves, splits,
  /// dividends and halts, each told when it could be known.
  [[nodiscard]] std::vector<Story> stories(std::size_t listing, TimeRange range) const;

 private:
  struct World;
  /// A symbol with the days it has so far.
  struct View;
  [[nodiscard]] View view(std::size_t listing, Timestamp now) const;

  std::uint64_t seed_;
  ExchangeHours exchange_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const World> world_;  // guarded by mutex_
};

}  // namespace ziggy::feed::sim
