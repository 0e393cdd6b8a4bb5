#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "parse.hpp"
#include "ziggy/config/load.hpp"

namespace ziggy::config {

namespace {

// A settings file of more than this is something else.
constexpr std::uintmax_t kFileSizeMax = 1 << 20;

Result<TextFile> read_text(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (!error && size > kFileSizeMax) {
    return fail(ErrorCode::Configuration, "{} is too large for a settings file", path.string());
  }
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  if (error || !file) return fail(ErrorCode::Configuration, "cannot read {}", path.string());
  return TextFile{path.string(), text.str()};
}

/// The file if it is there; one that is there and cannot be read is an error.
Result<std::optional<TextFile>> read_optional(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  ZIGGY_TRY(file, read_text(path));
  return std::move(file);
}

}  // namespace

Result<Sources> read_sources(const CommandLine& command_line) {
  Sources sources;
  if (command_line.config_file) {
    ZIGGY_TRY(file, read_text(*command_line.config_file));
    sources.toml = std::move(file);
  } else {
    ZIGGY_TRY(file, read_optional("ziggy.toml"));
    sources.toml = std::move(file);
  }
  ZIGGY_TRY(dotenv, read_optional(".env"));
  sources.dotenv = std::move(dotenv);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    sources.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  sources.command_line = command_line.settings;
  sources.demo = command_line.demo;
  sources.cores = std::max(1U, std::thread::hardware_concurrency());
  return sources;
}

}  // namespace ziggy::config
