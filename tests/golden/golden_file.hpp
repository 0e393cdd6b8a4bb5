#pragma once

#include <string>

namespace ziggy::golden {

/// Compares an answer with tests/golden/api/`file`: one line per answer, in files that people read
/// in a review. ZIGGY_UPDATE_GOLDEN=1 writes the file instead.
void expect_golden(const std::string& file, const std::string& body);

}  // namespace ziggy::golden
