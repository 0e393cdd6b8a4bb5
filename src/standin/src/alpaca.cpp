#include <algorithm>
#include <cmath>

#include "ask.hpp"
#include "ziggy/base/text.hpp"

namespace ziggy::standin {

namespace {

// As the vendor's OpenAPI document has them.
constexpr std::int64_t kLimitDefault = 1'000;
constexpr std::int64_t kLimitMax = 10'000;

WireAnswer ok(std::string body) { return {.body = std::move(body)}; }

WireAnswer bad_request(std::string_view message) {
  return {.status = 400, .body = fmt::format(R"({{"message":"{}"}})", message)};
}

std::string rfc3339(Timestamp time) { return to_rfc3339(time); }

/// "BTC/USD" for BTC-USD; shares by their own names.
std::optional<Symbol> symbol_of(std::string_view spelled) {
  std::string name{spelled};
  const std::size_t slash = name.find('/');
  if (slash != std::string::npos) name[slash] = '-';
  const auto symbol = Symbol::parse(name);
  if (!symbol || (slash != std::string::npos) != symbol->is_crypto()) return std::nullopt;
  return *symbol;
}

struct Timeframe {
  std::string_view name;
  Interval interval;
};
constexpr std::array kTimeframes = {
    Timeframe{"1Min", Interval::Minute},    Timeframe{"5Min", Interval::Minute5},
    Timeframe{"15Min", Interval::Minute15}, Timeframe{"30Min", Interval::Minute30},
    Timeframe{"1Hour", Interval::Hour},     Timeframe{"4Hour", Interval::Hour4},
    Timeframe{"1Day", Interval::Day},       Timeframe{"1Week", Interval::Week},
    Timeframe{"1Month", Interval::Month},   Timeframe{"1T", Interval::Minute},
    Timeframe{"1H", Interval::Hour},        Timeframe{"1D", Interval::Day},
    Timeframe{"1W", Interval::Week},        Timeframe{"1M", Interval::Month},
};

struct BarsQuery {
  std::vector<std::pair<std::string, Symbol>> symbols;  // as spelled, ascending
  Interval interval = Interval::Day;
  TimeRange range;  // both ends inside
  std::string adjustment;
  std::size_t page = 0;
  bool is_descending = false;
  /// Where the page begins: a symbol and the first time of it.
  std::string from_symbol;
  std::int64_t from_time = std::numeric_limits<std::int64_t>::min();
};

std::expected<BarsQuery, WireAnswer> bars_query(const Ask& ask, std::string_view symbols) {
  BarsQuery query;
  for (const std::string_view spelled : text::split_list(symbols)) {
    const auto symbol = symbol_of(spelled);
    if (!symbol) return std::unexpected{bad_request(fmt::format("invalid symbol: {}", "?"))};
    query.symbols.emplace_back(spelled, *symbol);
  }
  if (query.symbols.empty()) return std::unexpected{bad_request("symbols is required")};
  std::ranges::sort(query.symbols);
  const std::string timeframe = ask.param("timeframe");
  const auto* const found =
      std::ranges::find(kTimeframes, std::string_view{timeframe}, &Timeframe::name);
  if (found == kTimeframes.end()) return std::unexpected{bad_request("invalid timeframe")};
  query.interval = found->interval;
  query.range = {Timestamp{date_of(ask.now)}, ask.now};
  if (const auto start = ask.params.get("start")) {
    const auto read = parse_rfc3339(*start);
    if (!read) return std::unexpected{bad_request("invalid start")};
    query.range.start = *read;
  }
  if (const auto end = ask.params.get("end")) {
    const auto read = parse_rfc3339(*end);
    if (!read) return std::unexpected{bad_request("invalid end")};
    query.range.end = *read;
  }
  if (query.range.end < query.range.start) {
    return std::unexpected{bad_request("end should not be before start")};
  }
  query.adjustment = ask.param("adjustment", "raw");
  query.is_descending = ask.param("sort", "asc") == "desc";
  query.page = static_cast<std::size_t>(
      std::clamp<std::int64_t>(ask.whole("limit").value_or(kLimitDefault), 1, kLimitMax));
  if (ask.settings.page_max != 0) query.page = std::min(query.page, ask.settings.page_max);
  if (const auto token = ask.params.get("page_token")) {
    const auto decoded = from_token(*token);
    const std::size_t bar = decoded ? decoded->find('|') : std::string::npos;
    const auto time =
        bar == std::string::npos ? std::nullopt : text::parse_int(decoded->substr(bar + 1));
    if (!time) return std::unexpected{bad_request("invalid page_token")};
    query.from_symbol = decoded->substr(0, bar);
    query.from_time = *time;
  }
  return query;
}

std::string bar_item(const Bar& bar, Timestamp time) {
  return fmt::format(R"({{"t":"{}","o":{},"h":{},"l":{},"c":{},"v":{},"n":{},"vw":{}}})",
                     rfc3339(time), bar.open, bar.high, bar.low, bar.close, bar.volume,
                     std::max<std::int64_t>(1, std::llround(bar.volume / 100)), middle(bar));
}

/// raw, split, dividend, all; the vendor takes lists of them too ("split,dividend").
net::Task<Result<BarColumns>> basis(const Ask* ask, feed::BarsRequest request,
                                    feed::BarsReply reply, std::string adjustment) {
  const bool is_split = adjustment.find("split") != std::string::npos || adjustment == "all";
  const bool is_dividend = adjustment.find("dividend") != std::string::npos || adjustment == "all";
  if (!is_split) {
    std::erase_if(reply.actions, [](const CorporateAction& action) {
      return action.kind == CorporateAction::Kind::Split;
    });
  }
  const Adjustment kind = is_dividend ? Adjustment::All
                          : is_split  ? Adjustment::Split
                                      : Adjustment::Raw;
  co_return co_await adjusted(ask, request, std::move(reply), kind);
}

/// One symbol's rows of the page; `room` is what the page still takes.
struct Rows {
  std::string text;
  std::size_t count = 0;
  /// The first time that did not fit.
  std::optional<std::int64_t> next;
};

net::Task<Rows> rows_of(const Ask* ask, const BarsQuery* query, std::size_t which,
                        std::size_t room) {
  const auto& [spelled, symbol] = query->symbols[which];
  const std::chrono::nanoseconds margin =
      is_intraday(query->interval) ? std::chrono::nanoseconds{1} : std::chrono::hours{24};
  feed::BarsRequest request{.symbol = symbol, .interval = query->interval};
  request.range = {query->range.start - margin, std::min(query->range.end, ask->now) + margin};
  request.limit = 1'000'000;
  Rows rows;
  auto reply = co_await bars_of(ask, request);
  if (!reply) co_return rows;
  const auto bars = co_await basis(ask, request, std::move(*reply), query->adjustment);
  if (!bars) co_return rows;
  for (std::size_t k = 0; k < bars->size(); ++k) {
    const Bar bar = bars->at(query->is_descending ? bars->size() - 1 - k : k);
    const Timestamp time =
        is_intraday(query->interval) ? bar.time : local_midnight(bar.time, symbol);
    const std::int64_t nanos = time.time_since_epoch().count();
    if (time < query->range.start || time > query->range.end) continue;
    if (spelled == query->from_symbol &&
        (query->is_descending ? nanos > query->from_time : nanos < query->from_time)) {
      continue;
    }
    if (rows.count == room) {
      rows.next = nanos;
      break;
    }
    if (rows.count++ > 0) rows.text += ',';
    rows.text += bar_item(bar, time);
  }
  co_return rows;
}

net::Task<WireAnswer> bars(const Ask* ask, std::string symbols, bool is_single) {
  const auto query = bars_query(*ask, symbols);
  if (!query) co_return query.error();
  std::string lists;
  std::string token = "null";
  std::size_t room = query->page;
  for (std::size_t i = 0; i < query->symbols.size(); ++i) {
    const auto& [spelled, symbol] = query->symbols[i];
    if (spelled < query->from_symbol) continue;
    const Rows rows = co_await rows_of(ask, &*query, i, room);
    if (rows.count > 0) {
      if (is_single) {
        lists = fmt::format("[{}]", rows.text);
      } else {
        lists +=
            fmt::format(R"({}"{}":[{}])", lists.empty() ? "" : ",", ask->shown(spelled), rows.text);
      }
    }
    room -= rows.count;
    if (rows.next) {
      token = fmt::format(R"("{}")", token_of(fmt::format("{}|{}", spelled, *rows.next)));
      break;
    }
  }
  if (is_single) {
    co_return ok(fmt::format(R"({{"bars":{},"symbol":"{}","next_page_token":{}}})",
                             lists.empty() ? "null" : lists, ask->shown(query->symbols[0].first),
                             token));
  }
  co_return ok(fmt::format(R"({{"bars":{{{}}},"next_page_token":{}}})", lists, token));
}

std::string trade_item(const Quote& quote) {
  const bool is_coin = quote.symbol.is_crypto();
  return fmt::format(R"({{"t":"{}",{}"p":{},"s":{},{}"i":{}}})", rfc3339(quote.as_of),
                     is_coin ? "" : R"("x":"V",)", quote.last.value_or(0),
                     quote.last_size.value_or(1),
                     is_coin ? R"("tks":"B",)" : R"("c":["@"],"z":"C",)",
                     quote.as_of.time_since_epoch().count() / 1'000'000);
}

std::string quote_item(const Quote& quote) {
  const bool is_coin = quote.symbol.is_crypto();
  // Round lots of a hundred, as the vendor sends them for shares.
  const auto size = [&](std::optional<double> units) {
    return is_coin ? units.value_or(0) : std::round(units.value_or(0) / 100);
  };
  return fmt::format(R"({{"t":"{}",{}"ap":{},"as":{},{}"bp":{},"bs":{}{}}})", rfc3339(quote.as_of),
                     is_coin ? "" : R"("ax":"V",)", quote.ask.value_or(0), size(quote.ask_size),
                     is_coin ? "" : R"("bx":"V",)", quote.bid.value_or(0), size(quote.bid_size),
                     is_coin ? "" : R"(,"c":["R"],"z":"C")");
}

std::string snapshot_item(const Symbol& symbol, const Snapshot& snapshot) {
  std::string out = fmt::format(R"({{"latestTrade":{},"latestQuote":{})",
                                trade_item(snapshot.quote), quote_item(snapshot.quote));
  if (snapshot.minute) {
    out += fmt::format(R"(,"minuteBar":{})", bar_item(*snapshot.minute, snapshot.minute->time));
  }
  const auto daily = [&](std::string_view name, const std::optional<Bar>& bar) {
    if (bar)
      out += fmt::format(R"(,"{}":{})", name, bar_item(*bar, local_midnight(bar->time, symbol)));
  };
  daily("dailyBar", snapshot.day);
  daily("prevDailyBar", snapshot.previous);
  return out + "}";
}

/// Latest quotes, trades, bars or snapshots of many: `"A":{…},"B":{…}`, the unknown left out.
net::Task<std::string> latest(const Ask* ask, std::string symbols, std::string what) {
  std::string items;
  for (const std::string_view spelled : text::split_list(symbols)) {
    const auto symbol = symbol_of(spelled);
    if (!symbol) continue;
    auto snapshot = co_await snapshot_of(ask, *symbol);
    if (!snapshot) continue;
    snapshot->quote.symbol = *symbol;
    std::string item;
    if (what == "quotes") item = quote_item(snapshot->quote);
    if (what == "trades") item = trade_item(snapshot->quote);
    if (what == "snapshots") item = snapshot_item(*symbol, *snapshot);
    if (what == "bars" && snapshot->minute)
      item = bar_item(*snapshot->minute, snapshot->minute->time);
    if (item.empty()) continue;
    items += fmt::format(R"({}"{}":{})", items.empty() ? "" : ",", ask->shown(spelled), item);
  }
  co_return items;
}

std::string action_item(const CorporateAction& action, std::string_view symbol, bool is_split) {
  const std::string date = date_text(action.ex_date);
  const std::string common = fmt::format(
      R"("id":"{}-{}","symbol":"{}","ex_date":"{}","process_date":"{}","record_date":"{}")", symbol,
      date, symbol, date, date, date);
  if (!is_split) {
    return fmt::format(
        R"({{{},"cusip":"000000000","rate":{},"foreign":false,"special":false,"payable_date":"{}"}})",
        common, action.value, date);
  }
  const Ratio ratio = ratio_of(action.value);
  return fmt::format(R"({{{},"cusip":"000000000","new_rate":{},"old_rate":{}}})", common, ratio.to,
                     ratio.from);
}

net::Task<WireAnswer> actions(const Ask* ask) {
  const auto start = parse_rfc3339(ask->param("start", date_text(ask->now)));
  const auto end = parse_rfc3339(ask->param("end", date_text(ask->now)));
  if (!start || !end) co_return bad_request("invalid start or end");
  const std::string types = ask->param("types");
  const auto wants = [&](std::string_view type) {
    return types.empty() || types.find(type) != std::string::npos;
  };
  std::array<std::string, 3> lists;  // forward, reverse, dividends
  const std::string symbols = ask->param("symbols");
  for (const std::string_view spelled : text::split_list(symbols)) {
    const auto symbol = symbol_of(spelled);
    if (!symbol) continue;
    feed::BarsRequest request{.symbol = *symbol, .range = {feed::kNoStart, ask->now}, .limit = 1};
    const auto reply = co_await bars_of(ask, request);
    if (!reply) continue;
    for (const CorporateAction& action : reply->actions) {
      if (action.ex_date < *start || action.ex_date > *end) continue;
      const bool is_split = action.kind == CorporateAction::Kind::Split;
      std::string& list = lists[!is_split ? 2 : action.value > 1 ? 0 : 1];
      list += fmt::format("{}{}", list.empty() ? "" : ",",
                          action_item(action, ask->shown(spelled), is_split));
    }
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNames = {
      {{"forward_splits", "forward_split"},
       {"reverse_splits", "reverse_split"},
       {"cash_dividends", "cash_dividend"}}};
  std::string out;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists[i].empty() || !wants(kNames[i].second)) continue;
    out += fmt::format(R"({}"{}":[{}])", out.empty() ? "" : ",", kNames[i].first, lists[i]);
  }
  co_return ok(fmt::format(R"({{"corporate_actions":{{{}}},"next_page_token":null}})", out));
}

bool has_key(const Ask& ask, bool is_crypto) {
  const std::string_view id = ask.wire.header("apca-api-key-id");
  const std::string_view secret = ask.wire.header("apca-api-secret-key");
  // Coins are free for all; a wrong key is wrong there too.
  if (is_crypto && id.empty() && secret.empty()) return true;
  return id == ask.settings.alpaca_key_id && secret == ask.settings.alpaca_secret_key;
}

net::Task<WireAnswer> crypto(const Ask* ask) {
  const auto& path = ask->path;  // v1beta3 crypto us …
  const std::string symbols = ask->param("symbols");
  if (path.size() == 4 && path[3] == "bars") co_return co_await bars(ask, symbols, false);
  if (path.size() == 4 && path[3] == "snapshots") {
    co_return ok(
        fmt::format(R"({{"snapshots":{{{}}}}})", co_await latest(ask, symbols, "snapshots")));
  }
  if (path.size() == 5 && path[3] == "latest") {
    co_return ok(
        fmt::format(R"({{"{}":{{{}}}}})", path[4], co_await latest(ask, symbols, path[4])));
  }
  co_return WireAnswer{.status = 404, .body = R"({"message":"endpoint not found."})"};
}

}  // namespace

std::optional<Route> alpaca_route(std::string_view path) {
  if (path == "/v2/iex" || path == "/v2/sip" || path == "/v1beta3/crypto/us") return Route::Stream;
  if (path == "/v1/corporate-actions" || path == "/v1beta1/news") return Route::Reference;
  if (!path.starts_with("/v2/stocks") && !path.starts_with("/v1beta3/crypto/us/"))
    return std::nullopt;
  return path.ends_with("/bars") && !path.ends_with("/latest/bars") ? Route::Bars : Route::Quotes;
}

net::Task<WireAnswer> answer_alpaca(Ask ask) {
  const auto& path = ask.path;
  const bool is_crypto = path[0] == "v1beta3";
  if (!has_key(ask, is_crypto)) co_return error_answer(Vendor::Alpaca, 401, {});
  if (is_crypto) co_return co_await crypto(&ask);
  if (path[0] == "v1") co_return co_await actions(&ask);
  // Nothing is ever news in this market.
  if (path[0] == "v1beta1") co_return ok(R"({"news":[],"next_page_token":null})");
  const std::string symbols = ask.param("symbols");
  if (path.size() == 3 && path[2] == "bars") co_return co_await bars(&ask, symbols, false);
  if (path.size() == 3 && path[2] == "snapshots") {
    co_return ok(fmt::format("{{{}}}", co_await latest(&ask, symbols, "snapshots")));
  }
  if (path.size() == 4 && path[3] == "latest") {
    co_return ok(
        fmt::format(R"({{"{}":{{{}}}}})", path[2], co_await latest(&ask, symbols, path[2])));
  }
  if (path.size() == 4 && path[3] == "bars") co_return co_await bars(&ask, path[2], true);
  co_return WireAnswer{.status = 404, .body = R"({"message":"endpoint not found."})"};
}

}  // namespace ziggy::standin
