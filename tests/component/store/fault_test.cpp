#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "stores.hpp"
#include "ziggy/testing/postgres_server.hpp"

namespace ziggy::store {
namespace {

using namespace std::chrono_literals;

class Faults : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(One, Faults, ::testing::Values(On::Sqlite), name_of);
class ServerFaults : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(One, ServerFaults, ::testing::Values(On::Postgresql), name_of);

TEST_P(Faults, ALockedFileIsWaitedForAndThenReported) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "ziggy.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  auto impatient = Database::open({.url = url_, .lock_timeout = 50ms});
  ASSERT_TRUE(impatient);
  const auto refused = (*impatient)->bars().write(key_of("SPY"), "sim", some_bars(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_NE(refused.error().detail().find("locked"), std::string::npos) << refused.error().detail();
  EXPECT_TRUE((*impatient)->bars().read(key_of("SPY"), kAllTime)) << "readers do not wait";

  // A patient writer gets its turn when the other one is done.
  std::thread patient{[this] {
    const auto outcome = bars().write(key_of("SPY"), "sim", some_bars(5));
    EXPECT_TRUE(outcome) << outcome.error().detail();
  }};
  std::this_thread::sleep_for(100ms);
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  patient.join();
  EXPECT_EQ(bars().read(key_of("SPY"), kAllTime)->bars.size(), 5U);
}

/// A file size limit stands in for a full disk: the write that would pass it fails.
int import_under_a_size_limit(const std::string& url, int report) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1'500'000, RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  auto database = Database::open({.url = url});
  if (!database) return 2;
  const BarColumns bars = some_bars(400'000, "2020-01-01", 1min);
  const auto outcome = (*database)->bars().write(
      key_of("SPY", Interval::Minute), "file", bars, [report](std::size_t stored) {
        if (::write(report, &stored, sizeof stored) != sizeof stored) ::_exit(3);
      });
  const bool refused = !outcome && outcome.error().code() == ErrorCode::StorageUnavailable &&
                       outcome.error().detail().find("stored") != std::string::npos;
  // Reading goes on.
  const auto read = (*database)->bars().read(key_of("SPY", Interval::Minute), kAllTime);
  return refused && read ? 0 : 1;
}

TEST_P(Faults, AFullDiskIsReportedAndWhatWasStoredStays) {
  database_.reset();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::_exit(import_under_a_size_limit(url_, ends[1]));
  }
  ::close(ends[1]);
  std::size_t stored = 0;
  while (::read(ends[0], &stored, sizeof stored) == sizeof stored) {
  }
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_LT(stored, 400'000U);

  reopen();
  const BarColumns all = some_bars(400'000, "2020-01-01", 1min);
  const auto read = bars().read(key_of("SPY", Interval::Minute), kAllTime);
  ASSERT_TRUE(read) << read.error().detail();
  EXPECT_EQ(read->bars.size(), stored);
  const auto completed = bars().write(key_of("SPY", Interval::Minute), "file", all);
  ASSERT_TRUE(completed) << completed.error().detail();
  EXPECT_EQ(*completed, (WriteOutcome{.inserted = 400'000 - stored, .unchanged = stored}));
}

TEST_P(Faults, AFileThatIsNoDatabaseIsRefused) {
  const std::string path = (folder_ / "notes.txt").string();
  std::ofstream{path} << std::string(5'000, 'x');
  const auto refused = Database::open({.url = "sqlite:///" + path});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_FALSE(Database::open({.url = "sqlite:////proc/nowhere/ziggy.db"}));
}

TEST_P(Faults, ABusyPoolIsReportedNotWaitedForEver) {
  auto small = Database::open({.url = url_, .lease_timeout = 50ms});
  ASSERT_TRUE(small);
  BarStore& store = (*small)->bars();
  // The one writer connection is on loan to a writer that waits for another program's lock.
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "ziggy.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  std::vector<Result<WriteOutcome>> outcomes(2, WriteOutcome{});
  std::vector<std::thread> writers;
  writers.reserve(outcomes.size());
  std::atomic<int> refused = 0;
  for (auto& outcome : outcomes) {
    writers.emplace_back([&] {
      outcome = store.write(key_of("SPY"), "sim", some_bars(5));
      if (!outcome) ++refused;
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (refused == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  for (std::thread& writer : writers) writer.join();
  ASSERT_NE(outcomes[0].has_value(), outcomes[1].has_value());
  const Error& error = (outcomes[0] ? outcomes[1] : outcomes[0]).error();
  EXPECT_EQ(error.code(), ErrorCode::StorageUnavailable);
  EXPECT_NE(error.detail().find("busy"), std::string::npos) << error.detail();
}

TEST_P(Faults, DamageIsFoundByCheckAndReportedByReads) {
  ASSERT_TRUE(bars().write(key_of("SPY"), "file", some_bars(1'000)));
  run_sql("UPDATE market_data_blocks SET payload = substr(payload, 1, length(payload) - 3)");
  const auto read = bars().read(key_of("SPY"), kAllTime);
  ASSERT_FALSE(read);
  const auto checked = database().check();
  ASSERT_TRUE(checked);
  const auto wrong = std::ranges::find(*checked, false, &CheckLine::ok);
  ASSERT_NE(wrong, checked->end());
  EXPECT_EQ(wrong->name, "market_data");
}

TEST_P(ServerFaults, ALostConnectionIsReplacedOnce) {
  ASSERT_TRUE(bars().write(key_of("SPY"), "sim", some_bars(5)));
  ASSERT_TRUE(bars().read(key_of("SPY"), kAllTime));
  const std::string kill_all =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ziggy'";
  run_sql(kill_all);
  const auto read = bars().read(key_of("SPY"), kAllTime);
  ASSERT_TRUE(read) << read.error().detail();
  run_sql(kill_all);
  const auto written = bars().write(key_of("SPY"), "sim", some_bars(10));
  ASSERT_TRUE(written) << written.error().detail();
  EXPECT_EQ(*written, (WriteOutcome{.inserted = 5, .unchanged = 5}));
  run_sql(kill_all);
  EXPECT_TRUE(database().symbols().search("S", 5));
}

TEST_P(ServerFaults, AStoppedServerIsReportedAndItsReturnNoticed) {
  ASSERT_TRUE(bars().write(key_of("SPY"), "sim", some_bars(5)));
  auto& server = testing::PostgresServer::shared();
  server.stop();
  const auto refused = bars().read(key_of("SPY"), kAllTime);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_FALSE(bars().write(key_of("SPY"), "sim", some_bars(6)));
  EXPECT_FALSE(database().ping());
  server.start();
  EXPECT_TRUE(database().ping());
  EXPECT_EQ(bars().read(key_of("SPY"), kAllTime)->bars.size(), 5U);
}

TEST_P(ServerFaults, AnErrorNeverShowsThePassword) {
  for (const char* url : {"postgresql://ann:hunter2@127.0.0.1:1/prices",
                          "postgresql://ann:hunter2@nowhere.invalid/prices"}) {
    const auto refused = Database::open({.url = url, .connect_timeout = 2s});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::StorageUnavailable);
    EXPECT_EQ(refused.error().detail().find("hunter2"), std::string::npos);
  }
}

TEST_P(ServerFaults, ALockHeldByAnotherIsWaitedForAndThenReported) {
  ASSERT_TRUE(bars().write(key_of("SPY"), "sim", some_bars(5)));
  auto impatient = Database::open({.url = url_, .lock_timeout = 50ms});
  ASSERT_TRUE(impatient);
  std::thread holder{
      [this] { run_sql("BEGIN; LOCK TABLE market_data; SELECT pg_sleep(1); COMMIT"); }};
  std::this_thread::sleep_for(300ms);
  const auto refused = (*impatient)->bars().write(key_of("SPY"), "sim", some_bars(6));
  holder.join();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::StorageUnavailable);
  EXPECT_TRUE((*impatient)->bars().write(key_of("SPY"), "sim", some_bars(6)));
}

}  // namespace
}  // namespace ziggy::store
