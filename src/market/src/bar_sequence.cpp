#include "bar_sequence.hpp"

#include <algorithm>
#include <utility>

#include "ziggy/domain/resample.hpp"

namespace ziggy::market {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

// A vendor's bar of a minute comes at most this long after its end (usually in a second or two).
constexpr seconds kBarDelay{60};
// Waiting bars and holes of one symbol: an hour of bars is far more than `heal_limit`.
constexpr std::size_t kHeldMax = 64;
constexpr std::size_t kHolesMax = 8;
// Missing minutes that nobody announced are looked at this long: nearly always there was no trade.
constexpr seconds kLookLimit{20};
constexpr int kLookBackoffMax = 6;  // 2^6 minutes
constexpr seconds kRetryFirst{1};
constexpr seconds kRetryMax{15};
// The last minute of a hole may not have reached the REST side: an answer without it is asked for
// again while the hole's end is this fresh.
constexpr seconds kFresh{15};
constexpr seconds kFreshRetry{5};

Timestamp minute_of(Timestamp time) { return std::chrono::floor<minutes>(time); }

}  // namespace

BarSequence::BarSequence(const Symbol& symbol, const LiveSettings& settings, Counts& counts)
    : symbol_{symbol},
      settings_{settings},
      counts_{counts},
      calendar_{settings.is_always_open ? Calendar::crypto() : Calendar::of(symbol)} {}

void BarSequence::tell_bar(const streams::BarMessage& message, BarOutlet& outlet) {
  last_ = message.bar;
  known_until_ = std::max(known_until_.value_or(Timestamp::min()), message.bar.time + minutes{1});
  outlet.tell(message);
}

void BarSequence::on_old_bar(streams::BarMessage message, BarOutlet& outlet) {
  const bool is_last = message.bar.time == last_->time;
  if (is_last && message.bar == *last_) {
    ++counts_.repeated;
    return;
  }
  // A vendor that sends the last minute again with other values corrects it, whatever it says; of
  // an older one only its word tells a correction from a repetition, unless the minute was passed
  // over unseen: then later bars have been told, and this one corrects what they were told on.
  const bool is_passed_over = passed_over_ && message.bar.time >= passed_over_->start &&
                              message.bar.time < passed_over_->end;
  if (is_passed_over) {
    passed_over_->start = message.bar.time + minutes{1};
  } else if (!is_last && message.phase != BarPhase::Corrected) {
    ++counts_.repeated;
    return;
  }
  message.phase = BarPhase::Corrected;
  if (is_last) last_ = message.bar;
  outlet.tell(message);
}

bool BarSequence::is_jump(Timestamp to) const {
  if (!known_until_ || to <= *known_until_) return false;
  if (calendar_.never_closes()) return true;
  if (!calendar_.is_open(*known_until_) || !calendar_.is_open(to)) return false;
  const auto before = calendar_.session_at(*known_until_);
  const auto after = calendar_.session_at(to);
  return before && after && before->date == after->date;
}

void BarSequence::on_bar(std::string_view provider, const Bar& bar, BarPhase phase, Moment now,
                         BarOutlet& outlet) {
  streams::BarMessage message{symbol_, Interval::Minute, bar, phase, std::string{provider}};
  if (last_ && bar.time <= last_->time) {
    if (phase != BarPhase::Running) on_old_bar(std::move(message), outlet);
    return;
  }
  if (is_out()) {
    // The first bar ends the hole, unless it is so late that others were missed after it.
    const bool is_late = bar.time + minutes{2} <= now.wall;
    end_outage({is_late ? now.wall : bar.time, now.steady}, outlet);
  }
  if (phase == BarPhase::Running) {
    // It would come before minutes that are missing.
    if (holes_.empty()) outlet.tell(message);
    return;
  }
  message.phase = BarPhase::Closed;
  if (!holes_.empty()) return hold(std::move(message), outlet);
  if (is_jump(bar.time)) {
    if (now.wall >= next_look_) {
      open_hole({*known_until_, bar.time}, false, now, outlet);
      return hold(std::move(message), outlet);
    }
    passed_over_ = TimeRange{*known_until_, bar.time};
  }
  tell_bar(message, outlet);
}

void BarSequence::begin_outage(Timestamp since) {
  if (!is_out()) out_since_ = since;
}

void BarSequence::end_outage(Moment now, BarOutlet& outlet) {
  if (!is_out()) return;
  TimeRange range{minute_of(*out_since_ - kBarDelay), minute_of(now.wall)};
  // The minute that ran when it broke, and the one before unless its bar had come.
  if (known_until_) {
    range.start = std::max(range.start, *known_until_);
  } else {
    range.start = minute_of(*out_since_);
  }
  out_since_.reset();
  if (const auto missed = in_sessions(range)) open_hole(*missed, true, now, outlet);
}

void BarSequence::pass_minutes(Moment now, BarOutlet& outlet) {
  const Timestamp minute = minute_of(now.wall);
  if (!is_out() || minute <= minute_of(*out_since_)) return;
  end_outage(now, outlet);
  begin_outage(minute);
}

std::optional<TimeRange> BarSequence::in_sessions(TimeRange range) const {
  if (range.start >= range.end) return std::nullopt;
  if (calendar_.never_closes()) return range;
  if (!calendar_.session_at(range.start)) {
    const auto next = calendar_.session_at(calendar_.next_open(range.start));
    if (!next) return std::nullopt;
    range.start = std::max(range.start, next->pre_open);
  }
  if (!calendar_.session_at(range.end - minutes{1})) {
    const auto before = calendar_.session_at(calendar_.previous_close(range.end) - minutes{1});
    if (!before) return std::nullopt;
    range.end = std::min(range.end, before->post_close);
  }
  if (range.start >= range.end) return std::nullopt;
  return range;
}

void BarSequence::open_hole(TimeRange range, bool is_announced, Moment now, BarOutlet& outlet) {
  if (holes_.size() == kHolesMax) close_front(outlet);
  const auto limit = is_announced ? std::chrono::nanoseconds{settings_.heal_limit}
                                  : std::chrono::nanoseconds{kLookLimit};
  Hole hole;
  hole.range = range;
  // Not before the vendor has settled its last minute.
  const std::chrono::nanoseconds age = now.wall - range.end;
  hole.next_try = now.steady + std::max<std::chrono::nanoseconds>(settings_.settle - age,
                                                                  std::chrono::nanoseconds::zero());
  hole.give_up = hole.next_try + limit;
  known_until_ = std::max(known_until_.value_or(Timestamp::min()), range.end);
  if (is_announced) announce(hole, outlet);
  holes_.push_back(hole);
}

void BarSequence::announce(Hole& hole, BarOutlet& outlet) {
  if (std::exchange(hole.is_announced, true)) return;
  ++counts_.announced;
  outlet.tell(streams::GapMessage{symbol_, hole.range.start, hole.range.end, false});
}

void BarSequence::hold(streams::BarMessage message, BarOutlet& outlet) {
  const auto at = std::ranges::lower_bound(
      held_, message.bar.time, {}, [](const streams::BarMessage& entry) { return entry.bar.time; });
  known_until_ = std::max(*known_until_, message.bar.time + minutes{1});
  if (at != held_.end() && at->bar.time == message.bar.time) {
    ++counts_.repeated;
    *at = std::move(message);
    return;
  }
  held_.insert(at, std::move(message));
  drop_covered(outlet);
  while (held_.size() > kHeldMax && !holes_.empty()) close_front(outlet);
}

void BarSequence::drop_covered(BarOutlet& outlet) {
  // Bars that only came out of order fill a suspected hole by themselves.
  if (holes_.empty() || holes_.front().is_announced) return;
  const TimeRange range = holes_.front().range;
  const auto inside = std::ranges::count_if(held_, [&](const streams::BarMessage& entry) {
    return entry.bar.time >= range.start && entry.bar.time < range.end;
  });
  if (inside < (range.end - range.start) / minutes{1}) return;
  holes_.pop_front();
  tell_held(holes_.empty() ? Timestamp::max() : holes_.front().range.start, outlet);
}

void BarSequence::tell_held(Timestamp before, BarOutlet& outlet) {
  std::size_t told = 0;
  for (; told < held_.size() && held_[told].bar.time < before; ++told) {
    if (!last_ || held_[told].bar.time > last_->time) tell_bar(held_[told], outlet);
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(told));
  if (held_.empty()) held_.shrink_to_fit();
}

void BarSequence::close_front(BarOutlet& outlet) {
  const Hole hole = holes_.front();
  holes_.pop_front();
  tell_held(hole.range.end, outlet);
  if (hole.is_announced) ++counts_.left;
  tell_held(holes_.empty() ? Timestamp::max() : holes_.front().range.start, outlet);
}

std::optional<TimeRange> BarSequence::wanted(Moment now) {
  if (holes_.empty()) return std::nullopt;
  Hole& hole = holes_.front();
  if (hole.is_on_its_way || now.steady < hole.next_try) return std::nullopt;
  hole.is_on_its_way = true;
  return hole.range;
}

void BarSequence::not_fetched(Moment now) {
  if (holes_.empty() || !holes_.front().is_on_its_way) return;
  Hole& hole = holes_.front();
  hole.is_on_its_way = false;
  const auto wait = kRetryFirst * (1 << std::min(hole.attempts++, 10));
  hole.next_try = now.steady + std::min<std::chrono::nanoseconds>(wait, kRetryMax);
}

void BarSequence::fetched(std::string_view provider, const BarColumns& bars, Moment now,
                          BarOutlet& outlet) {
  if (holes_.empty() || !holes_.front().is_on_its_way) return;
  Hole& hole = holes_.front();
  hole.is_on_its_way = false;
  const TimeRange range = hole.range;
  const std::size_t first = bars.lower_bound(range.start);
  const std::size_t end = bars.lower_bound(range.end);
  const bool has_last = end > first && bars.time_at(end - 1) + minutes{1} >= range.end;
  if (!has_last && hole.is_announced && now.wall - range.end < kFresh) {
    hole.next_try = now.steady + kFreshRetry;
    return;
  }
  std::vector<streams::BarMessage> missing;
  for (std::size_t i = first; i < end; ++i) {
    const auto is_here = [&](const streams::BarMessage& entry) {
      return entry.bar.time == bars.time_at(i);
    };
    if (last_ && bars.time_at(i) <= last_->time) continue;
    if (std::ranges::any_of(held_, is_here)) continue;
    missing.push_back(
        {symbol_, Interval::Minute, bars.at(i), BarPhase::Closed, std::string{provider}});
  }
  if (!missing.empty()) announce(hole, outlet);
  if (hole.is_announced) {
    looks_in_vain_ = 0;
  } else {
    looks_in_vain_ = std::min(looks_in_vain_ + 1, kLookBackoffMax);
    next_look_ = now.wall + minutes{1} * ((1 << looks_in_vain_) - 1);
  }
  const bool is_announced = hole.is_announced;
  holes_.pop_front();
  for (streams::BarMessage& message : missing) {
    tell_held(message.bar.time, outlet);
    tell_bar(message, outlet);
  }
  tell_held(range.end, outlet);
  if (is_announced) {
    ++counts_.healed;
    outlet.tell(streams::GapMessage{symbol_, range.start, range.end, true});
  }
  tell_held(holes_.empty() ? Timestamp::max() : holes_.front().range.start, outlet);
}

void BarSequence::tick(Moment now, BarOutlet& outlet) {
  while (!holes_.empty() && now.steady >= holes_.front().give_up) close_front(outlet);
}

}  // namespace ziggy::market
