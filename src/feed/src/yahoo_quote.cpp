#include "yahoo_quote.hpp"

#include <map>
#include <string>

#include "vendor_json.hpp"
#include "yahoo_errors.hpp"
#include "yahoo_numbers.hpp"
#include "yahoo_symbols.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::feed {
namespace {

// As the vendor's own pages show them: a size of 8 here is 800 there.
constexpr double kLot = 100;

// Seconds, or milliseconds in some variants of the route; years up to 2262.
std::optional<Timestamp> time_of(std::optional<std::int64_t> epoch) {
  if (!epoch || *epoch <= 0) return std::nullopt;
  if (*epoch <= 9'200'000'000) return Timestamp{std::chrono::seconds{*epoch}};
  if (*epoch <= 9'200'000'000'000) return Timestamp{std::chrono::milliseconds{*epoch}};
  return std::nullopt;
}

// A number, plain or as {"raw":1.5,"fmt":"1.50"} of a formatted answer.
std::optional<double> number_of(JsonValue quote, std::string_view key) {
  const auto member = json_member(quote, key);
  if (!member) return std::nullopt;
  if (const auto plain = json_number(*member)) return plain;
  return json_number(*member, "raw");
}

std::optional<std::int64_t> integer_of(JsonValue quote, std::string_view key) {
  const auto member = json_member(quote, key);
  if (!member) return std::nullopt;
  if (const auto plain = json_integer(*member)) return plain;
  return json_integer(*member, "raw");
}

std::optional<double> price_of(JsonValue quote, std::string_view key) {
  const auto price = number_of(quote, key);
  if (!price || *price == 0) return std::nullopt;
  return simplest_price(*price);
}

std::optional<double> size_of(JsonValue quote, std::string_view key, double lot) {
  const auto size = number_of(quote, key);
  if (!size || *size <= 0) return std::nullopt;
  return *size * lot;
}

MarketState state_of(std::string_view state) {
  if (state == "REGULAR") return MarketState::Open;
  if (state == "PRE") return MarketState::Pre;
  if (state == "POST") return MarketState::Post;
  // CLOSED; PREPRE and POSTPOST are the hours between.
  return MarketState::Closed;
}

// The price of extended hours while they run, if it is newer than the session's.
void take_extended(Quote& quote, JsonValue from) {
  const bool is_pre = quote.market_state == MarketState::Pre;
  if (!is_pre && quote.market_state != MarketState::Post) return;
  const auto price = price_of(from, is_pre ? "preMarketPrice" : "postMarketPrice");
  const auto time = time_of(integer_of(from, is_pre ? "preMarketTime" : "postMarketTime"));
  if (!price || !time || *time <= quote.as_of) return;
  // In the morning the last session's close is what the change counts from.
  if (is_pre) quote.prev_close = quote.last;
  quote.last = price;
  quote.as_of = *time;
}

Result<Quote> quote_of(JsonValue from, Symbol symbol) {
  const auto price = price_of(from, "regularMarketPrice");
  const auto time = time_of(integer_of(from, "regularMarketTime"));
  if (!price || !time) {
    return fail(ErrorCode::UnknownSymbol, "yahoo: no price of {}", symbol.view());
  }
  Quote quote;
  quote.symbol = symbol;
  quote.as_of = *time;
  quote.last = price;
  quote.prev_close = price_of(from, "regularMarketPreviousClose");
  quote.volume = number_of(from, "regularMarketVolume");
  quote.market_state = state_of(json_text(from, "marketState").value_or(""));
  quote.bid = price_of(from, "bid");
  quote.ask = price_of(from, "ask");
  const auto type = json_text(from, "quoteType");
  const double lot = type == "EQUITY" || type == "ETF" ? kLot : 1;
  if (quote.bid) quote.bid_size = size_of(from, "bidSize", lot);
  if (quote.ask) quote.ask_size = size_of(from, "askSize", lot);
  take_extended(quote, from);
  return quote;
}

}  // namespace

Result<QuotesReply> parse_quotes(std::string_view body, const std::vector<Symbol>& symbols) {
  ZIGGY_TRY(document, JsonDocument::parse("yahoo", body));
  const JsonValue root = document.root();
  if (auto error = yahoo_error_in(root, "quoteResponse")) return fail(std::move(*error));
  const auto list = json_path(root, {"quoteResponse", "result"});
  const auto results = list ? json_array(*list) : std::nullopt;
  if (!results) return fail(ErrorCode::BadPayload, "yahoo: an answer without quotes");
  std::map<std::string, JsonValue, std::less<>> by_spelling;
  for (const JsonValue result : *results) {
    if (const auto spelling = json_text(result, "symbol")) {
      by_spelling.emplace(text::upper(*spelling), result);
    }
  }
  QuotesReply reply;
  for (const Symbol& symbol : symbols) {
    const auto found = by_spelling.find(to_yahoo(symbol));
    if (found == by_spelling.end()) {
      reply.missing.emplace_back(
          symbol, Error{ErrorCode::UnknownSymbol,
                        fmt::format("yahoo: {} is not in the answer", symbol.view())});
      continue;
    }
    auto quote = quote_of(found->second, symbol);
    if (quote) {
      reply.quotes.push_back(*quote);
    } else {
      reply.missing.emplace_back(symbol, std::move(quote).error());
    }
  }
  return reply;
}

}  // namespace ziggy::feed
