#include "sla_track.hpp"

#include <algorithm>

namespace ziggy::routing {
namespace {

constexpr std::array<std::string_view, kAnswerClasses> kAnswerNames{
    "success", "empty",       "not_found",   "not_entitled", "quota",
    "timeout", "unavailable", "bad_payload", "canceled"};
constexpr std::array<std::string_view, kSlaWindows> kWindowNames{"1m", "5m", "1h", "24h"};

// Whether an outcome's duration says how fast the vendor answers. A refused connection is fast and
// says nothing.
bool is_timed(AnswerClass answer) noexcept {
  return is_counted(answer) && answer != AnswerClass::Unavailable;
}

double as_ms(std::chrono::nanoseconds span) noexcept {
  return std::chrono::duration<double, std::milli>{span}.count();
}

std::int64_t seconds_of(Timestamp time) noexcept {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

template <std::size_t N>
std::vector<SparseCount> sparse(const std::array<std::uint32_t, N>& counts) {
  std::vector<SparseCount> result;
  result.reserve(static_cast<std::size_t>(
      std::ranges::count_if(counts, [](std::uint32_t count) { return count > 0; })));
  for (std::size_t i = 0; i < N; ++i) {
    if (counts[i] > 0) result.push_back({static_cast<std::uint16_t>(i), counts[i]});
  }
  return result;
}

void merge(std::vector<SparseCount>& into, const std::vector<SparseCount>& from) {
  for (const SparseCount& one : from) {
    const auto at = std::ranges::lower_bound(into, one.bucket, {}, &SparseCount::bucket);
    if (at != into.end() && at->bucket == one.bucket) {
      at->count += one.count;
    } else {
      into.insert(at, one);
    }
  }
}

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string_view answer_class_name(AnswerClass answer) noexcept {
  return kAnswerNames[static_cast<std::size_t>(answer)];
}

AnswerClass classify(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::NoData:
      return AnswerClass::Empty;
    case ErrorCode::UnknownSymbol:
      return AnswerClass::NotFound;
    case ErrorCode::NotEntitled:
    case ErrorCode::CredentialsRejected:
      return AnswerClass::NotEntitled;
    case ErrorCode::ProviderQuota:
      return AnswerClass::Quota;
    case ErrorCode::ProviderTimeout:
      return AnswerClass::Timeout;
    case ErrorCode::BadPayload:
      return AnswerClass::BadPayload;
    case ErrorCode::ProviderUnavailable:
    case ErrorCode::Internal:
    case ErrorCode::StorageUnavailable:
      return AnswerClass::Unavailable;
    default:
      return AnswerClass::Canceled;
  }
}

bool is_failure(AnswerClass answer) noexcept {
  return answer == AnswerClass::Timeout || answer == AnswerClass::Unavailable ||
         answer == AnswerClass::BadPayload;
}

bool is_counted(AnswerClass answer) noexcept {
  return is_failure(answer) || answer == AnswerClass::Success || answer == AnswerClass::Empty ||
         answer == AnswerClass::NotFound;
}

void Tally::add(const Tally& other) noexcept {
  for (std::size_t i = 0; i < kAnswerClasses; ++i) classes[i] += other.classes[i];
  violations += other.violations;
  expected += other.expected;
  missing += other.missing;
  agreed += other.agreed;
  disagreed += other.disagreed;
}

bool Tally::empty() const noexcept {
  return std::ranges::all_of(classes, [](std::uint32_t count) { return count == 0; }) &&
         violations == 0 && expected == 0 && agreed == 0 && disagreed == 0;
}

/// What a window adds up.
struct SlaTrack::Sums {
  std::array<std::uint64_t, kAnswerClasses> classes{};
  std::uint64_t violations = 0;
  std::uint64_t expected = 0;
  std::uint64_t missing = 0;
  std::uint64_t agreed = 0;
  std::uint64_t disagreed = 0;
  std::array<std::uint64_t, kLatencyScale.buckets> latency{};
  std::array<std::uint64_t, kAgeScale.buckets> age{};

  void add(const Tally& tally) noexcept {
    for (std::size_t i = 0; i < kAnswerClasses; ++i) classes[i] += tally.classes[i];
    violations += tally.violations;
    expected += tally.expected;
    missing += tally.missing;
    agreed += tally.agreed;
    disagreed += tally.disagreed;
  }
  void add(const Cell& cell) noexcept {
    add(cell.tally);
    for (std::size_t i = 0; i < latency.size(); ++i) latency[i] += cell.latency[i];
    for (std::size_t i = 0; i < age.size(); ++i) age[i] += cell.age[i];
  }
  void add(const Minute& minute) noexcept {
    add(minute.tally);
    for (const SparseCount& one : minute.latency) latency[one.bucket] += one.count;
    for (const SparseCount& one : minute.age) age[one.bucket] += one.count;
  }
};

SlaTrack::Cell& SlaTrack::cell_at(Timestamp now) {
  if (!cells_) cells_ = std::make_unique<std::array<Cell, kCells>>();
  const std::int64_t index = seconds_of(now) / kCellSeconds;
  Cell& cell = (*cells_)[static_cast<std::size_t>(index) % kCells];
  if (cell.index < index) {
    cell = Cell{};
    cell.index = index;
  }
  return cell;
}

void SlaTrack::record(Timestamp now, AnswerClass answer,
                      std::optional<std::chrono::nanoseconds> latency,
                      std::optional<std::chrono::nanoseconds> age) {
  // Logarithms outside of the lock.
  const std::size_t bucket = latency ? kLatencyScale.bucket(as_ms(*latency)) : 0;
  const std::size_t age_bucket = age ? kAgeScale.bucket(as_ms(*age)) : 0;
  const std::lock_guard lock{mutex_};
  Cell& cell = cell_at(now);
  ++totals_.classes[static_cast<std::size_t>(answer)];
  ++cell.tally.classes[static_cast<std::size_t>(answer)];
  if (latency && is_timed(answer)) ++cell.latency[bucket];
  if (age) ++cell.age[age_bucket];
}

void SlaTrack::add_violation(Timestamp now) {
  const std::lock_guard lock{mutex_};
  ++cell_at(now).tally.violations;
  ++totals_.violations;
}

SlaTotals SlaTrack::totals() const {
  const std::lock_guard lock{mutex_};
  return totals_;
}

void SlaTrack::add_agreement(Timestamp now, bool agrees) {
  const std::lock_guard lock{mutex_};
  Tally& tally = cell_at(now).tally;
  ++(agrees ? tally.agreed : tally.disagreed);
}

void SlaTrack::add_gaps(Timestamp now, std::uint32_t expected, std::uint32_t missing) {
  const std::lock_guard lock{mutex_};
  Tally& tally = cell_at(now).tally;
  tally.expected += expected;
  tally.missing += missing;
}

std::optional<Minute> SlaTrack::gather(std::int64_t minute) const {
  Minute result;
  result.index = minute;
  std::array<std::uint32_t, kLatencyScale.buckets> latency{};
  std::array<std::uint32_t, kAgeScale.buckets> age{};
  for (const Cell& cell : *cells_) {
    if (cell.index < 0 || cell.index / kCellsPerMinute != minute) continue;
    result.tally.add(cell.tally);
    for (std::size_t i = 0; i < latency.size(); ++i) latency[i] += cell.latency[i];
    for (std::size_t i = 0; i < age.size(); ++i) age[i] += cell.age[i];
  }
  if (result.tally.empty()) return std::nullopt;
  result.latency = sparse(latency);
  result.age = sparse(age);
  return result;
}

void SlaTrack::roll(std::int64_t minute_now) {
  if (cells_) {
    // Older minutes have no cells any more.
    for (std::int64_t m = std::max(rolled_, minute_now - 6); m < minute_now; ++m) {
      auto minute = gather(m);
      if (!minute) continue;
      if (!minutes_.empty() && minutes_.back().index == m) {
        // The program was started again within this minute.
        // From now on the short windows know its newer half only, rather than count that twice.
        minutes_.back().restored = false;
        minutes_.back().tally.add(minute->tally);
        merge(minutes_.back().latency, minute->latency);
        merge(minutes_.back().age, minute->age);
      } else {
        minutes_.push_back(std::move(*minute));
      }
      // Bounded by the day: somebody who never takes them loses the oldest.
      if (untaken_.size() >= static_cast<std::size_t>(kMinutesMax)) {
        untaken_.erase(untaken_.begin());
      }
      untaken_.push_back(minutes_.back());
    }
  }
  rolled_ = std::max(rolled_, minute_now);
  while (!minutes_.empty() && minutes_.front().index <= minute_now - kMinutesMax) {
    minutes_.pop_front();
  }
}

std::vector<Minute> SlaTrack::take_minutes(Timestamp now, bool also_running) {
  const std::int64_t minute = seconds_of(now) / 60;
  const std::lock_guard lock{mutex_};
  roll(minute);
  std::vector<Minute> taken = std::exchange(untaken_, {});
  if (also_running && cells_) {
    if (auto running = gather(minute)) {
      if (!minutes_.empty() && minutes_.back().index == minute) {
        running->tally.add(minutes_.back().tally);
        merge(running->latency, minutes_.back().latency);
        merge(running->age, minutes_.back().age);
      }
      taken.push_back(std::move(*running));
    }
  }
  return taken;
}

void SlaTrack::restore(Minute minute, Timestamp now) {
  const std::int64_t minute_now = seconds_of(now) / 60;
  const std::lock_guard lock{mutex_};
  const bool is_in_order = minutes_.empty() || minutes_.back().index < minute.index;
  if (!is_in_order || minute.index > minute_now || minute.index <= minute_now - kMinutesMax) return;
  minute.restored = true;
  minutes_.push_back(std::move(minute));
}

SlaWindow SlaTrack::window(Timestamp now, std::size_t which, std::chrono::nanoseconds slow_after) {
  SlaWindow window;
  window.label = kWindowNames[which];
  window.length = kSlaWindowLengths[which];
  const std::int64_t seconds = window.length.count();
  const std::int64_t cell_now = seconds_of(now) / kCellSeconds;
  const std::int64_t minute_now = seconds_of(now) / 60;
  Sums sums;
  {
    const std::lock_guard lock{mutex_};
    roll(minute_now);
    const bool is_short = seconds <= 300;
    const std::int64_t first_minute = minute_now - seconds / 60 + 1;
    if (cells_) {
      for (const Cell& cell : *cells_) {
        if (cell.index < 0 || cell.index > cell_now) continue;
        if (is_short ? cell.index > cell_now - seconds / kCellSeconds
                     : cell.index / kCellsPerMinute >= rolled_) {
          sums.add(cell);
        }
      }
    }
    // Cells are exact where there are some; what an earlier run left there are only minutes of.
    for (auto minute = minutes_.rbegin(); minute != minutes_.rend(); ++minute) {
      if (minute->index < first_minute) break;
      if (!is_short || (minute->restored && seconds > 60)) sums.add(*minute);
    }
  }
  window.classes = sums.classes;
  for (std::size_t i = 0; i < kAnswerClasses; ++i) {
    const auto answer = static_cast<AnswerClass>(i);
    window.calls += sums.classes[i];
    if (is_counted(answer)) window.counted += sums.classes[i];
    if (is_failure(answer)) window.failures += sums.classes[i];
  }
  window.success_rate = ratio(window.counted - window.failures, window.counted);
  const std::span<const std::uint64_t> latency{sums.latency};
  window.p50_ms = quantile(kLatencyScale, latency, 0.50);
  window.p95_ms = quantile(kLatencyScale, latency, 0.95);
  window.p99_ms = quantile(kLatencyScale, latency, 0.99);
  const double slow_ms = as_ms(slow_after);
  for (std::size_t i = 0; i < sums.latency.size(); ++i) {
    window.timed += sums.latency[i];
    if (kLatencyScale.middle(i) > slow_ms) window.slow += sums.latency[i];
  }
  window.freshness_ms = quantile(kAgeScale, std::span<const std::uint64_t>{sums.age}, 0.5);
  window.violations = sums.violations;
  window.expected = sums.expected;
  window.missing = sums.missing;
  window.gap_rate = ratio(sums.missing, sums.expected);
  window.agreed = sums.agreed;
  window.disagreed = sums.disagreed;
  window.agreement = ratio(sums.agreed, sums.agreed + sums.disagreed);
  return window;
}

}  // namespace ziggy::routing
