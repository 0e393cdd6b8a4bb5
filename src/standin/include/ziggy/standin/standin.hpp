#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/net/loops.hpp"
#include "ziggy/standin/faults.hpp"
#include "ziggy/standin/tape.hpp"

namespace ziggy::standin {

struct StandInSettings {
  std::uint16_t port = 0;  ///< on 127.0.0.1; 0: the system chooses
  /// What the vendors want to see; anything else is their 401.
  std::string polygon_key = "stand-in";
  std::string alpaca_key_id = "stand-in";
  std::string alpaca_secret_key = "stand-in";
  /// Streams of one Alpaca key at a time; more get its 406.
  std::size_t alpaca_streams_max = 1;
  std::size_t polygon_streams_max = 4;
  /// The most bars on a page, whatever the caller asks for; 0: the vendor's own limit.
  std::size_t page_max = 0;
  /// `per_window_max` counts within so long.
  std::chrono::milliseconds count_window{60'000};
  /// How often streams say the latest quote, in the market's time; at least every 10 ms of ours.
  std::chrono::milliseconds tick_every{250};
  /// Whether `/control/…` is answered: for test programs.
  bool has_control = false;
};

struct RouteCounts {
  std::uint64_t requests = 0;
  /// Those that a fault met.
  std::uint64_t faulty = 0;
  /// The most requests in any `StandInSettings::count_window`.
  std::size_t per_window_max = 0;
};

struct VendorCounts {
  std::uint64_t requests = 0;
  std::size_t per_window_max = 0;
  std::array<RouteCounts, kRoutes.size()> routes{};
  std::size_t streams_open = 0;
  std::uint64_t streams_opened = 0;
  std::uint64_t streams_cut = 0;
  /// Channels times symbols that open streams have subscribed.
  std::size_t subscriptions = 0;
};

struct StandInCounts {
  std::array<VendorCounts, kVendors.size()> vendors{};
  [[nodiscard]] const VendorCounts& of(Vendor vendor) const {
    return vendors[static_cast<std::size_t>(vendor)];
  }
  [[nodiscard]] const RouteCounts& of(Vendor vendor, Route route) const {
    return of(vendor).routes[static_cast<std::size_t>(route)];
  }
};

class Core;

/// The three vendors on one port of loopback (and one each), over one tape. Base URLs:
/// `http://127.0.0.1:P/yahoo`,
/// `/polygon`, `/alpaca`; streams: `ws://127.0.0.1:P/polygon/stocks`, `/polygon/crypto`,
/// `/alpaca/v2/iex`, `/alpaca/v2/sip`, `/alpaca/v1beta3/crypto/us`. It works on the first loop
/// alone; destroy it before its loops. Which failures happen is scripted, or said by
/// `POST /control/faults` (a script, its time begins at once), `DELETE /control/faults`;
/// `GET /control/counts`, `POST /control/stream/cut[?vendor=V]`.
class StandIn {
 public:
  /// `clock` says the market's time (it may run faster than the wall) and steady time for faults.
  StandIn(net::Loops& loops, const Clock& clock, Tape& tape, StandInSettings settings);
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  ~StandIn();

  /// Binds and starts to accept; returns the port. Errors: Configuration.
  [[nodiscard]] Result<std::uint16_t> listen();
  /// Each vendor also has a port of its own, where the same paths are served: clients that allow a
  /// host so many connections do not let one vendor's hanging ones stand in the way of another's.
  /// 0 before `listen`. Any thread.
  [[nodiscard]] std::uint16_t port_of(Vendor vendor) const;
  /// Closes every connection and the port. Blocks until the loop has done so; not to be called from
  /// a loop. Later calls do nothing.
  void shutdown();

  /// Any thread; the script's time begins now. Errors: Conflict when very many run.
  [[nodiscard]] Result<> run(FaultScript script);
  /// Any thread: every script is forgotten and the vendors are well.
  void heal();
  /// Any thread: resets every open stream of a vendor, or of all.
  void cut_streams(std::optional<Vendor> vendor = {});
  /// Any thread.
  [[nodiscard]] StandInCounts counts() const;

 private:
  net::Loops& loops_;
  std::shared_ptr<Core> core_;
};

}  // namespace ziggy::standin
