#include <memory>

#include "commands/commands.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::app {
namespace {

struct Options {
  bool status = false;
  bool json = false;
};

std::string json_string(std::string_view text) {
  std::string out = "\"";
  text::append_json_escaped(out, text);
  return out += '"';
}

std::string migration_json(const store::Migration& migration) {
  return fmt::format(R"({{"version":{},"name":{},"applied":{},"applied_at":{}}})",
                     migration.version, json_string(migration.name), migration.applied,
                     migration.applied ? json_string(migration.applied_at) : "null");
}

/// Everything about the database's migrations, and what this call did, as one document.
std::string report_json(std::string_view engine, const std::string& location,
                        const store::MigrationStatus& status,
                        const store::MigrationReport& report) {
  std::string applied;
  for (const store::Migration& migration : report.applied) {
    applied += fmt::format("{}{}", applied.empty() ? "" : ",", migration.version);
  }
  std::string migrations;
  for (const store::Migration& migration : status.migrations) {
    migrations += (migrations.empty() ? "" : ",") + migration_json(migration);
  }
  return fmt::format(
      R"({{"engine":{},"location":{},"pending":{},"applied":[{}],"backup":{},"migrations":[{}]}})"
      "\n",
      json_string(engine), json_string(location), status.pending(), applied,
      report.backup ? json_string(report.backup->string()) : "null", migrations);
}

void print_status(const std::string& location, const store::MigrationStatus& status) {
  Context::print("{}\n", location);
  for (const store::Migration& migration : status.migrations) {
    Context::print("{:04}  {:<24} {}\n", migration.version, migration.name,
                   migration.applied ? "applied " + migration.applied_at : "pending");
  }
}

void print_report(const store::Database& database, const store::MigrationReport& report) {
  if (report.backup) Context::print("backup: {}\n", report.backup->string());
  for (const store::Migration& migration : report.applied) {
    Context::print("applied {:04} {}\n", migration.version, migration.name);
  }
  Context::print("{} is up to date\n", database.location());
}

/// Looks without creating anything.
Result<> say_status(const std::string& url, bool json) {
  ZIGGY_TRY(missing, store::Database::missing(url));
  std::string engine = "sqlite";
  std::string location;
  store::MigrationStatus status;
  if (missing) {
    location = missing->location;
    status = std::move(missing->status);
  } else {
    ZIGGY_TRY(database, store::Database::open({.url = url}));
    ZIGGY_TRY(found, database->migration_status());
    engine = database->engine();
    location = database->location();
    status = std::move(found);
  }
  if (json) {
    Context::print(std::string_view{report_json(engine, location, status, {})});
  } else {
    print_status(location, status);
  }
  return {};
}

Result<> migrate(Context& context, const Options& options) {
  ZIGGY_TRY(settings, context.settings());
  const std::string url{settings->database_url.reveal()};
  if (options.status) return say_status(url, options.json);
  ZIGGY_TRY(database, store::Database::open({.url = url}));
  ZIGGY_TRY(report, database->migrate());
  ZIGGY_TRY(status, database->migration_status());
  if (options.json) {
    Context::print(
        std::string_view{report_json(database->engine(), database->location(), status, report)});
  } else {
    print_report(*database, report);
  }
  return {};
}

}  // namespace

void add_migrate_command(CLI::App& app, Runner& runner) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand(
      "migrate", "Brings the database up to date; a SQLite file is copied beside itself first");
  command.add_flag("--status", options->status, "Only says what is applied and what is pending");
  command.add_flag("--json", options->json, "One JSON document");
  runner.on(command, [options](Context& context) { return migrate(context, *options); });
}

}  // namespace ziggy::app
