#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "database_url.hpp"
#include "ziggy/base/result.hpp"

struct sqlite3;
struct pg_conn;

namespace soci {
class session;  // NOLINT(readability-identifier-naming): SOCI's name
}

namespace ziggy::store {

class BarTables;

struct ConnectionOptions {
  enum class Access : std::uint8_t { ReadOnly, ReadWrite };

  Access access = Access::ReadWrite;
  std::chrono::milliseconds lock_timeout{5'000};
  std::chrono::milliseconds statement_timeout{30'000};
  std::chrono::seconds connect_timeout{5};
};

/// One connection to the database. SOCI owns it; repositories use it through SOCI, bars and
/// migrations through the engine's own library. One thread at a time.
class Connection {
 public:
  /// Errors: StorageUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<Connection>> open(const DatabaseUrl& url,
                                                                const ConnectionOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements that answer nothing, any number of them, by the engine's simple protocol.
  [[nodiscard]] Result<> execute(const std::string& sql);

  [[nodiscard]] Engine engine() const noexcept { return engine_; }
  [[nodiscard]] soci::session& session() noexcept { return *session_; }
  [[nodiscard]] ::sqlite3* sqlite() const noexcept { return sqlite_; }
  [[nodiscard]] ::pg_conn* postgres() const noexcept { return postgres_; }
  [[nodiscard]] BarTables& bar_tables() noexcept { return *bar_tables_; }
  /// True once the server is gone: nothing more will come through this connection.
  [[nodiscard]] bool is_lost() const noexcept;

  /// What went wrong, from the exception being handled; call it inside a catch block only.
  [[nodiscard]] Error current_exception() const;

 private:
  Connection();
  Result<> connect(const DatabaseUrl& url, const ConnectionOptions& options);
  void connect_sqlite(const DatabaseUrl& url, const ConnectionOptions& options);
  void connect_postgres(const DatabaseUrl& url, const ConnectionOptions& options);

  Engine engine_ = Engine::Sqlite;
  std::unique_ptr<soci::session> session_;
  ::sqlite3* sqlite_ = nullptr;            // inside session_
  ::pg_conn* postgres_ = nullptr;          // inside session_
  std::unique_ptr<BarTables> bar_tables_;  // before session_ goes: it holds statements
};

/// BEGIN … COMMIT; rolls back when it goes without a commit.
class Transaction {
 public:
  enum class Mode : std::uint8_t { Read, Write };

  explicit Transaction(Connection& connection) : connection_{connection} {}
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Read sees one snapshot. Write waits for SQLite's one writer. Errors: StorageUnavailable.
  [[nodiscard]] Result<> begin(Mode mode);
  [[nodiscard]] Result<> commit();

 private:
  Connection& connection_;
  bool open_ = false;
};

/// Errors of the engines' own libraries.
[[nodiscard]] Error sqlite_error(::sqlite3* connection, const char* doing);
[[nodiscard]] Error postgres_error(::pg_conn* connection, const char* doing);

}  // namespace ziggy::store
