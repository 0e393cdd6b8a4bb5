#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ziggy/base/result.hpp"

namespace ziggy::app {

/// The whole file. Errors: NotFound, naming it and the system's reason; PayloadTooLarge above
/// `size_max`.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::uintmax_t size_max);

/// Whether a file can be written there, before work is spent on what it shall hold. Errors:
/// ValidationFailed, naming the file and the system's reason.
[[nodiscard]] Result<> check_writable(const std::filesystem::path& path);

/// Who may read a file.
enum class Readers : std::uint8_t { AsUsual, OwnerOnly };

/// Writes the file whole or not at all (by way of `<path>.part`). Errors: Internal, naming it.
[[nodiscard]] Result<> write_text_file(const std::filesystem::path& path, std::string_view text,
                                       Readers readers = Readers::AsUsual);

}  // namespace ziggy::app
