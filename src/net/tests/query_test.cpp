#include "ziggy/net/query.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace ziggy::net {
namespace {

TEST(Query, DecodesNamesAndValuesInOrder) {
  const auto query = QueryParams::parse("a=1&b=x%20y+z&&a=2&empty=&flag&%C3%A9=%E2%82%AC");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->get("a"), "1");
  EXPECT_EQ(query->count("a"), 2U);
  EXPECT_EQ(query->get("b"), "x y z");
  EXPECT_EQ(query->get("empty"), "");
  EXPECT_EQ(query->get("flag"), "");
  EXPECT_EQ(query->get("é"), "€");
  EXPECT_EQ(query->get("none"), std::nullopt);
  EXPECT_EQ(query->all().size(), 6U);
}

TEST(Query, RefusesWhatCannotBeDecoded) {
  std::string many;
  for (std::size_t i = 0; i <= QueryParams::kParamsMax; ++i) many += "a=1&";
  for (const std::string& raw : {std::string{"a=%"}, std::string{"a=%4"}, std::string{"a=%zz"},
                                 std::string{"%00=1"}, std::string{"a=%ff"}, many}) {
    const auto query = QueryParams::parse(raw);
    ASSERT_FALSE(query.has_value()) << raw;
    EXPECT_EQ(query.error().code(), ErrorCode::MalformedRequest) << raw;
  }
}

TEST(Query, DecodingUndoesEncoding) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    RC_PRE(text.find('\0') == std::string::npos);
    for (const Plus plus : {Plus::IsPlus, Plus::IsSpace}) {
      const auto back = percent_decode(percent_encode(text), plus);
      RC_ASSERT(back.has_value());
      RC_ASSERT(*back == text);
    }
  }));
}

TEST(Utf8, KnowsWellFormedText) {
  for (const std::string_view good :
       {"", "plain ascii, long enough for a whole word", "\xC3\xA9", "\xE2\x82\xAC",
        "\xF0\x9F\x98\x80", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xE2\x82", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "12345678\xFF",
        "\xC3\x28", "\xE2\x28\xA1", "\xF0\x9F\x98"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace ziggy::net
