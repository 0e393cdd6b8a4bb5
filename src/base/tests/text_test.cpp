#include "ziggy/base/text.hpp"

#include <gtest/gtest.h>

namespace ziggy::text {
namespace {

TEST(Text, ListsAreSplitAndTrimmed) {
  EXPECT_EQ(split_list(" a, b ,,c "), (std::vector<std::string_view>{"a", "b", "c"}));
  EXPECT_TRUE(split_list(" , ").empty());
}

TEST(Text, NumbersAreWholeOrNothing) {
  EXPECT_EQ(parse_int("42"), 42);
  EXPECT_EQ(parse_int("42 "), std::nullopt);
  EXPECT_EQ(parse_int(""), std::nullopt);
  EXPECT_EQ(parse_double("1.5e3"), 1500.0);
  EXPECT_EQ(parse_double("nan"), std::nullopt);
  EXPECT_EQ(parse_double("inf"), std::nullopt);
}

TEST(Text, NearestNamesTheLikelyWord) {
  constexpr std::string_view kNames[] = {"api_port", "api_host", "log_level"};
  EXPECT_EQ(nearest("api_prot", kNames), "api_port");
  EXPECT_EQ(nearest("zzzzzz", kNames), std::nullopt);
}

TEST(Text, AnyBytesBecomeValidJson) {
  std::string out;
  append_json_escaped(out, "a\"\\\n\x01\xff\xc3\xa9\xed\xa0\x80");
  EXPECT_EQ(out, "a\\\"\\\\\\n\\u0001\\ufffd\xc3\xa9\\ufffd\\ufffd\\ufffd");
}

}  // namespace
}  // namespace ziggy::text
