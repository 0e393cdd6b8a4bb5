#include <fcntl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "ziggy/base/log.hpp"

// CPU of the calling thread for a line as the access log writes it, with two known secrets, beside
// what one snprintf of the same line costs, which escapes and hides nothing; and for a line below
// the level beside a call of clock_gettime. Wanted: no dearer than either. On a quiet core a line
// takes ~300 ns.
namespace {

constexpr int kLines = 2'000;
constexpr int kRounds = 60;
constexpr ziggy::log::Logger kLog{"net"};

double thread_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

void report(const char* name, double value, double limit, const char* unit) {
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.1f},\"limit\":{:.1f},\"unit\":\"{}\",\"ratio\":{:.3f},"
      "\"target\":1,\"met\":{}}}\n",
      name, value, limit, unit, limit / value, value <= limit);
}

/// The limit: the same bytes by the C library.
std::size_t print_plainly(char* out, std::size_t size, const char* id, int i) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm day{};
  ::gmtime_r(&now.tv_sec, &day);
  return static_cast<std::size_t>(std::snprintf(
      out, size,
      "{\"timestamp\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ\",\"level\":\"%s\",\"logger\":\"%s\","
      "\"message\":\"%s\",\"correlation_id\":\"%s\",\"method\":\"%s\",\"route\":\"%s\","
      "\"status\":%d,\"duration_us\":%d,\"bytes\":%d,\"peer\":\"%s\"}\n",
      day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, day.tm_hour, day.tm_min, day.tm_sec,
      now.tv_nsec / 1000, "info", "net", "request", id, "GET", "/api/v1/market/quotes/{symbol}",
      200, i % 100, 412, "127.0.0.1"));
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
  const std::string id{call.correlation_id.view()};
  std::vector<double> lines;
  std::vector<double> plain;
  std::vector<double> silent;
  std::vector<double> clock_reads;
  std::vector<char> buffer(kLines * 512);
  std::size_t used = 0;
  const auto measure = [](std::vector<double>& out, auto&& once) {
    const double start = thread_cpu_ns();
    for (int i = 0; i < kLines; ++i) once(i);
    out.push_back((thread_cpu_ns() - start) / kLines);
  };
  for (int round = 0; round < kRounds; ++round) {
    measure(lines, [&](int i) {
      kLog.info(call, "request",
                {{"method", "GET"},
                 {"route", "/api/v1/market/quotes/{symbol}"},
                 {"status", 200},
                 {"duration_us", i % 100},
                 {"bytes", 412},
                 {"peer", "127.0.0.1"}});
    });
    log::flush();
    used = 0;
    measure(plain, [&](int i) {
      used += print_plainly(buffer.data() + used, buffer.size() - used, id.c_str(), i);
    });
    measure(silent, [](int i) { kLog.debug("not written", {{"number", i}}); });
    measure(clock_reads, [](int) {
      timespec now{};
      ::clock_gettime(CLOCK_REALTIME, &now);
    });
  }
  log::stop();
  const auto median = [](std::vector<double>& values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
  };
  report("log.access_line", median(lines), median(plain), "ns of CPU a line; limit: snprintf");
  report("log.below_the_level", median(silent), median(clock_reads),
         "ns of CPU a line; limit: clock_gettime");
}
