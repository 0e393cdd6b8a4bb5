#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "ziggy/api/api.hpp"

namespace ziggy::api {

/// A label's value with `\`, `"` and line ends escaped.
[[nodiscard]] std::string label(std::string_view text);

/// The two comment lines before a metric's values. `type`: `counter`, `gauge`, `histogram`.
void head(std::string& out, std::string_view name, std::string_view type, std::string_view help);

/// A metric with one value.
template <class T>
void single(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            T value) {
  head(out, name, type, help);
  out += fmt::format("{} {}\n", name, value);
}

/// Of what is asked and told outside: vendors, breakers, budgets, live feeds, webhook, HTTP client.
void write_vendors(std::string& out, const Api::State& state);

}  // namespace ziggy::api
