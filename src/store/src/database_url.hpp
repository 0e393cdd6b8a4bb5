#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"

namespace ziggy::store {

enum class Engine : std::uint8_t { Sqlite, Postgresql };

struct DatabaseUrl {
  Engine engine = Engine::Sqlite;
  /// SQLite: the file. PostgreSQL: the URL as libpq takes it, password included.
  std::string target;
  /// Without user and password: for people and logs.
  std::string location;
};

/// Errors: Configuration, with a text that repeats nothing of the URL, since that may hold a
/// password in a place nobody expects.
[[nodiscard]] Result<DatabaseUrl> parse_database_url(std::string_view url);

}  // namespace ziggy::store
