#include <algorithm>
#include <initializer_list>

#include "polygon_parse.hpp"
#include "polygon_parse_inside.hpp"
#include "polygon_symbols.hpp"
#include "vendor_bars.hpp"

namespace ziggy::feed {
namespace {

// Vendors write what they don't know as 0. What is negative is for the data contracts to refuse.
std::optional<double> known(std::optional<double> number) {
  return number && *number != 0 ? number : std::nullopt;
}

std::optional<Timestamp> instant(JsonValue value, std::string_view key) {
  const auto number = json_integer(value, key);
  return number ? instant_from_epoch(*number) : std::nullopt;
}

void take_later(Quote& quote, std::optional<Timestamp> time) {
  if (time) quote.as_of = std::max(quote.as_of, *time);
}

std::optional<double> size_in_units(std::optional<double> size, const Symbol& symbol,
                                    std::optional<Timestamp> time) {
  size = known(size);
  if (!size || symbol.kind() != AssetKind::Share) return size;
  return quote_size_in_shares(*size, time.value_or(Timestamp{}));
}

// `p`/`P` for shares, `b`/`a` for currencies, whole words in /v3/snapshot.
void read_book(JsonValue book, Quote& quote) {
  const auto first = [&](std::initializer_list<std::string_view> keys) -> std::optional<double> {
    for (const std::string_view key : keys) {
      if (const auto number = known(json_number(book, key))) return number;
    }
    return std::nullopt;
  };
  std::optional<Timestamp> time;
  for (const std::string_view key : {"t", "sip_timestamp", "last_updated", "timestamp"}) {
    if (!time) time = instant(book, key);
  }
  quote.bid = first({"p", "b", "bid", "bid_price"});
  quote.ask = first({"P", "a", "ask", "ask_price"});
  if (quote.bid) quote.bid_size = size_in_units(first({"s", "bid_size"}), quote.symbol, time);
  if (quote.ask) quote.ask_size = size_in_units(first({"S", "ask_size"}), quote.symbol, time);
  if (quote.bid || quote.ask) take_later(quote, time);
}

void read_print(JsonValue print, Quote& quote) {
  auto price = known(json_number(print, "p"));
  if (!price) price = known(json_number(print, "price"));
  if (!price) return;
  quote.last = price;
  quote.last_size = known(json_number(print, "s"));
  if (!quote.last_size) quote.last_size = known(json_number(print, "size"));
  for (const std::string_view key : {"t", "sip_timestamp", "last_updated", "timestamp"}) {
    take_later(quote, instant(print, key));
  }
}

// Between midnight and the first print the day's figures are all 0.
void read_day(JsonValue ticker, Quote& quote) {
  if (const auto day = json_member(ticker, "day")) {
    if (!quote.last) quote.last = known(json_number(*day, "c"));
    quote.volume = known(json_number(*day, "v"));
  }
  if (const auto minute = json_member(ticker, "min")) {
    if (!quote.volume) quote.volume = known(json_number(*minute, "av"));
    if (quote.as_of == Timestamp{}) take_later(quote, instant(*minute, "t"));
  }
  if (const auto before = json_member(ticker, "prevDay")) {
    quote.prev_close = known(json_number(*before, "c"));
  }
}

// The universal snapshot's words for the same.
void read_session(JsonValue row, Quote& quote) {
  const auto session = json_member(row, "session");
  if (!quote.last) quote.last = known(json_number(row, "value"));
  if (!session) return;
  if (!quote.last) quote.last = known(json_number(*session, "price"));
  if (!quote.last) quote.last = known(json_number(*session, "close"));
  quote.prev_close = known(json_number(*session, "previous_close"));
  quote.volume = known(json_number(*session, "volume"));
}

std::optional<Quote> read_snapshot(JsonValue row) {
  const auto symbol = from_polygon(json_text(row, "ticker").value_or(""));
  if (!symbol) return std::nullopt;
  Quote quote;
  quote.symbol = *symbol;
  for (const std::string_view key : {"lastQuote", "last_quote"}) {
    if (const auto book = json_member(row, key)) read_book(*book, quote);
  }
  for (const std::string_view key : {"lastTrade", "last_trade"}) {
    if (const auto print = json_member(row, key)) read_print(*print, quote);
  }
  take_later(quote, instant(row, "updated"));
  take_later(quote, instant(row, "last_updated"));
  read_day(row, quote);
  if (json_member(row, "session") || json_member(row, "value")) read_session(row, quote);
  if (!quote.last && !quote.bid && !quote.ask) return std::nullopt;
  return quote;
}

// `results` of the last quote and the last trade, checked to be about the quote's symbol.
Result<JsonValue> last_of(JsonValue root, const Symbol& symbol) {
  auto results = json_member(root, "results");
  if (!results) results = json_member(root, "last");
  if (results && results->is_array()) {
    simdjson::dom::element first;
    if (results->at(0).get(first) != simdjson::SUCCESS) {
      return fail(ErrorCode::NoData, "polygon: no quote or trade of {}", symbol.view());
    }
    results = first;
  }
  if (!results) return fail(ErrorCode::BadPayload, "polygon: an answer without results");
  const auto ticker = json_text(*results, "T");
  if (ticker && *ticker != to_polygon(symbol)) {
    return fail(ErrorCode::BadPayload, "polygon: asked for {}, told about {}", symbol.view(),
                ticker->substr(0, Symbol::kSizeMax));
  }
  return *results;
}

}  // namespace

Result<std::vector<Quote>> parse_polygon_snapshots(std::string_view body) {
  ZIGGY_TRY(document, open_polygon(body));
  const JsonValue root = document.root();
  std::vector<Quote> quotes;
  const auto take = [&](JsonValue row) {
    if (auto quote = read_snapshot(row)) quotes.push_back(*quote);
  };
  if (const auto one = json_member(root, "ticker"); one && one->is_object()) {
    take(*one);
    return quotes;
  }
  for (const std::string_view key : {"tickers", "results"}) {
    if (const auto rows = json_array(root, key)) {
      for (const JsonValue row : *rows) take(row);
      return quotes;
    }
  }
  if (!json_member(root, "status") && !json_member(root, "count")) {
    return fail(ErrorCode::BadPayload, "polygon: an answer without a snapshot");
  }
  return quotes;
}

Result<> read_polygon_nbbo(std::string_view body, Quote& quote) {
  ZIGGY_TRY(document, open_polygon(body));
  ZIGGY_TRY(book, last_of(document.root(), quote.symbol));
  read_book(book, quote);
  return {};
}

Result<> read_polygon_trade(std::string_view body, Quote& quote) {
  ZIGGY_TRY(document, open_polygon(body));
  ZIGGY_TRY(print, last_of(document.root(), quote.symbol));
  read_print(print, quote);
  return {};
}

}  // namespace ziggy::feed
