#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "ziggy/config/load.hpp"

namespace ziggy::config::testing {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline Sources with_environment(Pairs pairs) {
  Sources sources;
  sources.environment = std::move(pairs);
  return sources;
}

/// The problems of sources that must be refused, as "FIELD code".
inline std::vector<std::string> problems_of(const Sources& sources) {
  const auto loaded = load(sources);
  std::vector<std::string> out;
  EXPECT_FALSE(loaded) << "should have been refused";
  if (loaded) return out;
  EXPECT_EQ(loaded.error().code(), ErrorCode::Configuration);
  for (const FieldError& problem : loaded.error().fields()) {
    EXPECT_NE(loaded.error().detail().find(problem.message), std::string::npos)
        << "every problem is in the one line";
    out.push_back(problem.field + " " + problem.code);
  }
  return out;
}

inline std::string problem_text(const Sources& sources) {
  const auto loaded = load(sources);
  EXPECT_FALSE(loaded);
  return loaded ? "" : loaded.error().detail();
}

inline const Value& value_of(const Loaded& loaded, std::string_view name) {
  return *std::ranges::find(loaded.values, name, &Value::name);
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace ziggy::config::testing
