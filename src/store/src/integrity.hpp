#pragma once

#include <vector>

#include "connection.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::store {

/// Errors: StorageUnavailable when a check could not run at all.
[[nodiscard]] Result<std::vector<CheckLine>> check_integrity(Connection& connection);

}  // namespace ziggy::store
