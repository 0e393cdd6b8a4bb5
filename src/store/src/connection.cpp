#include "connection.hpp"

#include <fcntl.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "bar_tables.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::store {
namespace {

constexpr log::Logger kLog{"store"};

void log_sqlite(void*, int code, const char* message) {
  // 27 and 28 are notices and warnings of SQLite's own (SQLITE_NOTICE: a WAL was recovered).
  if ((code & 0xFF) == 27) {
    kLog.info("sqlite_notice", {{"code", code}, {"detail", message}});
  } else {
    // The caller gets the error as a Result and says what it means; this line is for the curious.
    kLog.debug("sqlite_message", {{"code", code}, {"detail", message}});
  }
}

void log_postgres(void*, const PGresult* notice) {
  const char* text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string_view level = severity == nullptr ? std::string_view{} : severity;
  if (level == "WARNING") {
    kLog.warning("postgresql_notice", {{"detail", text == nullptr ? "" : text}});
  } else {
    kLog.debug("postgresql_notice", {{"detail", text == nullptr ? "" : text}});
  }
}

/// The first line, without the "ERROR:  " that libpq puts before it.
std::string first_line(std::string_view text) {
  text = text::trim(text);
  for (const std::string_view prefix : {"ERROR:  ", "FATAL:  "}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  return std::string{text.substr(0, text.find('\n'))};
}

/// A new file is for its owner only: it will hold password hashes. The WAL inherits the mode.
/// A file that exists is not even opened: closing any descriptor of it would drop the locks that
/// this process's other connections hold (POSIX), and the next program to leave would delete their
/// WAL.
void create_private_file(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) return;
  if (file < 0) throw std::system_error{errno, std::generic_category(), path};
  ::close(file);
}

sqlite_api::sqlite3* handle_of(Connection& connection) {
  return reinterpret_cast<sqlite_api::sqlite3*>(connection.sqlite());
}

/// Programs that open a new file together race for this switch, and SQLite answers "locked" to the
/// loser at once rather than after the busy timeout.
void switch_to_wal(Connection& connection, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPause{5};
  for (std::chrono::milliseconds waited{0};; waited += kPause) {
    auto done = connection.execute("PRAGMA journal_mode=WAL");
    if (done) return;
    const bool locked = (sqlite_api::sqlite3_errcode(handle_of(connection)) & 0xFF) == SQLITE_BUSY;
    if (!locked || waited >= patience) throw std::runtime_error{done.error().detail()};
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

Connection::Connection() = default;

Connection::~Connection() {
  bar_tables_.reset();
  try {
    session_.reset();
  } catch (const std::exception& error) {
    kLog.warning("close_failed", {{"detail", error.what()}});
  }
}

Result<std::unique_ptr<Connection>> Connection::open(const DatabaseUrl& url,
                                                     const ConnectionOptions& options) {
  std::unique_ptr<Connection> connection{new Connection};
  if (auto connected = connection->connect(url, options); !connected) {
    return fail(ErrorCode::StorageUnavailable, "{}: {}", url.location, connected.error().detail());
  }
  return connection;
}

Result<> Connection::connect(const DatabaseUrl& url, const ConnectionOptions& options) {
  engine_ = url.engine;
  try {
    if (engine_ == Engine::Sqlite) {
      connect_sqlite(url, options);
      bar_tables_ = make_sqlite_bar_tables(*this);
    } else {
      connect_postgres(url, options);
      bar_tables_ = make_postgres_bar_tables(*this);
    }
  } catch (...) {
    return fail(current_exception());
  }
  return {};
}

void Connection::connect_sqlite(const DatabaseUrl& url, const ConnectionOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { sqlite_api::sqlite3_config(SQLITE_CONFIG_LOG, &log_sqlite, nullptr); });
  create_private_file(url.target);
  session_ = std::make_unique<soci::session>(soci::sqlite3,
                                             fmt::format("db=\"{}\" timeout=60", url.target));
  auto* backend = static_cast<soci::sqlite3_session_backend*>(session_->get_backend());
  sqlite_ = reinterpret_cast<::sqlite3*>(backend->conn_);
  sqlite_api::sqlite3_busy_timeout(backend->conn_, static_cast<int>(options.lock_timeout.count()));
  sqlite_api::sqlite3_extended_result_codes(backend->conn_, 1);
  switch_to_wal(*this, options.lock_timeout);
  std::string setup =
      // FULL: a commit is on the disk when it returns, also for a power loss. NORMAL would do for
      // kill -9, and costs the same per bar at the chunk sizes we write.
      "PRAGMA synchronous=FULL;"
      "PRAGMA foreign_keys=ON;"
      "PRAGMA cache_size=-8192;"
      // A big import leaves a big WAL file; cut it back at the next checkpoint.
      "PRAGMA journal_size_limit=67108864;"
      "PRAGMA trusted_schema=OFF;";
  if (options.access == ConnectionOptions::Access::ReadOnly) setup += "PRAGMA query_only=ON;";
  if (auto done = execute(setup); !done) throw std::runtime_error{done.error().detail()};
}

void Connection::connect_postgres(const DatabaseUrl& url, const ConnectionOptions& options) {
  const bool has_query = url.target.find('?') != std::string::npos;
  // Our limits come last, and libpq takes the last of equal keywords; keep-alives and the user
  // time-out find a dead peer, idle or in the middle of an answer.
  const std::string target = fmt::format(
      "{}{}connect_timeout={}&keepalives_idle=30&keepalives_interval=10&keepalives_count=3"
      "&tcp_user_timeout=15000&application_name=ziggy&client_encoding=UTF8",
      url.target, has_query ? '&' : '?', options.connect_timeout.count());
  session_ = std::make_unique<soci::session>(soci::postgresql, target);
  auto* backend = static_cast<soci::postgresql_session_backend*>(session_->get_backend());
  postgres_ = backend->conn_;
  PQsetNoticeReceiver(postgres_, &log_postgres, nullptr);
  const std::string setup = fmt::format(
      "SET statement_timeout = {}; SET lock_timeout = {};"
      "SET idle_in_transaction_session_timeout = 60000; SET TIME ZONE 'UTC';"
      "SET default_transaction_read_only = {};",
      options.statement_timeout.count(), options.lock_timeout.count(),
      options.access == ConnectionOptions::Access::ReadOnly ? "on" : "off");
  if (auto done = execute(setup); !done) throw std::runtime_error{done.error().detail()};
}

Result<> Connection::execute(const std::string& sql) {
  if (engine_ == Engine::Sqlite) {
    auto* connection = reinterpret_cast<sqlite_api::sqlite3*>(sqlite_);
    if (sqlite_api::sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      return fail(sqlite_error(sqlite_, "sql"));
    }
    return {};
  }
  const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(postgres_, sql.c_str()),
                                                             &PQclear};
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return fail(postgres_error(postgres_, "sql"));
  }
  return {};
}

bool Connection::is_lost() const noexcept {
  return postgres_ != nullptr && PQstatus(postgres_) == CONNECTION_BAD;
}

Error Connection::current_exception() const {
  try {
    throw;
  } catch (const soci::sqlite3_soci_error& error) {
    const bool constraint = (error.result() & 0xFF) == SQLITE_CONSTRAINT;
    return Error{constraint ? ErrorCode::ValidationFailed : ErrorCode::StorageUnavailable,
                 first_line(error.what())};
  } catch (const soci::postgresql_soci_error& error) {
    const bool constraint = error.sqlstate().starts_with("23");
    return Error{constraint ? ErrorCode::ValidationFailed : ErrorCode::StorageUnavailable,
                 first_line(error.what())};
  } catch (const std::exception& error) {
    return Error{ErrorCode::StorageUnavailable, first_line(error.what())};
  }
}

Error sqlite_error(::sqlite3* connection, const char* doing) {
  auto* handle = reinterpret_cast<sqlite_api::sqlite3*>(connection);
  const int code = sqlite_api::sqlite3_errcode(handle);
  const auto kind = (code & 0xFF) == SQLITE_CONSTRAINT ? ErrorCode::ValidationFailed
                                                       : ErrorCode::StorageUnavailable;
  return Error{kind, fmt::format("{}: {} ({})", doing, sqlite_api::sqlite3_errmsg(handle), code)};
}

Error postgres_error(::pg_conn* connection, const char* doing) {
  return Error{ErrorCode::StorageUnavailable,
               fmt::format("{}: {}", doing, first_line(PQerrorMessage(connection)))};
}

Transaction::~Transaction() {
  if (!open_ || connection_.is_lost()) return;
  if (auto done = connection_.execute("ROLLBACK"); !done) {
    kLog.debug("rollback_failed", {{"detail", done.error().detail()}});
  }
}

Result<> Transaction::begin(Mode mode) {
  const bool sqlite = connection_.engine() == Engine::Sqlite;
  const char* sql = mode == Mode::Write ? (sqlite ? "BEGIN IMMEDIATE" : "BEGIN")
                    : sqlite            ? "BEGIN"
                                        : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  auto begun = connection_.execute(sql);
  open_ = begun.has_value();
  return begun;
}

Result<> Transaction::commit() {
  auto committed = connection_.execute("COMMIT");
  // A failed COMMIT leaves SQLite's transaction open: the destructor rolls it back.
  if (committed) open_ = false;
  return committed;
}

}  // namespace ziggy::store
