#pragma once

#include <span>
#include <string_view>

#include "ziggy/base/result.hpp"
#include "ziggy/config/settings.hpp"

namespace ziggy::config {

/// How a value is shown: as it is, not at all, or as URLs without their passwords.
enum class Mask : std::uint8_t { None, Whole, Urls };

/// One setting: its name in the environment, its default (empty: derived from others, or unset) and
/// how its text becomes a field of Settings.
struct Definition {
  std::string_view name;
  Mask mask;
  std::string_view fallback;
  /// Errors: ValidationFailed with a clause that fits after "NAME: ".
  Result<> (*apply)(Settings& settings, std::string_view text);
};

/// Every setting, in the order in which they are documented and shown.
[[nodiscard]] std::span<const Definition> definitions();
[[nodiscard]] const Definition* find_definition(std::string_view name);
/// Their names, for "did you mean".
[[nodiscard]] std::span<const std::string_view> setting_names();

}  // namespace ziggy::config
