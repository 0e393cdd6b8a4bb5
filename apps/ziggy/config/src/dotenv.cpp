#include "dotenv.hpp"

#include <algorithm>

#include "parse.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::config {

namespace {

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

/// Whether only white space or a comment follows.
bool is_blank(std::string_view rest) {
  rest = text::trim(rest);
  return rest.empty() || rest.front() == '#';
}

std::string bare(std::string_view rest) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == '#' && (i == 0 || rest[i - 1] == ' ' || rest[i - 1] == '\t')) {
      rest = rest.substr(0, i);
      break;
    }
  }
  return std::string{text::trim(rest)};
}

/// The inside of a quoted value; false if the quote does not end or something follows it.
bool read_quoted(std::string_view rest, std::string& out) {
  const char quote = rest.front();
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == quote) return is_blank(rest.substr(i + 1));
    if (quote == '"' && rest[i] == '\\' && i + 1 < rest.size()) {
      const char next = rest[++i];
      out += next == 'n' ? '\n' : next == 'r' ? '\r' : next == 't' ? '\t' : next;
    } else {
      out += rest[i];
    }
  }
  return false;
}

}  // namespace

Parsed parse_dotenv(std::string_view text, std::string_view path) {
  Parsed parsed;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::size_t number = 0;
  const auto problem = [&](std::string message) {
    parsed.problems.push_back(
        {std::string{path}, "malformed", fmt::format("line {}: {}", number, message)});
  };
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text::trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (is_blank(line)) continue;
    if (line.starts_with("export ")) line = text::trim(line.substr(7));
    const std::size_t equals = line.find('=');
    const std::string_view name = text::trim(line.substr(0, equals));
    if (equals == std::string_view::npos || !is_name(name)) {
      problem("is not NAME=value");
      continue;
    }
    const std::string_view rest = text::trim(line.substr(equals + 1));
    Entry entry{std::string{name}, "", number};
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
      if (!read_quoted(rest, entry.text)) {
        problem(fmt::format("the quote of {} does not end, or something follows it", name));
        continue;
      }
    } else {
      entry.text = bare(rest);
    }
    parsed.entries.push_back(std::move(entry));
  }
  return parsed;
}

}  // namespace ziggy::config
