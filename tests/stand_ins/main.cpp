// The three vendors on loopback, until SIGTERM. Prints {"port": P, "yahoo": Y, …} as its first
// line: the port of all, and one of each vendor's own.
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "ziggy/standin/standin.hpp"

namespace {

using namespace ziggy;

struct Options {
  standin::StandInSettings settings{.has_control = true};
  double speed = 1;
  std::uint64_t seed = 42;
  std::string script;
  bool keeps_exchange_hours = false;
  bool is_listed_only = false;
};

Result<standin::FaultScript> read_script(const std::string& path) {
  std::ifstream file{path};
  if (!file) return fail(ErrorCode::Configuration, "{}: cannot be read", path);
  std::ostringstream text;
  text << file.rdbuf();
  return standin::FaultScript::parse(text.str(), path);
}

Result<> run(const Options& options) {
  standin::FaultScript script;
  if (!options.script.empty()) {
    ZIGGY_TRY(read, read_script(options.script));
    script = std::move(read);
  }
  const SystemClock wall;
  const feed::ScaledClock clock{wall, options.speed};
  standin::SimTape tape{
      {.seed = options.seed,
       .sessions =
           options.keeps_exchange_hours ? feed::SimSessions::Exchange : feed::SimSessions::Always},
      options.is_listed_only ? standin::SimUniverse::Listed : standin::SimUniverse::Any};
  net::Loops loops{1};
  standin::StandIn stand_in{loops, clock, tape, options.settings};
  ZIGGY_TRY(port, stand_in.listen());
  loops.run();
  if (const auto ran = stand_in.run(std::move(script)); !ran) return ran;
  fmt::print("{{\"port\": {}, \"yahoo\": {}, \"polygon\": {}, \"alpaca\": {}}}\n", port,
             stand_in.port_of(standin::Vendor::Yahoo), stand_in.port_of(standin::Vendor::Polygon),
             stand_in.port_of(standin::Vendor::Alpaca));
  std::fflush(stdout);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  int signal = 0;
  ::sigwait(&signals, &signal);
  stand_in.shutdown();
  loops.stop();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  // Threads inherit the mask; a test that dies takes its stand-in with it.
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);

  Options options;
  CLI::App app{"Stands in for Yahoo, Polygon and Alpaca on loopback", "ziggy_stand_in"};
  app.add_option("--port", options.settings.port, "0: the system chooses");
  app.add_option("--speed", options.speed, "of the market's clock");
  app.add_option("--seed", options.seed, "of the market");
  app.add_option("--script", options.script, "faults on schedule (JSON)");
  app.add_option("--page-max", options.settings.page_max, "bars on a page at most");
  std::int64_t window_seconds = 60;
  app.add_option("--count-window", window_seconds, "seconds within which per_window_max counts");
  app.add_option("--alpaca-streams", options.settings.alpaca_streams_max, "connections at a time");
  app.add_flag("--exchange-hours", options.keeps_exchange_hours, "shares trade in NYSE's sessions");
  app.add_flag("--listed-only", options.is_listed_only, "only the simulator's twelve symbols");
  CLI11_PARSE(app, argc, argv);
  options.settings.count_window = std::chrono::seconds{window_seconds};
  const auto done = run(options);
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().detail());
  return 1;
}
