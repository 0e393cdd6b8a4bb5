#include "ziggy/health/health.hpp"

#include <gtest/gtest.h>

#include <latch>

#include "ziggy/health/checks.hpp"

namespace ziggy::health {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kPatience{10'000};

Check fixed(std::string name, Criticality criticality, Status status) {
  return {.name = std::move(name), .criticality = criticality, .run = [status] {
            return Outcome{status, "as told"};
          }};
}

Report report_of(std::vector<Check> checks) {
  const ManualClock clock{Timestamp{}};
  const Health health{clock, std::move(checks)};
  EXPECT_TRUE(health.wait_until_checked(kPatience));
  return health.report();
}

TEST(Health, OnlyACriticalCheckMakesTheWholeAnError) {
  struct Row {
    Criticality criticality;
    Status status;
    Status overall;
    bool is_ready;
  };
  const Row rows[] = {
      {Criticality::Critical, Status::Ok, Status::Ok, true},
      {Criticality::Critical, Status::Warning, Status::Warning, true},
      {Criticality::Critical, Status::Error, Status::Error, false},
      {Criticality::Optional, Status::Ok, Status::Ok, true},
      {Criticality::Optional, Status::Warning, Status::Warning, true},
      {Criticality::Optional, Status::Error, Status::Warning, true},
  };
  for (const Row& row : rows) {
    const Report report = report_of({fixed("base", Criticality::Critical, Status::Ok),
                                     fixed("other", row.criticality, row.status)});
    EXPECT_EQ(report.overall, row.overall);
    EXPECT_EQ(report.is_ready, row.is_ready);
    EXPECT_EQ(report.not_ready_because.empty(), row.is_ready);
  }
}

TEST(Health, ACheckThatHangsIsAnErrorOnceItsDeadlineHasPassedAndDoesNotStopTheOthers) {
  std::latch release{1};
  const ManualClock clock{Timestamp{}};
  std::latch other_ran{3};
  const Health health{clock,
                      {{.name = "stuck",
                        .criticality = Criticality::Critical,
                        .deadline = milliseconds{1},
                        .run =
                            [&] {
                              release.wait();
                              return Outcome{};
                            }},
                       {.name = "quick", .interval = milliseconds{1}, .run = [&] {
                          if (!other_ran.try_wait()) other_ran.count_down();
                          return Outcome{};
                        }}}};
  other_ran.wait();
  const Report report = health.report();
  EXPECT_EQ(report.checks[0].outcome.status, Status::Error);
  EXPECT_EQ(report.checks[0].outcome.message, "no answer within 1 ms");
  EXPECT_EQ(report.checks[1].outcome.status, Status::Ok);
  EXPECT_EQ(report.overall, Status::Error);
  EXPECT_FALSE(report.is_ready);
  release.count_down();
}

TEST(Health, ACheckThatThrowsIsAnError) {
  const Report report =
      report_of({{.name = "broken", .criticality = Criticality::Critical, .run = []() -> Outcome {
                    throw std::runtime_error{"no luck"};
                  }}});
  EXPECT_EQ(report.checks[0].outcome.status, Status::Error);
  EXPECT_EQ(report.checks[0].outcome.message, "no luck");
}

TEST(Health, IsNotReadyBeforeTheFirstCheckNorWhileDraining) {
  std::latch release{1};
  const ManualClock clock{Timestamp{}};
  Health health{clock, {{.name = "slow", .criticality = Criticality::Critical, .run = [&] {
                           release.wait();
                           return Outcome{};
                         }}}};
  EXPECT_FALSE(health.report().is_ready);
  release.count_down();
  EXPECT_TRUE(health.wait_until_checked(kPatience));
  EXPECT_TRUE(health.report().is_ready);
  health.set_draining();
  EXPECT_FALSE(health.report().is_ready);
  EXPECT_EQ(health.report().not_ready_because, "draining");
}

TEST(Disk, BelowOneGigabyteIsAnError) {
  constexpr std::uintmax_t kGigabyte = std::uintmax_t{1} << 30;
  EXPECT_EQ(judge_disk(kGigabyte - 1).status, Status::Error);
  EXPECT_EQ(judge_disk(kGigabyte).status, Status::Warning);
  EXPECT_EQ(judge_disk(4 * kGigabyte).status, Status::Ok);
  EXPECT_EQ(judge_disk(kGigabyte * 5 / 2).message, "2.5 GB free");
}

TEST(Disk, AFolderThatIsNotThereIsAnError) {
  EXPECT_EQ(disk_check("/nonexistent/folder").run().status, Status::Error);
  EXPECT_EQ(disk_check("/").run().message.ends_with("GB free"), true);
}

}  // namespace
}  // namespace ziggy::health
