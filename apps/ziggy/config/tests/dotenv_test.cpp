#include "dotenv.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace ziggy::config {
namespace {

std::string read_one(std::string_view text) {
  const Parsed parsed = parse_dotenv(text, ".env");
  EXPECT_TRUE(parsed.problems.empty()) << text;
  EXPECT_EQ(parsed.entries.size(), 1U) << text;
  return parsed.entries.empty() ? "" : parsed.entries[0].name + "|" + parsed.entries[0].text;
}

TEST(DotEnv, ReadsEveryWayToWriteAValue) {
  const auto check = [](std::string_view line, std::string_view expected) {
    EXPECT_EQ(read_one(line), expected) << line;
  };
  check("A=b", "A|b");
  check("export A=b", "A|b");
  check("  A = b c  # note", "A|b c");
  check("A=b#c", "A|b#c");
  check("A=", "A|");
  check("A=# note", "A|");
  check("A='b # $c \\n'", "A|b # $c \\n");
  check("A=\"b\\nc \\\"d\\\" \\\\ $e\" # note", "A|b\nc \"d\" \\ $e");
  check("A=b=c", "A|b=c");
  check(
      "\xef\xbb\xbf"
      "A=b\r\n",
      "A|b");
  check("# note\n\nA=b", "A|b");
}

TEST(DotEnv, NamesTheLineOfWhatItCannotReadAndNeverItsText) {
  const Parsed parsed =
      parse_dotenv("A=b\nhunter2\nB='hunter2\nC=\"x\" hunter2\nD-E=hunter2", ".env");
  ASSERT_EQ(parsed.problems.size(), 4U);
  EXPECT_EQ(parsed.entries.size(), 1U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(parsed.problems[i].field, ".env");
    EXPECT_TRUE(testing::contains(parsed.problems[i].message, "line " + std::to_string(i + 2)));
    EXPECT_FALSE(testing::contains(parsed.problems[i].message, "hunter2"));
  }
}

TEST(Toml, TakesTextNumbersTruthListsAndTables) {
  const Parsed parsed = parse_toml(
      "api_port = 8001\ndebug = true\nsim_speed = 2.5\ncors_origins = [\"https://a\", "
      "\"https://b\"]\n"
      "[rate_limits]\norders = \"60/minute\"\nauth_login = \"5/minute\"\n",
      "ziggy.toml");
  ASSERT_TRUE(parsed.problems.empty());
  std::map<std::string, std::string> texts;
  for (const Entry& entry : parsed.entries) texts[entry.name] = entry.text;
  EXPECT_EQ(texts["api_port"], "8001");
  EXPECT_EQ(texts["debug"], "true");
  EXPECT_EQ(texts["sim_speed"], "2.5");
  EXPECT_EQ(texts["cors_origins"], "https://a,https://b");
  EXPECT_EQ(texts["rate_limits"], "auth_login=5/minute,orders=60/minute");
}

TEST(Toml, NamesThePlaceOfWhatItCannotReadAndNeverItsText) {
  const Parsed parsed = parse_toml("api_port = 1\nsecret_key = hunter2\n", "ziggy.toml");
  ASSERT_EQ(parsed.problems.size(), 1U);
  EXPECT_TRUE(testing::contains(parsed.problems[0].message, "line 2"));
  EXPECT_FALSE(testing::contains(parsed.problems[0].message, "hunter2"));
  EXPECT_EQ(parse_toml("[\b_limits]\norders = 1", "ziggy.toml").problems.size(), 1U);
  EXPECT_EQ(parse_toml("api_port = 2020-01-01", "ziggy.toml").problems.size(), 1U);
  EXPECT_EQ(parse_toml("[api_port]\n[api_port.a]\nb = 1", "ziggy.toml").problems.size(), 1U);
}

}  // namespace
}  // namespace ziggy::config
