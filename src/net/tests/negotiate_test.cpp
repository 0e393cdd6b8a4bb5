#include "negotiate.hpp"

#include <gtest/gtest.h>

#include "response_writer.hpp"

namespace ziggy::net {
namespace {

TEST(Negotiate, TakesGzipByNameOrStarWithAWeightAboveZero) {
  const std::pair<std::string_view, bool> table[] = {
      {"", false},
      {"gzip", true},
      {"GZIP", true},
      {"x-gzip", true},
      {"deflate, br", false},
      {"deflate, gzip;q=0.5", true},
      {"gzip;q=0", false},
      {"gzip; q=0.000", false},
      {"gzip;q=0.001", true},
      {"*", true},
      {"*;q=0", false},
      {"*;q=0, gzip", true},
      {"gzip;q=0, *", false},
      {"identity", false},
      {"gzipped", false},
  };
  for (const auto& [header, expected] : table) EXPECT_EQ(accepts_gzip(header), expected) << header;
}

TEST(Negotiate, ComparesEntityTagsWeakly) {
  const std::pair<std::string_view, bool> table[] = {
      {"\"abc\"", true},    {"W/\"abc\"", true}, {"\"x\", \"abc\"", true},
      {"\"abc-gz\"", true}, {"*", true},         {"", false},
      {"abc", false},       {"\"ab\"", false},   {"\"abcd\"", false},
      {"\"-gz\"", false},   {"\"", false},
  };
  for (const auto& [header, expected] : table) {
    EXPECT_EQ(etag_matches(header, "abc"), expected) << header;
  }
}

TEST(Negotiate, HashesTheSameBytesToTheSameTag) {
  EXPECT_EQ(make_etag("abc"), "ba7816bf8f01cfea414140de5dae2223");  // SHA-256 of "abc", FIPS 180-2
  EXPECT_NE(make_etag("abd"), make_etag("abc"));
}

TEST(Negotiate, ReadsTheTraceIdOfAWellFormedTraceparentOnly) {
  constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::pair<std::string, bool> table[] = {
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
      {"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false},
      {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
      {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
      {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
      {"", false},
  };
  for (const auto& [header, expected] : table) {
    const auto id = trace_id_of(header);
    EXPECT_EQ(id.has_value(), expected) << header;
    if (id) EXPECT_EQ(*id, kTrace);
  }
}

TEST(Negotiate, SplitsTargetsOfEveryForm) {
  struct Row {
    std::string_view target, path, query;
  };
  const Row table[] = {
      {"/", "/", ""},
      {"/a/b?x=1&y", "/a/b", "x=1&y"},
      {"/a?", "/a", ""},
      {"/a??b", "/a", "?b"},
      {"/a?x#frag", "/a", "x"},
      {"http://host/a?x", "/a", "x"},
      {"HTTPS://host:1/a", "/a", ""},
      {"http://host", "/", ""},
      {"http://host?x=1", "/", "x=1"},
      {"*", "*", ""},
  };
  for (const Row& row : table) {
    const auto parts = split_target(row.target);
    ASSERT_TRUE(parts.has_value()) << row.target;
    EXPECT_EQ(parts->path, row.path) << row.target;
    EXPECT_EQ(parts->query, row.query) << row.target;
  }
  for (const std::string_view target : {"", "a", "host:443", "http:///a", "ftp://h/a", "?x"}) {
    EXPECT_FALSE(split_target(target).has_value()) << target;
  }
}

TEST(Negotiate, LetsOnlyListedOrOwnPagesOpenAWebSocket) {
  const std::vector<std::string> listed = {"https://app.example"};
  EXPECT_TRUE(is_own_origin("", "h:1", {}));
  EXPECT_TRUE(is_own_origin("http://h:1", "h:1", {}));
  EXPECT_TRUE(is_own_origin("https://app.example", "h:1", listed));
  EXPECT_FALSE(is_own_origin("https://evil.example", "h:1", listed));
  EXPECT_FALSE(is_own_origin("http://h:2", "h:1", {}));
  EXPECT_FALSE(is_own_origin("null", "h:1", {}));
  EXPECT_FALSE(is_own_origin("https://evil.example", "h:1", {"*"}));
}

TEST(ResponseWriter, WritesDatesAsTheStandardDoes) {
  EXPECT_EQ(http_date(Timestamp{std::chrono::seconds{784887151}}), "Tue, 15 Nov 1994 08:12:31 GMT");
}

}  // namespace
}  // namespace ziggy::net
