#include "database_url.hpp"

#include <libpq-fe.h>

#include <memory>

#include "ziggy/base/text.hpp"

namespace ziggy::store {
namespace {

constexpr std::string_view kSqlite = "sqlite:///";

std::string_view option(const PQconninfoOption* options, std::string_view keyword) {
  for (const PQconninfoOption* at = options; at->keyword != nullptr; ++at) {
    if (keyword == at->keyword) return at->val == nullptr ? std::string_view{} : at->val;
  }
  return {};
}

Result<DatabaseUrl> parse_postgresql(std::string url) {
  // SOCI cuts its connect string at spaces; a URL has them percent-encoded.
  if (url.find_first_of(" \t\r\n") != std::string::npos || url.find('\0') != std::string::npos) {
    return fail(ErrorCode::Configuration,
                "DATABASE_URL holds white space: write it percent-encoded (%20)");
  }
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{
      PQconninfoParse(url.c_str(), nullptr), &PQconninfoFree};
  if (options == nullptr) {
    return fail(ErrorCode::Configuration,
                "DATABASE_URL is no PostgreSQL URL: postgresql://user:password@host:port/database");
  }
  std::string_view host = option(options.get(), "host");
  if (host.empty()) host = option(options.get(), "hostaddr");
  if (host.empty()) host = "localhost";
  std::string_view port = option(options.get(), "port");
  if (port.empty()) port = "5432";
  // A password with an unescaped / or @ ends up in another part, where a location would show it.
  const std::string_view database = option(options.get(), "dbname");
  const auto number = text::parse_int(port);
  if (!number || *number < 1 || *number > 65'535 || host.find('@') != std::string_view::npos ||
      database.find('@') != std::string_view::npos) {
    return fail(ErrorCode::Configuration,
                "DATABASE_URL is no PostgreSQL URL: one host and port, and @ : / in a password "
                "percent-encoded");
  }
  DatabaseUrl parsed;
  parsed.engine = Engine::Postgresql;
  parsed.location = fmt::format("postgresql://{}:{}/{}", host, port, database);
  parsed.target = std::move(url);
  return parsed;
}

}  // namespace

Result<DatabaseUrl> parse_database_url(std::string_view url) {
  if (url.starts_with(kSqlite)) {
    const std::string_view path = url.substr(kSqlite.size());
    if (path.empty() || path.find('\0') != std::string_view::npos ||
        path.find('"') != std::string_view::npos) {
      return fail(ErrorCode::Configuration,
                  "DATABASE_URL names no file: sqlite:///relative.db or sqlite:////absolute.db");
    }
    return DatabaseUrl{Engine::Sqlite, std::string{path}, fmt::format("sqlite:///{}", path)};
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return parse_postgresql(std::string{url});
  }
  return fail(ErrorCode::Configuration,
              "DATABASE_URL is neither sqlite:///file nor postgresql://host/database");
}

}  // namespace ziggy::store
