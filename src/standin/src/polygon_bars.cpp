#include <algorithm>
#include <array>
#include <cmath>

#include "polygon_words.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::standin::polygon {

namespace {

using std::chrono::milliseconds;

// As the vendor's documentation of aggregates has them.
constexpr std::int64_t kLimitDefault = 5'000;
constexpr std::int64_t kLimitMax = 50'000;

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

}  // namespace

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

}  // namespace ziggy::standin::polygon
