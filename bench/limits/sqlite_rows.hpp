#pragma once

#include <string>

#include "ziggy/domain/bar.hpp"

/// The limit: bars as rows by SQLite's C API and nothing else. One row a bar, clustered by (series,
/// time), a prepared statement, one transaction, WAL and synchronous=FULL as Ziggy has them.
namespace ziggy::bench {

void sqlite_insert_rows(const std::string& path, const BarColumns& bars);
[[nodiscard]] BarColumns sqlite_scan_rows(const std::string& path);

}  // namespace ziggy::bench
