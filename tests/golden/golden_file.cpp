#include "golden_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace ziggy::golden {

void expect_golden(const std::string& file, const std::string& body) {
  const std::string path = std::string{ZIGGY_SOURCE_DIR} + "/tests/golden/api/" + file;
  if (std::getenv("ZIGGY_UPDATE_GOLDEN") != nullptr) {
    std::ofstream{path, std::ios::binary} << body << '\n';
    return;
  }
  std::ifstream in{path, std::ios::binary};
  ASSERT_TRUE(in) << path << " is missing; ZIGGY_UPDATE_GOLDEN=1 writes it";
  const std::string expected{std::istreambuf_iterator<char>{in}, {}};
  EXPECT_EQ(body + '\n', expected) << file;
}

}  // namespace ziggy::golden
