#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/calendar.hpp"
#include "ziggy/market/live.hpp"
#include "ziggy/streams/hub.hpp"

namespace ziggy::market {

/// The same moment on both clocks: dates by the one, waiting by the other.
struct Moment {
  Timestamp wall;
  Monotonic steady;
};

/// Where a sequence of bars and its holes are told.
class BarOutlet {
 public:
  virtual ~BarOutlet() = default;
  virtual void tell(const streams::BarMessage& message) = 0;
  virtual void tell(const streams::GapMessage& message) = 0;
};

/// The minute bars of one symbol as subscribers see them: ascending, each once, and complete but
/// for holes that were announced and could not be filled. Later bars wait while a hole is being
/// filled. Not thread-safe; does nothing by itself: its owner asks `wanted`, fetches, and answers.
class BarSequence {
 public:
  struct Counts {
    std::uint64_t announced = 0;
    std::uint64_t healed = 0;
    std::uint64_t left = 0;
    std::uint64_t repeated = 0;
  };

  /// `settings` and `counts` outlive the sequence.
  BarSequence(const Symbol& symbol, const LiveSettings& settings, Counts& counts);

  /// A pushed bar that keeps the contracts.
  void on_bar(std::string_view provider, const Bar& bar, BarPhase phase, Moment now,
              BarOutlet& outlet);

  /// From `since` on nothing can have been heard. A second one before `recovered` changes nothing.
  void begin_outage(Timestamp since);
  [[nodiscard]] bool is_out() const noexcept { return out_since_.has_value(); }
  /// The source is heard again: bars of minutes from now's on will come.
  void end_outage(Moment now, BarOutlet& outlet);

  /// The source is heard, but pushes no bars: what is over by now is a hole, and it stays out.
  void pass_minutes(Moment now, BarOutlet& outlet);

  /// What to fetch now, if anything; it then counts as on its way until `fetched` or `not_fetched`.
  [[nodiscard]] std::optional<TimeRange> wanted(Moment now);
  /// The bars of what was wanted, ascending: all that exist.
  void fetched(std::string_view provider, const BarColumns& bars, Moment now, BarOutlet& outlet);
  void not_fetched(Moment now);
  /// Gives up what could not be filled in time.
  void tick(Moment now, BarOutlet& outlet);

  [[nodiscard]] std::size_t holes() const noexcept { return holes_.size(); }

 private:
  struct Hole {
    TimeRange range;
    /// Known to be one, and told; otherwise bars are only missing, which may mean no trades.
    bool is_announced = false;
    bool is_on_its_way = false;
    int attempts = 0;
    Monotonic next_try;
    Monotonic give_up;
  };

  [[nodiscard]] bool is_jump(Timestamp to) const;
  [[nodiscard]] std::optional<TimeRange> in_sessions(TimeRange range) const;
  void tell_bar(const streams::BarMessage& message, BarOutlet& outlet);
  void tell_held(Timestamp before, BarOutlet& outlet);
  void hold(streams::BarMessage message, BarOutlet& outlet);
  void drop_covered(BarOutlet& outlet);
  void open_hole(TimeRange range, bool is_announced, Moment now, BarOutlet& outlet);
  void announce(Hole& hole, BarOutlet& outlet);
  void close_front(BarOutlet& outlet);
  void on_old_bar(streams::BarMessage message, BarOutlet& outlet);

  Symbol symbol_;
  const LiveSettings& settings_;
  Counts& counts_;
  const Calendar& calendar_;
  /// The last bar that was told.
  std::optional<Bar> last_;
  /// The end of what is known: told, held or in a hole.
  std::optional<Timestamp> known_until_;
  std::optional<Timestamp> out_since_;
  std::deque<Hole> holes_;                 // ascending
  std::vector<streams::BarMessage> held_;  // ascending
  /// Looks at missing minutes that found nothing, one after the other: the symbol trades seldom.
  int looks_in_vain_ = 0;
  Timestamp next_look_;
  /// The last minutes without bars that nobody looked for.
  std::optional<TimeRange> passed_over_;
};

}  // namespace ziggy::market
