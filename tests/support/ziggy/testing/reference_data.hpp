#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace ziggy::testing {

/// The folder of recorded data and reference results, which is not part of the project: beside the
/// checkout, or where ZIGGY_FIXTURES points. Empty when it is absent.
inline std::filesystem::path reference_data() {
  if (const char* folder = std::getenv("ZIGGY_FIXTURES"); folder != nullptr) return folder;
  const std::filesystem::path beside{ZIGGY_SOURCE_DIR "/../shared/fixtures"};
  return std::filesystem::exists(beside / "README.md") ? beside : std::filesystem::path{};
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace ziggy::testing

/// First line of a test that compares with reference data: skips, and says so, where there is none.
#define ZIGGY_NEEDS_REFERENCE_DATA()                          \
  if (ziggy::testing::reference_data().empty()) {             \
    GTEST_SKIP() << "no reference data beside this checkout"; \
  }                                                           \
  static_assert(true)
