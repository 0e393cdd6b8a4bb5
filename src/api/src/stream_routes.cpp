#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "market_json.hpp"
#include "state.hpp"
#include "ziggy/net/websocket.hpp"

namespace ziggy::api {
namespace {

// Our own messages nest two levels; deeper ones are an attempt on the stack.
constexpr std::size_t kMessageDepthMax = 8;

/// One listener of one symbol. Lives on the socket's loop, as long as the socket.
class MarketSocket final : public net::WebSocketListener {
 public:
  MarketSocket(std::weak_ptr<net::WebSocket> socket, streams::Subscription subscription,
               std::shared_ptr<market::LiveHandle> live, const Clock& clock)
      : socket_{std::move(socket)},
        subscription_{std::move(subscription)},
        live_{std::move(live)},
        clock_{clock} {}

  void on_message(std::string_view payload, net::MessageKind kind) override {
    if (kind != net::MessageKind::Text) return refuse("messages are JSON text");
    boost::json::monotonic_resource memory;
    boost::system::error_code error;
    boost::json::parse_options options;
    options.max_depth = kMessageDepthMax;
    const auto message = boost::json::parse(
        boost::json::string_view{payload.data(), payload.size()}, error, &memory, options);
    if (error || !message.is_object()) return refuse("a message is one JSON object");
    // Some clients of other services say `action`.
    const boost::json::value* type = message.get_object().if_contains("type");
    if (type == nullptr) type = message.get_object().if_contains("action");
    if (type == nullptr || !type->is_string()) return refuse("a message has a type");
    answer({type->get_string().data(), type->get_string().size()});
  }

  void on_writable() override { subscription_.flush(); }

  void on_shutdown() override { send("server_shutdown"); }

  void on_close(std::uint16_t) override {
    subscription_ = {};
    live_.reset();
  }

 private:
  void answer(std::string_view type) {
    if (type == "ping") return send("pong");
    if (type == "subscribe" || type == "unsubscribe") {
      return send("error", "not_supported", "this path streams its own symbol only");
    }
    send("error", "validation_failed", "unknown message type; this path knows ping");
  }

  void refuse(std::string_view reason) {
    if (const auto socket = socket_.lock()) socket->close(net::close_code::kBadMessage, reason);
  }

  void send(std::string_view type, std::string_view code = {}, std::string_view message = {}) {
    const auto socket = socket_.lock();
    if (!socket) return;
    std::string text;
    JsonOut json{text};
    json.begin_object().field("type", type).field("ts", clock_.now());
    if (!code.empty()) json.field("code", code).field("message", message);
    json.end_object();
    socket->send(net::Frame::text(text));
  }

  std::weak_ptr<net::WebSocket> socket_;
  streams::Subscription subscription_;
  std::shared_ptr<market::LiveHandle> live_;
  const Clock& clock_;
};

/// Refuses what has no quote before the upgrade, with a body that says why.
net::Task<Result<net::Response>> open_market_stream(Api::State* state, net::Request request,
                                                    Params params) {
  const Symbol symbol = *params.symbol("symbol");
  auto known = co_await state->parts.market.quote(symbol, request.call);
  if (!known) co_return std::unexpected{std::move(known).error()};
  // From before the snapshot on, so that nothing is missed between the two; shared because an
  // upgrade can be copied.
  auto live = std::make_shared<market::LiveHandle>();
  if (state->parts.live != nullptr) {
    ZIGGY_CO_TRY(handle, state->parts.live->subscribe(symbol));
    *live = std::move(handle);
  }
  net::Response response;
  response.upgrade = [state, symbol, live, message = market::to_message(*known)](
                         std::shared_ptr<net::WebSocket> socket) {
    auto subscription = state->parts.hub.subscribe(socket, symbol, message);
    socket->set_listener(
        std::make_shared<MarketSocket>(socket, std::move(subscription), live, state->parts.clock));
  };
  co_return response;
}

}  // namespace

void add_stream_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  routes.push_back({
      .path = "/ws/market/{symbol}",
      .tag = "Streams",
      .summary =
          "A WebSocket of one symbol: a `snapshot`, then each `quote`, `trade` and `bar` as it "
          "happens.",
      .description =
          "Each message is one flat JSON object: `type`, `channel`, `ts`, `symbol` and the fields "
          "of the REST answer (`trade`: `price`, `size`, `as_of`; `bar`: `interval`, `t`, `o`, "
          "`h`, `l`, `c`, `v`, and `phase` when it is `running` or `corrected` rather than "
          "closed). `seq` grows by one a message; after a client was too slow, the next message "
          "says in `skipped` how many it missed, so that seq - skipped - 1 is the one before. "
          "When minute bars were missed upstream, `gap` says `from`, `to` and `healed: false`; "
          "the missing bars follow in their place, before later ones, then `gap` with `healed: "
          "true`. A gap has no `seq`. `{\"type\":\"ping\"}` answers `pong`; what is not JSON "
          "closes with 4400, a client that does not read with 4408, a server that stops with 1012.",
      .policy = policy("market:read", "ws_connect", std::chrono::seconds{10}),
      .params = {symbol_param()},
      .errors = {ErrorCode::UnknownSymbol, ErrorCode::ProviderUnavailable,
                 ErrorCode::StorageUnavailable, ErrorCode::RateLimited},
      .is_websocket = true,
      .handler =
          [state](net::Request request, Params params) {
            return open_market_stream(state, request, std::move(params));
          },
  });
}

}  // namespace ziggy::api
