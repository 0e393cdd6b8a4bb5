#include "incident_book.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ziggy/base/id.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::routing {
namespace {

using store::Incident;

constexpr std::string_view kBreakerOpen = "breaker_open";
constexpr std::array kRules{
    BurnRule{"slo_fast_burn", 1, 2, 14.4, 10, Incident::Severity::Critical},
    BurnRule{"slo_slow_burn", 2, 3, 6.0, 30, Incident::Severity::Warning},
};

// What was open and is well is watched for this long, so that a limit that is just reached opens
// and closes nothing every second.
constexpr std::chrono::seconds kWellFor{60};
// Good answers in the short window without which nobody says that a vendor is well.
constexpr std::uint64_t kWellVolume = 3;
constexpr std::size_t kListMax = 256;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// How many times faster than allowed failures, and slow answers, use up what the targets leave.
double failure_burn(const SlaWindow& window) {
  return share(window.failures, window.counted) / (1 - kSuccessTarget);
}

double latency_burn(const SlaWindow& window) {
  return share(window.slow, window.timed) / (1 - kLatencyTarget);
}

void append_field(std::string& json, std::string_view name, std::string_view value) {
  json += json.size() > 1 ? ",\"" : "\"";
  json += name;
  json += "\":\"";
  text::append_json_escaped(json, value);
  json += '"';
}

}  // namespace

void IncidentBook::restore(std::vector<Incident> open) {
  for (Incident& one : open) {
    Key key{one.provider, one.operation, one.kind};
    // An incident's age on this run's time line is not known: only what comes from now on says
    // that it is over.
    open_.insert_or_assign(std::move(key), Open{std::move(one), Timestamp::min(), std::nullopt});
  }
}

void IncidentBook::raise(const Observation& seen, std::string_view kind,
                         Incident::Severity severity, std::string reason, Timestamp now,
                         Timestamp wall, Changes& changes) {
  Key key{std::string{seen.provider}, std::string{seen.operation}, std::string{kind}};
  if (const auto found = open_.find(key); found != open_.end()) {
    found->second.well_since.reset();
    return;
  }
  Incident incident;
  incident.id = make_uuid_v7_string(
      std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count());
  incident.provider = seen.provider;
  incident.operation = seen.operation;
  incident.kind = kind;
  incident.severity = severity;
  incident.opened_at = wall;
  incident.reason = std::move(reason);
  changes.opened.push_back(incident);
  open_.emplace(std::move(key), Open{std::move(incident), now, std::nullopt});
}

void IncidentBook::settle(const Observation& seen, std::string_view kind, bool is_well,
                          std::chrono::seconds hold, std::string closing, Timestamp now,
                          Timestamp wall, Changes& changes) {
  const auto found =
      open_.find({std::string{seen.provider}, std::string{seen.operation}, std::string{kind}});
  if (found == open_.end()) return;
  Open& open = found->second;
  if (!is_well) {
    open.well_since.reset();
    return;
  }
  if (!open.well_since) open.well_since = now;
  if (now - *open.well_since < hold) return;
  Incident incident = std::move(open.incident);
  open_.erase(found);
  incident.closed_at = std::max(wall, incident.opened_at);
  incident.closing = std::move(closing);
  changes.closed.push_back(incident);
  closed_.push_back(std::move(incident));
  if (closed_.size() > kListMax) closed_.pop_front();
}

void IncidentBook::look_at_breaker(const Observation& seen, Timestamp now, Timestamp wall,
                                   Changes& changes) {
  using resilience::BreakerState;
  if (seen.forced) return;
  if (seen.breaker == BreakerState::Open && !seen.quota) {
    return raise(seen, kBreakerOpen, Incident::Severity::Critical,
                 fmt::format("breaker open: {}", seen.breaker_reason), now, wall, changes);
  }
  const auto found = open_.find(
      {std::string{seen.provider}, std::string{seen.operation}, std::string{kBreakerOpen}});
  if (found == open_.end()) return;
  const bool is_well = seen.breaker == BreakerState::Closed && seen.succeeded_at &&
                       *seen.succeeded_at > found->second.since;
  settle(seen, kBreakerOpen, is_well, std::chrono::seconds{0}, "it answers again", now, wall,
         changes);
}

void IncidentBook::look_at_burn(const Observation& seen, const BurnRule& rule, Timestamp now,
                                Timestamp wall, Changes& changes) {
  const SlaWindow& near = seen.windows[rule.short_window];
  const SlaWindow& far = seen.windows[rule.long_window];
  const double failing = std::min(failure_burn(near), failure_burn(far));
  const double slow = std::min(latency_burn(near), latency_burn(far));
  if (near.counted >= rule.volume_min && std::max(failing, slow) >= rule.burn) {
    std::string reason =
        failing >= slow
            ? fmt::format("{:.1f} % of {} answers failed in {}, {:.0f} times what is allowed",
                          100 * share(near.failures, near.counted), near.counted, near.label,
                          failure_burn(near))
            : fmt::format(
                  "{:.0f} % of {} answers took too long in {}, {:.0f} times what is allowed",
                  100 * share(near.slow, near.timed), near.timed, near.label, latency_burn(near));
    return raise(seen, rule.kind, rule.severity, std::move(reason), now, wall, changes);
  }
  // Half of what opens it: who hovers at the limit stays open. Nobody is well without answers.
  const bool is_well = near.counted - near.failures >= kWellVolume &&
                       std::max(failure_burn(near), latency_burn(near)) < rule.burn / 2;
  settle(seen, rule.kind, is_well, kWellFor,
         fmt::format("{:.1f} % good over {}", 100 * (1 - share(near.failures, near.counted)),
                     near.label),
         now, wall, changes);
}

IncidentBook::Changes IncidentBook::update(const std::vector<Observation>& seen, Timestamp now,
                                           Timestamp wall) {
  Changes changes;
  for (const Observation& one : seen) {
    look_at_breaker(one, now, wall, changes);
    for (const BurnRule& rule : kRules) look_at_burn(one, rule, now, wall, changes);
  }
  return changes;
}

std::vector<Incident> IncidentBook::list() const {
  std::vector<Incident> all{closed_.begin(), closed_.end()};
  for (const auto& [key, open] : open_) all.push_back(open.incident);
  std::ranges::sort(all, [](const Incident& a, const Incident& b) {
    return std::pair{a.opened_at, std::string_view{a.id}} >
           std::pair{b.opened_at, std::string_view{b.id}};
  });
  if (all.size() > kListMax) all.resize(kListMax);
  return all;
}

bool IncidentBook::has_open(std::string_view provider, std::string_view operation) const {
  return std::ranges::any_of(open_, [&](const auto& one) {
    return one.first[0] == provider && one.first[1] == operation;
  });
}

std::string incident_json(const Incident& incident) {
  std::string json = "{";
  append_field(json, "id", incident.id);
  append_field(json, "provider", incident.provider);
  append_field(json, "operation", incident.operation);
  append_field(json, "kind", incident.kind);
  append_field(json, "severity", store::severity_name(incident.severity));
  append_field(json, "opened_at", to_rfc3339(incident.opened_at));
  append_field(json, "reason", incident.reason);
  if (incident.closed_at) {
    append_field(json, "closed_at", to_rfc3339(*incident.closed_at));
    append_field(json, "closing", incident.closing);
  }
  return json + "}";
}

}  // namespace ziggy::routing
