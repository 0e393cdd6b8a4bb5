#pragma once

#include <memory>

#include "stream_socket.hpp"

namespace ziggy::feed {

/// Two sockets of one vendor, of shares and of pairs, behind one StreamSource.
class StreamPair {
 public:
  StreamPair(std::string provider, std::unique_ptr<StreamProtocol> shares,
             std::unique_ptr<StreamProtocol> pairs, const StreamTimings& timings,
             std::uint64_t seed);
  ~StreamPair() { stop(); }
  StreamPair(const StreamPair&) = delete;
  StreamPair& operator=(const StreamPair&) = delete;

  void set_listener(TickListener& listener) { states_->set_listener(listener); }
  void start(net::Executor executor);
  void stop();
  void subscribe(const Symbol& symbol);
  void unsubscribe(const Symbol& symbol);
  void reconnect();
  [[nodiscard]] StreamCounts counts() const;

  /// Shares and pairs; neither vendor's sockets carry indices or currencies.
  [[nodiscard]] static Capability capability();

 private:
  [[nodiscard]] StreamSocket& socket_of(const Symbol& symbol) {
    return symbol.is_crypto() ? *pairs_ : *shares_;
  }

  std::shared_ptr<StreamStates> states_;
  std::shared_ptr<StreamSocket> shares_;
  std::shared_ptr<StreamSocket> pairs_;
};

/// The address of one of a vendor's streams. `path` is that stream's, `usual` the stocks': when
/// `url` already ends with that, it is replaced.
[[nodiscard]] std::string stream_url(std::string_view url, std::string_view usual,
                                     std::string_view path);

}  // namespace ziggy::feed
