#pragma once

#include <span>
#include <string>

#include "ziggy/market/import.hpp"

namespace ziggy::app {

/// What `ziggy import bars` says of one file: a summary line, its notes, and why it is refused.
[[nodiscard]] std::string import_text(const market::FileImport& file);

/// The document of `--json`: `{"files":[…],"stored":n,"refused":n,"failed":n}`.
[[nodiscard]] std::string import_json(std::span<const market::FileImport> files);

}  // namespace ziggy::app
