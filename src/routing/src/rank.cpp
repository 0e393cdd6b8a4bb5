#include "rank.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace ziggy::routing {
namespace {

// What an hour weighs beside the last five minutes, so that a vendor that fails now and then is
// told from one that never does, and one that has recovered is not held back for an hour.
constexpr double kHourWeight = 0.15;

struct Deduction {
  double points = 0;
  std::string words;
};

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// One failure in a hundred costs 1.5 points; half of them, all that there is.
Deduction of_failures(const SlaWindow& window, std::string_view span) {
  const double rate = ratio(window.failures, window.counted);
  return {std::min(75.0, rate * 150), fmt::format("{:.1f} % over {}", 100 * (1 - rate), span)};
}

// Nothing up to a third of the budget, 20 at the whole of it.
Deduction of_latency(const SlaWindow& window, double budget_ms) {
  if (!window.p95_ms || budget_ms <= 0) return {};
  const double share = (*window.p95_ms / budget_ms - 1.0 / 3) * 1.5;
  return {20 * std::clamp(share, 0.0, 1.0), fmt::format("p95 {:.0f} ms", *window.p95_ms)};
}

// Beside the freshest vendor: ten times older costs 7.5 points, a hundred times 15. Seconds are not
// compared.
Deduction of_age(const SlaWindow& window, std::optional<double> best_age_ms) {
  if (!window.freshness_ms || !best_age_ms) return {};
  const double best = std::max(*best_age_ms, 5'000.0);
  const double decades = std::log10(std::max(1.0, *window.freshness_ms / best));
  return {std::min(15.0, 7.5 * decades),
          fmt::format("data {:.0f} s old, another's {:.0f} s", *window.freshness_ms / 1'000,
                      *best_age_ms / 1'000)};
}

Deduction of_violations(const SlaWindow& window) {
  const double rate = std::min(1.0, ratio(window.violations, window.counted));
  return {std::min(20.0, rate * 200),
          fmt::format("{} answers broke a contract", window.violations)};
}

Deduction of_agreement(const SlaWindow& window) {
  const double rate = ratio(window.disagreed, window.agreed + window.disagreed);
  return {15 * rate, fmt::format("{} of {} prices differ from the others'", window.disagreed,
                                 window.agreed + window.disagreed)};
}

Deduction of_gaps(const SlaWindow& window) {
  const double rate = ratio(window.missing, window.expected);
  return {std::min(15.0, rate * 100),
          fmt::format("{} of {} bars missing", window.missing, window.expected)};
}

Score score_window(const SlaWindow& window, std::string_view span, double budget_ms,
                   std::optional<double> best_age_ms) {
  const std::array deductions{of_failures(window, span),   of_latency(window, budget_ms),
                              of_age(window, best_age_ms), of_violations(window),
                              of_agreement(window),        of_gaps(window)};
  Score score;
  for (const Deduction& one : deductions) score.value -= one.points;
  score.value = std::max(0.0, score.value);
  const auto worst = std::ranges::max_element(deductions, {}, &Deduction::points);
  if (worst->points >= 1) score.worst = worst->words;
  return score;
}

}  // namespace

std::optional<Score> score_of(const SlaWindow& minutes5, const SlaWindow& hour,
                              std::chrono::nanoseconds budget, std::optional<double> best_age_ms) {
  const double budget_ms = std::chrono::duration<double, std::milli>{budget}.count();
  if (hour.counted < kScoreVolumeMin && minutes5.counted < kScoreVolumeMin) return std::nullopt;
  Score long_run = score_window(hour, "1 h", budget_ms, best_age_ms);
  if (minutes5.counted < kScoreVolumeMin) return long_run;
  Score now = score_window(minutes5, "5 min", budget_ms, best_age_ms);
  now.value = (1 - kHourWeight) * now.value + kHourWeight * long_run.value;
  if (now.worst.empty()) now.worst = std::move(long_run.worst);
  return now;
}

std::optional<Monotonic>& Ranking::ahead_since(std::size_t who, std::size_t of) {
  return ahead_[who * order_.size() + of];
}

bool Ranking::update(Monotonic now, const std::vector<std::optional<double>>& scores) {
  const std::size_t n = order_.size();
  ahead_.resize(n * n);
  const auto value = [&](std::size_t who) {
    return scores[who].value_or(100) - kPlacePoints * static_cast<double>(who);
  };
  for (std::size_t who = 0; who < n; ++who) {
    for (std::size_t of = 0; of < n; ++of) {
      auto& since = ahead_since(who, of);
      if (value(who) < value(of) + kMargin) {
        since.reset();
      } else if (!since) {
        since = now;
      }
    }
  }
  bool is_changed = false;
  // Swaps of neighbours towards the order of values; each makes one inversion less, so it ends.
  for (bool again = true; again;) {
    again = false;
    for (std::size_t place = 1; place < n; ++place) {
      const auto& since = ahead_since(order_[place], order_[place - 1]);
      if (!since || now - *since < kDwell) continue;
      std::swap(order_[place], order_[place - 1]);
      again = is_changed = true;
    }
  }
  return is_changed;
}

std::string ordinal(std::size_t rank) {
  static constexpr std::array<std::string_view, 10> kWords{"first", "second", "third",   "fourth",
                                                           "fifth", "sixth",  "seventh", "eighth",
                                                           "ninth", "tenth"};
  if (rank >= 1 && rank <= kWords.size()) return std::string{kWords[rank - 1]};
  return fmt::format("{}th", rank);
}

}  // namespace ziggy::routing
