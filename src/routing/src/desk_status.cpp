// What the desk says about itself.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

#include "desk_state.hpp"

namespace ziggy::routing {
namespace {

using resilience::BreakerState;
using resilience::BreakerStatus;

// A score below this is worth a look.
constexpr double kDegradedScore = 60;

std::string measured(const SlaWindow& minutes5, const SlaWindow& hour) {
  const SlaWindow& window = minutes5.counted >= kScoreVolumeMin ? minutes5 : hour;
  if (!window.success_rate) return "not measured yet";
  std::string words = fmt::format("{:.1f} % over {}", 100 * *window.success_rate,
                                  &window == &hour ? "1 h" : "5 min");
  if (window.p95_ms) words += fmt::format(", p95 {:.0f} ms", *window.p95_ms);
  return words;
}

std::string breaker_words(const BreakerStatus& breaker) {
  if (breaker.forced)
    return fmt::format("breaker held {} by an operator",
                       breaker.state == BreakerState::Open ? "open" : "closed");
  std::string words =
      fmt::format("breaker {}", breaker.state == BreakerState::Open ? "open" : "half open");
  if (!breaker.reason.empty()) words += fmt::format(", {}", breaker.reason);
  if (breaker.state == BreakerState::Open && breaker.retry_in) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*breaker.retry_in);
    words += fmt::format(", retry in {} s", seconds.count());
  }
  return words;
}

std::string_view state_of(const ProviderStatus& provider, bool has_incident) {
  if (!provider.configured) return "not_configured";
  const auto& operations = provider.operations;
  const auto is_open = [](const OperationStatus& one) {
    return one.breaker.state == BreakerState::Open;
  };
  if (std::ranges::all_of(operations, is_open)) return "down";
  const bool is_degraded = std::ranges::any_of(operations, [](const OperationStatus& one) {
    return one.breaker.state != BreakerState::Closed || one.score.value_or(100) < kDegradedScore;
  });
  if (is_degraded || has_incident) return "degraded";
  const bool was_asked = std::ranges::any_of(
      operations, [](const OperationStatus& one) { return one.windows.back().calls > 0; });
  return was_asked ? "ok" : "idle";
}

// Where the bench's vendors stand when those with open breakers go last: configured place of each.
std::vector<std::size_t> standing(const Bench& bench) {
  std::vector<std::size_t> places = bench.ranking.order();
  if (bench.pin) {
    put_first(places, [&](std::size_t place) { return bench.seats[place]->name == *bench.pin; });
  }
  put_first(places, [&](std::size_t place) {
    return bench.seats[place]->breaker->state() == BreakerState::Closed;
  });
  std::erase_if(places, [&](std::size_t place) {
    const BreakerStatus breaker = bench.seats[place]->breaker->status();
    return !bench.seats[place]->is_configured() ||
           (breaker.forced && breaker.state == BreakerState::Open);
  });
  return places;
}

}  // namespace

OperationStatus Desk::State::status_of(Bench& bench, std::size_t place, Timestamp now) {
  Seat& seat = *bench.seats[place];
  OperationStatus status;
  status.operation = seat.operation;
  status.configured_rank = seat.configured_rank;
  status.breaker = seat.breaker->status();
  status.pinned = bench.pin && *bench.pin == seat.name;
  for (std::size_t i = 0; i < kSlaWindows; ++i) {
    status.windows[i] = seat.track.window(now, i, seat.slow_after());
  }
  status.totals = seat.track.totals();
  if (auto* const budget = seat.provider->budget()) status.budget = budget->status();
  if (!seat.is_configured()) {
    status.reason = fmt::format("not asked: {}", seat.provider->not_configured());
    return status;
  }
  const std::optional<Score> score = bench.scores[place];
  if (score) status.score = score->value;
  const auto stands = standing(bench);
  const auto at = std::ranges::find(stands, place);
  if (at == stands.end()) {
    status.reason = fmt::format("not asked: {}", breaker_words(status.breaker));
    return status;
  }
  status.rank = static_cast<std::size_t>(at - stands.begin()) + 1;
  std::string& reason = status.reason;
  reason = ordinal(status.rank) + ": ";
  if (status.breaker.state != BreakerState::Closed) {
    reason += breaker_words(status.breaker);
    return status;
  }
  const std::string figures = measured(status.windows[1], status.windows[2]);
  if (status.pinned) {
    reason += fmt::format("pinned, {}", figures);
    return status;
  }
  const std::string configured = fmt::format("configured {}", ordinal(seat.configured_rank));
  const bool is_behind_pin = bench.pin && std::ranges::any_of(stands, [&](std::size_t other) {
                               return bench.seats[other]->name == *bench.pin;
                             });
  reason += fmt::format("{}, {}", configured, figures);
  if (score && !score->worst.empty()) {
    reason += fmt::format(", score {:.0f}: {}", score->value, score->worst);
  }
  // Who is passed by somebody whom the settings name later, or passes one named earlier.
  for (auto other = stands.begin(); other != stands.end(); ++other) {
    const Seat& beside = *bench.seats[*other];
    if (status.pinned || beside.name == bench.pin) continue;
    const bool is_closed = beside.breaker->state() == BreakerState::Closed;
    const double theirs = bench.scores[*other] ? bench.scores[*other]->value : 100;
    const double ours = score ? score->value : 100;
    const double lead = ours - theirs;
    if (other < at && *other > place && is_closed) {
      reason += lead < 0
                    ? fmt::format(", {} is better by {:.0f} points", beside.name, -lead)
                    : fmt::format(", not ahead of {} for {} s yet", beside.name, kDwell.count());
    } else if (other > at && *other < place) {
      if (!is_closed) {
        reason += fmt::format(", {} has its breaker open", beside.name);
      } else {
        reason += lead > 0 ? fmt::format(", better than {} by {:.0f} points", beside.name, lead)
                           : fmt::format(", {} is not ahead again for {} s yet", beside.name,
                                         kDwell.count());
      }
    }
  }
  if (seat.plan.lacks_any(parts.clock.steady())) {
    reason += ", its plan or key refuses some requests";
  }
  if (is_behind_pin) reason += fmt::format(", pinned is {}", *bench.pin);
  return status;
}

std::vector<ProviderStatus> Desk::State::status() {
  const Timestamp now = time();
  std::vector<ProviderStatus> all;
  for (Bench& bench : benches) {
    for (std::size_t place = 0; place < bench.seats.size(); ++place) {
      const Seat& seat = *bench.seats[place];
      auto found = std::ranges::find(all, seat.name, &ProviderStatus::name);
      if (found == all.end()) {
        ProviderStatus provider;
        provider.name = seat.name;
        provider.configured = seat.is_configured();
        provider.not_configured = seat.provider->not_configured();
        found = all.insert(all.end(), std::move(provider));
      }
      found->operations.push_back(status_of(bench, place, now));
    }
  }
  for (ProviderStatus& provider : all) {
    const bool has_incident =
        std::ranges::any_of(provider.operations, [&](const OperationStatus& one) {
          return incidents.has_open(provider.name, operation_name(one.operation));
        });
    provider.state = state_of(provider, has_incident);
  }
  return all;
}

std::vector<ProviderStatus> Desk::status() const {
  const std::lock_guard lock{state_->mutex};
  return state_->status();
}

std::optional<ProviderStatus> Desk::status(std::string_view provider) const {
  for (ProviderStatus& one : status()) {
    if (one.name == provider) return std::move(one);
  }
  return std::nullopt;
}

}  // namespace ziggy::routing
