#include "ziggy/feed/polygon_stream.hpp"

#include <utility>

#include "polygon_messages.hpp"
#include "stream_pair.hpp"

namespace ziggy::feed {

namespace {

class PolygonProtocol final : public StreamProtocol {
 public:
  PolygonProtocol(const PolygonStreamSettings& settings, std::string_view path)
      : url_{stream_url(settings.url, "/stocks", path)}, key_{settings.key} {}

  net::WebSocketClientSettings connection() const override {
    net::WebSocketClientSettings settings;
    settings.url = url_;
    return settings;
  }
  net::ClientMessage authentication() override { return polygon_auth(key_); }
  net::ClientMessage subscription(std::span<const Symbol> symbols) override {
    return polygon_request("subscribe", symbols);
  }
  net::ClientMessage unsubscription(std::span<const Symbol> symbols) override {
    return polygon_request("unsubscribe", symbols);
  }
  /// A plan may have minutes but no quotes.
  bool denies_whole_requests() const noexcept override { return false; }
  Result<> read(const net::ClientMessage& message, StreamSink& sink) override {
    return messages_.read(message.payload, sink);
  }

 private:
  const std::string url_;
  const Secret key_;
  PolygonMessages messages_;
};

}  // namespace

class PolygonStream::State final : public StreamPair {
 public:
  explicit State(const PolygonStreamSettings& settings)
      : StreamPair{"polygon", std::make_unique<PolygonProtocol>(settings, "/stocks"),
                   std::make_unique<PolygonProtocol>(settings, "/crypto"), settings.timings,
                   settings.seed} {}
};

PolygonStream::PolygonStream(PolygonStreamSettings settings)
    : state_{std::make_unique<State>(settings)} {}

PolygonStream::~PolygonStream() = default;

void PolygonStream::set_listener(TickListener& listener) { state_->set_listener(listener); }

Capability PolygonStream::stream_capability() const {
  Capability capability = StreamPair::capability();
  capability.intervals |= 1U << static_cast<unsigned>(Interval::Second);
  return capability;
}

void PolygonStream::start(net::Executor executor) { state_->start(executor); }

void PolygonStream::stop() { state_->stop(); }

void PolygonStream::subscribe(Symbol symbol) { state_->subscribe(symbol); }

void PolygonStream::unsubscribe(Symbol symbol) { state_->unsubscribe(symbol); }

void PolygonStream::reconnect() { state_->reconnect(); }

StreamCounts PolygonStream::counts() const { return state_->counts(); }

}  // namespace ziggy::feed
