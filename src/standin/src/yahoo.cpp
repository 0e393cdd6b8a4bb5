#include <algorithm>
#include <array>
#include <cmath>

#include "yahoo_words.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::standin {

namespace yahoo {

std::int64_t epoch(Timestamp time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

std::optional<Symbol> symbol_of(std::string_view spelled) {
  const auto symbol = Symbol::parse(spelled);
  if (!symbol) return std::nullopt;
  if (symbol->kind() != AssetKind::Share) return *symbol;
  std::string name{symbol->view()};
  for (char& c : name) {
    if (c == '-') c = '.';
  }
  const auto renamed = Symbol::parse(name);
  return renamed ? std::optional{*renamed} : std::nullopt;
}

std::string spelling_of(const Symbol& symbol) {
  std::string name{symbol.view()};
  if (symbol.kind() == AssetKind::Share) {
    for (char& c : name) {
      if (c == '.') c = '-';
    }
  }
  return name;
}

std::string_view instrument_of(const Symbol& symbol) {
  switch (symbol.kind()) {
    case AssetKind::Crypto:
      return "CRYPTOCURRENCY";
    case AssetKind::Index:
      return "INDEX";
    case AssetKind::Currency:
      return "CURRENCY";
    case AssetKind::Share:
      break;
  }
  return "EQUITY";
}

}  // namespace yahoo

namespace {

using namespace yahoo;

constexpr std::string_view kCookie = "A3=d=stand-in&S=1";
constexpr std::string_view kCrumb = "st4nd.In/x";

std::string quote_item(const Ask& ask, const Snapshot& snapshot) {
  const Quote& quote = snapshot.quote;
  const double last = quote.last.value_or(0);
  const double before = quote.prev_close.value_or(last);
  const bool is_coin = quote.symbol.is_crypto();
  constexpr std::array<std::string_view, 5> kStates = {"CLOSED", "PRE", "REGULAR", "POST",
                                                       "REGULAR"};
  const Bar day = snapshot.day.value_or(Bar{ask.now, last, last, last, last, 0});
  std::string book;
  if (!is_coin) {
    book = fmt::format(R"("bid":{},"ask":{},"bidSize":{},"askSize":{},)", quote.bid.value_or(0),
                       quote.ask.value_or(0), std::llround(quote.bid_size.value_or(0) / 100),
                       std::llround(quote.ask_size.value_or(0) / 100));
  }
  return fmt::format(
      R"({{"language":"en-US","region":"US","quoteType":"{}","currency":"USD","marketState":"{}",)"
      R"("regularMarketPrice":{},"regularMarketTime":{},"regularMarketChange":{},)"
      R"("regularMarketChangePercent":{},"regularMarketPreviousClose":{},"regularMarketOpen":{},)"
      R"("regularMarketDayHigh":{},"regularMarketDayLow":{},"regularMarketVolume":{},{})"
      R"("exchange":"{}","fullExchangeName":"{}","exchangeTimezoneName":"{}",)"
      R"("exchangeDataDelayedBy":0,"sourceInterval":15,"priceHint":2,"tradeable":false,)"
      R"("shortName":"{}, a stand-in","symbol":"{}"}})",
      instrument_of(quote.symbol), kStates[static_cast<std::size_t>(quote.market_state)], last,
      epoch(quote.as_of), last - before, before == 0 ? 0 : (last - before) / before * 100, before,
      day.open, std::max(day.high, last), std::min(day.low, last),
      std::llround(quote.volume.value_or(0) * (is_coin ? last : 1)), book, is_coin ? "CCC" : "NMS",
      is_coin ? "CCC" : "NasdaqGS", is_coin ? "UTC" : "America/New_York",
      ask.shown(quote.symbol.view()), ask.shown(spelling_of(quote.symbol)));
}

net::Task<WireAnswer> quotes(const Ask* ask) {
  if (ask->wire.header("cookie").find(kCookie) == std::string_view::npos ||
      ask->param("crumb") != kCrumb) {
    co_return error_answer(Vendor::Yahoo, 401, {});
  }
  std::string items;
  const std::string symbols = ask->param("symbols");
  for (const std::string_view spelled : text::split_list(symbols)) {
    const auto symbol = symbol_of(spelled);
    if (!symbol) continue;
    auto snapshot = co_await snapshot_of(ask, *symbol);
    if (!snapshot) continue;  // the vendor leaves out what it does not know
    snapshot->quote.symbol = *symbol;
    const std::string item = quote_item(*ask, *snapshot);
    for (int i = 0; i < (ask->faults.is_duplicated ? 2 : 1); ++i) {
      if (!items.empty()) items += ',';
      items += item;
    }
  }
  co_return WireAnswer{
      .content_type = kJson,
      .body = fmt::format(R"({{"quoteResponse":{{"result":[{}],"error":null}}}})", items)};
}

WireAnswer search(const Ask& ask) {
  const std::string query = text::upper(ask.param("q"));
  const auto count = static_cast<std::size_t>(
      std::clamp<std::int64_t>(ask.whole("quotesCount").value_or(7), 0, 50));
  std::string items;
  std::size_t found = 0;
  for (const feed::SymbolInfo& info : ask.tape.symbols()) {
    if (found >= count) break;
    if (info.symbol.view().find(query) == std::string_view::npos &&
        text::upper(info.name).find(query) == std::string::npos) {
      continue;
    }
    const std::string_view kind = info.asset_class == "etf" ? "ETF" : instrument_of(info.symbol);
    items += fmt::format(
        R"({}{{"exchange":"NMS","shortname":"{}","quoteType":"{}","symbol":"{}","index":"quotes",)"
        R"("score":{},"typeDisp":"{}","longname":"{}","exchDisp":"NASDAQ","isYahooFinance":true}})",
        found == 0 ? "" : ",", info.name, kind, spelling_of(info.symbol), 30'000 - found, kind,
        info.name);
    ++found;
  }
  return {.content_type = kJson,
          .body = fmt::format(
              R"({{"explains":[],"count":{},"quotes":[{}],"news":[],"nav":[],"lists":[]}})", found,
              items)};
}

WireAnswer crumb(const Ask& ask) {
  if (ask.wire.header("cookie").find(kCookie) == std::string_view::npos) {
    return {.status = 401, .content_type = "text/plain;charset=utf-8", .body = {}};
  }
  return {.content_type = "text/plain;charset=utf-8", .body = std::string{kCrumb}};
}

/// Any page of the site hands out the cookie; the bare host does so with a 404.
WireAnswer front_page() {
  return {
      .content_type = "text/html",
      .body = "<html><body>stand-in</body></html>",
      .headers = {{"Set-Cookie", fmt::format("{}; Max-Age=31557600; Path=/; HttpOnly", kCookie)}}};
}

}  // namespace

std::optional<Route> yahoo_route(std::string_view path) {
  if (path.starts_with("/v8/finance/chart/")) return Route::Bars;
  if (path == "/v7/finance/quote") return Route::Quotes;
  if (path == "/v1/finance/search") return Route::Reference;
  if (path == "/v1/test/getcrumb" || path.empty() || path == "/" || path.starts_with("/quote/")) {
    return Route::Session;
  }
  return std::nullopt;
}

net::Task<WireAnswer> answer_yahoo(Ask ask) {
  const std::string& path = ask.wire.path;
  const auto route = yahoo_route(path);
  if (route == Route::Bars) co_return co_await chart(&ask);
  if (route == Route::Quotes) co_return co_await quotes(&ask);
  if (route == Route::Reference) co_return search(ask);
  if (path == "/v1/test/getcrumb") co_return crumb(ask);
  co_return front_page();
}

}  // namespace ziggy::standin
