#include "ziggy/feed/alpaca_stream.hpp"

#include <utility>

#include "alpaca_messages.hpp"
#include "stream_pair.hpp"

namespace ziggy::feed {

namespace {

class AlpacaProtocol final : public StreamProtocol {
 public:
  AlpacaProtocol(const AlpacaStreamSettings& settings, std::string url)
      : url_{std::move(url)},
        key_id_{settings.key_id},
        secret_{settings.secret},
        wants_messagepack_{settings.messagepack} {}

  net::WebSocketClientSettings connection() const override {
    net::WebSocketClientSettings settings;
    settings.url = url_;
    if (wants_messagepack_) settings.headers = {{"Content-Type", "application/msgpack"}};
    return settings;
  }
  net::ClientMessage authentication() override { return alpaca_auth(speech_, key_id_, secret_); }
  net::ClientMessage subscription(std::span<const Symbol> symbols) override {
    return alpaca_request(speech_, "subscribe", symbols);
  }
  net::ClientMessage unsubscription(std::span<const Symbol> symbols) override {
    return alpaca_request(speech_, "unsubscribe", symbols);
  }
  bool denies_whole_requests() const noexcept override { return true; }
  Result<> read(const net::ClientMessage& message, StreamSink& sink) override {
    speech_ = message.kind;
    return messages_.read(message.payload, message.kind, sink);
  }

 private:
  const std::string url_;
  const Secret key_id_;
  const Secret secret_;
  const bool wants_messagepack_;
  /// The codec of the vendor's last message, whatever was asked for.
  net::MessageKind speech_ = net::MessageKind::Text;
  AlpacaMessages messages_;
};

std::unique_ptr<StreamProtocol> make_protocol(const AlpacaStreamSettings& settings,
                                              std::string_view path) {
  const std::string shares = "/v2/" + settings.feed;
  return std::make_unique<AlpacaProtocol>(
      settings, stream_url(settings.url, shares, path.empty() ? shares : path));
}

}  // namespace

class AlpacaStream::State final : public StreamPair {
 public:
  explicit State(const AlpacaStreamSettings& settings)
      : StreamPair{"alpaca", make_protocol(settings, ""),
                   make_protocol(settings, "/v1beta3/crypto/us"), settings.timings, settings.seed} {
  }
};

AlpacaStream::AlpacaStream(AlpacaStreamSettings settings)
    : state_{std::make_unique<State>(settings)} {}

AlpacaStream::~AlpacaStream() = default;

void AlpacaStream::set_listener(TickListener& listener) { state_->set_listener(listener); }

Capability AlpacaStream::stream_capability() const { return StreamPair::capability(); }

void AlpacaStream::start(net::Executor executor) { state_->start(executor); }

void AlpacaStream::stop() { state_->stop(); }

void AlpacaStream::subscribe(Symbol symbol) { state_->subscribe(symbol); }

void AlpacaStream::unsubscribe(Symbol symbol) { state_->unsubscribe(symbol); }

void AlpacaStream::reconnect() { state_->reconnect(); }

StreamCounts AlpacaStream::counts() const { return state_->counts(); }

}  // namespace ziggy::feed
