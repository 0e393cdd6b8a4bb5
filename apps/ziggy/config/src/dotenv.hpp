#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ziggy/base/error.hpp"

namespace ziggy::config {

/// One name and its text, from a line of a file (counted from 1).
struct Entry {
  std::string name;
  std::string text;
  std::size_t line = 0;
};

struct Parsed {
  std::vector<Entry> entries;
  /// What could not be read, with the line; never quotes values, which may be secrets.
  std::vector<FieldError> problems;
};

/// A `.env` file: `NAME=value` lines, `#` comments, `export` allowed; values bare (up to ` #`), in
/// single quotes (as they are) or in double quotes (with \n \r \t \" \\ \$). `$` is an ordinary
/// character: nothing is expanded.
[[nodiscard]] Parsed parse_dotenv(std::string_view text, std::string_view path);

/// A `ziggy.toml` file: settings in lower case at the top; lists may be arrays, and `name=value`
/// lists tables.
[[nodiscard]] Parsed parse_toml(std::string_view text, std::string_view path);

}  // namespace ziggy::config
