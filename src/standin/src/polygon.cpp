#include <algorithm>
#include <cmath>

#include "ask.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/new_york.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::standin {

namespace {

using std::chrono::milliseconds;

// As the vendor's documentation of aggregates has them.
constexpr std::int64_t kLimitDefault = 5'000;
constexpr std::int64_t kLimitMax = 50'000;
constexpr std::int64_t kReferenceMax = 1'000;

std::int64_t epoch_ms(Timestamp time) {
  return std::chrono::floor<milliseconds>(time).time_since_epoch().count();
}
std::int64_t epoch_ns(Timestamp time) { return time.time_since_epoch().count(); }

/// "X:BTCUSD" for BTC-USD; shares by their own names.
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

struct Timespan {
  std::string_view name;
  int multiplier;
  Interval interval;
  /// Base aggregates, which `limit` counts, in one bar.
  int base;
};
constexpr std::array kTimespans = {
    Timespan{"second", 1, Interval::Second, 1},     Timespan{"minute", 1, Interval::Minute, 1},
    Timespan{"minute", 5, Interval::Minute5, 5},    Timespan{"minute", 15, Interval::Minute15, 15},
    Timespan{"minute", 30, Interval::Minute30, 30}, Timespan{"hour", 1, Interval::Hour, 60},
    Timespan{"hour", 4, Interval::Hour4, 240},      Timespan{"day", 1, Interval::Day, 1},
    Timespan{"week", 1, Interval::Week, 5},         Timespan{"month", 1, Interval::Month, 21},
};

/// A date (New York's, for shares) or milliseconds.
std::optional<Timestamp> moment_of(std::string_view text, const Symbol& symbol, bool is_end) {
  if (text.size() == 10 && text[4] == '-') {
    const auto date = parse_rfc3339(text);
    if (!date) return std::nullopt;
    return local_midnight(is_end ? *date + std::chrono::days{1} : *date, symbol) -
           (is_end ? std::chrono::nanoseconds{1} : std::chrono::nanoseconds{0});
  }
  const auto ms = text::parse_int(text);
  constexpr std::int64_t kMillisMax = 9'000'000'000'000;
  if (!ms || *ms < 0 || *ms > kMillisMax) return std::nullopt;
  return Timestamp{milliseconds{*ms}};
}

/// Where the vendor puts a bar: days and months at New York's midnight, weeks at Sunday's.
Timestamp shown_time(Timestamp time, Interval interval, const Symbol& symbol) {
  if (is_intraday(interval)) return time;
  const Timestamp date = interval == Interval::Week ? time - std::chrono::days{1} : time;
  return local_midnight(date, symbol);
}

std::string bar_item(const Bar& bar, Timestamp time, std::string_view prefix = {}) {
  return fmt::format(R"({{{}"v":{},"vw":{},"o":{},"c":{},"h":{},"l":{},"t":{},"n":{}}})", prefix,
                     bar.volume, middle(bar), bar.open, bar.close, bar.high, bar.low,
                     epoch_ms(time), std::max<std::int64_t>(1, std::llround(bar.volume / 100)));
}

struct RangeQuery {
  std::string ticker;
  Symbol symbol;
  Timespan span;
  TimeRange range;  // both ends inside
  bool is_adjusted = true;
  bool is_descending = false;
  std::size_t page = 0;
};

std::expected<RangeQuery, WireAnswer> range_query(const Ask& ask) {
  // v2 aggs ticker T range M SPAN FROM TO
  const auto symbol = symbol_of(ask.path[3]);
  if (!symbol) return std::unexpected{bad_request("unknown ticker form")};
  const auto multiplier = text::parse_int(ask.path[5]).value_or(0);
  const auto* const span = std::ranges::find_if(kTimespans, [&](const Timespan& each) {
    return each.name == ask.path[6] && each.multiplier == multiplier;
  });
  if (span == kTimespans.end()) return std::unexpected{bad_request("timespan not served")};
  const auto from = moment_of(ask.path[7], *symbol, false);
  const auto to = moment_of(ask.path[8], *symbol, true);
  if (!from || !to || *to < *from) {
    return std::unexpected{
        bad_request("The parameter 'to' cannot be a time that occurs before 'from'")};
  }
  // A page's cursor carries what the first page was asked with.
  net::QueryParams params = ask.params;
  if (const auto cursor = ask.params.get("cursor")) {
    const auto decoded = from_token(*cursor);
    const auto again = decoded
                           ? net::QueryParams::parse(*decoded)
                           : Result<net::QueryParams>{fail(ErrorCode::MalformedRequest, "cursor")};
    if (!again) return std::unexpected{bad_request("cursor not known")};
    params = *again;
  }
  const auto text_of = [&](std::string_view name, std::string_view otherwise) {
    return params.get(name).value_or(otherwise);
  };
  const auto limit = std::clamp<std::int64_t>(
      text::parse_int(text_of("limit", "")).value_or(kLimitDefault), 1, kLimitMax);
  auto page = static_cast<std::size_t>(std::max<std::int64_t>(1, limit / span->base));
  if (ask.settings.page_max != 0) page = std::min(page, ask.settings.page_max);
  return RangeQuery{ask.path[3],
                    *symbol,
                    *span,
                    {*from, *to},
                    text::lower(text_of("adjusted", "true")) != "false",
                    text_of("sort", "asc") == "desc",
                    page};
}

net::Task<WireAnswer> range(const Ask* ask) {
  const auto query = range_query(*ask);
  if (!query) co_return query.error();
  feed::BarsRequest request{.symbol = query->symbol, .interval = query->span.interval};
  // A day is dated at 00:00Z here and begins up to 5 hours later there; weeks a day earlier.
  const std::chrono::nanoseconds margin =
      is_intraday(request.interval) ? std::chrono::nanoseconds{1} : std::chrono::hours{48};
  request.range = {query->range.start - margin, std::min(query->range.end, ask->now) + margin};
  request.limit = query->is_descending ? 1'000'000 : query->page + 4;
  std::string rows;
  std::size_t count = 0;
  std::optional<Timestamp> next;
  if (auto reply = co_await bars_of(ask, request)) {
    auto bars = query->is_adjusted
                    ? co_await adjusted(ask, request, std::move(*reply), Adjustment::Split)
                    : Result<BarColumns>{std::move(reply->bars)};
    if (!bars) co_return error_answer(Vendor::Polygon, 500, {});
    for (std::size_t k = 0; k < bars->size(); ++k) {
      const Bar bar = bars->at(query->is_descending ? bars->size() - 1 - k : k);
      const Timestamp time = shown_time(bar.time, request.interval, request.symbol);
      if (time < query->range.start || time > query->range.end) continue;
      if (count == query->page) {
        next = time;
        break;
      }
      if (count++ > 0) rows += ',';
      rows += bar_item(bar, time);
    }
  }
  std::string tail;
  if (next && !query->is_descending) {
    const std::string cursor = token_of(fmt::format(
        "limit={}&sort=asc&adjusted={}", query->page * query->span.base, query->is_adjusted));
    tail = fmt::format(R"(,"next_url":"{}/v2/aggs/ticker/{}/range/{}/{}/{}/{}?cursor={}")",
                       ask->base, query->ticker, query->span.multiplier, query->span.name,
                       epoch_ms(*next), epoch_ms(query->range.end), net::percent_encode(cursor));
  }
  co_return ok(fmt::format(
      R"({{"ticker":"{}","queryCount":{},"resultsCount":{},"adjusted":{},{}"status":"OK",)"
      R"("request_id":"0f3a","count":{}{}}})",
      ask->shown(query->ticker), count * static_cast<std::size_t>(query->span.base), count,
      query->is_adjusted, rows.empty() ? std::string{} : fmt::format(R"("results":[{}],)", rows),
      count, tail));
}

net::Task<WireAnswer> previous(const Ask* ask) {
  const auto symbol = symbol_of(ask->path[3]);
  if (!symbol) co_return bad_request("unknown ticker form");
  const auto snapshot = co_await snapshot_of(ask, *symbol);
  const bool is_there = snapshot && snapshot->previous;
  co_return ok(fmt::format(
      R"({{"ticker":"{}","queryCount":{},"resultsCount":{},"adjusted":true,{}"status":"OK",)"
      R"("request_id":"0f3a","count":{}}})",
      ask->shown(ask->path[3]), is_there ? 1 : 0, is_there ? 1 : 0,
      is_there ? fmt::format(R"("results":[{}],)",
                             bar_item(*snapshot->previous,
                                      local_midnight(snapshot->previous->time, *symbol),
                                      fmt::format(R"("T":"{}",)", ask->shown(ask->path[3]))))
               : std::string{},
      is_there ? 1 : 0));
}

/// Every listed share's bar of one date.
net::Task<WireAnswer> grouped(const Ask* ask) {
  const auto date = parse_rfc3339(ask->path.back());
  if (!date) co_return bad_request("date must be YYYY-MM-DD");
  const bool is_adjusted = text::lower(ask->param("adjusted", "true")) != "false";
  std::string rows;
  std::size_t count = 0;
  for (const feed::SymbolInfo& info : ask->tape.symbols()) {
    if (info.symbol.is_crypto()) continue;
    const feed::BarsRequest request{
        .symbol = info.symbol, .range = {*date, *date + std::chrono::days{1}}, .limit = 1};
    auto reply = co_await bars_of(ask, request);
    if (!reply || reply->bars.empty()) continue;
    auto bars = is_adjusted ? co_await adjusted(ask, request, std::move(*reply), Adjustment::Split)
                            : Result<BarColumns>{std::move(reply->bars)};
    if (!bars) continue;
    // The vendor marks the end of the session in this one answer.
    const Timestamp close = from_new_york(date_of(*date), std::chrono::hours{16});
    rows += fmt::format(
        "{}{}", count++ == 0 ? "" : ",",
        bar_item(bars->at(0), close, fmt::format(R"("T":"{}",)", ask->shown(info.symbol.view()))));
  }
  co_return ok(fmt::format(
      R"({{"queryCount":{0},"resultsCount":{0},"adjusted":{1},{2}"status":"OK","request_id":"0f3a",)"
      R"("count":{0}}})",
      count, is_adjusted, rows.empty() ? std::string{} : fmt::format(R"("results":[{}],)", rows)));
}

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
  if (path.starts_with("/v3/reference/")) return Route::Reference;
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
  co_return not_found("page not found");
}

}  // namespace ziggy::standin
