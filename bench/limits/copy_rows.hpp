#pragma once

#include <string>

#include "ziggy/domain/bar.hpp"

/// The limit: bars as rows by COPY BINARY into a table without key, constraint or index, which is
/// the most a PostgreSQL server takes in; and out of it by a binary SELECT.
namespace ziggy::bench {

void copy_rows_in(const std::string& url, const BarColumns& bars);
[[nodiscard]] BarColumns select_rows(const std::string& url);

}  // namespace ziggy::bench
