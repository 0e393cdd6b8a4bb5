#include "database_url.hpp"

#include <gtest/gtest.h>

namespace ziggy::store {
namespace {

TEST(DatabaseUrl, NamesAFileRelativeOrAbsolute) {
  const auto relative = parse_database_url("sqlite:///data/ziggy.db");
  ASSERT_TRUE(relative);
  EXPECT_EQ(relative->engine, Engine::Sqlite);
  EXPECT_EQ(relative->target, "data/ziggy.db");
  const auto absolute = parse_database_url("sqlite:////var/lib/ziggy/my data.db");
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->target, "/var/lib/ziggy/my data.db");
}

TEST(DatabaseUrl, ShowsAServerWithoutUserAndPassword) {
  const auto url =
      parse_database_url("postgresql://ann:s3cr%20et@db.example:6543/prices?sslmode=disable");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->engine, Engine::Postgresql);
  EXPECT_EQ(url->location, "postgresql://db.example:6543/prices");
  EXPECT_EQ(parse_database_url("postgres:///prices")->location,
            "postgresql://localhost:5432/prices");
}

TEST(DatabaseUrl, RefusesOthersAndNeverRepeatsThem) {
  for (const char* url :
       {"", "sqlite://", "sqlite:///", "sqlite:///a\"b", "mysql://u:hunter2@h/d", "hunter2",
        "postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2@h/d?hunter2",
        "postgresql://u:hunter2@h/d?nonsense=hunter2", "postgresql://u:hunter 2@h/d",
        "postgresql://u:hunter2%zz@h/d", "postgresql://[hunter2", "postgresql://u:hunter2/x@h/d",
        "postgresql://u:1/hunter2@h/d", "postgresql://u:p@hunter2@h/d"}) {
    const auto parsed = parse_database_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_EQ(parsed.error().code(), ErrorCode::Configuration) << url;
    EXPECT_EQ(parsed.error().detail().find("hunter"), std::string::npos) << parsed.error().detail();
  }
}

}  // namespace
}  // namespace ziggy::store
