#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "ziggy/base/log.hpp"

// CPU of the calling thread for a line as the access log writes it, with two known secrets, and for
// a line below the level. Target: 400 ns.
namespace {

constexpr double kLineNsTarget = 400;
constexpr int kLines = 2'000;
constexpr int kRounds = 60;
constexpr ziggy::log::Logger kLog{"net"};

double thread_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

void report(const char* name, double value, double limit) {
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.1f},\"limit\":{:.1f},\"unit\":\"ns of CPU a line\","
      "\"ratio\":{:.3f},\"target\":1,\"met\":{}}}\n",
      name, value, limit, limit / value, value <= limit);
}

}  // namespace

int main() {
  using namespace ziggy;
  log::LogSettings settings;
  settings.format = log::Format::Json;
  settings.output = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  settings.background = true;
  settings.secrets.emplace_back(std::string{"q8Zr2LxW5tYv9BnM3kPd7HsJ4gFc6AeU"});
  settings.secrets.emplace_back(std::string{"polygonKey12345"});
  log::start(settings);
  const Call call{.correlation_id = CorrelationId::make()};
  std::vector<double> lines;
  std::vector<double> silent;
  for (int round = 0; round < kRounds; ++round) {
    double start = thread_cpu_ns();
    for (int i = 0; i < kLines; ++i) {
      kLog.info(call, "request",
                {{"method", "GET"},
                 {"route", "/api/v1/market/quotes/{symbol}"},
                 {"status", 200},
                 {"duration_us", i % 100},
                 {"bytes", 412},
                 {"peer", "127.0.0.1"}});
    }
    lines.push_back((thread_cpu_ns() - start) / kLines);
    start = thread_cpu_ns();
    for (int i = 0; i < kLines; ++i) kLog.debug("not written", {{"number", i}});
    silent.push_back((thread_cpu_ns() - start) / kLines);
    log::flush();
  }
  log::stop();
  std::ranges::sort(lines);
  std::ranges::sort(silent);
  report("log.access_line", lines[kRounds / 2], kLineNsTarget);
  report("log.below_the_level", silent[kRounds / 2], 5);
}
