// The running program, front door to store, against the least that could give the same answers:
// a quote against a canned epoll server that sends the very same bytes, and 1 000 bars as JSON
// against an epoll server that reads rows by SQLite's C API and prints them with to_chars. Both in
// one run, in turns, per CPU-second of the server process; log, metrics and correlation ids are on.
#include <fmt/core.h>
#include <sys/prctl.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <functional>

#include "http/load.hpp"
#include "limits/canned_server.hpp"
#include "limits/rows_as_json.hpp"
#include "limits/sqlite_rows.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/testing/process.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::bench {
namespace {

constexpr int kRounds = 5;
constexpr int kConnections = 32;
constexpr double kSeconds = 1.5;

std::string request_for(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n";
}

/// A limit in a process of its own, since CPU time is counted by process.
class Limit {
 public:
  explicit Limit(std::function<std::unique_ptr<CannedServer>()> make) {
    int ends[2];
    if (::pipe(ends) != 0) std::exit(1);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const auto server = make();
      const std::uint16_t port = server->port();
      if (::write(ends[1], &port, sizeof port) != sizeof port) std::_Exit(1);
      server->run();
    }
    ::close(ends[1]);
    if (::read(ends[0], &port_, sizeof port_) != sizeof port_) std::exit(1);
    ::close(ends[0]);
  }
  ~Limit() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  pid_t pid_ = 0;
  std::uint16_t port_ = 0;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void compare(const char* name, pid_t pid, std::uint16_t port, const std::string& request,
             const Limit& limit, double target) {
  std::vector<double> rates;
  std::vector<double> limits;
  std::vector<double> ratios;
  LoadResult last;
  std::uint64_t errors = 0;
  (void)run_load(pid, port, request, kConnections, kSeconds / 3);
  for (int round = 0; round < kRounds; ++round) {
    const auto canned = run_load(limit.pid(), limit.port(), request, kConnections, kSeconds);
    last = run_load(pid, port, request, kConnections, kSeconds);
    errors += last.errors + canned.errors;
    rates.push_back(last.per_cpu_second());
    limits.push_back(canned.per_cpu_second());
    ratios.push_back(last.per_cpu_second() / canned.per_cpu_second());
  }
  const double ratio = median(ratios);
  fmt::print(
      "{{\"bench\":\"{}\",\"value\":{:.0f},\"limit\":{:.0f},\"unit\":\"requests per server "
      "CPU-second\",\"ratio\":{:.3f},\"target\":{},\"met\":{},\"requests_per_wall_second\":{:.0f},"
      "\"p50_us\":{:.0f},\"p99_us\":{:.0f},\"not_200\":{}}}\n",
      name, median(rates), median(limits), ratio, target, ratio >= target && errors == 0,
      static_cast<double>(last.requests) / last.wall_seconds, last.p50_micros, last.p99_micros,
      errors);
  std::fflush(stdout);
}

/// The bars of a CSV answer, head and all.
BarColumns bars_of(std::string_view answer) {
  BarColumns bars;
  answer = answer.substr(answer.find("\r\n\r\n") + 4);
  for (const std::string_view line : text::split_list(answer, '\n')) {
    const auto cells = text::split_list(line);
    const auto time = parse_rfc3339(cells[0]);
    if (!time) continue;  // the header
    Bar bar{.time = *time};
    double* const values[] = {&bar.open, &bar.high, &bar.low, &bar.close, &bar.volume};
    for (std::size_t i = 0; i < 5; ++i) *values[i] = *text::parse_double(cells[i + 1]);
    bars.push_back(bar);
  }
  return bars;
}

int run() {
  const testing::TempFolder folder;
  testing::Process server{ZIGGY_PROGRAM,
                          {"serve", "--demo", "--port", "0"},
                          folder.path(),
                          {"API_THREADS=1", "LOG_FORMAT=json"}};
  const std::string line = server.read_line();
  const std::size_t colon = line.rfind(':');
  if (colon == std::string::npos) {
    fmt::print(stderr, "the server did not start\n");
    return 1;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(line.c_str() + colon + 1));

  const std::string quote = request_for("/api/v1/market/quotes/AAPL");
  {
    const std::string answer = fetch(port, quote);
    const Limit limit{[&] { return std::make_unique<CannedServer>(answer); }};
    compare("api.quote", server.pid(), port, quote, limit, 0.75);
  }
  const std::string page = "/api/v1/market/bars/SPX?interval=1d&start=2010-01-01&limit=1000";
  const BarColumns bars = bars_of(fetch(port, request_for(page + "&format=csv")));
  if (bars.size() != 1000) {
    fmt::print(stderr, "{} bars of SPX, not 1000: is the sample there? (web/build.sh)\n",
               bars.size());
    return 1;
  }
  const std::string path = (folder.path() / "rows.db").string();
  sqlite_insert_rows(path, bars);
  RowsAsJson* rows = nullptr;
  const Limit limit{[&] {
    rows = new RowsAsJson{path};  // NOLINT: as long as the process
    return std::make_unique<CannedServer>([&] { return rows->answer(); });
  }};
  compare("api.bars_1000", server.pid(), port, request_for(page), limit, 3);
  return 0;
}

}  // namespace
}  // namespace ziggy::bench

int main() { return ziggy::bench::run(); }
