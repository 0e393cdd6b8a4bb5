#include "metrics_text.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>

#include "metrics_out.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::api {
namespace {

void write_requests(std::string& out, const net::ServerMetrics& server) {
  head(out, "ziggy_http_requests_total", "counter",
       "Requests answered, by route and class of status.");
  for (const net::RouteMetrics& route : server.routes) {
    for (std::size_t i = 1; i < route.by_status_class.size(); ++i) {
      if (route.by_status_class[i] == 0) continue;
      out += fmt::format(
          "ziggy_http_requests_total{{method=\"{}\",route=\"{}\",status=\"{}xx\"}} {}\n",
          net::method_name(route.method), label(route.route), i, route.by_status_class[i]);
    }
  }
  head(out, "ziggy_http_request_duration_seconds", "histogram",
       "From the whole request to the answer.");
  for (const net::RouteMetrics& route : server.routes) {
    std::uint64_t count = 0;
    for (const std::uint64_t bucket : route.latency) count += bucket;
    if (count == 0) continue;
    const std::string labels = fmt::format("method=\"{}\",route=\"{}\"",
                                           net::method_name(route.method), label(route.route));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < net::kLatencyBoundsMicros.size(); ++i) {
      below += route.latency[i];
      out += fmt::format("ziggy_http_request_duration_seconds_bucket{{{},le=\"{}\"}} {}\n", labels,
                         static_cast<double>(net::kLatencyBoundsMicros[i]) / 1e6, below);
    }
    out += fmt::format(
        "ziggy_http_request_duration_seconds_bucket{{{0},le=\"+Inf\"}} {1}\n"
        "ziggy_http_request_duration_seconds_sum{{{0}}} {2}\n"
        "ziggy_http_request_duration_seconds_count{{{0}}} {1}\n",
        labels, count, static_cast<double>(route.micros_total) / 1e6);
  }
  head(out, "ziggy_http_response_bytes_total", "counter", "Bytes of answers, by route.");
  for (const net::RouteMetrics& route : server.routes) {
    if (route.bytes_out == 0) continue;
    out += fmt::format("ziggy_http_response_bytes_total{{method=\"{}\",route=\"{}\"}} {}\n",
                       net::method_name(route.method), label(route.route), route.bytes_out);
  }
}

void write_connections(std::string& out, const net::ServerMetrics& server,
                       const streams::HubStats& hub) {
  single(out, "ziggy_connections_accepted_total", "counter", "Connections accepted.",
         server.connections_accepted);
  single(out, "ziggy_connections_refused_total", "counter", "Connections over the limit.",
         server.connections_refused);
  single(out, "ziggy_connections_open", "gauge", "HTTP connections open now.",
         server.connections_open);
  single(out, "ziggy_timeouts_total", "counter", "Requests and writes that took too long.",
         server.timeouts);
  single(out, "ziggy_websockets_open", "gauge", "WebSockets open now.", server.websockets_open);
  single(out, "ziggy_websockets_opened_total", "counter", "WebSockets opened.",
         server.websockets_opened);
  single(out, "ziggy_websocket_frames_total", "counter", "Frames sent.",
         server.websocket_frames_out);
  single(out, "ziggy_slow_consumers_total", "counter", "WebSockets closed with 4408.",
         server.slow_consumers);
  single(out, "ziggy_stream_topics", "gauge", "Symbols that have been told of.", hub.topics);
  single(out, "ziggy_stream_subscribers", "gauge", "Subscriptions now.", hub.subscribers);
  single(out, "ziggy_stream_published_total", "counter", "Messages published.", hub.published);
  single(out, "ziggy_stream_sent_total", "counter", "Messages sent to subscribers.", hub.sent);
  single(out, "ziggy_stream_conflated_total", "counter",
         "Messages that a slow subscriber did not get.", hub.conflated);
}

std::size_t open_files() {
  std::size_t count = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder{opendir("/proc/self/fd"), &closedir};
  if (folder) {
    while (readdir(folder.get()) != nullptr) ++count;
  }
  return count > 3 ? count - 3 : 0;  // `.`, `..` and the folder itself
}

/// Linux: resident pages in statm's second number, CPU ticks in stat's 14th and 15th.
void write_process(std::string& out) {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  statm >> pages >> resident;
  std::ifstream stat{"/proc/self/stat"};
  std::string line;
  std::getline(stat, line);
  // The second field is the program's name in parentheses and may hold anything.
  std::istringstream fields{line.substr(std::min(line.size(), line.rfind(')') + 1))};
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  fields >> user >> system;
  single(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
         resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
  single(out, "process_cpu_seconds_total", "counter", "CPU time, user and system.",
         static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK)));
  single(out, "process_open_fds", "gauge", "Open file descriptors.", open_files());
}

void write_health(std::string& out, const health::Report& report) {
  head(out, "ziggy_health_status", "gauge", "0 OK, 1 WARNING, 2 ERROR.");
  out += fmt::format("ziggy_health_status {}\n", static_cast<int>(report.overall));
  head(out, "ziggy_health_check_status", "gauge", "0 OK, 1 WARNING, 2 ERROR.");
  for (const health::CheckReport& check : report.checks) {
    out += fmt::format("ziggy_health_check_status{{check=\"{}\"}} {}\n", label(check.name),
                       static_cast<int>(check.outcome.status));
  }
}

}  // namespace

std::string render_metrics(const Api::State& state) {
  std::string out;
  const auto uptime = std::chrono::duration<double>(state.parts.clock.steady() - state.started_at);
  head(out, "ziggy_build_info", "gauge", "Always 1; the version is in the label.");
  out += fmt::format("ziggy_build_info{{version=\"{}\"}} 1\n", label(state.settings.version));
  single(out, "ziggy_uptime_seconds", "gauge", "Since the start.", uptime.count());
  write_process(out);
  const net::ServerMetrics server =
      state.parts.server_metrics ? state.parts.server_metrics() : net::ServerMetrics{};
  write_requests(out, server);
  write_connections(out, server, state.parts.hub.stats());
  write_vendors(out, state);
  single(out, "ziggy_escaped_exceptions_total", "counter",
         "Exceptions that left a detached coroutine.", net::escaped_exceptions());
  single(out, "ziggy_encoded_bars_bytes", "gauge", "Bars kept as JSON text.",
         state.encoded_bars.bytes());
  write_health(out, state.parts.health.report());
  return out;
}

}  // namespace ziggy::api
