#include "migrations.hpp"

#include <fcntl.h>
#include <soci/soci.h>
#include <unistd.h>

#include <algorithm>

#include "ziggy/base/log.hpp"

namespace ziggy::store {
namespace {

constexpr log::Logger kLog{"store"};

// "ziggy" on a telephone's keys and the issue of the schema's table: any number that is ours alone.
constexpr long kAdvisoryLock = 944490001;

struct Applied {
  int version = 0;
  std::string name;
  std::string checksum;
  std::string applied_at;
};

bool has_table(Connection& connection) {
  int count = 0;
  if (connection.engine() == Engine::Sqlite) {
    connection.session() << "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                            " AND name = 'schema_migrations'",
        soci::into(count);
  } else {
    connection.session() << "SELECT CAST(count(*) AS INTEGER) FROM pg_catalog.pg_class c"
                            " WHERE c.oid = to_regclass('schema_migrations')",
        soci::into(count);
  }
  return count > 0;
}

std::vector<Applied> read_applied(Connection& connection) {
  std::vector<Applied> all;
  if (!has_table(connection)) return all;
  Applied row;
  soci::statement statement =
      (connection.session().prepare
           << "SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version",
       soci::into(row.version), soci::into(row.name), soci::into(row.checksum),
       soci::into(row.applied_at));
  statement.execute();
  while (statement.fetch()) all.push_back(row);
  return all;
}

Result<MigrationStatus> compare(const std::vector<Applied>& applied,
                                const std::vector<EmbeddedMigration>& known) {
  MigrationStatus status;
  for (const EmbeddedMigration& migration : known) {
    status.migrations.push_back({migration.version, std::string{migration.name}, false, {}});
  }
  for (const Applied& row : applied) {
    const auto index = static_cast<std::size_t>(row.version - 1);
    if (row.version < 1 || index >= known.size()) {
      return fail(ErrorCode::Configuration,
                  "the database has migration {} ({}), this program knows up to {}: it needs a "
                  "newer program",
                  row.version, row.name, known.size());
    }
    if (row.checksum != checksum_of(known[index].sql)) {
      return fail(ErrorCode::Configuration,
                  "migration {} ({}) was applied with another text (checksum {} there, {} here): "
                  "the database was changed by another build, restore a backup or use that build",
                  row.version, row.name, row.checksum, checksum_of(known[index].sql));
    }
    status.migrations[index].applied = true;
    status.migrations[index].applied_at = row.applied_at;
  }
  return status;
}

Result<MigrationStatus> status_of(Connection& connection,
                                  const std::vector<EmbeddedMigration>& known) {
  try {
    return compare(read_applied(connection), known);
  } catch (...) {
    return fail(connection.current_exception());
  }
}

bool holds_data(Connection& connection) {
  int tables = 0;
  connection.session() << "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
      soci::into(tables);
  return tables > 0;
}

/// A copy beside the file by VACUUM INTO, from a connection of its own: the writer's one is inside
/// the transaction that keeps other writers out.
Result<std::filesystem::path> back_up(const DatabaseUrl& url, const ConnectionOptions& options,
                                      int next_version) {
  std::filesystem::path copy;
  for (int attempt = 1;; ++attempt) {
    copy = fmt::format("{}.before-{:04}{}.bak", url.target, next_version,
                       attempt == 1 ? "" : fmt::format("-{}", attempt));
    if (!std::filesystem::exists(copy)) break;
  }
  ZIGGY_TRY(connection, Connection::open(url, options));
  try {
    const std::string path = copy.string();
    connection->session() << "VACUUM INTO :path", soci::use(path, "path");
  } catch (...) {
    return fail(connection->current_exception());
  }
  std::filesystem::permissions(
      copy, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const int file = ::open(copy.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(ErrorCode::StorageUnavailable, "the backup {} is gone", copy.string());
  const bool on_disk = ::fsync(file) == 0;
  ::close(file);
  if (!on_disk) {
    return fail(ErrorCode::StorageUnavailable, "the backup {} is not on the disk", copy.string());
  }
  return copy;
}

Result<> apply_one(Connection& connection, const EmbeddedMigration& migration) {
  if (auto done = connection.execute(std::string{migration.sql}); !done) {
    return fail(done.error().code(), "migration {} ({}): {}", migration.version, migration.name,
                done.error().detail());
  }
  const std::string name{migration.name};
  const std::string checksum = checksum_of(migration.sql);
  const char* now = connection.engine() == Engine::Sqlite
                        ? "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
                        : "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
  try {
    std::string sql = fmt::format(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at)"
        " VALUES (:version, :name, :checksum, {})",
        now);
    connection.session() << sql, soci::use(migration.version, "version"), soci::use(name, "name"),
        soci::use(checksum, "checksum");
  } catch (...) {
    return fail(connection.current_exception());
  }
  kLog.info("migration_applied", {{"version", migration.version}, {"name", migration.name}});
  return {};
}

/// Under the lock: what is pending, a backup when there is something to lose, and the migrations.
Result<MigrationReport> apply_pending(Connection& connection, const DatabaseUrl& url,
                                      const ConnectionOptions& options,
                                      const std::vector<EmbeddedMigration>& known) {
  ZIGGY_TRY(status, status_of(connection, known));
  MigrationReport report;
  if (status.pending() == 0) return report;
  if (connection.engine() == Engine::Sqlite && holds_data(connection)) {
    const auto next = std::ranges::find(status.migrations, false, &Migration::applied);
    ZIGGY_TRY(copy, back_up(url, options, next->version));
    kLog.info("database_backed_up", {{"path", copy.string()}});
    report.backup = std::move(copy);
  }
  auto table = connection.execute(
      "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY,"
      " name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)");
  if (!table) return fail(std::move(table).error());
  for (const Migration& migration : status.migrations) {
    if (migration.applied) continue;
    if (auto done = apply_one(connection, known[static_cast<std::size_t>(migration.version - 1)]);
        !done) {
      return fail(std::move(done).error());
    }
    report.applied.push_back(migration);
  }
  return report;
}

}  // namespace

std::string checksum_of(std::string_view sql) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : sql) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

Result<MigrationStatus> read_migration_status(Connection& connection,
                                              const std::vector<EmbeddedMigration>& known) {
  return status_of(connection, known);
}

Result<MigrationReport> apply_migrations(Connection& connection, const DatabaseUrl& url,
                                         const ConnectionOptions& options,
                                         const std::vector<EmbeddedMigration>& known) {
  // Everything is one transaction on both engines: their DDL takes part in it. SQLite's write lock
  // is the lock between programs; PostgreSQL's advisory lock goes with the transaction.
  Transaction transaction{connection};
  if (auto begun = transaction.begin(Transaction::Mode::Write); !begun) {
    return fail(std::move(begun).error());
  }
  if (connection.engine() == Engine::Postgresql) {
    auto locked = connection.execute(
        fmt::format("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = 0;"
                    "SELECT pg_advisory_xact_lock({})",
                    kAdvisoryLock));
    if (!locked) return fail(std::move(locked).error());
  }
  ZIGGY_TRY(report, apply_pending(connection, url, options, known));
  if (auto committed = transaction.commit(); !committed) {
    return fail(std::move(committed).error());
  }
  return report;
}

}  // namespace ziggy::store
