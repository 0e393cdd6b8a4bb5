#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "embedded_migrations.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::store {

/// What tells that a migration's text is the one that was applied: FNV-1a, 64 bits, hexadecimal.
/// Guards against accidents, not against an adversary, who could change the table as well.
[[nodiscard]] std::string checksum_of(std::string_view sql);

/// Where `connection`'s database stands against `known`. Errors: as Database::migration_status.
[[nodiscard]] Result<MigrationStatus> read_migration_status(
    Connection& connection, const std::vector<EmbeddedMigration>& known);

/// Errors: as Database::migrate.
[[nodiscard]] Result<MigrationReport> apply_migrations(Connection& connection,
                                                       const DatabaseUrl& url,
                                                       const ConnectionOptions& options,
                                                       const std::vector<EmbeddedMigration>& known);

}  // namespace ziggy::store
