#include "samples.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "ziggy/base/text.hpp"

namespace ziggy::routing {
namespace {

// kLatencyScale. Another scale gets another letter.
constexpr char kScaleLetter = 'a';

std::array<std::uint64_t, kLatencyScale.buckets> dense_latency(const Minute& minute) {
  std::array<std::uint64_t, kLatencyScale.buckets> counts{};
  for (const SparseCount& one : minute.latency) counts[one.bucket] += one.count;
  return counts;
}

std::optional<double> median_age(const Minute& minute) {
  std::array<std::uint64_t, kAgeScale.buckets> counts{};
  for (const SparseCount& one : minute.age) counts[one.bucket] += one.count;
  return quantile(kAgeScale, std::span<const std::uint64_t>{counts}, 0.5);
}

// Calls `take(name, count)` for each `name:count`.
template <class F>
void each_count(std::string_view text, F take) {
  for (const std::string_view part : text::split_list(text)) {
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) continue;
    const auto count = text::parse_int(part.substr(colon + 1));
    if (!count || *count <= 0 || *count > UINT32_MAX) continue;
    take(part.substr(0, colon), static_cast<std::uint32_t>(*count));
  }
}

std::uint32_t as_count(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}

}  // namespace

store::ProviderSample sample_of(const Minute& minute) {
  store::ProviderSample sample;
  for (std::size_t i = 0; i < kAnswerClasses; ++i) {
    const auto answer = static_cast<AnswerClass>(i);
    const std::uint32_t count = minute.tally.classes[i];
    if (count == 0) continue;
    sample.calls += count;
    if (is_failure(answer)) sample.failures += count;
    sample.outcomes += fmt::format("{}{}:{}", sample.outcomes.empty() ? "" : ",",
                                   answer_class_name(answer), count);
  }
  for (const SparseCount& one : minute.latency) {
    const auto size = sample.latency.size();
    sample.latency +=
        fmt::format("{}{}{}:{}", size == 0 ? "" : ",", kScaleLetter, one.bucket, one.count);
    // Every bucket hit, each with millions: not in a minute, but the store has a limit.
    if (sample.latency.size() > store::kSampleTextMax) {
      sample.latency.resize(size);
      break;
    }
  }
  const auto latency = dense_latency(minute);
  const std::span<const std::uint64_t> counts{latency};
  sample.p50_ms = quantile(kLatencyScale, counts, 0.50).value_or(0);
  sample.p95_ms = quantile(kLatencyScale, counts, 0.95).value_or(0);
  sample.p99_ms = quantile(kLatencyScale, counts, 0.99).value_or(0);
  sample.freshness_ms = median_age(minute);
  sample.violations = minute.tally.violations;
  sample.agreed = minute.tally.agreed;
  sample.disagreed = minute.tally.disagreed;
  sample.expected = minute.tally.expected;
  sample.missing = minute.tally.missing;
  return sample;
}

Minute minute_of(const store::ProviderSample& sample) {
  Minute minute;
  each_count(sample.outcomes, [&](std::string_view name, std::uint32_t count) {
    for (std::size_t i = 0; i < kAnswerClasses; ++i) {
      if (answer_class_name(static_cast<AnswerClass>(i)) == name) minute.tally.classes[i] = count;
    }
  });
  each_count(sample.latency, [&](std::string_view name, std::uint32_t count) {
    if (name.empty() || name.front() != kScaleLetter) return;
    const auto bucket = text::parse_int(name.substr(1));
    if (!bucket || *bucket < 0 || *bucket >= static_cast<std::int64_t>(kLatencyScale.buckets)) {
      return;
    }
    minute.latency.push_back({static_cast<std::uint16_t>(*bucket), count});
  });
  std::ranges::sort(minute.latency, {}, &SparseCount::bucket);
  const std::uint32_t good = minute.tally.classes[static_cast<std::size_t>(AnswerClass::Success)];
  if (sample.freshness_ms && good > 0) {
    minute.age.push_back(
        {static_cast<std::uint16_t>(kAgeScale.bucket(*sample.freshness_ms)), good});
  }
  minute.tally.violations = as_count(sample.violations);
  minute.tally.agreed = as_count(sample.agreed);
  minute.tally.disagreed = as_count(sample.disagreed);
  minute.tally.expected = as_count(sample.expected);
  minute.tally.missing = as_count(sample.missing);
  return minute;
}

}  // namespace ziggy::routing
