#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "connection.hpp"
#include "migrations.hpp"
#include "stores.hpp"

namespace ziggy::store {
namespace {

class Migrations : public ::testing::TestWithParam<On> {
 protected:
  void SetUp() override {
    url_ = new_database(GetParam(), folder_);
    parsed_ = *parse_database_url(url_);
  }
  Result<MigrationReport> apply(const std::vector<EmbeddedMigration>& known) {
    ZIGGY_TRY(connection, Connection::open(parsed_, {}));
    return apply_migrations(*connection, parsed_, {}, known);
  }
  [[nodiscard]] std::size_t backups() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder_.path()}) {
      count += entry.path().extension() == ".bak" ? 1 : 0;
    }
    return count;
  }

  testing::TempFolder folder_;
  std::string url_;
  DatabaseUrl parsed_;
};
ZIGGY_ON_BOTH_ENGINES(Migrations);

const EmbeddedMigration kFirst{1, "first",
                               "CREATE TABLE a (id INTEGER); INSERT INTO a VALUES (7);"};
const EmbeddedMigration kSecond{2, "second", "CREATE TABLE b (id INTEGER);"};
const EmbeddedMigration kBroken{2, "broken",
                                "CREATE TABLE b (id INTEGER); INSERT INTO nowhere VALUES (1);"};

TEST_P(Migrations, OfTheProgramApplyOnceAndSayWhen) {
  auto database = Database::open({.url = url_});
  ASSERT_TRUE(database) << database.error().detail();
  const auto before = (*database)->migration_status();
  ASSERT_TRUE(before) << before.error().detail();
  EXPECT_GE(before->pending(), 1U);
  const auto report = (*database)->migrate();
  ASSERT_TRUE(report) << report.error().detail();
  EXPECT_EQ(report->applied.size(), before->pending());
  EXPECT_FALSE(report->backup) << "there was nothing to lose";
  const auto after = (*database)->migration_status();
  ASSERT_TRUE(after);
  EXPECT_EQ(after->pending(), 0U);
  EXPECT_TRUE(parse_rfc3339(after->migrations[0].applied_at)) << after->migrations[0].applied_at;
  EXPECT_TRUE((*database)->migrate()->applied.empty());
}

TEST_P(Migrations, CopyTheFileFirstWhenItHoldsData) {
  ASSERT_TRUE(apply({kFirst}));
  EXPECT_EQ(backups(), 0U);
  const auto report = apply({kFirst, kSecond});
  ASSERT_TRUE(report) << report.error().detail();
  ASSERT_EQ(report->applied.size(), 1U);
  EXPECT_EQ(report->applied[0].name, "second");
  if (GetParam() == On::Postgresql) {
    EXPECT_FALSE(report->backup);
    return;
  }
  ASSERT_TRUE(report->backup);
  EXPECT_EQ(backups(), 1U);
  const std::string copy = "sqlite:///" + report->backup->string();
  EXPECT_NO_THROW(run_sql(On::Sqlite, copy, "UPDATE a SET id = 8 WHERE id = 7"));
  EXPECT_ANY_THROW(run_sql(On::Sqlite, copy, "SELECT * FROM b"));
  struct stat status{};
  ASSERT_EQ(::stat(report->backup->c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_P(Migrations, ThatFailLeaveNothing) {
  ASSERT_TRUE(apply({kFirst}));
  const auto failed = apply({kFirst, kBroken});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().detail().find("broken"), std::string::npos) << failed.error().detail();
  const auto repaired = apply({kFirst, kSecond});
  ASSERT_TRUE(repaired) << repaired.error().detail();
  EXPECT_EQ(repaired->applied.size(), 1U);
}

TEST_P(Migrations, ChangedAfterwardsAreRefused) {
  ASSERT_TRUE(apply({kFirst}));
  EmbeddedMigration changed = kFirst;
  changed.sql = "CREATE TABLE a (id INTEGER, more INTEGER);";
  const auto refused = apply({changed, kSecond});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::Configuration);
  EXPECT_NE(refused.error().detail().find("checksum"), std::string::npos);
}

TEST_P(Migrations, OfANewerProgramAreRefused) {
  ASSERT_TRUE(apply({kFirst, kSecond}));
  const auto refused = apply({kFirst});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::Configuration);
  EXPECT_NE(refused.error().detail().find("newer program"), std::string::npos);
}

TEST_P(Migrations, OfProgramsThatStartTogetherApplyOnce) {
  std::vector<std::thread> programs;
  programs.reserve(6);
  std::atomic<std::size_t> applied = 0;
  for (int i = 0; i < 6; ++i) {
    programs.emplace_back([&] {
      auto database = Database::open({.url = url_});
      ASSERT_TRUE(database) << database.error().detail();
      const auto report = (*database)->migrate();
      ASSERT_TRUE(report) << report.error().detail();
      applied += report->applied.size();
    });
  }
  for (std::thread& program : programs) program.join();
  auto database = open_migrated(url_);
  ASSERT_NE(database, nullptr);
  EXPECT_EQ(applied, database->migration_status()->migrations.size());
}

TEST_P(Migrations, MissingMakeEveryCallSayStorageUnavailable) {
  auto database = Database::open({.url = url_});
  ASSERT_TRUE(database);
  const auto read = (*database)->bars().read(key_of("SPY"), kAllTime);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_EQ((*database)->bars().write(key_of("SPY"), "sim", some_bars(1)).error().code(),
            ErrorCode::StorageUnavailable);
  EXPECT_EQ((*database)->symbols().search("a", 1).error().code(), ErrorCode::StorageUnavailable);
  EXPECT_EQ((*database)->bars().version(key_of("SPY")), 0U);
}

TEST(MigrationsSqlite, ANewFileIsItsOwnersOnly) {
  const testing::TempFolder folder;
  auto database = open_migrated("sqlite:///" + (folder / "deep/er/ziggy.db").string());
  ASSERT_NE(database, nullptr);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "deep/er/ziggy.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

}  // namespace
}  // namespace ziggy::store
