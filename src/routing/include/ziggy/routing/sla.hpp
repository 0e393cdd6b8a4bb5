#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ziggy/base/error.hpp"

namespace ziggy::routing {

/// What came of asking a vendor once.
enum class AnswerClass : std::uint8_t {
  /// An answer with data.
  Success,
  /// An answer that says "nothing there" (no_data).
  Empty,
  /// The vendor does not know the symbol.
  NotFound,
  /// The plan or the key does not allow it.
  NotEntitled,
  /// The vendor's 429.
  Quota,
  Timeout,
  /// Refused, reset, 5xx.
  Unavailable,
  /// Unreadable, or it broke a data contract.
  BadPayload,
  /// Nobody waited any longer: a lost hedge, a caller who left, a deadline too short to be fair.
  Canceled,
};

inline constexpr std::size_t kAnswerClasses = 9;

/// `success`, `empty`, `not_found`, `not_entitled`, `quota`, `timeout`, `unavailable`,
/// `bad_payload`, `canceled`.
[[nodiscard]] std::string_view answer_class_name(AnswerClass answer) noexcept;
/// The class of a vendor's error.
[[nodiscard]] AnswerClass classify(const Error& error) noexcept;
/// Whether it is the vendor's failure: time-out, unavailable, bad payload.
[[nodiscard]] bool is_failure(AnswerClass answer) noexcept;
/// Whether it says anything about the vendor's health: a failure, or an answer (also "nothing
/// there" and "unknown"). Plans, quotas and cancellations don't.
[[nodiscard]] bool is_counted(AnswerClass answer) noexcept;

/// What came of all calls since the program started, for counters that only grow.
struct SlaTotals {
  std::array<std::uint64_t, kAnswerClasses> classes{};
  std::uint64_t violations = 0;
};

/// What a vendor's operation looked like over a span of time that ends now. A figure that nothing
/// was measured for is absent, never zero.
struct SlaWindow {
  /// `1m`, `5m`, `1h`, `24h`.
  std::string_view label;
  std::chrono::seconds length{};
  std::array<std::uint64_t, kAnswerClasses> classes{};
  /// All of them.
  std::uint64_t calls = 0;
  /// Those that say something about the vendor's health, and how many of them failed.
  std::uint64_t counted = 0;
  std::uint64_t failures = 0;
  /// 0 to 1, of `counted`.
  std::optional<double> success_rate;
  /// Latency of answers and time-outs, within 2.5 %.
  std::optional<double> p50_ms;
  std::optional<double> p95_ms;
  std::optional<double> p99_ms;
  /// How many of `timed` took longer than the SLO's limit.
  std::uint64_t timed = 0;
  std::uint64_t slow = 0;
  /// Median age of the data in the answers, within 10 %.
  std::optional<double> freshness_ms;
  /// Answers that broke a data contract.
  std::uint64_t violations = 0;
  /// Bars that the calendar expected in the answers, and how many of them were not there.
  std::uint64_t expected = 0;
  std::uint64_t missing = 0;
  std::optional<double> gap_rate;
  /// Comparisons with other vendors' prices.
  std::uint64_t agreed = 0;
  std::uint64_t disagreed = 0;
  std::optional<double> agreement;
};

inline constexpr std::size_t kSlaWindows = 4;
/// 1 m, 5 m, 1 h, 24 h.
inline constexpr std::array<std::chrono::seconds, kSlaWindows> kSlaWindowLengths{
    std::chrono::minutes{1}, std::chrono::minutes{5}, std::chrono::hours{1},
    std::chrono::hours{24}};

}  // namespace ziggy::routing
