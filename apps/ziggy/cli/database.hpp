#pragma once

#include <memory>

#include "cli/context.hpp"
#include "ziggy/store/database.hpp"

namespace ziggy::app {

/// The database of the settings, made on first use (its folder too) and brought up to date, so that
/// a command works in an empty folder and beside a running server. Errors: Configuration,
/// StorageUnavailable.
[[nodiscard]] Result<std::unique_ptr<store::Database>> open_database(Context& context);
[[nodiscard]] Result<std::unique_ptr<store::Database>> open_database(
    const config::Settings& settings);

}  // namespace ziggy::app
