#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ziggy/store/database.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::store {

/// Which database a test runs on; the same tests run on each.
enum class On { Sqlite, Postgresql };

/// The URL of a new empty database: a file in `folder`, or one of the shared private server's.
[[nodiscard]] std::string new_database(On on, const testing::TempFolder& folder);

/// Opens and migrates, or fails the test.
[[nodiscard]] std::unique_ptr<Database> open_migrated(const std::string& url);

class StoreTest : public ::testing::TestWithParam<On> {
 protected:
  void SetUp() override {
    url_ = new_database(GetParam(), folder_);
    database_ = open_migrated(url_);
    ASSERT_NE(database_, nullptr);
  }
  void reopen() {
    database_.reset();
    database_ = open_migrated(url_);
    ASSERT_NE(database_, nullptr);
  }
  /// Runs SQL behind the store's back.
  void run_sql(const std::string& sql);
  [[nodiscard]] Database& database() { return *database_; }
  [[nodiscard]] BarStore& bars() { return database_->bars(); }

  testing::TempFolder folder_;
  std::string url_;
  std::unique_ptr<Database> database_;
};

/// SQL behind the store's back; throws when it fails.
void run_sql(On on, const std::string& url, const std::string& sql);

[[nodiscard]] inline std::string name_of(const ::testing::TestParamInfo<On>& info) {
  return info.param == On::Sqlite ? "Sqlite" : "Postgresql";
}

#define ZIGGY_ON_BOTH_ENGINES(suite) \
  INSTANTIATE_TEST_SUITE_P(Both, suite, ::testing::Values(On::Sqlite, On::Postgresql), name_of)

inline constexpr TimeRange kAllTime{Timestamp::min(), Timestamp::max()};

[[nodiscard]] BarKey key_of(const char* symbol, Interval interval = Interval::Day);

/// `count` bars, `step` apart from `first` (a date, 00:00Z), on a price path that `seed` picks.
[[nodiscard]] BarColumns some_bars(std::size_t count, const char* first = "2004-08-19",
                                   std::chrono::nanoseconds step = std::chrono::days{1},
                                   unsigned seed = 1);

}  // namespace ziggy::store
