#pragma once

#include <string_view>
#include <vector>

namespace ziggy::store {

/// A numbered SQL file as it was when the program was built.
struct EmbeddedMigration {
  int version;
  std::string_view name;
  std::string_view sql;
};

/// Ascending by version, 1, 2, 3, …
const std::vector<EmbeddedMigration>& sqlite_migrations();
const std::vector<EmbeddedMigration>& postgresql_migrations();

}  // namespace ziggy::store
