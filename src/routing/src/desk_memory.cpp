// What the desk keeps over restarts: samples, incidents, pins.
#include <algorithm>
#include <utility>

#include "desk_state.hpp"
#include "samples.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/blocking_pool.hpp"

namespace ziggy::routing {
namespace {

constexpr log::Logger kLog{"routing"};

// A month of minutes to look back on; incidents a year.
constexpr std::chrono::hours kSamplesKept{30 * 24};
constexpr std::chrono::hours kIncidentsKept{365 * 24};
// Incidents change slowly beside a tick, and a look at a day of minutes is the dearest part of it.
constexpr std::chrono::seconds kLookEvery{5};

constexpr std::chrono::minutes kMinute{1};

store::ProviderSample named(store::ProviderSample sample, const Seat& seat, Timestamp minute) {
  sample.provider = seat.name;
  sample.operation = operation_name(seat.operation);
  sample.minute = std::chrono::floor<std::chrono::minutes>(minute);
  return sample;
}

void log_incident(const store::Incident& incident, bool is_open) {
  const auto fields = {log::Field{"id", incident.id}, log::Field{"provider", incident.provider},
                       log::Field{"operation", incident.operation},
                       log::Field{"kind", incident.kind},
                       log::Field{"reason", is_open ? incident.reason : incident.closing}};
  if (is_open) {
    kLog.warning("incident_opened", fields);
  } else {
    kLog.info("incident_closed", fields);
  }
}

}  // namespace

void WriteQueue::add(Write write) {
  const std::lock_guard lock{mutex_};
  if (writes_.size() >= kMax) {
    writes_.pop_front();
    if (dropped_++ == 0) kLog.warning("provider_records_dropped");
  }
  writes_.push_back(std::move(write));
}

bool WriteQueue::empty() const {
  const std::lock_guard lock{mutex_};
  return writes_.empty();
}

void WriteQueue::drain(store::Database& database) {
  const std::lock_guard alone{draining_};
  while (true) {
    Write write;
    {
      const std::lock_guard lock{mutex_};
      if (writes_.empty()) return;
      write = std::move(writes_.front());
      writes_.pop_front();
    }
    auto written = write(database);
    if (written) continue;
    kLog.warning("provider_record_not_stored", {{"code", code_name(written.error().code())},
                                                {"detail", written.error().detail()}});
    if (written.error().code() == ErrorCode::StorageUnavailable) {
      const std::lock_guard lock{mutex_};
      if (writes_.size() < kMax) writes_.push_front(std::move(write));
      return;
    }
  }
}

void Desk::State::flush(const std::shared_ptr<State>& self) {
  if (parts.database == nullptr || writes.empty()) return;
  if (parts.pool == nullptr) return writes.drain(*parts.database);
  if (is_writing.exchange(true)) return;
  const bool is_queued = parts.pool->submit([self] {
    self->writes.drain(*self->parts.database);
    self->is_writing = false;
  });
  // A full pool: the next tick tries again.
  if (!is_queued) is_writing = false;
}

Observation Desk::State::observe(Seat& seat, Timestamp now) {
  Observation seen;
  seen.provider = seat.name;
  seen.operation = operation_name(seat.operation);
  seen.breaker = seat.breaker->state();
  seen.quota = seat.over_quota.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < kSlaWindows; ++i) {
    seen.windows[i] = seat.track.window(now, i, seat.slow_after());
  }
  const std::int64_t succeeded = seat.succeeded_at.load(std::memory_order_relaxed);
  if (succeeded != INT64_MIN) seen.succeeded_at = Timestamp{std::chrono::nanoseconds{succeeded}};
  return seen;
}

void Desk::State::look_for_incidents(Timestamp now) {
  if (now - looked_at < kLookEvery) return;
  looked_at = now;
  std::vector<resilience::BreakerStatus> breakers;
  std::vector<Observation> seen;
  breakers.reserve(seats.size());
  for (const auto& seat : seats) {
    if (!seat->is_configured()) continue;
    breakers.push_back(seat->breaker->status());
    Observation one = observe(*seat, now);
    one.forced = breakers.back().forced;
    one.breaker = breakers.back().state;
    one.breaker_reason = breakers.back().reason;
    seen.push_back(std::move(one));
  }
  const auto changes = incidents.update(seen, now, parts.clock.now());
  for (const auto& seat : seats) {
    seat->in_doubt = incidents.has_open(seat->name, operation_name(seat->operation));
  }
  for (const store::Incident& incident : changes.opened) {
    writes.add([incident](store::Database& database) -> Result<> {
      ZIGGY_TRY(is_new, database.incidents().open(incident));
      static_cast<void>(is_new);
      return {};
    });
    tell(incident, true);
  }
  for (const store::Incident& incident : changes.closed) {
    writes.add([incident](store::Database& database) -> Result<> {
      ZIGGY_TRY(was_open,
                database.incidents().close(incident.id, *incident.closed_at, incident.closing));
      static_cast<void>(was_open);
      return {};
    });
    tell(incident, false);
  }
}

void Desk::State::tell(const store::Incident& incident, bool is_open) {
  log_incident(incident, is_open);
  if (!parts.webhook) return;
  if (!parts.webhook(is_open ? "incident.opened" : "incident.closed", incident_json(incident))) {
    kLog.warning("incident_not_sent", {{"id", incident.id}});
  }
}

void Desk::State::take_samples(Timestamp now, bool also_running) {
  const std::int64_t minute_now = now.time_since_epoch() / kMinute;
  if (minute_now == minute && !also_running) return;
  minute = minute_now;
  std::vector<store::ProviderSample> samples;
  for (const auto& seat : seats) {
    for (const Minute& one : seat->track.take_minutes(now, also_running)) {
      samples.push_back(
          named(sample_of(one), *seat, wall_of(Timestamp{one.index * std::chrono::minutes{1}})));
    }
  }
  if (!samples.empty()) {
    writes.add([samples = std::move(samples)](store::Database& database) {
      return database.samples().write(samples);
    });
  }
  const std::int64_t day = minute_now / (24 * 60);
  if (day == cleaned_day) return;
  cleaned_day = day;
  const Timestamp wall = parts.clock.now();
  writes.add([wall](store::Database& database) -> Result<> {
    ZIGGY_TRY(samples_gone, database.samples().remove_before(wall - kSamplesKept));
    ZIGGY_TRY(incidents_gone, database.incidents().remove_before(wall - kIncidentsKept));
    if (samples_gone + incidents_gone > 0) {
      kLog.info("provider_records_removed",
                {{"samples", samples_gone}, {"incidents", incidents_gone}});
    }
    return {};
  });
}

Result<> Desk::load() {
  State& state = *state_;
  if (state.parts.database == nullptr) return {};
  store::Database& database = *state.parts.database;
  const Timestamp wall = state.parts.clock.now();
  ZIGGY_TRY(samples, database.samples().read(
                         "", {wall - std::chrono::hours{24}, wall + std::chrono::minutes{1}}));
  ZIGGY_TRY(pins, database.incidents().pins());
  ZIGGY_TRY(open, database.incidents().open_ones());
  std::ranges::sort(samples, {}, &store::ProviderSample::minute);
  const std::lock_guard lock{state.mutex};
  const Timestamp now = state.time();
  for (const store::ProviderSample& sample : samples) {
    const auto operation = parse_operation(sample.operation);
    Seat* const seat = operation ? state.find(sample.provider, *operation) : nullptr;
    if (seat == nullptr || !seat->is_configured()) continue;
    Minute minute = minute_of(sample);
    minute.index = (now - (wall - sample.minute)).time_since_epoch() / kMinute;
    seat->track.restore(std::move(minute), now);
  }
  for (store::ProviderPin& pin : pins) {
    const auto operation = parse_operation(pin.operation);
    if (!operation) continue;
    Bench& bench = state.bench(*operation);
    bench.pin = std::move(pin.provider);
    state.publish(bench);
  }
  state.incidents.restore(std::move(open));
  return {};
}

net::Task<Result<std::vector<store::ProviderSample>>> Desk::history(std::string provider,
                                                                    TimeRange range) {
  using Samples = std::vector<store::ProviderSample>;
  const std::shared_ptr<State> state = state_;
  bool is_known = false;
  {
    const std::lock_guard lock{state->mutex};
    is_known =
        std::ranges::any_of(state->seats, [&](const auto& seat) { return seat->name == provider; });
  }
  if (!is_known) co_return fail(ErrorCode::NotFound, "there is no provider {}", provider);
  if (state->parts.database == nullptr) co_return Samples{};
  store::Database* const database = state->parts.database;
  const auto read = [database, provider, range] {
    return database->samples().read(provider, range);
  };
  if (state->parts.pool == nullptr) co_return read();
  auto samples = co_await state->parts.pool->run(read);
  co_return samples;
}

std::vector<store::Incident> Desk::incidents() const {
  const std::lock_guard lock{state_->mutex};
  return state_->incidents.list();
}

net::Task<Result<std::vector<store::Incident>>> Desk::incidents(std::size_t limit,
                                                                std::string before) {
  const std::shared_ptr<State> state = state_;
  if (state->parts.database == nullptr) {
    auto all = incidents();
    if (!before.empty()) {
      const auto at = std::ranges::find(all, before, &store::Incident::id);
      all.erase(all.begin(), at == all.end() ? at : at + 1);
    }
    if (all.size() > limit) all.resize(limit);
    co_return all;
  }
  store::Database* const database = state->parts.database;
  const auto read = [database, limit, before] { return database->incidents().list(limit, before); };
  if (state->parts.pool == nullptr) co_return read();
  auto page = co_await state->parts.pool->run(read);
  co_return page;
}

}  // namespace ziggy::routing
