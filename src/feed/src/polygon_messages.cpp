#include "polygon_messages.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>

#include "polygon_symbols.hpp"
#include "stream_values.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::feed {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

/// The largest message that is read; bursts are far below.
constexpr std::size_t kMessageMax = std::size_t{4} << 20U;

constexpr std::array<std::string_view, 4> kShareChannels = {"T", "Q", "A", "AM"};
constexpr std::array<std::string_view, 4> kPairChannels = {"XT", "XQ", "XAS", "XA"};

std::string_view text_of(const object& item, std::string_view key) {
  std::string_view text;
  if (item[key].get_string().get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::optional<double> number_of(const object& item, std::string_view key) {
  double value = 0;
  if (item[key].get_double().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<std::int64_t> integer_of(const object& item, std::string_view key) {
  std::int64_t value = 0;
  if (item[key].get_int64().get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<Timestamp> time_of(const object& item, std::string_view key) {
  const auto count = integer_of(item, key);
  if (!count) return std::nullopt;
  return epoch_time(*count);
}

/// `BACpL`, as all their spellings of shares.
std::optional<Symbol> parse_share(std::string_view text) {
  const bool is_plain = std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
  const auto symbol = is_plain && !text.contains(':') ? Symbol::parse(text) : from_polygon(text);
  if (!symbol) return std::nullopt;
  return *symbol;
}

/// `X:BTC-USD` and `BTC/USD` are BTC-USD; the streams, unlike the rest, separate the two.
std::optional<Symbol> parse_pair(std::string_view text) {
  if (text.starts_with("X:")) text.remove_prefix(2);
  std::array<char, Symbol::kSizeMax> spelled{};
  if (text.empty() || text.size() > spelled.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) spelled[i] = text[i] == '/' ? '-' : text[i];
  const auto symbol = Symbol::parse({spelled.data(), text.size()});
  if (!symbol) return std::nullopt;
  return *symbol;
}

/// A print's number: shares have a sequence that is unique per symbol and day, pairs only an id.
std::uint64_t print_id(const object& item) {
  if (const auto sequence = integer_of(item, "q"); sequence && *sequence > 0) {
    return static_cast<std::uint64_t>(*sequence);
  }
  if (const auto id = integer_of(item, "i"); id && *id > 0) return static_cast<std::uint64_t>(*id);
  const auto id = text::parse_int(text_of(item, "i"));
  return id && *id > 0 ? static_cast<std::uint64_t>(*id) : 0;
}

bool tell_trade(const object& item, const Symbol& symbol, StreamSink& sink) {
  const auto time = time_of(item, "t");
  const auto price = number_of(item, "p");
  const auto size = number_of(item, "s");
  if (!time || !is_price(price) || !is_size(size)) return false;
  sink.on_trade({symbol, *time, *price, *size, print_id(item)});
  return true;
}

bool tell_quote(const object& item, const Symbol& symbol, StreamSink& sink) {
  const auto time = time_of(item, "t");
  if (!time) return false;
  const auto quote = make_quote(
      symbol, *time,
      {number_of(item, "bp"), number_of(item, "ap"), number_of(item, "bs"), number_of(item, "as")});
  if (quote) sink.on_quote(*quote);
  return quote.has_value();
}

bool tell_bar(const object& item, const Symbol& symbol, Interval interval, StreamSink& sink) {
  const auto start = time_of(item, "s");
  const auto open = number_of(item, "o");
  const auto high = number_of(item, "h");
  const auto low = number_of(item, "l");
  const auto close = number_of(item, "c");
  const auto volume = number_of(item, "v");
  if (!start || !is_price(open) || !is_price(high) || !is_price(low) || !is_price(close) ||
      !is_size(volume)) {
    return false;
  }
  sink.on_bar(symbol, interval, {*start, *open, *high, *low, *close, *volume}, BarPhase::Closed);
  return true;
}

void tell_subscribed(std::string_view channels, StreamSink& sink) {
  for (const std::string_view channel : text::split_list(channels)) {
    const std::size_t dot = channel.find('.');
    if (dot == std::string_view::npos) continue;
    const std::string_view name = channel.substr(dot + 1);
    const auto symbol = channel.starts_with('X') ? parse_pair(name) : parse_share(name);
    if (symbol) sink.on_subscribed(*symbol);
  }
}

/// The vendor has one status for "no such plan" and for any other fault, and says which in prose.
bool speaks_of_plan(std::string_view message) {
  const std::string lower = text::lower(message);
  for (const std::string_view word : {"authorized", "entitle", "plan", "access", "upgrade"}) {
    if (lower.contains(word)) return true;
  }
  return false;
}

void tell_status(const object& item, StreamSink& sink) {
  constexpr std::string_view kSubscribed = "subscribed to:";
  const std::string_view status = text_of(item, "status");
  const std::string_view message = text_of(item, "message");
  std::string detail = fmt::format("{}: {}", status, message.substr(0, 200));
  if (status == "connected") return sink.on_greeting();
  if (status == "auth_success") return sink.on_authenticated();
  if (status == "auth_failed") {
    const bool is_plan = speaks_of_plan(message);
    return sink.on_failed(
        {is_plan ? ErrorCode::NotEntitled : ErrorCode::CredentialsRejected, std::move(detail)});
  }
  if (status == "auth_timeout") {
    return sink.on_failed({ErrorCode::ProviderTimeout, std::move(detail)});
  }
  if (status == "max_connections") {
    return sink.on_failed({ErrorCode::ProviderQuota, std::move(detail)});
  }
  if (status == "force_disconnect" || status == "slow_consumer") {
    return sink.on_failed({ErrorCode::ProviderUnavailable, std::move(detail)});
  }
  if (status == "success" && message.starts_with(kSubscribed)) {
    return tell_subscribed(message.substr(kSubscribed.size()), sink);
  }
  if (status == "error" || status == "auth_required" || status == "not_authorized") {
    const bool is_plan = status == "not_authorized" || speaks_of_plan(message);
    return sink.on_denied(
        {is_plan ? ErrorCode::NotEntitled : ErrorCode::NotSupported, std::move(detail)});
  }
  sink.on_ignored();
}

void tell(const object& item, StreamSink& sink) {
  enum class Kind : std::uint8_t { Trade, Quote, SecondBar, MinuteBar };
  const std::string_view event = text_of(item, "ev");
  if (event == "status") return tell_status(item, sink);
  const bool is_pair = event.starts_with('X');
  Kind kind{};
  if (event == "T" || event == "XT") {
    kind = Kind::Trade;
  } else if (event == "Q" || event == "XQ") {
    kind = Kind::Quote;
  } else if (event == "A" || event == "XAS") {
    kind = Kind::SecondBar;
  } else if (event == "AM" || event == "XA") {
    kind = Kind::MinuteBar;
  } else {
    return sink.on_ignored();
  }
  const auto symbol =
      is_pair ? parse_pair(text_of(item, "pair")) : parse_share(text_of(item, "sym"));
  bool is_told = false;
  if (symbol && kind == Kind::Trade) is_told = tell_trade(item, *symbol, sink);
  if (symbol && kind == Kind::Quote) is_told = tell_quote(item, *symbol, sink);
  if (symbol && kind == Kind::SecondBar) is_told = tell_bar(item, *symbol, Interval::Second, sink);
  if (symbol && kind == Kind::MinuteBar) is_told = tell_bar(item, *symbol, Interval::Minute, sink);
  if (!is_told) sink.on_dropped();
}

}  // namespace

struct PolygonMessages::Buffers {
  simdjson::dom::parser parser{kMessageMax};
};

PolygonMessages::PolygonMessages() : buffers_{std::make_unique<Buffers>()} {}
PolygonMessages::~PolygonMessages() = default;

Result<> PolygonMessages::read(std::string_view payload, StreamSink& sink) {
  element whole;
  if (const auto error = buffers_->parser.parse(payload.data(), payload.size()).get(whole)) {
    return fail(ErrorCode::BadPayload, "JSON: {}", simdjson::error_message(error));
  }
  object single;
  if (whole.get_object().get(single) == simdjson::SUCCESS) {
    tell(single, sink);
    return {};
  }
  simdjson::dom::array items;
  if (whole.get_array().get(items) != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "JSON: neither object nor array");
  }
  for (const element each : items) {
    object item;
    if (each.get_object().get(item) == simdjson::SUCCESS) {
      tell(item, sink);
    } else {
      sink.on_dropped();
    }
  }
  return {};
}

net::ClientMessage polygon_auth(const Secret& key) {
  std::string out = R"({"action":"auth","params":")";
  text::append_json_escaped(out, key.reveal());
  out += "\"}";
  return {net::MessageKind::Text, std::move(out)};
}

net::ClientMessage polygon_request(std::string_view action, std::span<const Symbol> symbols) {
  std::string list;
  for (const Symbol& symbol : symbols) {
    const std::string name = symbol.is_crypto() ? std::string{symbol.view()} : to_polygon(symbol);
    for (const std::string_view channel : symbol.is_crypto() ? kPairChannels : kShareChannels) {
      if (!list.empty()) list += ',';
      list += fmt::format("{}.{}", channel, name);
    }
  }
  return {net::MessageKind::Text, fmt::format(R"({{"action":"{}","params":"{}"}})", action, list)};
}

}  // namespace ziggy::feed
