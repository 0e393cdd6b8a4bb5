#include "sourced_bars.hpp"

#include <algorithm>
#include <cmath>

namespace ziggy::store {
namespace {

// Nanoseconds in 64 bits reach from 1677 to 2262; what lies near the ends is a broken date.
constexpr std::int64_t kTimeMin = -8'520'336'000'000'000'000;  // 1700-01-01
constexpr std::int64_t kTimeMax = 7'258'118'400'000'000'000;   // 2200-01-01

void extend_runs(std::vector<SourceRun>& runs, std::size_t begin, std::string_view source) {
  if (runs.empty() || runs.back().source != source) runs.push_back({begin, std::string{source}});
}

bool same_values(const BarColumns& a, std::size_t i, const BarColumns& b, std::size_t j) {
  return a.open[i] == b.open[j] && a.high[i] == b.high[j] && a.low[i] == b.low[j] &&
         a.close[i] == b.close[j] && a.volume[i] == b.volume[j];
}

}  // namespace

void SourcedBars::push_back(const Bar& bar, std::string_view source) {
  extend_runs(runs, bars.size(), source);
  bars.push_back(bar);
}

void SourcedBars::append(const SourcedBars& other, std::size_t from, std::size_t to) {
  if (from >= to) return;
  const std::size_t shift = bars.size();
  for (std::size_t run = 0; run < other.runs.size(); ++run) {
    const std::size_t end =
        run + 1 < other.runs.size() ? other.runs[run + 1].begin : other.bars.size();
    const std::size_t begin = std::max(other.runs[run].begin, from);
    if (begin < std::min(end, to)) extend_runs(runs, shift + begin - from, other.runs[run].source);
  }
  bars.append(other.bars, from, to);
}

SourcedBars merge(const SourcedBars& stored, const SourcedBars& incoming, WriteOutcome& outcome) {
  SourcedBars merged;
  merged.bars.reserve(stored.size() + incoming.size());
  std::size_t i = 0;
  std::size_t j = 0;
  const auto& a = stored.bars;
  const auto& b = incoming.bars;
  while (i < a.size() || j < b.size()) {
    // Whole stretches at a time: overlapping imports differ in few places.
    const std::size_t i_from = i;
    while (i < a.size() && (j == b.size() || a.time[i] < b.time[j])) ++i;
    merged.append(stored, i_from, i);
    const std::size_t j_from = j;
    while (j < b.size() && (i == a.size() || b.time[j] < a.time[i])) ++j;
    merged.append(incoming, j_from, j);
    outcome.inserted += j - j_from;

    const std::size_t same_from = i;
    while (i < a.size() && j < b.size() && a.time[i] == b.time[j] && same_values(a, i, b, j)) {
      ++i;
      ++j;
    }
    merged.append(stored, same_from, i);
    outcome.unchanged += i - same_from;

    const std::size_t new_from = j;
    while (i < a.size() && j < b.size() && a.time[i] == b.time[j] && !same_values(a, i, b, j)) {
      ++i;
      ++j;
    }
    merged.append(incoming, new_from, j);
    outcome.replaced += j - new_from;
  }
  return merged;
}

SourcedBars differing(const SourcedBars& stored, const SourcedBars& incoming) {
  SourcedBars rows;
  RunCursor sources{incoming.runs};
  for (std::size_t i = 0; i < incoming.size(); ++i) {
    const std::size_t at = stored.bars.lower_bound(incoming.bars.time_at(i));
    const bool same = at < stored.size() && stored.bars.time[at] == incoming.bars.time[i] &&
                      same_values(stored.bars, at, incoming.bars, i);
    if (!same) rows.push_back(incoming.bars.at(i), sources.at(i));
  }
  return rows;
}

Result<> check_storable(const BarColumns& bars) {
  const std::size_t count = bars.size();
  if (bars.open.size() != count || bars.high.size() != count || bars.low.size() != count ||
      bars.close.size() != count || bars.volume.size() != count) {
    return fail(ErrorCode::ValidationFailed, "bars: columns of unequal length");
  }
  const auto is_price = [](double value) { return value > 0 && std::isfinite(value); };
  for (std::size_t i = 0; i < count; ++i) {
    const char* wrong = nullptr;
    if (i > 0 && bars.time[i] <= bars.time[i - 1]) {
      wrong = "times do not ascend";
    } else if (bars.time[i] < kTimeMin || bars.time[i] >= kTimeMax) {
      wrong = "a time outside the years 1700 to 2199";
    } else if (!is_price(bars.open[i]) || !is_price(bars.high[i]) || !is_price(bars.low[i]) ||
               !is_price(bars.close[i])) {
      wrong = "a price is not above zero and finite";
    } else if (bars.high[i] < bars.low[i]) {
      wrong = "high is below low";
    } else if (!(bars.volume[i] >= 0) || !std::isfinite(bars.volume[i])) {
      wrong = "volume is negative or not finite";
    }
    if (wrong != nullptr) {
      // A broken time may lie where no date can name it.
      const Timestamp time = bars.time_at(i);
      const bool has_date = bars.time[i] >= kTimeMin && bars.time[i] < kTimeMax;
      return fail(ErrorCode::ValidationFailed, "bar {} of {} ({}): {}", i + 1, count,
                  has_date ? to_rfc3339(time) : fmt::format("{} ns", bars.time[i]), wrong);
    }
  }
  return {};
}

Result<> check_source(std::string_view source) {
  constexpr std::size_t kSourceSizeMax = 32;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' ||
           c == '-';
  };
  if (source.empty() || source.size() > kSourceSizeMax || !std::ranges::all_of(source, allowed)) {
    return fail(ErrorCode::ValidationFailed, "a source is 1 to {} of a-z 0-9 _ . : -",
                kSourceSizeMax);
  }
  return {};
}

}  // namespace ziggy::store
