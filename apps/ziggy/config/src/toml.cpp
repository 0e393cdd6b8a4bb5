#include <stdexcept>

#include "definitions.hpp"
#include "dotenv.hpp"
#include "parse.hpp"
#include "ziggy/base/text.hpp"

// Some broken keys (`[` and a control character) break an assertion of toml++ 3.3, which with
// NDEBUG is an assumption for the optimiser. In this file it is an exception in every build.
#undef NDEBUG
#define TOML_ASSERT(expression) \
  (static_cast<bool>(expression) ? void() : throw std::logic_error{"toml++"})
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace ziggy::config {

namespace {

/// A value as its setting would be written in the environment; false for what no setting can be.
bool append_scalar(const toml::node& node, std::string& out) {
  if (const auto text = node.value_exact<std::string_view>()) {
    out += *text;
  } else if (const auto flag = node.value_exact<bool>()) {
    out += *flag ? "true" : "false";
  } else if (const auto whole = node.value_exact<std::int64_t>()) {
    out += std::to_string(*whole);
  } else if (const auto number = node.value_exact<double>()) {
    out += fmt::format("{}", *number);
  } else {
    return false;
  }
  return true;
}

bool append_value(const toml::node& node, std::string& out) {
  if (const toml::array* list = node.as_array()) {
    for (const toml::node& item : *list) {
      if (!out.empty()) out += ',';
      if (!append_scalar(item, out)) return false;
    }
    return true;
  }
  if (const toml::table* table = node.as_table()) {
    for (const auto& [key, item] : *table) {
      if (!out.empty()) out += ',';
      out += std::string{key.str()} + '=';
      if (!append_scalar(item, out)) return false;
    }
    return true;
  }
  return append_scalar(node, out);
}

}  // namespace

Parsed parse_toml(std::string_view text, std::string_view path) {
  Parsed parsed;
  toml::table root;
  try {
    root = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    // The description may quote the text, and with it a secret: only the place is said.
    parsed.problems.push_back(
        {std::string{path}, "malformed",
         fmt::format("line {}, column {}: is not TOML", error.source().begin.line,
                     error.source().begin.column)});
    return parsed;
  } catch (const std::logic_error&) {
    parsed.problems.push_back({std::string{path}, "malformed", "is not TOML"});
    return parsed;
  }
  for (const auto& [key, node] : root) {
    Entry entry{std::string{key.str()}, "", node.source().begin.line};
    // What an unknown key holds does not matter: it is warned about.
    const bool is_known = find_definition(text::upper(entry.name)) != nullptr;
    if (is_known && !append_value(node, entry.text)) {
      parsed.problems.push_back(
          {std::string{path}, "malformed",
           fmt::format("line {}: {} is no text, number, truth value, or list of them", entry.line,
                       in_quotes(key.str()))});
      continue;
    }
    parsed.entries.push_back(std::move(entry));
  }
  return parsed;
}

}  // namespace ziggy::config
