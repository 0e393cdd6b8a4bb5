#include "vendor_bars.hpp"

#include "ziggy/domain/contracts.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ziggy/domain/new_york.hpp"
#include "ziggy/domain/resample.hpp"
#include "ziggy/feed/provider.hpp"

namespace ziggy::feed {

using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::sys_days;

std::optional<Timestamp> instant_from_epoch(std::int64_t value) noexcept {
  if (value <= 0) return std::nullopt;
  std::int64_t unit = 1;
  if (value < 100'000'000'000) {
    unit = 1'000'000'000;
  } else if (value < 100'000'000'000'000) {
    unit = 1'000'000;
  } else if (value < 100'000'000'000'000'000) {
    unit = 1'000;
  }
  // Nanoseconds run out in 2262.
  if (value > std::numeric_limits<std::int64_t>::max() / unit) return std::nullopt;
  return Timestamp{nanoseconds{value * unit}};
}

Timestamp canonical_bar_time(Timestamp start, Interval interval, AssetKind kind) noexcept {
  if (is_intraday(interval)) return start;
  const bool is_session = kind == AssetKind::Share || kind == AssetKind::Index;
  const sys_days utc = date_of(start);
  sys_days date = is_session && Timestamp{utc} != start ? new_york_date(start) : utc;
  if (interval == Interval::Week && std::chrono::weekday{date} == std::chrono::Sunday) {
    date += days{1};
  }
  return interval == Interval::Day ? Timestamp{date} : period_start(Timestamp{date}, interval);
}

namespace {

void reverse(BarColumns& bars) {
  std::ranges::reverse(bars.time);
  std::ranges::reverse(bars.open);
  std::ranges::reverse(bars.high);
  std::ranges::reverse(bars.low);
  std::ranges::reverse(bars.close);
  std::ranges::reverse(bars.volume);
}

}  // namespace

bool order_ascending(BarColumns& bars) {
  const bool is_descending =
      bars.size() > 1 &&
      std::ranges::adjacent_find(bars.time, std::ranges::less_equal{}) == bars.time.end();
  if (is_descending) reverse(bars);
  return !is_descending;
}

BarColumns join_pages(BarColumns before, BarColumns next) {
  if (before.empty()) return next;
  if (next.empty()) return before;
  if (next.time.back() <= before.time.front() && next.time.front() < before.time.front()) {
    std::swap(before, next);
  }
  std::size_t from = 0;
  while (from < next.size() && next.time[from] <= before.time.back()) {
    const std::size_t at = before.lower_bound(next.time_at(from));
    if (at >= before.size() || before.at(at) != next.at(from)) break;
    ++from;
  }
  before.append(next, from, next.size());
  return before;
}

BarColumns cut_to(const BarColumns& bars, TimeRange range, std::size_t limit) {
  BarColumns inside;
  inside.reserve(std::min(bars.size(), limit));
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Timestamp time = bars.time_at(i);
    if (time >= range.start && time < range.end) inside.push_back(bars.at(i));
  }
  if (inside.size() <= limit) return inside;
  const std::size_t from = range.start == kNoStart ? inside.size() - limit : 0;
  BarColumns cut;
  cut.append(inside, from, from + limit);
  return cut;
}

void undo_splits(BarColumns& bars, std::span<const CorporateAction> actions, Interval interval) {
  for (const CorporateAction& action : actions) {
    if (action.kind != CorporateAction::Kind::Split || !(action.value > 0)) continue;
    const Timestamp ex = is_intraday(interval)
                             ? from_new_york(date_of(action.ex_date), nanoseconds::zero())
                             : action.ex_date;
    for (std::size_t i = 0; i < bars.size(); ++i) {
      if (bars.time_at(i) >= ex) continue;
      bars.open[i] *= action.value;
      bars.high[i] *= action.value;
      bars.low[i] *= action.value;
      bars.close[i] *= action.value;
      bars.volume[i] /= action.value;
    }
  }
}

Timestamp start_for_last(Timestamp end, std::size_t limit, Interval interval,
                         AssetKind kind) noexcept {
  constexpr Timestamp kEarliest{sys_days{std::chrono::year{1990} / 1 / 1}};
  // In hours as double: no product of a limit and a length overflows.
  const double length = static_cast<double>(nominal_length(interval).count()) / 3600.0;
  double hours = length * static_cast<double>(limit);
  if (kind != AssetKind::Crypto) {
    // 252 sessions a year, of six and a half hours; a holiday weekend in reserve.
    if (is_intraday(interval)) hours *= 24.0 / 6.5;
    if (interval <= Interval::Day) hours *= 365.0 / 252.0;
    hours += 24.0 * 5;
  }
  hours = hours * 1.05 + 2 * length;
  const double available = static_cast<double>((end - kEarliest).count()) / 3.6e12;
  if (hours >= available) return std::min(kEarliest, end);
  return end - std::chrono::hours{static_cast<std::int64_t>(std::ceil(hours))};
}

double quote_size_in_shares(double size, Timestamp time) noexcept {
  constexpr Timestamp kSharesSince{sys_days{std::chrono::year{2025} / 11 / 3}};
  return time < kSharesSince ? size * 100 : size;
}

std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + 8);
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || std::string_view{"-._~:,/"}.contains(c);
    if (is_plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

bool has_jump(const BarColumns& bars, Interval interval) {
  return std::ranges::any_of(check_bars(bars, interval), [](const Violation& each) {
    return each.rule == ContractRule::UnexplainedJump;
  });
}

}  // namespace ziggy::feed
