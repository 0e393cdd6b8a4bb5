#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "stores.hpp"

namespace ziggy::store {
namespace {

// An import of a million bars, killed in the middle: what was reported as stored is there, and
// importing again completes it. ZIGGY_KILLS sets how many kills each engine suffers (3 if unset).
class Kill : public ::testing::TestWithParam<On> {};
ZIGGY_ON_BOTH_ENGINES(Kill);

constexpr std::size_t kBars = 1'000'000;

int kills_wanted() {
  const char* text = std::getenv("ZIGGY_KILLS");
  return text == nullptr ? 3 : std::max(1, static_cast<int>(std::strtol(text, nullptr, 10)));
}

const BarColumns& million_bars() {
  static const BarColumns kMillion = some_bars(kBars, "2015-01-01", std::chrono::minutes{1});
  return kMillion;
}

BarKey million_key() { return key_of("SPY", Interval::Minute); }

/// The child: imports, and writes each report to the pipe.
[[noreturn]] void import_and_report(const std::string& url, int report) {
  auto database = Database::open({.url = url});
  if (!database) ::_exit(2);
  const auto outcome = (*database)->bars().write(
      million_key(), "file", million_bars(), [report](std::size_t stored) {
        if (::write(report, &stored, sizeof stored) != sizeof stored) ::_exit(3);
      });
  ::_exit(outcome ? 0 : 1);
}

/// Kills an import after `reports` reports and a `delay`, and says the last number it reported.
std::size_t kill_an_import(const std::string& url, int reports, std::chrono::microseconds delay) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error{"pipe"};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    import_and_report(url, ends[1]);
  }
  ::close(ends[1]);
  std::size_t stored = 0;
  for (int i = 0; i < reports; ++i) {
    if (::read(ends[0], &stored, sizeof stored) != sizeof stored) break;
  }
  std::this_thread::sleep_for(delay);
  ::kill(child, SIGKILL);
  while (::read(ends[0], &stored, sizeof stored) == sizeof stored) {
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << WEXITSTATUS(status);
  return stored;
}

TEST_P(Kill, AnImportKeepsWhatItReportedAndIsCompletedByTheNext) {
  const BarColumns& all = million_bars();
  std::random_device seeds;
  const unsigned seed = seeds();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random{seed};
  int interrupted = 0;
  for (int kill = 0; kill < kills_wanted(); ++kill) {
    const testing::TempFolder folder;
    const std::string url = new_database(GetParam(), folder);
    ASSERT_NE(open_migrated(url), nullptr);
    const int reports = static_cast<int>(random() % 13);
    const std::chrono::microseconds delay{random() % 5'000};
    const std::size_t reported = kill_an_import(url, reports, delay);

    auto database = open_migrated(url);
    ASSERT_NE(database, nullptr);
    const auto read = database->bars().read(million_key(), kAllTime);
    ASSERT_TRUE(read) << read.error().detail() << " seed " << seed;
    // The kill may fall between a commit and its report, so there may be a chunk more.
    ASSERT_GE(read->bars.size(), reported) << "seed " << seed;
    BarColumns expected;
    expected.append(all, 0, read->bars.size());
    ASSERT_EQ(read->bars, expected) << "seed " << seed;
    if (read->bars.size() < kBars) ++interrupted;

    const auto completed = database->bars().write(million_key(), "file", all);
    ASSERT_TRUE(completed) << completed.error().detail() << " seed " << seed;
    EXPECT_EQ(completed->unchanged, read->bars.size());
    EXPECT_EQ(completed->inserted, kBars - read->bars.size());
    EXPECT_EQ(completed->replaced, 0U);
    EXPECT_EQ(database->bars().read(million_key(), kAllTime)->bars, all);
    const auto checked = database->check();
    ASSERT_TRUE(checked);
    for (const CheckLine& line : *checked) EXPECT_TRUE(line.ok) << line.name << line.detail;
  }
  EXPECT_GT(interrupted, 0) << "no kill came before the end of its import";
}

}  // namespace
}  // namespace ziggy::store
