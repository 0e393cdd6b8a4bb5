#include <gtest/gtest.h>

#include "ziggy/base/result.hpp"

namespace ziggy {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::ValidationFailed, "{} is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  ZIGGY_TRY(first, half(number));
  return half(first);
}

TEST(Result, TryPassesTheErrorOn) {
  EXPECT_EQ(quarter(8), 2);
  const auto wrong = quarter(6);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().detail(), "3 is odd");
  EXPECT_EQ(code_name(wrong.error().code()), "validation_failed");
}

}  // namespace
}  // namespace ziggy
