#include "ziggy/config/show.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "ziggy/base/text.hpp"

namespace ziggy::config {

namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  text::append_json_escaped(out, text);
  return out + '"';
}

}  // namespace

std::string show_table(const Loaded& loaded) {
  std::size_t name_width = 0;
  std::size_t value_width = 0;
  for (const Value& value : loaded.values) {
    name_width = std::max(name_width, value.name.size());
    value_width = std::max(value_width, std::min<std::size_t>(48, value.shown.size()));
  }
  std::string out;
  for (const Value& value : loaded.values) {
    // One line a setting, whatever the value holds.
    std::string shown;
    text::append_json_escaped(shown, value.shown);
    out += fmt::format("{:<{}}  {:<{}}  {}\n", value.name, name_width, shown, value_width,
                       value.origin);
  }
  return out;
}

std::string show_json(const Loaded& loaded) {
  std::string out = "{\"settings\":[";
  for (const Value& value : loaded.values) {
    if (&value != &loaded.values.front()) out += ',';
    out += fmt::format(
        "{{\"name\":{},\"value\":{},\"source\":{},\"origin\":{},\"secret\":{}}}",
        json_string(value.name), value.text.empty() ? "null" : json_string(value.shown),
        json_string(source_name(value.source)), json_string(value.origin), value.secret);
  }
  out += "],\"warnings\":[";
  for (const std::string& warning : loaded.warnings) {
    if (&warning != &loaded.warnings.front()) out += ',';
    out += json_string(warning);
  }
  return out + "]}\n";
}

}  // namespace ziggy::config
