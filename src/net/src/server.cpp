#include "ziggy/net/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "connection.hpp"
#include "response_writer.hpp"
#include "server_loop.hpp"

namespace ziggy::net {

namespace {

/// Whether nobody listens there. The loops share a port by SO_REUSEPORT, and so would a second
/// program of the same user, silently; a socket that does not share finds out.
Result<> check_port_is_free(const std::string& host, std::uint16_t port) {
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (ec || port == 0) return {};  // the loops say what is wrong with an address
  asio::io_context context;
  asio::ip::tcp::acceptor probe{context};
  const asio::ip::tcp::endpoint endpoint{address, port};
  probe.open(endpoint.protocol(), ec);
  if (!ec) probe.set_option(asio::socket_base::reuse_address{true}, ec);
  if (!ec) probe.bind(endpoint, ec);
  if (ec) {
    return fail(ErrorCode::Configuration, "cannot listen on {} port {}: {}", host, port,
                ec.message());
  }
  return {};
}

/// Large bodies to compress at a time, one after the other; with more, the next go out as they are.
constexpr std::size_t kCompressQueueMax = 16;

}  // namespace

struct Server::State {
  Loops& loops;
  std::shared_ptr<ServerCore> core;
  std::vector<std::shared_ptr<ServerLoop>> parts;
  bool is_shut_down = false;
  std::unique_ptr<BlockingPool> compressor{};

  /// Runs `work(part)` on every part's loop and waits; directly when the loops do not run.
  template <class Work>
  void on_each(Work work) {
    std::vector<std::future<void>> done;
    for (const auto& part : parts) {
      auto task = std::make_shared<std::packaged_task<void()>>([part, work] { work(*part); });
      done.push_back(task->get_future());
      if (loops.running()) {
        asio::post(part->executor(), [task] { (*task)(); });
      } else {
        (*task)();
      }
    }
    for (auto& each : done) each.wait();
  }
};

Server::Server(Loops& loops, const Clock& clock, Router router, ServerSettings settings,
               ErrorRenderer render_error)
    : state_{new State{.loops = loops, .core = nullptr, .parts = {}}} {
  state_->core = std::shared_ptr<ServerCore>(
      new ServerCore{.clock = clock,
                     .router = std::move(router),
                     .settings = std::move(settings),
                     .render_error = std::move(render_error),
                     .api_headers = security_headers("default-src 'none'; frame-ancestors 'none'"),
                     .page_headers = {}});
  state_->compressor = std::make_unique<BlockingPool>(1, kCompressQueueMax);
  state_->core->compressor = state_->compressor.get();
  state_->core->page_headers = security_headers(state_->core->settings.page_csp);
}

Server::~Server() { shutdown(std::chrono::milliseconds{0}); }

Result<std::uint16_t> Server::listen() {
  const auto checked = state_->core->router.check();
  if (!checked) return fail(checked.error());
  std::uint16_t port = state_->core->settings.port;
  const auto free = check_port_is_free(state_->core->settings.host, port);
  if (!free) return fail(free.error());
  std::vector<std::shared_ptr<ServerLoop>> parts;
  for (std::size_t i = 0; i < state_->loops.size(); ++i) {
    parts.push_back(std::make_shared<ServerLoop>(state_->core, state_->loops.at(i)));
    const auto bound = parts.back()->bind(port);
    if (!bound) return fail(bound.error());
    port = *bound;  // the others share what the system chose for the first
  }
  state_->parts = std::move(parts);
  for (const auto& part : state_->parts) {
    asio::post(part->executor(), [part] { part->start(); });
  }
  return port;
}

void Server::shutdown(std::chrono::milliseconds drain) {
  if (state_->is_shut_down) return;
  state_->is_shut_down = true;
  state_->core->is_draining = true;
  const auto until = std::chrono::steady_clock::now() + drain;
  if (drain.count() > 0 && state_->loops.running()) {
    state_->on_each([](ServerLoop& part) { part.drain(); });
    while (state_->core->connections.load() > 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  }
  state_->on_each([](ServerLoop& part) { part.abort(); });
  state_->compressor.reset();
}

bool Server::is_draining() const noexcept { return state_->core->is_draining.load(); }

ServerMetrics Server::metrics() const {
  ServerMetrics out;
  const auto& routes = state_->core->router.routes();
  for (const auto& route : routes) {
    out.routes.push_back({.method = route->method, .route = route->pattern});
  }
  out.routes.push_back({.method = Method::Other, .route = "(unmatched)"});
  for (const auto& part : state_->parts) {
    for (std::size_t i = 0; i < out.routes.size(); ++i) {
      const RouteCounts& from = part->route_counts()[i];
      RouteMetrics& to = out.routes[i];
      for (std::size_t k = 0; k < to.by_status_class.size(); ++k) {
        to.by_status_class[k] += from.by_status_class[k].get();
      }
      for (std::size_t k = 0; k < to.latency.size(); ++k) to.latency[k] += from.latency[k].get();
      to.micros_total += from.micros_total.get();
      to.bytes_out += from.bytes_out.get();
    }
    const LoopCounts& counts = part->counts;
    out.connections_accepted += counts.accepted.get();
    out.connections_refused += counts.refused.get();
    out.connections_open += counts.http_open.get();
    out.websockets_open += counts.websockets_open.get();
    out.websockets_opened += counts.websockets_opened.get();
    out.slow_consumers += counts.slow_consumers.get();
    out.timeouts += counts.timeouts.get();
    out.websocket_frames_out += counts.frames_out.get();
  }
  return out;
}

}  // namespace ziggy::net
