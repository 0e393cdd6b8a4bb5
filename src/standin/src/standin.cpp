#include "ziggy/standin/standin.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/post.hpp>
#include <future>

#include "core.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/spawn.hpp"

namespace ziggy::standin {

namespace {

constexpr log::Logger kLog{"standin"};

// Steps are told from each other in steps of this.
constexpr std::chrono::milliseconds kWatchEvery{20};
constexpr std::chrono::milliseconds kAcceptRest{100};
// A server's pool of connections is dozens; a thousand is somebody's mistake.
constexpr std::size_t kPeersMax = 2'000;

}  // namespace

Core::Core(net::Executor executor, const Clock& clock, Tape& tape, StandInSettings settings)
    : executor_{executor},
      clock_{clock},
      tape_{tape},
      settings_{std::move(settings)},
      counts_{settings_.count_window},
      streams_{executor, clock, tape, settings_, board_},
      door_{executor},
      watch_{executor} {}

Result<std::uint16_t> Core::bind(Door& door, std::uint16_t port) const {
  auto& acceptor = door.acceptor;
  boost::system::error_code ec;
  const net::asio::ip::tcp::endpoint endpoint{net::asio::ip::address_v4::loopback(), port};
  acceptor.open(endpoint.protocol(), ec);
  if (!ec) acceptor.set_option(net::asio::socket_base::reuse_address{true}, ec);
  if (!ec) acceptor.bind(endpoint, ec);
  if (!ec) acceptor.listen(net::asio::socket_base::max_listen_connections, ec);
  if (ec) {
    return fail(ErrorCode::Configuration, "the stand-in cannot listen on port {}: {}", port,
                ec.message());
  }
  return acceptor.local_endpoint().port();
}

Result<std::uint16_t> Core::bind() {
  ZIGGY_TRY(port, bind(door_, settings_.port));
  for (std::size_t i = 0; i < kVendors.size(); ++i) {
    vendor_doors_[i] = std::make_unique<Door>(executor_);
    ZIGGY_TRY(own, bind(*vendor_doors_[i], 0));
    vendor_ports_[i] = own;
  }
  return port;
}

void Core::start() {
  accept(door_);
  for (const auto& each : vendor_doors_) accept(*each);
  watch();
  net::spawn(executor_, Streams::run(shared_from_this(), &streams_), "stand-in's ticks");
}

void Core::stop() {
  is_stopped_ = true;
  boost::system::error_code ignored;
  door_.acceptor.close(ignored);
  door_.rest.cancel();
  for (const auto& each : vendor_doors_) {
    if (!each) continue;
    each->acceptor.close(ignored);
    each->rest.cancel();
  }
  watch_.cancel();
  streams_.stop();
  for (const auto& each : peers_) {
    if (const auto peer = each.lock()) peer->close();
  }
}

void Core::cut(std::optional<Vendor> vendor) { streams_.cut(vendor); }

StandInCounts Core::all_counts() const {
  StandInCounts counts = counts_.snapshot();
  streams_.count(counts);
  return counts;
}

void Core::accept(Door& door) {
  door.acceptor.async_accept(
      [self = shared_from_this(), &door](boost::system::error_code ec, Socket socket) {
        self->on_accept(door, ec, std::move(socket));
      });
}

void Core::on_accept(Door& door, boost::system::error_code ec, Socket socket) {
  if (is_stopped_) return;
  if (ec) {
    // Out of descriptors: it would fail again at once.
    door.rest.expires_after(kAcceptRest);
    door.rest.async_wait([self = shared_from_this(), &door](boost::system::error_code aborted) {
      if (!aborted && !self->is_stopped_) self->accept(door);
    });
    return;
  }
  std::erase_if(peers_, [](const auto& peer) { return peer.expired(); });
  if (peers_.size() < kPeersMax) {
    boost::system::error_code ignored;
    socket.set_option(net::asio::ip::tcp::no_delay{true}, ignored);
    const auto peer = std::make_shared<Peer>(std::move(socket));
    peers_.push_back(peer);
    net::spawn(executor_, serve(shared_from_this(), peer), "stand-in's connection");
  }
  accept(door);
}

void Core::watch() {
  for (const FaultChange& change : board_.changes(clock_.steady())) on_change(change);
  watch_.expires_after(kWatchEvery);
  watch_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec && !self->is_stopped_) self->watch();
  });
}

void Core::on_change(const FaultChange& change) {
  kLog.info(change.is_begin ? "vendor_fault_began" : "vendor_fault_ended",
            {{"fault", change.step.describe()}});
  const bool is_stream = !change.step.route || *change.step.route == Route::Stream;
  if (change.is_begin && change.step.kind == FaultKind::Drop && is_stream) cut(change.step.vendor);
}

StandIn::StandIn(net::Loops& loops, const Clock& clock, Tape& tape, StandInSettings settings)
    : loops_{loops},
      core_{std::make_shared<Core>(loops.at(0).get_executor(), clock, tape, std::move(settings))} {}

StandIn::~StandIn() { shutdown(); }

Result<std::uint16_t> StandIn::listen() {
  auto port = core_->bind();
  if (port) net::asio::post(core_->executor(), [core = core_] { core->start(); });
  return port;
}

std::uint16_t StandIn::port_of(Vendor vendor) const { return core_->port_of(vendor); }

void StandIn::shutdown() {
  if (!loops_.running()) {
    if (!core_->is_stopped()) core_->stop();
    return;
  }
  std::promise<void> done;
  net::asio::post(core_->executor(), [core = core_, &done] {
    if (!core->is_stopped()) core->stop();
    done.set_value();
  });
  done.get_future().wait();
}

Result<> StandIn::run(FaultScript script) {
  return core_->board().run(std::move(script), core_->clock().steady());
}

void StandIn::heal() { core_->board().clear(); }

void StandIn::cut_streams(std::optional<Vendor> vendor) {
  net::asio::post(core_->executor(), [core = core_, vendor] { core->cut(vendor); });
}

StandInCounts StandIn::counts() const { return core_->all_counts(); }

}  // namespace ziggy::standin
