#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/clock.hpp"
#include "ziggy/routing/sla.hpp"

namespace ziggy::routing {

/// Fewer answers than this say nothing.
inline constexpr std::uint64_t kScoreVolumeMin = 10;
/// A place in the configured order is worth so many points of the score…
inline constexpr double kPlacePoints = 20;
/// …and who is to pass another must be this much ahead…
inline constexpr double kMargin = 8;
/// …for this long. So a vendor falls behind its configured successor when it is 28 points worse for
/// half a minute, and comes back when it is at most 12 worse: within those 16 points nothing moves.
inline constexpr std::chrono::seconds kDwell{30};

/// What a score is made of; each is taken off 100.
struct Score {
  double value = 100;
  /// The largest deduction in words, empty when nothing is wrong: "71.2 % over 5 min".
  std::string worst;
};

/// 0 to 100 from the last 5 minutes, with a seventh part of the last hour's; nullopt below
/// kScoreVolumeMin. `budget` is the time a call may take, `best_age_ms` the freshest among those
/// who do the same (absent: not compared).
[[nodiscard]] std::optional<Score> score_of(const SlaWindow& minutes5, const SlaWindow& hour,
                                            std::chrono::nanoseconds budget,
                                            std::optional<double> best_age_ms);

/// Keeps an order of n things close to their configured one, moved by their scores with hysteresis.
/// Not thread-safe.
class Ranking {
 public:
  /// Adds one at the end of the configured order.
  void add() { order_.push_back(order_.size()); }
  [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return order_; }
  /// `scores` by configured place; who has none counts as 100. True when the order changed.
  bool update(Monotonic now, const std::vector<std::optional<double>>& scores);

 private:
  [[nodiscard]] std::optional<Monotonic>& ahead_since(std::size_t who, std::size_t of);

  std::vector<std::size_t> order_;
  // Since when `who` has been ahead of `of` by the margin; n * n.
  std::vector<std::optional<Monotonic>> ahead_;
};

/// `first`, `second`, … `tenth`, then `11th`.
[[nodiscard]] std::string ordinal(std::size_t rank);

}  // namespace ziggy::routing
