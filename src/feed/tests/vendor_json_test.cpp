#include "vendor_json.hpp"

#include <gtest/gtest.h>

namespace ziggy::feed {
namespace {

TEST(VendorJson, ReadsWhatIsThereAndMissesWhatIsNot) {
  const auto document = JsonDocument::parse(
      "acme",
      R"({"a":{"b":[1,2.5,null,"x",1e400,18446744073709551615]},"n":null,"t":"é\u00e9","w":3.0})");
  ASSERT_FALSE(document);  // 1e400 is no number that a double holds

  const auto good = JsonDocument::parse(
      "acme", R"({"a":{"b":[1,2.5,null,"x"]},"n":null,"t":"\u00e9","w":3.0,"f":false})");
  ASSERT_TRUE(good) << good.error().detail();
  const JsonValue root = good->root();
  EXPECT_FALSE(json_member(root, "n"));
  EXPECT_FALSE(json_member(root, "none"));
  EXPECT_EQ(json_text(root, "t"), "é");
  EXPECT_EQ(json_integer(root, "w"), 3);
  EXPECT_EQ(json_bool(root, "f"), false);
  const auto inner = json_path(root, {"a", "b"});
  ASSERT_TRUE(inner);
  const auto array = json_array(*inner);
  ASSERT_TRUE(array);
  EXPECT_EQ(json_number(array->at(0)), 1.0);
  EXPECT_EQ(json_number(array->at(1)), 2.5);
  EXPECT_FALSE(json_number(array->at(2)));
  EXPECT_FALSE(json_number(array->at(3)));
  EXPECT_FALSE(json_integer(array->at(1)));
  EXPECT_FALSE(json_path(root, {"a", "b", "c"}));
}

TEST(VendorJson, RefusesWhatIsNoJson) {
  for (const std::string_view text : {"", "  \n", "<html><body>503</body></html>", "{\"a\":[1,2",
                                      "{\"a\":1}}", "no", "\xff\xfe"}) {
    const auto document = JsonDocument::parse("acme", text);
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().code(), ErrorCode::BadPayload);
    EXPECT_TRUE(document.error().detail().starts_with("acme: ")) << document.error().detail();
  }
}

TEST(VendorJson, RefusesToDescendForever) {
  const std::string deep =
      std::string(kJsonDepthMax + 1, '[') + std::string(kJsonDepthMax + 1, ']');
  EXPECT_FALSE(JsonDocument::parse("acme", deep));
  EXPECT_FALSE(JsonDocument::parse("acme", std::string(1'000'000, '[')));
  const std::string fine =
      std::string(kJsonDepthMax / 2, '[') + std::string(kJsonDepthMax / 2, ']');
  EXPECT_TRUE(JsonDocument::parse("acme", fine));
}

}  // namespace
}  // namespace ziggy::feed
