#include "stream_pair.hpp"

#include <random>
#include <utility>

namespace ziggy::feed {

StreamPair::StreamPair(std::string provider, std::unique_ptr<StreamProtocol> shares,
                       std::unique_ptr<StreamProtocol> pairs, const StreamTimings& timings,
                       std::uint64_t seed)
    : states_{std::make_shared<StreamStates>(std::move(provider), 2)} {
  if (seed == 0) seed = std::random_device{}();
  shares_ = std::make_shared<StreamSocket>(
      StreamSocket::Parts{states_, 0, std::move(shares), timings, seed});
  pairs_ = std::make_shared<StreamSocket>(
      StreamSocket::Parts{states_, 1, std::move(pairs), timings, seed + 1});
}

void StreamPair::start(net::Executor executor) {
  shares_->start(executor);
  pairs_->start(executor);
}

void StreamPair::stop() {
  shares_->stop();
  pairs_->stop();
}

void StreamPair::subscribe(const Symbol& symbol) { socket_of(symbol).subscribe(symbol); }

void StreamPair::unsubscribe(const Symbol& symbol) { socket_of(symbol).unsubscribe(symbol); }

void StreamPair::reconnect() {
  shares_->reconnect();
  pairs_->reconnect();
}

StreamCounts StreamPair::counts() const {
  const StreamCounts a = shares_->counts();
  const StreamCounts b = pairs_->counts();
  return {.connections = a.connections + b.connections,
          .messages = a.messages + b.messages,
          .malformed = a.malformed + b.malformed,
          .ticks = a.ticks + b.ticks,
          .dropped = a.dropped + b.dropped,
          .ignored = a.ignored + b.ignored};
}

Capability StreamPair::capability() {
  Capability capability;
  capability.indices = false;
  capability.currencies = false;
  capability.intervals = 1U << static_cast<unsigned>(Interval::Minute);
  return capability;
}

std::string stream_url(std::string_view url, std::string_view usual, std::string_view path) {
  while (url.ends_with('/')) url.remove_suffix(1);
  if (url.ends_with(usual)) url.remove_suffix(usual.size());
  return std::string{url} + std::string{path};
}

}  // namespace ziggy::feed
