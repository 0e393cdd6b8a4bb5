#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <unordered_map>

namespace ziggy::net {

class CurlTransfer;

/// Which transfers run and which wait, so that no origin gets more connections than it should.
/// libcurl has such limits too, but its own queue (7.88) neither honours time-outs nor always moves
/// on when a connection gets free. Origins take turns; each is first in, first out.
class TransferQueue {
 public:
  struct Limits {
    std::size_t connections_per_host = 8;
    std::size_t connections_max = 64;
    /// Where requests are known to share a connection (HTTP/2).
    std::size_t streams_per_host = 64;
  };
  explicit TransferQueue(Limits limits) : limits_{limits} {}

  /// `origin`: scheme, host and port.
  void add(CurlTransfer* transfer, const std::string& origin);
  /// The next that may start, which now counts as running; nullptr: none.
  [[nodiscard]] CurlTransfer* next();
  /// Ended or given up, running or waiting.
  void remove(CurlTransfer* transfer);
  /// Whether a transfer that has run found its connection open and shared it. Believed until one
  /// did not or nothing runs any more: connections die, and a burst would open one each.
  void note(CurlTransfer* transfer, bool has_shared);
  /// How many are remembered.
  [[nodiscard]] std::size_t origins() const noexcept { return origins_.size(); }

 private:
  struct Origin {
    std::list<CurlTransfer*> waiting;
    std::size_t running = 0;
    bool is_shared = false;
  };
  using Origins = std::map<std::string, Origin>;
  struct Place {
    Origins::iterator origin;
    std::list<CurlTransfer*>::iterator waiting;
    bool is_running = false;
    bool has_connection = false;  ///< counts towards connections_max
  };
  [[nodiscard]] bool may_start(const Origin& origin) const;
  void forget_idle_origins();

  const Limits limits_;
  Origins origins_;
  std::string turn_;  ///< the origin that started last
  std::unordered_map<CurlTransfer*, Place> places_;
  std::size_t waiting_ = 0;
  std::size_t connections_ = 0;
};

}  // namespace ziggy::net
