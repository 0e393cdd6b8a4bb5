#include "program.hpp"

namespace ziggy::testing {
namespace {

TEST(Commands, ResultsGoToStdoutAndNothingElse) {
  const TempFolder folder;
  const Done done = run_program(folder, {"version"});
  EXPECT_EQ(done.code, 0);
  EXPECT_TRUE(done.out.starts_with("ziggy "));
  EXPECT_TRUE(done.log.empty());
}

TEST(Commands, UsageErrorsExitWith2AndOneLineInOurFormat) {
  const TempFolder folder;
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"no-such-command"},
                                                                     {"version", "--no-such-flag"},
                                                                     {"config"},
                                                                     {"--set", "x", "version"}}) {
    const TempFolder own;
    const Done done = run_program(own, arguments);
    EXPECT_EQ(done.code, 2) << arguments.front();
    EXPECT_EQ(parse_log(done.log).size(), 1U) << arguments.front();
  }
}

TEST(Commands, FailuresExitWith1AndOneClearLine) {
  const TempFolder folder;
  const Done done =
      run_program(folder, {"config", "check"},
                  {"ENV=production", "DEBUG=1", "API_PORT=x", "SECRET_KEY=tooShortToBeGood"});
  EXPECT_EQ(done.code, 1);
  const auto log = parse_log(done.log);
  ASSERT_EQ(log.size(), 1U);
  const std::string said{log[0].at("message").as_string()};
  for (const char* name : {"SECRET_KEY", "DEBUG", "API_PORT"}) {
    EXPECT_NE(said.find(name), std::string::npos) << said;
  }
  EXPECT_EQ(said.find("tooShortToBeGood"), std::string::npos);
}

TEST(Commands, GlobalOptionsStandBeforeOrBehindTheCommand) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--data-dir", "elsewhere", "config", "show"},
                                             {"config", "show", "--data-dir", "elsewhere"}}) {
    const TempFolder folder;
    const Done done = run_program(folder, arguments);
    EXPECT_EQ(done.code, 0);
    EXPECT_NE(done.out.find("elsewhere/ziggy.db"), std::string::npos);
  }
}

TEST(Commands, HealthFailsWhereNobodyAnswers) {
  const TempFolder folder;
  const Done done = run_program(folder, {"health", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(parse_log(done.log).size(), 1U);
}

}  // namespace
}  // namespace ziggy::testing
