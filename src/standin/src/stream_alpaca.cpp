#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "ask.hpp"
#include "msgpack_json.hpp"
#include "streams.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::standin {

namespace {

namespace json = boost::json;

struct Named {
  std::string_view name;
  Channel channel;
};
// The vendor has no second bars.
constexpr std::array kChannels = {Named{"trades", Channel::Trades},
                                  Named{"quotes", Channel::Quotes},
                                  Named{"bars", Channel::MinuteBars}};

/// `wss://stream.data.alpaca.markets/v2/iex`, `/v2/sip` and `/v1beta3/crypto/us`.
class AlpacaSession final : public StreamSession {
 public:
  AlpacaSession(std::shared_ptr<Peer> peer, const StandInSettings& settings, bool is_crypto)
      : StreamSession{std::move(peer), settings, Vendor::Alpaca, is_crypto} {}

  void open(const WireRequest& request) override {
    is_msgpack_ = request.header("content-type") == "application/msgpack";
    send(R"([{"T":"success","msg":"connected"}])");
    if (!request.header("apca-api-key-id").empty()) {
      authenticate(request.header("apca-api-key-id"), request.header("apca-api-secret-key"));
    }
  }

  void refuse_as_too_many() override {
    error(406, "connection limit exceeded");
    peer().finish();
  }

  void hear(std::string_view message, bool is_binary) override {
    json::value value;
    if (is_binary) {
      auto decoded = json_of_msgpack(message);
      if (decoded) value = std::move(*decoded);
    } else {
      boost::system::error_code ec;
      value = json::parse(message, ec);
    }
    const json::object* object = value.if_object();
    if (object == nullptr) return error(400, "invalid syntax");
    const auto text_of = [&](std::string_view key) -> std::string_view {
      const json::value* found = object->if_contains(key);
      return found != nullptr && found->is_string() ? std::string_view{found->get_string()}
                                                    : std::string_view{};
    };
    const std::string_view action = text_of("action");
    if (action == "auth") return authenticate(text_of("key"), text_of("secret"));
    if (!is_authenticated_) return error(401, "not authenticated");
    if (action != "subscribe" && action != "unsubscribe") return error(400, "invalid syntax");
    for (const auto& [name, channel] : kChannels) {
      const json::value* list = object->if_contains(name);
      if (list == nullptr || !list->is_array()) continue;
      for (const json::value& each : list->get_array()) {
        if (each.is_string())
          change(std::string_view{each.get_string()}, channel, action == "subscribe");
      }
    }
    confirm();
  }

 protected:
  void send(std::string text) override {
    if (!is_msgpack_) return StreamSession::send(std::move(text));
    // What a broken vendor sends is broken in this form too.
    boost::system::error_code ec;
    const json::value value = json::parse(text, ec);
    peer().send(std::string{net::Frame::binary(ec ? text : msgpack_of_json(value)).bytes()});
  }

  std::string spell(const Symbol& symbol) const override {
    std::string name{symbol.view()};
    if (is_crypto()) {
      for (char& c : name) {
        if (c == '-') c = '/';
      }
    }
    return name;
  }

  std::string render(const MarketEvent& event, std::string_view shown) const override {
    const Quote& quote = event.quote;
    const Bar& bar = event.bar;
    switch (event.channel) {
      case Channel::Trades:
        return fmt::format(R"({{"T":"t","S":"{}","i":{},"p":{},"s":{},{}"t":"{}"}})", shown,
                           quote.as_of.time_since_epoch().count() / 1'000'000,
                           quote.last.value_or(0), quote.last_size.value_or(1),
                           is_crypto() ? R"("tks":"B",)" : R"("x":"V","c":["@"],"z":"C",)",
                           to_rfc3339(quote.as_of));
      case Channel::Quotes: {
        const double lot = is_crypto() ? 1 : 100;
        const auto size = [lot](std::optional<double> units) {
          return lot == 1 ? units.value_or(0) : std::round(units.value_or(0) / lot);
        };
        return fmt::format(R"({{"T":"q","S":"{}",{}"bp":{},"bs":{},"ap":{},"as":{},{}"t":"{}"}})",
                           shown, is_crypto() ? "" : R"("bx":"V","ax":"V",)", quote.bid.value_or(0),
                           size(quote.bid_size), quote.ask.value_or(0), size(quote.ask_size),
                           is_crypto() ? "" : R"("c":["R"],"z":"C",)", to_rfc3339(quote.as_of));
      }
      case Channel::SecondBars:
      case Channel::MinuteBars:
        break;
    }
    return fmt::format(
        R"({{"T":"b","S":"{}","o":{},"h":{},"l":{},"c":{},"v":{},"t":"{}","n":{},"vw":{}}})", shown,
        bar.open, bar.high, bar.low, bar.close, bar.volume, to_rfc3339(bar.time),
        std::max<std::int64_t>(1, std::llround(bar.volume / 100)), middle(bar));
  }

 private:
  void error(int code, std::string_view message) {
    send(fmt::format(R"([{{"T":"error","code":{},"msg":"{}"}}])", code, message));
  }

  void authenticate(std::string_view key, std::string_view secret) {
    if (is_authenticated_) return error(403, "already authenticated");
    if (key != settings().alpaca_key_id || secret != settings().alpaca_secret_key) {
      error(402, "auth failed");
      return peer().finish();
    }
    is_authenticated_ = true;
    send(R"([{"T":"success","msg":"authenticated"}])");
  }

  void change(std::string_view name, Channel channel, bool is_on) {
    if (name == "*") {
      is_on ? void(all_.insert(channel)) : void(all_.erase(channel));
      return;
    }
    std::string canonical{name};
    for (char& c : canonical) {
      if (c == '/') c = '-';
    }
    const auto symbol = Symbol::parse(canonical);
    if (!symbol) return;
    if (is_on) {
      subscribed_[*symbol].insert(channel);
      return;
    }
    const auto known = subscribed_.find(*symbol);
    if (known == subscribed_.end()) return;
    known->second.erase(channel);
    if (known->second.empty()) subscribed_.erase(known);
  }

  /// The whole of what is subscribed, as the vendor answers every change.
  void confirm() {
    std::string out = R"([{"T":"subscription")";
    for (const auto& [name, channel] : kChannels) {
      std::string list = all_.contains(channel) ? R"("*")" : "";
      for (const auto& [symbol, channels] : subscribed_) {
        if (channels.contains(channel))
          list += fmt::format(R"({}"{}")", list.empty() ? "" : ",", spell(symbol));
      }
      out += fmt::format(R"(,"{}":[{}])", name, list);
    }
    out += R"(,"updatedBars":[],"dailyBars":[])";
    if (!is_crypto()) out += R"(,"statuses":[],"lulds":[],"corrections":[],"cancelErrors":[])";
    send(out + "}]");
  }

  bool is_msgpack_ = false;
  bool is_authenticated_ = false;
};

}  // namespace

std::shared_ptr<StreamSession> make_alpaca_session(std::shared_ptr<Peer> peer,
                                                   const StandInSettings& settings,
                                                   bool is_crypto) {
  return std::make_shared<AlpacaSession>(std::move(peer), settings, is_crypto);
}

}  // namespace ziggy::standin
