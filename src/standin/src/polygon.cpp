#include <algorithm>
#include <cmath>

#include "polygon_words.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::standin {

namespace polygon {

std::int64_t epoch_ms(Timestamp time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}
std::int64_t epoch_ns(Timestamp time) { return time.time_since_epoch().count(); }

std::optional<Symbol> symbol_of(std::string_view ticker) {
  std::string name{ticker};
  if (ticker.starts_with("X:")) {
    name = ticker.substr(2);
    if (name.size() < 5) return std::nullopt;
    const std::size_t quote =
        name.size() - (name.ends_with("USDT") || name.ends_with("USDC") ? 4 : 3);
    name.insert(quote, "-");
  } else if (ticker.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto symbol = Symbol::parse(name);
  return symbol ? std::optional{*symbol} : std::nullopt;
}

std::string ticker_of(const Symbol& symbol) {
  if (!symbol.is_crypto()) return std::string{symbol.view()};
  std::string name{symbol.view()};
  std::erase(name, '-');
  return "X:" + name;
}

WireAnswer ok(std::string body) { return {.body = std::move(body)}; }

WireAnswer not_found(std::string_view message) {
  return {.status = 404,
          .body = fmt::format(R"({{"status":"NOT_FOUND","request_id":"0f3a","message":"{}"}})",
                              message)};
}

WireAnswer bad_request(std::string_view message) {
  return {.status = 400,
          .body = fmt::format(R"({{"status":"ERROR","request_id":"0f3a","error":"{}"}})", message)};
}

}  // namespace polygon

namespace {

using namespace polygon;

constexpr std::size_t kReferenceMax = 1'000;

std::string plain_bar(const std::optional<Bar>& bar) {
  const Bar b = bar.value_or(Bar{});
  return fmt::format(R"("o":{},"h":{},"l":{},"c":{},"v":{},"vw":{})", b.open, b.high, b.low,
                     b.close, b.volume, bar ? middle(b) : 0);
}

std::string snapshot_item(const Ask& ask, const Symbol& symbol, const Snapshot& snapshot) {
  const Quote& quote = snapshot.quote;
  const double last = quote.last.value_or(0);
  const double before =
      snapshot.previous ? snapshot.previous->close : quote.prev_close.value_or(last);
  const Bar minute = snapshot.minute.value_or(Bar{});
  std::string book;
  if (!symbol.is_crypto()) {
    // Sizes in round lots of a hundred, as the vendor sends them for shares.
    book =
        fmt::format(R"("lastQuote":{{"P":{},"S":{},"p":{},"s":{},"t":{}}},)", quote.ask.value_or(0),
                    std::llround(quote.ask_size.value_or(0) / 100), quote.bid.value_or(0),
                    std::llround(quote.bid_size.value_or(0) / 100), epoch_ns(quote.as_of));
  }
  return fmt::format(
      R"({{"ticker":"{}","todaysChangePerc":{},"todaysChange":{},"updated":{},"day":{{{}}},{})"
      R"("lastTrade":{{"c":[14],"i":"{}","p":{},"s":{},"t":{},"x":11}},)"
      R"("min":{{"av":{},"t":{},"n":1,{}}},"prevDay":{{{}}}}})",
      ask.shown(ticker_of(symbol)), before == 0 ? 0 : (last - before) / before * 100, last - before,
      epoch_ns(quote.as_of), plain_bar(snapshot.day), book, epoch_ms(quote.as_of), last,
      quote.last_size.value_or(1), epoch_ns(quote.as_of), quote.volume.value_or(0),
      epoch_ms(minute.time), plain_bar(snapshot.minute), plain_bar(snapshot.previous));
}

net::Task<WireAnswer> one_snapshot(const Ask* ask) {
  const auto symbol = symbol_of(ask->path.back());
  const auto snapshot = symbol ? co_await snapshot_of(ask, *symbol)
                               : Result<Snapshot>{fail(ErrorCode::UnknownSymbol, "no symbol")};
  if (!snapshot) co_return not_found("Ticker not found.");
  co_return ok(fmt::format(R"({{"request_id":"0f3a","status":"OK","ticker":{}}})",
                           snapshot_item(*ask, *symbol, *snapshot)));
}

net::Task<WireAnswer> many_snapshots(const Ask* ask) {
  std::string items;
  std::size_t count = 0;
  const std::string tickers = ask->param("tickers");
  for (const std::string_view ticker : text::split_list(tickers)) {
    const auto symbol = symbol_of(ticker);
    if (!symbol) continue;
    const auto snapshot = co_await snapshot_of(ask, *symbol);
    if (!snapshot) continue;
    const std::string item = snapshot_item(*ask, *symbol, *snapshot);
    for (int i = 0; i < (ask->faults.is_duplicated ? 2 : 1); ++i) {
      items += fmt::format("{}{}", count++ == 0 ? "" : ",", item);
    }
  }
  co_return ok(fmt::format(R"({{"status":"OK","request_id":"0f3a","count":{},"tickers":[{}]}})",
                           count, items));
}

/// /v2/last/trade/T, /v2/last/nbbo/T.
net::Task<WireAnswer> last_of_share(const Ask* ask) {
  const auto symbol = symbol_of(ask->path.back());
  const auto quote = symbol ? co_await quote_of(ask, *symbol)
                            : Result<Quote>{fail(ErrorCode::UnknownSymbol, "no symbol")};
  if (!quote) co_return not_found("Ticker not found.");
  const std::string_view name = ask->shown(ask->path.back());
  const std::int64_t at = epoch_ns(quote->as_of);
  if (ask->path[2] == "trade") {
    co_return ok(fmt::format(
        R"({{"request_id":"0f3a","status":"OK","results":{{"T":"{}","c":[14],"f":{},"i":"{}","p":{},)"
        R"("q":{},"r":202,"s":{},"t":{},"x":4,"y":{},"z":3}}}})",
        name, at, at / 1'000'000, quote->last.value_or(0), at / 1'000'000,
        quote->last_size.value_or(1), at, at));
  }
  co_return ok(fmt::format(
      R"({{"request_id":"0f3a","status":"OK","results":{{"T":"{}","P":{},"S":{},"X":19,"p":{},"s":{},)"
      R"("x":19,"q":{},"t":{},"y":{},"z":3}}}})",
      name, quote->ask.value_or(0), std::llround(quote->ask_size.value_or(0) / 100),
      quote->bid.value_or(0), std::llround(quote->bid_size.value_or(0) / 100), at / 1'000'000, at,
      at));
}

/// /v1/last/crypto/BTC/USD.
net::Task<WireAnswer> last_of_coin(const Ask* ask) {
  const auto symbol = Symbol::parse(ask->path[3] + "-" + ask->path[4]);
  const auto quote = symbol ? co_await quote_of(ask, *symbol)
                            : Result<Quote>{fail(ErrorCode::UnknownSymbol, "no symbol")};
  if (!quote) co_return not_found("Ticker not found.");
  co_return ok(fmt::format(
      R"({{"last":{{"conditions":[1],"exchange":4,"price":{},"size":{},"timestamp":{}}},)"
      R"("request_id":"0f3a","status":"success","symbol":"{}"}})",
      quote->last.value_or(0), quote->last_size.value_or(1), epoch_ms(quote->as_of),
      ask->shown(symbol->view())));
}

net::Task<WireAnswer> actions(const Ask* ask, CorporateAction::Kind kind) {
  const auto symbol = symbol_of(ask->param("ticker"));
  std::string items;
  if (symbol) {
    feed::BarsRequest request{.symbol = *symbol, .range = {feed::kNoStart, ask->now}, .limit = 1};
    if (const auto reply = co_await bars_of(ask, request)) {
      std::size_t count = 0;
      // The newest first, as the vendor sorts when nobody says otherwise.
      for (auto action = reply->actions.rbegin(); action != reply->actions.rend(); ++action) {
        if (action->kind != kind || count >= kReferenceMax) continue;
        const std::string date = date_text(action->ex_date);
        const Ratio ratio = ratio_of(action->value);
        items += count++ == 0 ? "" : ",";
        items +=
            kind == CorporateAction::Kind::Split
                ? fmt::format(
                      R"({{"id":"S{}","execution_date":"{}","split_from":{},"split_to":{},"ticker":"{}"}})",
                      count, date, ratio.from, ratio.to, ask->shown(ask->param("ticker")))
                : fmt::format(
                      R"({{"id":"D{}","cash_amount":{},"currency":"USD","declaration_date":"{}",)"
                      R"("dividend_type":"CD","ex_dividend_date":"{}","frequency":4,)"
                      R"("pay_date":"{}","record_date":"{}","ticker":"{}"}})",
                      count, action->value, date, date, date, date,
                      ask->shown(ask->param("ticker")));
      }
    }
  }
  co_return ok(fmt::format(R"({{"results":[{}],"status":"OK","request_id":"0f3a"}})", items));
}

WireAnswer tickers(const Ask& ask) {
  const std::string query = text::upper(ask.param("search", ask.param("ticker")));
  const auto limit = static_cast<std::size_t>(
      std::clamp<std::int64_t>(ask.whole("limit").value_or(100), 1, 1'000));
  std::string items;
  std::size_t count = 0;
  for (const feed::SymbolInfo& info : ask.tape.symbols()) {
    if (count >= limit) break;
    if (info.symbol.view().find(query) == std::string_view::npos &&
        text::upper(info.name).find(query) == std::string::npos) {
      continue;
    }
    const bool is_coin = info.symbol.is_crypto();
    items += fmt::format(
        R"({}{{"ticker":"{}","name":"{}","market":"{}","locale":"{}","active":true,"currency_name":"usd",)"
        R"({}"last_updated_utc":"{}"}})",
        count++ == 0 ? "" : ",", ticker_of(info.symbol), info.name, is_coin ? "crypto" : "stocks",
        is_coin ? "global" : "us",
        is_coin                     ? ""
        : info.asset_class == "etf" ? R"("primary_exchange":"ARCX","type":"ETF",)"
                                    : R"("primary_exchange":"XNAS","type":"CS",)",
        to_rfc3339(ask.now, Subsecond::None));
  }
  return ok(fmt::format(R"({{"results":[{}],"status":"OK","request_id":"0f3a","count":{}}})", items,
                        count));
}

bool has_key(const Ask& ask) {
  if (ask.param("apiKey") == ask.settings.polygon_key) return true;
  return ask.wire.header("authorization") == "Bearer " + ask.settings.polygon_key;
}

}  // namespace

std::optional<Route> polygon_route(std::string_view path) {
  if (path.starts_with("/v2/aggs/")) return Route::Bars;
  if (path.starts_with("/v2/snapshot/") || path.starts_with("/v2/last/") ||
      path.starts_with("/v1/last/")) {
    return Route::Quotes;
  }
  if (path.starts_with("/v3/reference/") || path == "/v2/reference/news") return Route::Reference;
  if (path == "/stocks" || path == "/crypto") return Route::Stream;
  return std::nullopt;
}

net::Task<WireAnswer> answer_polygon(Ask ask) {
  if (!has_key(ask)) co_return error_answer(Vendor::Polygon, 401, {});
  const auto& path = ask.path;
  const auto is = [&](std::size_t parts, std::initializer_list<std::string_view> begin) {
    return path.size() == parts && std::ranges::equal(begin, std::span{path}.first(begin.size()));
  };
  if (is(9, {"v2", "aggs", "ticker"}) && path[4] == "range") co_return co_await range(&ask);
  if (is(5, {"v2", "aggs", "ticker"}) && path[4] == "prev") co_return co_await previous(&ask);
  if (is(8, {"v2", "aggs", "grouped", "locale", "us", "market", "stocks"})) {
    co_return co_await grouped(&ask);
  }
  if (is(8, {"v2", "snapshot", "locale"}) && path[6] == "tickers")
    co_return co_await one_snapshot(&ask);
  if (is(7, {"v2", "snapshot", "locale"}) && path[6] == "tickers")
    co_return co_await many_snapshots(&ask);
  if (is(4, {"v2", "last"})) co_return co_await last_of_share(&ask);
  if (is(5, {"v1", "last", "crypto"})) co_return co_await last_of_coin(&ask);
  if (is(3, {"v3", "reference", "splits"}))
    co_return co_await actions(&ask, CorporateAction::Kind::Split);
  if (is(3, {"v3", "reference", "dividends"})) {
    co_return co_await actions(&ask, CorporateAction::Kind::Dividend);
  }
  if (is(3, {"v3", "reference", "tickers"})) co_return tickers(ask);
  // Nothing is ever news in this market.
  if (is(3, {"v2", "reference", "news"})) {
    co_return ok(R"({"results":[],"status":"OK","request_id":"0f3a","count":0})");
  }
  co_return not_found("page not found");
}

}  // namespace ziggy::standin
