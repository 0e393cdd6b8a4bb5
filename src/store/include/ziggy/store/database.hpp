#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/store/action_store.hpp"
#include "ziggy/store/bar_store.hpp"
#include "ziggy/store/incident_store.hpp"
#include "ziggy/store/quality_store.hpp"
#include "ziggy/store/sample_store.hpp"
#include "ziggy/store/symbol_store.hpp"

namespace ziggy::store {

/// Changes by another process are noticed within this: short against a person's patience, and a
/// query of some 20 µs five times a second costs nothing.
inline constexpr std::chrono::milliseconds kVersionRefresh{200};

struct StoreSettings {
  /// `sqlite:///relative/to/the/working/directory`, `sqlite:////absolute`, `postgresql://…` (or
  /// `postgres://…`). May hold a password: never logged, never part of an error.
  std::string url;
  /// Connections for readers, opened as they are needed.
  std::size_t readers = 4;
  /// Connections for writers on PostgreSQL. SQLite always has one.
  std::size_t writers = 2;
  /// How long a caller waits for a free connection.
  std::chrono::milliseconds lease_timeout{5'000};
  /// How long a statement waits for a lock that another process or connection holds.
  std::chrono::milliseconds lock_timeout{5'000};
  /// How long PostgreSQL may work on one statement.
  std::chrono::milliseconds statement_timeout{30'000};
  /// How long connecting to PostgreSQL may take; whole seconds, at least 2.
  std::chrono::seconds connect_timeout{5};
};

struct Migration {
  int version = 0;
  std::string name;
  bool applied = false;
  std::string applied_at;  // RFC 3339 UTC by the database's clock; empty while pending
};

struct MigrationStatus {
  std::vector<Migration> migrations;  // ascending, applied and pending
  [[nodiscard]] std::size_t pending() const noexcept;
};

struct MigrationReport {
  std::vector<Migration> applied;               // by this call
  std::optional<std::filesystem::path> backup;  // of the SQLite file, made before
};

/// A SQLite file that is not there yet: where it would be, and everything that would be applied.
struct MissingDatabase {
  std::string location;
  MigrationStatus status;
};

/// One thing `check` looked at.
struct CheckLine {
  std::string name;
  bool ok = true;
  std::string detail;
};

/// The memory of Ziggy: one database, its pools, its migrations, its repositories. Blocking; any
/// thread. No exception leaves this room.
///
/// What was reported as stored is there after a crash or kill -9 of the program, and after a power
/// loss on a disk that honours fsync: SQLite runs in WAL mode with synchronous=FULL, PostgreSQL
/// with its default synchronous_commit.
class Database {
 public:
  /// Opens (and creates, for SQLite) the database and makes sure it answers; migrates nothing.
  /// Errors: Configuration for a URL that is none of ours; StorageUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(StoreSettings settings);
  /// For those who only look, since `open` would create it. nullopt when the SQLite file is there,
  /// and for PostgreSQL, which is asked by opening. Errors: Configuration as `open`.
  [[nodiscard]] static Result<std::optional<MissingDatabase>> missing(const std::string& url);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Errors: Configuration when the database was changed behind our back (another checksum) or is
  /// newer than this program; StorageUnavailable.
  [[nodiscard]] Result<MigrationStatus> migration_status();
  /// Applies what is pending, all under one lock, so that programs starting together do not race;
  /// each migration is a transaction (SQLite: all are one). A SQLite file that holds data is
  /// copied first, beside itself. Errors as above; nothing is half applied.
  [[nodiscard]] Result<MigrationReport> migrate();

  /// Whether a query gets an answer now.
  [[nodiscard]] Result<> ping();
  /// Integrity: the engine's own check, foreign keys, every block unpacked and compared with its
  /// header, no time in both block and tail. Reads everything: minutes on a big database.
  [[nodiscard]] Result<std::vector<CheckLine>> check();

  /// `sqlite` or `postgresql`.
  [[nodiscard]] std::string_view engine() const noexcept;
  /// Where it is, without user and password: for people and logs.
  [[nodiscard]] const std::string& location() const noexcept;

  [[nodiscard]] BarStore& bars() noexcept;
  [[nodiscard]] SymbolStore& symbols() noexcept;
  [[nodiscard]] ActionStore& actions() noexcept;
  [[nodiscard]] SampleStore& samples() noexcept;
  [[nodiscard]] IncidentStore& incidents() noexcept;
  [[nodiscard]] QualityStore& quality() noexcept;

 private:
  struct Rooms;
  explicit Database(std::unique_ptr<Rooms> rooms);
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace ziggy::store
