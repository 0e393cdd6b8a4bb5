#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "cli/http_get.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/testing/process.hpp"
#include "ziggy/testing/temp_folder.hpp"

// Start to first answer: from fork to the first 200 of /health/live, and until the whole is ready;
// idle memory: resident and proportional set some seconds later. Targets: 200 ms, 40 MB.
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;
using ziggy::app::http_get;

constexpr double kAnswerMsTarget = 200;
constexpr double kMemoryMbTarget = 40;
constexpr int kRuns = 9;

double since_ms(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// A field of /proc/PID/FILE in kB.
double memory_mb(pid_t pid, const char* file, std::string_view field) {
  std::ifstream text{fmt::format("/proc/{}/{}", pid, file)};
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with(field)) continue;
    std::string_view rest = ziggy::text::trim(std::string_view{line}.substr(field.size()));
    return static_cast<double>(ziggy::text::parse_int(rest.substr(0, rest.find(' '))).value_or(0)) /
           1024;
  }
  return 0;
}

void report(const char* name, double value, double limit, const char* unit) {
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.1f},\"limit\":{:.1f},\"unit\":\"{}\",\"ratio\":{:.3f},"
      "\"target\":1,\"met\":{}}}\n",
      name, value, limit, unit, limit / value, value <= limit);
}

struct Start {
  double url_ms = 0;
  double answer_ms = 0;
  double ready_ms = 0;
};

Start start_once(const std::filesystem::path& folder, double* rss_mb) {
  const auto began = Clock::now();
  ziggy::testing::Process server{ZIGGY_PROGRAM, {"serve", "--demo", "--port", "0"}, folder};
  const std::string url = server.read_line();
  Start start{.url_ms = since_ms(began)};
  while (true) {
    const auto answer = http_get(url + "/health/live", 5s);
    if (answer && answer->status == 200) break;
    if (since_ms(began) > 30'000) {
      fmt::print(stderr, "the server does not answer\n");
      std::exit(1);
    }
  }
  start.answer_ms = since_ms(began);
  while (since_ms(began) < 30'000) {
    const auto answer = http_get(url + "/health/ready", 5s);
    if (answer && answer->status == 200) break;
    std::this_thread::sleep_for(1ms);
  }
  start.ready_ms = since_ms(began);
  if (rss_mb != nullptr) {
    std::this_thread::sleep_for(5s);
    *rss_mb = memory_mb(server.pid(), "status", "VmRSS:");
    fmt::print(
        "{{\"bench\":\"startup.idle_detail\",\"pss_mb\":{:.1f},\"anonymous_mb\":{:.1f},\"threads\":"
        "{}}}\n",
        memory_mb(server.pid(), "smaps_rollup", "Pss:"),
        memory_mb(server.pid(), "smaps_rollup", "Anonymous:"),
        std::distance(
            std::filesystem::directory_iterator{fmt::format("/proc/{}/task", server.pid())},
            std::filesystem::directory_iterator{}));
  }
  server.signal(SIGTERM);
  server.wait();
  return start;
}

}  // namespace

int main() {
  double rss_mb = 0;
  const ziggy::testing::TempFolder folder;
  const Start first = start_once(folder.path(), nullptr);
  std::vector<double> answers;
  std::vector<double> ready;
  for (int i = 0; i < kRuns; ++i) {
    const Start start = start_once(folder.path(), i == 0 ? &rss_mb : nullptr);
    answers.push_back(start.answer_ms);
    ready.push_back(start.ready_ms);
  }
  std::ranges::sort(answers);
  std::ranges::sort(ready);
  report("startup.first_ever_answer", first.answer_ms, kAnswerMsTarget, "ms, empty data folder");
  report("startup.answer", answers[kRuns / 2], kAnswerMsTarget, "ms, median of 9");
  report("startup.answer_worst", answers.back(), kAnswerMsTarget, "ms, of 9");
  report("startup.ready", ready[kRuns / 2], kAnswerMsTarget, "ms until /health/ready, median of 9");
  report("startup.idle_memory", rss_mb, kMemoryMbTarget, "MB resident after 5 s of demo");
}
