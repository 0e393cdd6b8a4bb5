#pragma once

#include <string>

#include "ziggy/config/load.hpp"

namespace ziggy::config {

/// Name, value (secrets masked) and source of every setting, as a table for people.
[[nodiscard]] std::string show_table(const Loaded& loaded);
/// The same as one JSON object:
/// `{"settings":[{"name":…,"value":… or null,"source":…,"origin":…,"secret":…}],"warnings":[…]}`.
[[nodiscard]] std::string show_json(const Loaded& loaded);

}  // namespace ziggy::config
