#pragma once

#include <filesystem>
#include <string>

#include "ziggy/base/result.hpp"

namespace ziggy::market {

/// The whole of a regular file. Errors: NotFound; ValidationFailed for what is no regular file,
/// cannot be read or is larger than `bytes_max`.
[[nodiscard]] Result<std::string> read_whole_file(const std::filesystem::path& path,
                                                  std::size_t bytes_max);

}  // namespace ziggy::market
