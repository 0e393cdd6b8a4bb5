#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ziggy/base/result.hpp"
#include "ziggy/config/settings.hpp"

namespace ziggy::config {

/// Where a value came from, weakest first.
enum class Source : std::uint8_t { Default, Toml, DotEnv, Environment, CommandLine };

/// What the command line says about settings.
struct CommandLine {
  /// `--config`; without it `ziggy.toml` in the working folder, if there is one.
  std::optional<std::filesystem::path> config_file;
  bool demo = false;
  /// Name (any case) and text, in the order typed; the last one wins.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// A file as it was read; `path` is for messages only.
struct TextFile {
  std::string path;
  std::string text;
};

/// All that `load` looks at: texts, so that loading is a pure function.
struct Sources {
  std::optional<TextFile> toml = {};
  std::optional<TextFile> dotenv = {};
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::vector<std::pair<std::string, std::string>> command_line = {};
  bool demo = false;
  /// Cores of this machine, the default of API_THREADS.
  std::uint32_t cores = 1;
};

/// One setting as it ended up. `text` is as written, secrets included: print `shown` instead.
struct Value {
  std::string_view name;
  Source source = Source::Default;
  /// `default`, `environment`, `command line`, or the file and line.
  std::string origin;
  std::string text;
  /// Masked: safe to print.
  std::string shown;
  /// Whether the whole value is a secret.
  bool secret = false;
};

struct Loaded {
  Settings settings;
  /// Every setting once, in the order of the documentation.
  std::vector<Value> values;
  /// One sentence each: unknown keys with the nearest known name, chains with vendors without keys.
  std::vector<std::string> warnings;
  /// Every secret value that any source holds, also those that a stronger source hides.
  std::vector<Secret> secrets;
};

/// Merges the sources and checks everything. An empty text means the default and hides weaker
/// sources. Errors: Configuration, with every problem as a field (setting, code, message) and all
/// of them in the detail; no secret appears in either.
[[nodiscard]] Result<Loaded> load(const Sources& sources);

/// Reads the files and the environment. Errors: Configuration for a file that cannot be read.
[[nodiscard]] Result<Sources> read_sources(const CommandLine& command_line);

[[nodiscard]] std::string_view source_name(Source source) noexcept;

}  // namespace ziggy::config
