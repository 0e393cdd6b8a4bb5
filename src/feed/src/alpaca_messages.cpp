#include "alpaca_messages.hpp"

#include <simdjson.h>

#include <array>
#include <limits>
#include <optional>
#include <vector>

#include "alpaca_parse.hpp"
#include "stream_values.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/net/msgpack.hpp"

namespace ziggy::feed {

namespace {

using net::MessageKind;
using net::MsgPackReader;
using net::MsgPackType;

/// The largest message that is read; bursts are far below.
constexpr std::size_t kMessageMax = std::size_t{4} << 20U;
/// What is subscribed for each symbol.
constexpr std::array<std::string_view, 4> kChannels = {"trades", "quotes", "bars", "updatedBars"};

/// One item, whichever codec it came in. Keys of one letter mean different things by kind: `c` is a
/// close or a list of conditions, `t` a time.
struct Item {
  std::string_view kind;
  std::string_view symbol;
  std::string_view text;
  std::optional<std::int64_t> code;
  std::optional<double> price, size, bid, bid_size, ask, ask_size;
  std::optional<double> open, high, low, close, volume;
  std::optional<Timestamp> time;
  std::uint64_t id = 0;
  /// Of a subscription; views, with repetitions.
  std::vector<std::string_view> symbols;

  void clear() {
    std::vector<std::string_view> kept = std::move(symbols);
    kept.clear();
    *this = {};
    symbols = std::move(kept);
  }
};

bool is_channel(std::string_view key) noexcept {
  return std::ranges::find(kChannels, key) != kChannels.end();
}

void set_number(Item& item, std::string_view key, double value) {
  if (key.size() == 1) {
    switch (key[0]) {
      case 'p':
        item.price = value;
        return;
      case 's':
        item.size = value;
        return;
      case 'o':
        item.open = value;
        return;
      case 'h':
        item.high = value;
        return;
      case 'l':
        item.low = value;
        return;
      case 'c':
        item.close = value;
        return;
      case 'v':
        item.volume = value;
        return;
      default:
        return;
    }
  }
  if (key == "bp") item.bid = value;
  if (key == "bs") item.bid_size = value;
  if (key == "ap") item.ask = value;
  if (key == "as") item.ask_size = value;
}

void set_integer(Item& item, std::string_view key, std::uint64_t value) {
  if (key == "i") item.id = value;
  if (key == "code" && value < 10'000) item.code = static_cast<std::int64_t>(value);
}

void set_text(Item& item, std::string_view key, std::string_view value) {
  if (key == "T") item.kind = value;
  if (key == "S") item.symbol = value;
  if (key == "msg") item.text = value;
  if (key == "t") {
    if (const auto time = parse_rfc3339(value)) item.time = *time;
  }
}

std::optional<Symbol> parse_symbol(std::string_view text) {
  std::array<char, Symbol::kSizeMax> spelled{};
  if (text.empty() || text.size() > spelled.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) spelled[i] = text[i] == '/' ? '-' : text[i];
  const auto symbol = Symbol::parse({spelled.data(), text.size()});
  if (!symbol) return std::nullopt;
  return *symbol;
}

void tell_error(const Item& item, StreamSink& sink) {
  const std::int64_t code = item.code.value_or(0);
  std::string detail = fmt::format("{} {}", code, item.text.substr(0, 200));
  switch (code) {
    case 402:
      return sink.on_failed({ErrorCode::CredentialsRejected, std::move(detail)});
    case 403:  // already authenticated
      return sink.on_ignored();
    case 404:
      return sink.on_failed({ErrorCode::ProviderTimeout, std::move(detail)});
    case 405:  // more symbols than the plan has
    case 409:
      return sink.on_denied({ErrorCode::NotEntitled, std::move(detail)});
    case 406:
      return sink.on_failed({ErrorCode::ProviderQuota, std::move(detail)});
    case 408:
      return sink.on_failed({ErrorCode::NotEntitled, std::move(detail)});
    case 400:
    case 410:
      return sink.on_denied({ErrorCode::NotSupported, std::move(detail)});
    default:  // 401 not authenticated, 407 slow client, 500, and what they may think of
      return sink.on_failed({ErrorCode::ProviderUnavailable, std::move(detail)});
  }
}

bool tell_tick(const Item& item, const Symbol& symbol, Timestamp time, StreamSink& sink) {
  switch (item.kind[0]) {
    case 't':
      if (!is_price(item.price) || !is_size(item.size)) return false;
      sink.on_trade({symbol, time, *item.price, *item.size, item.id});
      return true;
    case 'q': {
      const auto quote =
          make_quote(symbol, time, {item.bid, item.ask, item.bid_size, item.ask_size});
      if (quote) sink.on_quote(*quote);
      return quote.has_value();
    }
    default: {
      if (!is_price(item.open) || !is_price(item.high) || !is_price(item.low) ||
          !is_price(item.close) || !is_size(item.volume)) {
        return false;
      }
      const bool is_day = item.kind == "d";
      // A day's bar is stamped with New York's midnight, four or five hours into the same date.
      const Timestamp start = is_day ? Timestamp{date_of(time)} : time;
      const BarPhase phase = is_day             ? BarPhase::Running
                             : item.kind == "u" ? BarPhase::Corrected
                                                : BarPhase::Closed;
      sink.on_bar(symbol, is_day ? Interval::Day : Interval::Minute,
                  {start, *item.open, *item.high, *item.low, *item.close, *item.volume}, phase);
      return true;
    }
  }
}

void tell(const Item& item, StreamSink& sink) {
  if (item.kind == "success") {
    if (item.text == "connected") return sink.on_greeting();
    if (item.text == "authenticated") return sink.on_authenticated();
    return sink.on_ignored();
  }
  if (item.kind == "error") return tell_error(item, sink);
  if (item.kind == "subscription") {
    for (const std::string_view text : item.symbols) {
      if (const auto symbol = parse_symbol(text)) sink.on_subscribed(*symbol);
    }
    return;
  }
  const bool is_tick = item.kind.size() == 1 && std::string_view{"tqbud"}.contains(item.kind[0]);
  if (!is_tick) return sink.on_ignored();  // s, l, o, c, x, n, …
  const auto symbol = parse_symbol(item.symbol);
  if (!symbol || !item.time || item.time->time_since_epoch().count() <= 0 ||
      !tell_tick(item, *symbol, *item.time, sink)) {
    sink.on_dropped();
  }
}

void fill(Item& item, simdjson::dom::object object) {
  for (const auto [key, value] : object) {
    switch (value.type()) {
      case simdjson::dom::element_type::STRING:
        set_text(item, key, value.get_string().value_unsafe());
        break;
      case simdjson::dom::element_type::INT64: {
        const std::int64_t integer = value.get_int64().value_unsafe();
        set_number(item, key, static_cast<double>(integer));
        if (integer >= 0) set_integer(item, key, static_cast<std::uint64_t>(integer));
        break;
      }
      case simdjson::dom::element_type::UINT64:
        set_number(item, key, static_cast<double>(value.get_uint64().value_unsafe()));
        set_integer(item, key, value.get_uint64().value_unsafe());
        break;
      case simdjson::dom::element_type::DOUBLE:
        set_number(item, key, value.get_double().value_unsafe());
        break;
      case simdjson::dom::element_type::ARRAY:
        if (!is_channel(key)) break;
        for (const simdjson::dom::element each : value.get_array().value_unsafe()) {
          std::string_view text;
          if (each.get_string().get(text) == simdjson::SUCCESS) item.symbols.push_back(text);
        }
        break;
      default:
        break;
    }
  }
}

/// The reader stands before `count` strings, or whatever a stranger puts there.
Result<> fill_symbols(Item& item, MsgPackReader& reader, std::uint32_t count) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::size_t depth = reader.depth();
    ZIGGY_TRY(token, reader.next());
    if (token.type == MsgPackType::Str) item.symbols.push_back(token.bytes);
    while (reader.depth() > depth) {
      if (auto passed = reader.next(); !passed) return fail(std::move(passed).error());
    }
  }
  return {};
}

/// The reader stands behind the head of a map of `pairs`.
Result<> fill(Item& item, MsgPackReader& reader, std::uint32_t pairs) {
  for (std::uint32_t i = 0; i < pairs; ++i) {
    ZIGGY_TRY(key_token, reader.next());
    if (key_token.type != MsgPackType::Str) {
      return fail(ErrorCode::BadPayload, "MessagePack: a key is no text");
    }
    const std::string_view key = key_token.bytes;
    const std::size_t depth = reader.depth();
    ZIGGY_TRY(value, reader.next());
    if (value.is_number()) set_number(item, key, value.as_double());
    if (value.type == MsgPackType::Int && value.integer >= 0) {
      set_integer(item, key, static_cast<std::uint64_t>(value.integer));
    } else if (value.type == MsgPackType::UInt) {
      set_integer(item, key, value.unsigned_integer);
    } else if (value.type == MsgPackType::Str) {
      set_text(item, key, value.bytes);
    } else if (value.type == MsgPackType::Ext && key == "t") {
      item.time = value.timestamp();
    } else if (value.type == MsgPackType::Array && is_channel(key)) {
      if (auto filled = fill_symbols(item, reader, value.count); !filled) return filled;
    } else if (value.type == MsgPackType::Array || value.type == MsgPackType::Map) {
      while (reader.depth() > depth) {
        if (auto passed = reader.next(); !passed) return fail(std::move(passed).error());
      }
    }
  }
  return {};
}

}  // namespace

struct AlpacaMessages::Buffers {
  simdjson::dom::parser parser{kMessageMax};
  Item item;
};

AlpacaMessages::AlpacaMessages() : buffers_{std::make_unique<Buffers>()} {}
AlpacaMessages::~AlpacaMessages() = default;

namespace {

Result<> read_json(std::string_view payload, simdjson::dom::parser& parser, Item& item,
                   StreamSink& sink) {
  simdjson::dom::array items;
  if (const auto error = parser.parse(payload.data(), payload.size()).get_array().get(items)) {
    return fail(ErrorCode::BadPayload, "JSON: {}", simdjson::error_message(error));
  }
  for (const simdjson::dom::element each : items) {
    simdjson::dom::object object;
    if (each.get_object().get(object) != simdjson::SUCCESS) {
      sink.on_dropped();
      continue;
    }
    item.clear();
    fill(item, object);
    tell(item, sink);
  }
  return {};
}

/// Whether the bytes are an array of maps with texts for keys, and nothing else: looked at first,
/// so that of a broken message nothing is told.
Result<std::uint32_t> check_msgpack(std::string_view payload, Item& item) {
  MsgPackReader reader{payload};
  ZIGGY_TRY(head, reader.next());
  if (head.type != MsgPackType::Array) {
    return fail(ErrorCode::BadPayload, "MessagePack: no array");
  }
  for (std::uint32_t i = 0; i < head.count; ++i) {
    ZIGGY_TRY(each, reader.next());
    if (each.type != MsgPackType::Map) {
      return fail(ErrorCode::BadPayload, "MessagePack: an item is no map");
    }
    item.clear();
    if (auto filled = fill(item, reader, each.count); !filled) {
      return fail(std::move(filled).error());
    }
  }
  if (!reader.at_end()) return fail(ErrorCode::BadPayload, "MessagePack: more than one value");
  return head.count;
}

Result<> read_msgpack(std::string_view payload, Item& item, StreamSink& sink) {
  ZIGGY_TRY(count, check_msgpack(payload, item));
  MsgPackReader reader{payload};
  ZIGGY_TRY(head, reader.next());
  static_cast<void>(head);
  for (std::uint32_t i = 0; i < count; ++i) {
    ZIGGY_TRY(each, reader.next());
    item.clear();
    if (auto filled = fill(item, reader, each.count); !filled) return filled;
    tell(item, sink);
  }
  return {};
}

}  // namespace

Result<> AlpacaMessages::read(std::string_view payload, MessageKind kind, StreamSink& sink) {
  if (payload.size() > kMessageMax) {
    return fail(ErrorCode::BadPayload, "a message of {} bytes", payload.size());
  }
  if (kind == MessageKind::Text) {
    return read_json(payload, buffers_->parser, buffers_->item, sink);
  }
  return read_msgpack(payload, buffers_->item, sink);
}

net::ClientMessage alpaca_auth(MessageKind kind, const Secret& key_id, const Secret& secret) {
  if (kind == MessageKind::Binary) {
    net::MsgPackWriter writer;
    writer.map(3).text("action").text("auth");
    writer.text("key").text(key_id.reveal()).text("secret").text(secret.reveal());
    return {kind, writer.take()};
  }
  std::string out = R"({"action":"auth","key":")";
  text::append_json_escaped(out, key_id.reveal());
  out += R"(","secret":")";
  text::append_json_escaped(out, secret.reveal());
  out += "\"}";
  return {kind, std::move(out)};
}

net::ClientMessage alpaca_request(MessageKind kind, std::string_view action,
                                  std::span<const Symbol> symbols) {
  if (kind == MessageKind::Binary) {
    net::MsgPackWriter writer;
    writer.map(1 + kChannels.size()).text("action").text(action);
    for (const std::string_view channel : kChannels) {
      writer.text(channel).array(static_cast<std::uint32_t>(symbols.size()));
      for (const Symbol& symbol : symbols) writer.text(to_alpaca(symbol));
    }
    return {kind, writer.take()};
  }
  std::string list;
  for (const Symbol& symbol : symbols) {
    if (!list.empty()) list += ',';
    list += '"' + to_alpaca(symbol) + '"';
  }
  std::string out = fmt::format(R"({{"action":"{}")", action);
  for (const std::string_view channel : kChannels) {
    out += fmt::format(R"(,"{}":[{}])", channel, list);
  }
  out += '}';
  return {kind, std::move(out)};
}

}  // namespace ziggy::feed
