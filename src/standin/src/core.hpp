#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <vector>

#include "ask.hpp"
#include "board.hpp"
#include "counts.hpp"
#include "peer.hpp"
#include "streams.hpp"
#include "ziggy/standin/standin.hpp"

namespace ziggy::standin {

/// What stands behind a StandIn; lives on one loop, but for board and counts.
class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(net::Executor executor, const Clock& clock, Tape& tape, StandInSettings settings);

  [[nodiscard]] Result<std::uint16_t> bind();
  void start();
  void stop();
  void cut(std::optional<Vendor> vendor);

  [[nodiscard]] net::Executor executor() const { return executor_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] const StandInSettings& settings() const { return settings_; }
  [[nodiscard]] Tape& tape() { return tape_; }
  [[nodiscard]] FaultBoard& board() { return board_; }
  [[nodiscard]] Counts& counts() { return counts_; }
  [[nodiscard]] Streams& streams() { return streams_; }
  [[nodiscard]] std::uint16_t port_of(Vendor vendor) const {
    return vendor_ports_[static_cast<std::size_t>(vendor)];
  }
  [[nodiscard]] bool is_stopped() const noexcept { return is_stopped_; }
  [[nodiscard]] StandInCounts all_counts() const;

 private:
  /// One port.
  struct Door {
    explicit Door(net::Executor executor) : acceptor{executor}, rest{executor} {}
    net::asio::basic_socket_acceptor<net::asio::ip::tcp, net::Executor> acceptor;
    net::Timer rest;
  };
  [[nodiscard]] Result<std::uint16_t> bind(Door& door, std::uint16_t port) const;
  void accept(Door& door);
  void on_accept(Door& door, boost::system::error_code ec, Socket socket);
  void watch();
  void on_change(const FaultChange& change);

  net::Executor executor_;
  const Clock& clock_;
  Tape& tape_;
  StandInSettings settings_;
  FaultBoard board_;
  Counts counts_;
  Streams streams_;
  Door door_;
  std::array<std::unique_ptr<Door>, kVendors.size()> vendor_doors_;
  std::array<std::uint16_t, kVendors.size()> vendor_ports_{};
  net::Timer watch_;
  std::vector<std::weak_ptr<Peer>> peers_;
  bool is_stopped_ = false;
};

/// Answers one client until it goes.
[[nodiscard]] net::Task<> serve(std::shared_ptr<Core> core, std::shared_ptr<Peer> peer);
/// `/control/…`.
[[nodiscard]] WireAnswer answer_control(Core& core, const WireRequest& request);

}  // namespace ziggy::standin
