#pragma once

#include <string>
#include <vector>

#include "ziggy/base/error.hpp"
#include "ziggy/config/settings.hpp"

namespace ziggy::config {

/// The rules between settings. Adds to `problems` what forbids a start (in production above all),
/// to `warnings` what does not.
void check_rules(const Settings& settings, std::vector<FieldError>& problems,
                 std::vector<std::string>& warnings);

}  // namespace ziggy::config
