#include <algorithm>
#include <memory>

#include "commands/commands.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::app {
namespace {

std::string check_json(const store::Database& database,
                       const std::vector<store::CheckLine>& lines) {
  std::string checks;
  for (const store::CheckLine& line : lines) {
    std::string detail;
    text::append_json_escaped(detail, line.detail);
    checks += fmt::format(R"({}{{"name":"{}","ok":{},"detail":"{}"}})", checks.empty() ? "" : ",",
                          line.name, line.ok, detail);
  }
  std::string location;
  text::append_json_escaped(location, database.location());
  return fmt::format(R"({{"engine":"{}","location":"{}","ok":{},"checks":[{}]}})"
                     "\n",
                     database.engine(), location, std::ranges::all_of(lines, &store::CheckLine::ok),
                     checks);
}

Result<> check(Context& context, bool json) {
  ZIGGY_TRY(settings, context.settings());
  const std::string url{settings->database_url.reveal()};
  ZIGGY_TRY(missing, store::Database::missing(url));
  if (missing) {
    return fail(ErrorCode::NotFound, "{}: there is no database", missing->location);
  }
  ZIGGY_TRY(database, store::Database::open({.url = url}));
  ZIGGY_TRY(status, database->migration_status());
  if (const std::size_t pending = status.pending(); pending > 0) {
    return fail(ErrorCode::Configuration, "{} lacks {} migration{}: run ziggy migrate first",
                database->location(), pending, pending == 1 ? "" : "s");
  }
  ZIGGY_TRY(lines, database->check());
  if (json) {
    Context::print(std::string_view{check_json(*database, lines)});
  } else {
    Context::print("{}\n", database->location());
    for (const store::CheckLine& line : lines) {
      Context::print("{:<20} {:<4} {}\n", line.name, line.ok ? "ok" : "BAD", line.detail);
    }
  }
  if (const auto bad = std::ranges::find(lines, false, &store::CheckLine::ok); bad != lines.end()) {
    return fail(ErrorCode::StorageUnavailable, "{}: {}", bad->name, bad->detail);
  }
  return {};
}

}  // namespace

void add_db_command(CLI::App& app, Runner& runner) {
  CLI::App& db = *app.add_subcommand("db", "Looks after the database");
  db.require_subcommand(1);
  CLI::App& command = *db.add_subcommand(
      "check", "Reads everything and says whether it is whole; exit code 1 when it is not");
  const auto json = std::make_shared<bool>(false);
  command.add_flag("--json", *json, "One JSON document");
  runner.on(command, [json](Context& context) { return check(context, *json); });
}

}  // namespace ziggy::app
