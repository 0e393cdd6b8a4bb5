#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "ziggy/base/time.hpp"
#include "ziggy/testing/process.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::testing {

/// What a command that ends left behind.
struct Done {
  int code = -1;
  std::string out;
  std::vector<std::string> log;
};

inline Done run_program(const TempFolder& folder, std::vector<std::string> arguments,
                        std::vector<std::string> environment = {}) {
  Process process{ZIGGY_PROGRAM, std::move(arguments), folder.path(), std::move(environment)};
  Done done;
  done.out = process.read_all();
  done.code = process.wait();
  done.log = process.log_lines();
  return done;
}

/// Every line on stderr is ours, in our format; returns them parsed.
inline std::vector<boost::json::object> parse_log(const std::vector<std::string>& lines) {
  std::vector<boost::json::object> parsed;
  for (const std::string& line : lines) {
    boost::system::error_code error;
    const auto value = boost::json::parse(line, error);
    EXPECT_FALSE(error) << line;
    if (error) continue;
    for (const char* key : {"timestamp", "level", "logger", "message"}) {
      EXPECT_TRUE(value.as_object().contains(key)) << line;
    }
    EXPECT_TRUE(parse_rfc3339(std::string_view{value.at("timestamp").as_string()})) << line;
    parsed.push_back(value.as_object());
  }
  return parsed;
}

inline bool has_message(const std::vector<boost::json::object>& log, std::string_view message) {
  for (const auto& line : log) {
    if (line.at("message").as_string() == message) return true;
  }
  return false;
}

}  // namespace ziggy::testing
