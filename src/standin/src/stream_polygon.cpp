#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "ask.hpp"
#include "streams.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::standin {

namespace {

std::int64_t epoch_ms(Timestamp time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

/// `wss://socket.polygon.io/stocks` and `/crypto`: an array of events a message.
class PolygonSession final : public StreamSession {
 public:
  PolygonSession(std::shared_ptr<Peer> peer, const StandInSettings& settings, bool is_crypto)
      : StreamSession{std::move(peer), settings, Vendor::Polygon, is_crypto} {}

  void open(const WireRequest& /*request*/) override {
    status("connected", "Connected Successfully");
  }

  void refuse_as_too_many() override {
    status("max_connections", "Maximum number of websocket connections exceeded.");
    peer().finish();
  }

  void hear(std::string_view message, bool /*is_binary*/) override {
    boost::system::error_code ec;
    const auto value = boost::json::parse(message, ec);
    const auto* object = ec ? nullptr : value.if_object();
    const auto text_of = [&](std::string_view key) -> std::string_view {
      const auto* found = object == nullptr ? nullptr : object->if_contains(key);
      return found != nullptr && found->is_string() ? std::string_view{found->get_string()}
                                                    : std::string_view{};
    };
    const std::string_view action = text_of("action");
    const std::string_view params = text_of("params");
    if (action == "auth") return authenticate(params);
    if (!is_authenticated_) {
      status("auth_required", "You must authenticate before subscribing");
      return peer().finish();
    }
    if (action == "subscribe" || action == "unsubscribe") {
      for (const std::string_view topic : text::split_list(params))
        change(topic, action == "subscribe");
      return;
    }
    status("error", "unknown action");
  }

 protected:
  std::string spell(const Symbol& symbol) const override { return std::string{symbol.view()}; }

  std::string render(const MarketEvent& event, std::string_view shown) const override {
    const Quote& quote = event.quote;
    const Bar& bar = event.bar;
    const std::int64_t at = epoch_ms(quote.as_of);
    switch (event.channel) {
      case Channel::Trades:
        if (is_crypto()) {
          return fmt::format(
              R"({{"ev":"XT","pair":"{}","p":{},"t":{},"s":{},"c":[2],"i":"{}","x":1,"r":{}}})",
              shown, quote.last.value_or(0), at, quote.last_size.value_or(1), at, at);
        }
        return fmt::format(
            R"({{"ev":"T","sym":"{}","x":4,"i":"{}","z":3,"p":{},"s":{},"c":[0],"t":{},"q":{}}})",
            shown, at, quote.last.value_or(0), quote.last_size.value_or(1), at, at);
      case Channel::Quotes:
        if (is_crypto()) {
          return fmt::format(
              R"({{"ev":"XQ","pair":"{}","bp":{},"bs":{},"ap":{},"as":{},"t":{},"x":1,"r":{}}})",
              shown, quote.bid.value_or(0), quote.bid_size.value_or(0), quote.ask.value_or(0),
              quote.ask_size.value_or(0), at, at);
        }
        // Sizes in round lots of a hundred.
        return fmt::format(
            R"({{"ev":"Q","sym":"{}","bx":4,"bp":{},"bs":{},"ax":7,"ap":{},"as":{},"c":0,"t":{},"q":{},"z":3}})",
            shown, quote.bid.value_or(0), std::llround(quote.bid_size.value_or(0) / 100),
            quote.ask.value_or(0), std::llround(quote.ask_size.value_or(0) / 100), at, at);
      case Channel::SecondBars:
      case Channel::MinuteBars:
        break;
    }
    const bool is_second = event.channel == Channel::SecondBars;
    const auto length =
        is_second ? std::chrono::milliseconds{1'000} : std::chrono::milliseconds{60'000};
    const std::int64_t start = epoch_ms(bar.time);
    if (is_crypto()) {
      return fmt::format(
          R"({{"ev":"{}","pair":"{}","v":{},"vw":{},"z":1,"o":{},"c":{},"h":{},"l":{},"s":{},"e":{}}})",
          is_second ? "XAS" : "XA", shown, bar.volume, middle(bar), bar.open, bar.close, bar.high,
          bar.low, start, start + length.count());
    }
    return fmt::format(
        R"({{"ev":"{}","sym":"{}","v":{},"av":{},"op":{},"vw":{},"o":{},"c":{},"h":{},"l":{},"a":{},"z":50,)"
        R"("s":{},"e":{}}})",
        is_second ? "A" : "AM", shown, bar.volume, bar.volume, bar.open, middle(bar), bar.open,
        bar.close, bar.high, bar.low, middle(bar), start, start + length.count());
  }

 private:
  void status(std::string_view what, std::string_view message) {
    std::string escaped;
    text::append_json_escaped(escaped, message);
    send(fmt::format(R"([{{"ev":"status","status":"{}","message":"{}"}}])", what, escaped));
  }

  void authenticate(std::string_view key) {
    if (key != settings().polygon_key) {
      status("auth_failed", "authentication failed");
      return peer().finish();
    }
    is_authenticated_ = true;
    status("auth_success", "authenticated");
  }

  /// "T.AAPL", "XA.BTC-USD", "Q.*".
  void change(std::string_view topic, bool is_on) {
    const std::size_t dot = topic.find('.');
    const auto channel = channel_of(topic.substr(0, dot));
    const std::string_view name = dot == std::string_view::npos ? "" : topic.substr(dot + 1);
    const auto symbol = Symbol::parse(name);
    if (!channel || (!symbol && name != "*")) {
      return status("error", fmt::format("not authorized or unknown: {}", topic.substr(0, 40)));
    }
    if (name == "*") {
      is_on ? void(all_.insert(*channel)) : void(all_.erase(*channel));
    } else if (is_on) {
      subscribed_[*symbol].insert(*channel);
    } else if (const auto known = subscribed_.find(*symbol); known != subscribed_.end()) {
      known->second.erase(*channel);
      if (known->second.empty()) subscribed_.erase(known);
    }
    status("success", fmt::format("{} to: {}", is_on ? "subscribed" : "unsubscribed", topic));
  }

  [[nodiscard]] std::optional<Channel> channel_of(std::string_view name) const {
    if (name == (is_crypto() ? "XT" : "T")) return Channel::Trades;
    if (name == (is_crypto() ? "XQ" : "Q")) return Channel::Quotes;
    if (name == (is_crypto() ? "XAS" : "A")) return Channel::SecondBars;
    if (name == (is_crypto() ? "XA" : "AM")) return Channel::MinuteBars;
    return std::nullopt;
  }

  bool is_authenticated_ = false;
};

}  // namespace

std::shared_ptr<StreamSession> make_polygon_session(std::shared_ptr<Peer> peer,
                                                    const StandInSettings& settings,
                                                    bool is_crypto) {
  return std::make_shared<PolygonSession>(std::move(peer), settings, is_crypto);
}

}  // namespace ziggy::standin
