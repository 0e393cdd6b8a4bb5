/// Requests per server CPU-second of Ziggy's HTTP server (access log, metrics and correlation ids
/// on) against a raw epoll server that sends the same bytes.
///
///   bench_http                                 compares in one run, with one loop and with two
///   bench_http --pid P --port N --target /path the same for a program that runs already
/// Options: --connections 64, --seconds 2 (of each measurement), --rounds 5.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../limits/canned_server.hpp"
#include "load.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/server.hpp"

namespace ziggy::bench {
namespace {

/// A quote as the API writes it, near enough in size.
constexpr std::string_view kBody =
    R"({"symbol":"AAPL","bid":187.22,"ask":187.24,"bid_size":300,"ask_size":200,"last":187.23,)"
    R"("last_size":100,"prev_close":186.9,"change":0.33,"change_pct":0.1765650080256822,)"
    R"("volume":51234567,"market_state":"open","provider":"sim","as_of":"2024-03-01T15:30:00.123Z",)"
    R"("age_ms":12,"stale":false,"fallback_from":[]})";

struct Options {
  pid_t pid = 0;
  std::uint16_t port = 0;
  std::string target = "/api/v1/market/quotes/AAPL";
  int connections = 64;
  double seconds = 2;
  int rounds = 5;
};

struct Child {
  pid_t pid = 0;
  std::uint16_t port = 0;
};

/// Runs a server in a child process, which tells its port through a pipe and serves until killed.
Child start_child(const std::function<void(const std::function<void(std::uint16_t)>&)>& serve) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) std::exit(1);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(pipe_ends[0]);
    serve([&](std::uint16_t port) {
      if (::write(pipe_ends[1], &port, sizeof port) != sizeof port) std::exit(1);
      ::close(pipe_ends[1]);
    });
    std::_Exit(0);
  }
  ::close(pipe_ends[1]);
  Child child{.pid = pid};
  if (::read(pipe_ends[0], &child.port, sizeof child.port) != sizeof child.port) {
    std::fprintf(stderr, "a server did not start\n");
    std::exit(1);
  }
  ::close(pipe_ends[0]);
  return child;
}

void stop_child(const Child& child) {
  ::kill(child.pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);
}

void serve_canned(const std::string& answer, std::size_t loops,
                  const std::function<void(std::uint16_t)>& tell_port) {
  std::vector<std::unique_ptr<CannedServer>> servers;
  servers.push_back(std::make_unique<CannedServer>(answer));
  while (servers.size() < loops) {
    servers.push_back(std::make_unique<CannedServer>(answer, servers[0]->port()));
  }
  tell_port(servers[0]->port());
  for (std::size_t i = 1; i < loops; ++i) {
    std::thread{[server = servers[i].get()] { server->run(); }}.detach();
  }
  servers[0]->run();
}

/// The log goes where a supervisor would put it, into a file, by the writer that `serve` uses.
void start_log() {
  char name[] = "/tmp/ziggy-bench-log-XXXXXX";
  log::LogSettings settings;
  settings.output = ::mkstemp(name);
  settings.format = log::Format::Json;
  settings.background = true;
  if (settings.output < 0) std::exit(1);
  ::unlink(name);
  log::start(settings);
}

void serve_ziggy(std::size_t loops_count, const std::function<void(std::uint16_t)>& tell_port) {
  start_log();
  const SystemClock clock;
  net::Loops loops{loops_count};
  net::Router router;
  router.get("/api/v1/market/quotes/{symbol}",
             {.timeout = std::chrono::seconds{2}, .scope = "public", .rate_class = "default"},
             nullptr, [](const net::Request&, net::Response& response) {
               response.body = kBody;
               return true;
             });
  net::ServerSettings settings;
  settings.port = 0;
  net::Server server{
      loops, clock, std::move(router), settings,
      [](const Error&, const net::Request&, net::Response& response) { response.status = 500; }};
  const auto port = server.listen();
  if (!port) std::exit(1);
  loops.run();
  tell_port(*port);
  ::pause();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Measures both in turn, so that a neighbour's load falls on both, and prints the medians.
void compare(const std::string& name, const std::string& request, const Child& ziggy,
             const Child& canned, const Options& options) {
  std::vector<double> ziggy_rates;
  std::vector<double> canned_rates;
  std::vector<double> ratios;
  LoadResult last;
  std::uint64_t errors = 0;
  (void)run_load(ziggy.pid, ziggy.port, request, options.connections, options.seconds / 4);
  for (int round = 0; round < options.rounds; ++round) {
    const LoadResult limit =
        run_load(canned.pid, canned.port, request, options.connections, options.seconds);
    last = run_load(ziggy.pid, ziggy.port, request, options.connections, options.seconds);
    errors += last.errors;
    canned_rates.push_back(limit.per_cpu_second());
    ziggy_rates.push_back(last.per_cpu_second());
    ratios.push_back(last.per_cpu_second() / limit.per_cpu_second());
  }
  const double ratio = median(ratios);
  constexpr double kTarget = 0.75;
  std::printf(
      "{\"bench\":\"%s\",\"value\":%.0f,\"limit\":%.0f,\"unit\":\"requests per server "
      "CPU-second\",\"ratio\":%.3f,\"target\":%.2f,\"met\":%s,\"requests_per_wall_second\":%.0f,"
      "\"p50_us\":%.0f,\"p99_us\":%.0f,\"not_200\":%llu}\n",
      name.c_str(), median(ziggy_rates), median(canned_rates), ratio, kTarget,
      ratio >= kTarget && errors == 0 ? "true" : "false",
      static_cast<double>(last.requests) / last.wall_seconds, last.p50_micros, last.p99_micros,
      static_cast<unsigned long long>(errors));
  std::fflush(stdout);
}

int run(const Options& options) {
  // The canned answer is the very bytes that Ziggy sends, head and all.
  const std::string request =
      "GET " + options.target + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n\r\n";
  const auto against_canned = [&](const std::string& name, const Child& ziggy, std::size_t loops) {
    const std::string answer = fetch(ziggy.port, request);
    const Child canned =
        start_child([&](const auto& tell_port) { serve_canned(answer, loops, tell_port); });
    compare(name, request, ziggy, canned, options);
    stop_child(canned);
  };
  if (options.pid != 0) {
    against_canned("http " + options.target, {.pid = options.pid, .port = options.port}, 1);
    return 0;
  }
  for (const std::size_t loops : {1U, 2U}) {
    const Child ziggy = start_child([&](const auto& tell_port) { serve_ziggy(loops, tell_port); });
    against_canned("http_fast_handler_" + std::to_string(loops) + "_loops", ziggy, loops);
    stop_child(ziggy);
  }
  return 0;
}

}  // namespace
}  // namespace ziggy::bench

int main(int argc, char** argv) {
  ziggy::bench::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* const value = argv[i + 1];
    if (name == "--pid") {
      options.pid = std::atoi(value);
    } else if (name == "--port") {
      options.port = static_cast<std::uint16_t>(std::atoi(value));
    } else if (name == "--target") {
      options.target = value;
    } else if (name == "--connections") {
      options.connections = std::atoi(value);
    } else if (name == "--seconds") {
      options.seconds = std::atof(value);
    } else if (name == "--rounds") {
      options.rounds = std::atoi(value);
    } else {
      std::fprintf(stderr, "bench_http: unknown option %s\n", argv[i]);
      return 2;
    }
  }
  return ziggy::bench::run(options);
}
