#include "ziggy/store/incident_store.hpp"

#include <soci/soci.h>

#include "backend.hpp"

namespace ziggy::store {
namespace {

using Severity = Incident::Severity;

Timestamp time_of(long long nanos) { return Timestamp{std::chrono::nanoseconds{nanos}}; }

/// One row as the database gives it.
struct RawIncident {
  Incident incident;
  std::string severity;
  long long opened_at = 0;
  long long closed_at = 0;
  soci::indicator closed = soci::i_null;

  [[nodiscard]] Incident value() const {
    Incident row = incident;
    row.severity = severity == "critical" ? Severity::Critical : Severity::Warning;
    row.opened_at = time_of(opened_at);
    if (closed == soci::i_ok) row.closed_at = time_of(closed_at);
    return row;
  }
};

constexpr const char* kSelect =
    "SELECT id, provider, operation, kind, severity, opened_at, closed_at, reason, closing"
    " FROM provider_incidents ";

std::vector<Incident> fetch(soci::statement& statement, RawIncident& raw) {
  statement.exchange(soci::into(raw.incident.id));
  statement.exchange(soci::into(raw.incident.provider));
  statement.exchange(soci::into(raw.incident.operation));
  statement.exchange(soci::into(raw.incident.kind));
  statement.exchange(soci::into(raw.severity));
  statement.exchange(soci::into(raw.opened_at));
  statement.exchange(soci::into(raw.closed_at, raw.closed));
  statement.exchange(soci::into(raw.incident.reason));
  statement.exchange(soci::into(raw.incident.closing));
  statement.define_and_bind();
  statement.execute();
  std::vector<Incident> rows;
  while (statement.fetch()) rows.push_back(raw.value());
  return rows;
}

}  // namespace

std::string_view severity_name(Severity severity) noexcept {
  return severity == Severity::Critical ? "critical" : "warning";
}

Result<bool> IncidentStore::open(const Incident& incident) {
  const std::string severity{severity_name(incident.severity)};
  const long long opened_at = incident.opened_at.time_since_epoch().count();
  return backend_.write([&](Connection& connection) -> Result<bool> {
    soci::statement statement =
        (connection.session().prepare
             << "INSERT INTO provider_incidents (id, provider, operation, kind, severity,"
                " opened_at, reason) VALUES (:id, :provider, :operation, :kind, :severity,"
                " :opened_at, :reason) ON CONFLICT DO NOTHING",
         soci::use(incident.id, "id"), soci::use(incident.provider, "provider"),
         soci::use(incident.operation, "operation"), soci::use(incident.kind, "kind"),
         soci::use(severity, "severity"), soci::use(opened_at, "opened_at"),
         soci::use(incident.reason, "reason"));
    statement.execute(true);
    return statement.get_affected_rows() == 1;
  });
}

Result<bool> IncidentStore::close(std::string_view id, Timestamp at, std::string_view closing) {
  const std::string which{id};
  const std::string why{closing};
  const long long closed_at = at.time_since_epoch().count();
  return backend_.write([&](Connection& connection) -> Result<bool> {
    soci::statement statement =
        (connection.session().prepare
             << "UPDATE provider_incidents SET closed_at = CASE WHEN opened_at > :at"
                " THEN opened_at ELSE :at2 END, closing = :closing"
                " WHERE id = :id AND closed_at IS NULL",
         soci::use(closed_at, "at"), soci::use(closed_at, "at2"), soci::use(why, "closing"),
         soci::use(which, "id"));
    statement.execute(true);
    return statement.get_affected_rows() == 1;
  });
}

Result<std::vector<Incident>> IncidentStore::list(std::size_t limit, std::string_view before) {
  const std::string after{before};
  const auto rows = static_cast<long long>(limit);
  return backend_.read([&](Connection& connection) -> Result<std::vector<Incident>> {
    soci::session& session = connection.session();
    RawIncident raw;
    soci::statement statement{session};
    statement.exchange(soci::use(after, "before"));
    statement.exchange(soci::use(after, "before2"));
    statement.exchange(soci::use(after, "before3"));
    statement.exchange(soci::use(after, "before4"));
    statement.exchange(soci::use(rows, "rows"));
    statement.alloc();
    statement.prepare(std::string{kSelect} +
                      "WHERE :before = ''"
                      " OR opened_at < (SELECT opened_at FROM provider_incidents"
                      "   WHERE id = :before2)"
                      " OR (opened_at = (SELECT opened_at FROM provider_incidents"
                      "   WHERE id = :before3) AND id < :before4)"
                      " ORDER BY opened_at DESC, id DESC LIMIT :rows");
    return fetch(statement, raw);
  });
}

Result<std::vector<Incident>> IncidentStore::open_ones() {
  return backend_.read([&](Connection& connection) -> Result<std::vector<Incident>> {
    RawIncident raw;
    soci::statement statement{connection.session()};
    statement.alloc();
    statement.prepare(std::string{kSelect} + "WHERE closed_at IS NULL ORDER BY opened_at, id");
    return fetch(statement, raw);
  });
}

Result<std::size_t> IncidentStore::remove_before(Timestamp time) {
  const long long before = time.time_since_epoch().count();
  return backend_.write([&](Connection& connection) -> Result<std::size_t> {
    soci::statement statement =
        (connection.session().prepare << "DELETE FROM provider_incidents"
                                         " WHERE opened_at < :before AND closed_at IS NOT NULL",
         soci::use(before, "before"));
    statement.execute(true);
    return static_cast<std::size_t>(std::max(0LL, statement.get_affected_rows()));
  });
}

Result<> IncidentStore::pin(const ProviderPin& pin) {
  const long long pinned_at = pin.pinned_at.time_since_epoch().count();
  return backend_.write([&](Connection& connection) -> Result<> {
    connection.session() << "INSERT INTO provider_pins (operation, provider, pinned_at)"
                            " VALUES (:operation, :provider, :pinned_at)"
                            " ON CONFLICT (operation) DO UPDATE SET provider = excluded.provider,"
                            " pinned_at = excluded.pinned_at",
        soci::use(pin.operation, "operation"), soci::use(pin.provider, "provider"),
        soci::use(pinned_at, "pinned_at");
    return {};
  });
}

Result<bool> IncidentStore::unpin(std::string_view operation) {
  const std::string which{operation};
  return backend_.write([&](Connection& connection) -> Result<bool> {
    soci::statement statement =
        (connection.session().prepare << "DELETE FROM provider_pins WHERE operation = :operation",
         soci::use(which, "operation"));
    statement.execute(true);
    return statement.get_affected_rows() == 1;
  });
}

Result<std::vector<ProviderPin>> IncidentStore::pins() {
  return backend_.read([&](Connection& connection) -> Result<std::vector<ProviderPin>> {
    ProviderPin row;
    long long pinned_at = 0;
    soci::statement statement =
        (connection.session().prepare
             << "SELECT operation, provider, pinned_at FROM provider_pins ORDER BY operation",
         soci::into(row.operation), soci::into(row.provider), soci::into(pinned_at));
    statement.execute();
    std::vector<ProviderPin> rows;
    while (statement.fetch()) {
      row.pinned_at = time_of(pinned_at);
      rows.push_back(row);
    }
    return rows;
  });
}

}  // namespace ziggy::store
