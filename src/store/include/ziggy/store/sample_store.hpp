#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/base/time.hpp"

namespace ziggy::store {

class Backend;

/// What one minute of one provider's operation looked like from here.
struct ProviderSample {
  std::string provider;   // 1 to 32 of `a-z 0-9 _ . : -`
  std::string operation;  // the same; `quotes`, `bars`, …
  Timestamp minute;       // its start
  std::int64_t calls = 0;
  std::int64_t failures = 0;    // of `calls`
  std::int64_t violations = 0;  // answers that broke a data contract
  double p50_ms = 0;            // latency of all calls
  double p95_ms = 0;
  double p99_ms = 0;
  std::optional<double> freshness_ms;  // age of the data in the answers, where it has one
  /// Sparse counts `name:count,…`, so that minutes can be added up again: what happened, and the
  /// buckets of the latency histogram, both in the words of whoever writes them. At most
  /// kSampleTextMax bytes of `a-z 0-9 _ : ,`.
  std::string outcomes;
  std::string latency;
  std::int64_t agreed = 0;     // comparisons with other providers' prices that agreed
  std::int64_t disagreed = 0;  // and that did not
  std::int64_t expected = 0;   // bars that the calendar expected in the answers
  std::int64_t missing = 0;    // of `expected`
  friend bool operator==(const ProviderSample&, const ProviderSample&) = default;
};

/// A histogram of 400 buckets with five digits each fits.
inline constexpr std::size_t kSampleTextMax = 4'096;

/// Provider samples, unique by provider, operation and minute. Blocking; any thread.
/// Errors everywhere: StorageUnavailable.
class SampleStore {
 public:
  explicit SampleStore(Backend& backend) : backend_{backend} {}

  /// Inserts, or replaces the sample of the same minute, all in one transaction.
  /// Errors: ValidationFailed unless counts are not negative, failures <= calls and figures finite
  /// and not negative.
  [[nodiscard]] Result<> write(std::span<const ProviderSample> samples);
  /// By operation and minute. An empty provider means all of them.
  [[nodiscard]] Result<std::vector<ProviderSample>> read(std::string_view provider,
                                                         TimeRange range);
  /// Deletes what is older and says how many that were.
  [[nodiscard]] Result<std::size_t> remove_before(Timestamp time);

 private:
  Backend& backend_;
};

}  // namespace ziggy::store
