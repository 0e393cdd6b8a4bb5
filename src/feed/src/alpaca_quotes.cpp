#include <algorithm>

#include "alpaca_parse.hpp"
#include "vendor_bars.hpp"
#include "vendor_json.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::feed {
namespace {

// A request names a hundred; an answer with more is not read to its end.
constexpr std::size_t kQuotesMax = 1000;

// Vendors write what they don't know as 0. What is negative is for the data contracts to refuse.
std::optional<double> known(JsonValue value, std::string_view key) {
  const auto number = json_number(value, key);
  return number && *number != 0 ? number : std::nullopt;
}

std::optional<Timestamp> instant(JsonValue value) {
  const auto text = json_text(value, "t");
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  return time ? std::optional{*time} : std::nullopt;
}

void read_book(JsonValue book, Quote& quote) {
  const auto time = instant(book);
  const auto size = [&](std::string_view key) -> std::optional<double> {
    const auto number = known(book, key);
    if (!number || quote.symbol.is_crypto()) return number;
    return quote_size_in_shares(*number, time.value_or(Timestamp{}));
  };
  quote.bid = known(book, "bp");
  quote.ask = known(book, "ap");
  if (quote.bid) quote.bid_size = size("bs");
  if (quote.ask) quote.ask_size = size("as");
  if (time && (quote.bid || quote.ask)) quote.as_of = std::max(quote.as_of, *time);
}

void read_print(JsonValue print, Quote& quote) {
  quote.last = known(print, "p");
  if (!quote.last) return;
  quote.last_size = known(print, "s");
  if (const auto time = instant(print)) quote.as_of = std::max(quote.as_of, *time);
}

// The day's bar is that of the last session that had one. Early on the next day its close is the
// previous close, and the session so far has no volume of its own yet.
void read_days(JsonValue snapshot, Quote& quote, std::optional<Timestamp> traded) {
  const auto day = json_member(snapshot, "dailyBar");
  const auto before = json_member(snapshot, "prevDailyBar");
  const auto date = day ? instant(*day) : std::nullopt;
  const bool is_over =
      date && traded && !quote.symbol.is_crypto() && new_york_date(*traded) > new_york_date(*date);
  if (is_over) {
    quote.prev_close = known(*day, "c");
    return;
  }
  if (day) quote.volume = known(*day, "v");
  if (before) quote.prev_close = known(*before, "c");
}

std::optional<Quote> read_snapshot(const Symbol& symbol, JsonValue snapshot) {
  Quote quote;
  quote.symbol = symbol;
  std::optional<Timestamp> traded;
  if (const auto book = json_member(snapshot, "latestQuote")) read_book(*book, quote);
  if (const auto print = json_member(snapshot, "latestTrade")) {
    read_print(*print, quote);
    traded = instant(*print);
  }
  read_days(snapshot, quote, traded);
  for (const std::string_view key : {"minuteBar", "dailyBar"}) {
    const auto bar = json_member(snapshot, key);
    if (!bar || quote.last) continue;
    quote.last = known(*bar, "c");
    const auto time = instant(*bar);
    if (quote.last && time && quote.as_of == Timestamp{}) quote.as_of = *time;
  }
  if (!quote.last && !quote.bid && !quote.ask) return std::nullopt;
  return quote;
}

bool is_snapshot(JsonValue value) {
  for (const std::string_view key : {"latestTrade", "latestQuote", "minuteBar", "dailyBar"}) {
    if (json_member(value, key)) return true;
  }
  return false;
}

// Where the symbol's figures go; nullptr when there are too many already.
Quote* quote_of(std::vector<Quote>& quotes, const Symbol& symbol) {
  const auto found = std::ranges::find(quotes, symbol, &Quote::symbol);
  if (found != quotes.end()) return &*found;
  if (quotes.size() >= kQuotesMax) return nullptr;
  quotes.emplace_back().symbol = symbol;
  return &quotes.back();
}

// One object, or the first of an array of them.
std::optional<JsonValue> first_of(JsonValue value) {
  const auto rows = json_array(value);
  if (!rows) return value.is_object() ? std::optional{value} : std::nullopt;
  for (const JsonValue row : *rows) return row;
  return std::nullopt;
}

}  // namespace

Result<std::vector<Quote>> parse_alpaca_snapshots(std::string_view body) {
  ZIGGY_TRY(document, JsonDocument::parse("alpaca", body));
  JsonValue root = document.root();
  if (const auto inside = json_member(root, "snapshots")) root = *inside;
  simdjson::dom::object object;
  if (root.get_object().get(object) != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "alpaca: an answer without snapshots");
  }
  std::vector<Quote> quotes;
  if (const auto name = json_text(root, "symbol"); name && is_snapshot(root)) {
    const auto symbol = from_alpaca(*name);
    auto quote = symbol ? read_snapshot(*symbol, root) : std::nullopt;
    if (quote) quotes.push_back(*quote);
    return quotes;
  }
  std::size_t others = 0;
  for (const auto field : object) {
    if (!field.value.is_object() && !field.value.is_null()) {
      ++others;
      continue;
    }
    const auto symbol = from_alpaca(field.key);
    auto quote = symbol ? read_snapshot(*symbol, field.value) : std::nullopt;
    if (quote) quotes.push_back(*quote);
  }
  // {"message":"…"} with status 200 is no list of snapshots.
  if (others > 0 && quotes.empty()) {
    return fail(ErrorCode::BadPayload, "alpaca: an answer without snapshots");
  }
  return quotes;
}

Result<> read_alpaca_latest(std::string_view body, std::vector<Quote>& quotes) {
  ZIGGY_TRY(document, JsonDocument::parse("alpaca", body));
  const JsonValue root = document.root();
  bool is_known = false;
  const auto read = [&](std::string_view key, void (*fold)(JsonValue, Quote&)) {
    const auto group = json_member(root, key);
    if (!group) return;
    is_known = true;
    // The answer about one symbol: {"symbol":"AAPL","quote":{…}}.
    if (const auto name = json_text(root, "symbol")) {
      const auto symbol = from_alpaca(*name);
      const auto row = first_of(*group);
      Quote* const quote = symbol && row ? quote_of(quotes, *symbol) : nullptr;
      if (quote != nullptr) fold(*row, *quote);
      return;
    }
    simdjson::dom::object by_symbol;
    if (group->get_object().get(by_symbol) != simdjson::SUCCESS) return;
    for (const auto field : by_symbol) {
      const auto symbol = from_alpaca(field.key);
      const auto row = first_of(field.value);
      Quote* const quote = symbol && row ? quote_of(quotes, *symbol) : nullptr;
      if (quote != nullptr) fold(*row, *quote);
    }
  };
  for (const std::string_view key : {"quotes", "quote"}) read(key, read_book);
  for (const std::string_view key : {"trades", "trade"}) read(key, read_print);
  if (!is_known) return fail(ErrorCode::BadPayload, "alpaca: an answer without quotes or trades");
  std::erase_if(quotes, [](const Quote& each) { return !each.last && !each.bid && !each.ask; });
  return {};
}

}  // namespace ziggy::feed
