#include <thread>

#include "cli/http_get.hpp"
#include "program.hpp"

namespace ziggy::testing {
namespace {

constexpr std::chrono::seconds kPatience{10};

/// A server on a free port with an empty data folder.
struct Server {
  explicit Server(std::vector<std::string> more = {"--demo"},
                  std::vector<std::string> environment = {}) {
    std::vector<std::string> arguments{"serve", "--port", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    process =
        std::make_unique<Process>(ZIGGY_PROGRAM, arguments, folder.path(), std::move(environment));
    url = process->read_line();
  }
  int stop(int signal = SIGTERM) {
    process->signal(signal);
    return process->wait();
  }
  [[nodiscard]] int status(const std::string& path) const {
    const auto answer = app::http_get(url + path, kPatience);
    return answer ? answer->status : 0;
  }

  TempFolder folder;
  std::unique_ptr<Process> process;
  std::string url;
};

TEST(Serve, PrintsItsUrlAnswersAndStopsCleanlyOnEitherSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Server server;
    ASSERT_TRUE(server.url.starts_with("http://127.0.0.1:")) << server.url;
    EXPECT_EQ(server.status("/health/live"), 200);
    EXPECT_EQ(server.status("/api/v1/market/quotes/AAPL"), 200);
    EXPECT_EQ(server.status("/nothing/here"), 404);
    EXPECT_EQ(server.stop(signal), 0);
    EXPECT_EQ(server.process->read_all(), "") << "one line on stdout, no more";
    const auto log = parse_log(server.process->log_lines());
    EXPECT_TRUE(has_message(log, "server_started"));
    EXPECT_TRUE(has_message(log, "server_stopped"));
  }
}

TEST(Serve, TheBundledHistoryIsImportedOnceWhereItIs) {
  Server server;
  ASSERT_EQ(server.status("/health/live"), 200);
  const int status = server.status("/api/v1/market/coverage/SPX");
  EXPECT_EQ(server.stop(), 0);
  const auto log = parse_log(server.process->log_lines());
  if (has_message(log, "sample_missing")) {
    GTEST_SKIP() << "the sample was not fetched (./dev build fetches it)";
  }
  EXPECT_EQ(status, 200);
  EXPECT_TRUE(has_message(log, "sample_imported"));
  Process again{ZIGGY_PROGRAM, {"serve", "--demo", "--port", "0"}, server.folder.path()};
  EXPECT_TRUE(again.read_line().starts_with("http://"));
  again.signal(SIGTERM);
  EXPECT_EQ(again.wait(), 0);
  std::size_t imports = 0;
  for (const std::string& line : again.log_lines()) {
    if (line.find("\"sample_imported\"") != std::string::npos) ++imports;
  }
  EXPECT_EQ(imports, 1U) << "the log of both runs";
}

TEST(Serve, StartsWithoutTheDemoAndWithoutVendors) {
  Server server{{}};
  EXPECT_EQ(server.status("/health/live"), 200);
  // Without keys the chain is Yahoo's alone, which needs none.
  EXPECT_EQ(server.status("/api/v1/providers/yahoo"), 200);
  EXPECT_EQ(server.status("/api/v1/providers/polygon"), 404);
  EXPECT_EQ(server.stop(), 0);
}

TEST(Serve, ATakenPortIsOneClearLine) {
  Server first;
  ASSERT_EQ(first.status("/health/live"), 200);
  const std::string port = first.url.substr(first.url.rfind(':') + 1);
  const TempFolder folder;
  const Done done = run_program(folder, {"serve", "--demo", "--port", port});
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.out, "");
  const auto log = parse_log(done.log);
  ASSERT_FALSE(log.empty());
  const std::string said{log.back().at("message").as_string()};
  EXPECT_EQ(log.back().at("level").as_string(), "error");
  EXPECT_NE(said.find(port), std::string::npos) << said;
  EXPECT_EQ(first.stop(), 0);
}

TEST(Serve, RefusesToAnswerOtherMachines) {
  const TempFolder folder;
  const Done done = run_program(folder, {"serve", "--host", "0.0.0.0", "--port", "0"});
  EXPECT_EQ(done.code, 1);
  const auto log = parse_log(done.log);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_NE(log[0].at("message").as_string().find("loopback"), boost::json::string::npos);
}

TEST(Serve, NoSecretIsInAnAnswerNorInTheLogOfTheRequestsThatHoldIt) {
  const std::string secret = "thePolygonKey1234";
  Server server{{"--demo"}, {"POLYGON_API_KEY=" + secret, "OPENAI_MODEL=" + secret}};
  const auto check = [&](const std::string& path, int status) {
    const auto answer = app::http_get(server.url + path, kPatience);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status) << path;
    EXPECT_EQ(answer->body.find(secret), std::string::npos) << answer->body;
  };
  check("/" + secret, 404);
  check("/api/v1/market/quotes/" + secret, 404);
  check("/api/v1/market/quotes?symbols=" + secret, 200);
  check("/api/v1/market/bars/AAPL?interval=" + secret + "&" + secret + "=1", 422);
  check("/api/v1/market/symbols?query=" + secret + "&limit=" + secret, 422);
  EXPECT_EQ(server.stop(), 0);
  bool has_access_line = false;
  for (const auto& line : parse_log(server.process->log_lines())) {
    has_access_line =
        has_access_line || (line.contains("status") && line.contains("correlation_id"));
    EXPECT_EQ(boost::json::serialize(line).find(secret), std::string::npos);
  }
  EXPECT_TRUE(has_access_line);
}

TEST(Serve, TheHealthCommandAsksIt) {
  Server server;
  ASSERT_EQ(server.status("/health/live"), 200);
  // The first round of checks runs beside the first requests.
  for (int i = 0; i < 100 && server.status("/health/ready") != 200; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  const TempFolder folder;
  const Done done = run_program(folder, {"health", "--url", server.url});
  EXPECT_EQ(done.code, 0) << done.out;
  EXPECT_NE(done.out.find("\"status\""), std::string::npos);
  EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace ziggy::testing
