#pragma once

#include <string>

#include "ziggy/config/load.hpp"

namespace ziggy::config {

/// Name, value (secrets masked) and source of every setting, as a table for people.
[[nodiscard]] std::string show_table(const Loaded& loaded);
/// The same as one JSON object:
/// `{"settings":{"API_PORT":{"value":…,"source":…,"secret":…}},"warnings":[…]}`.
[[nodiscard]] std::string show_json(const Loaded& loaded);

}  // namespace ziggy::config
