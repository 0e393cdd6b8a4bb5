#include "ziggy/store/database.hpp"

#include <algorithm>

#include "backend.hpp"
#include "integrity.hpp"
#include "migrations.hpp"

namespace ziggy::store {
namespace {

// Another program may be migrating, and copying a big file first: worth a minute's wait.
constexpr std::chrono::milliseconds kMigrationPatience{60'000};

const std::vector<EmbeddedMigration>& known_migrations(Engine engine) {
  return engine == Engine::Sqlite ? sqlite_migrations() : postgresql_migrations();
}

}  // namespace

struct Database::Rooms {
  Rooms(DatabaseUrl url, const StoreSettings& settings) : backend{std::move(url), settings} {}

  Backend backend;
  BarStore bars{backend};
  SymbolStore symbols{backend};
  ActionStore actions{backend};
  SampleStore samples{backend};
  IncidentStore incidents{backend};
  QualityStore quality{backend};
};

std::size_t MigrationStatus::pending() const noexcept {
  return static_cast<std::size_t>(std::ranges::count(migrations, false, &Migration::applied));
}

Database::Database(std::unique_ptr<Rooms> rooms) : rooms_{std::move(rooms)} {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(StoreSettings settings) {
  ZIGGY_TRY(url, parse_database_url(settings.url));
  std::unique_ptr<Database> database{
      new Database{std::make_unique<Rooms>(std::move(url), settings)}};
  if (auto answers = database->ping(); !answers) return fail(std::move(answers).error());
  return database;
}

Result<std::optional<MissingDatabase>> Database::missing(const std::string& url) {
  ZIGGY_TRY(parsed, parse_database_url(url));
  std::error_code error;
  if (parsed.engine != Engine::Sqlite || std::filesystem::exists(parsed.target, error)) {
    return std::nullopt;
  }
  MissingDatabase missing{parsed.location, {}};
  for (const EmbeddedMigration& migration : sqlite_migrations()) {
    missing.status.migrations.push_back(
        {migration.version, std::string{migration.name}, false, {}});
  }
  return missing;
}

Result<MigrationStatus> Database::migration_status() {
  ZIGGY_TRY(lease, rooms_->backend.lease_writer());
  return read_migration_status(lease.connection(), known_migrations(rooms_->backend.url().engine));
}

Result<MigrationReport> Database::migrate() {
  const DatabaseUrl& url = rooms_->backend.url();
  ConnectionOptions options = rooms_->backend.writer_options();
  options.lock_timeout = std::max(options.lock_timeout, kMigrationPatience);
  ZIGGY_TRY(connection, Connection::open(url, options));
  auto report = apply_migrations(*connection, url, options, known_migrations(url.engine));
  if (!report) {
    return fail(report.error().code(), "{}: {}", url.location, report.error().detail());
  }
  return report;
}

Result<> Database::ping() {
  return rooms_->backend.read(
      [](Connection& connection) -> Result<> { return connection.execute("SELECT 1"); });
}

Result<std::vector<CheckLine>> Database::check() {
  return rooms_->backend.read([](Connection& connection) { return check_integrity(connection); });
}

std::string_view Database::engine() const noexcept {
  return rooms_->backend.url().engine == Engine::Sqlite ? "sqlite" : "postgresql";
}

const std::string& Database::location() const noexcept { return rooms_->backend.url().location; }

BarStore& Database::bars() noexcept { return rooms_->bars; }
SymbolStore& Database::symbols() noexcept { return rooms_->symbols; }
ActionStore& Database::actions() noexcept { return rooms_->actions; }
SampleStore& Database::samples() noexcept { return rooms_->samples; }
IncidentStore& Database::incidents() noexcept { return rooms_->incidents; }
QualityStore& Database::quality() noexcept { return rooms_->quality; }

}  // namespace ziggy::store
