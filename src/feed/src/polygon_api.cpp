#include "polygon_api.hpp"
#include "vendor_bars.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "polygon_symbols.hpp"
#include "vendor_json.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/contracts.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::feed {
namespace {

constexpr log::Logger kLog{"polygon"};

// Of base aggregates, as the vendor counts them.
constexpr std::size_t kPageMax = 50'000;
// Splits, dividends and news come a thousand a page; a share has a few hundred of them.
constexpr int kReferencePagesMax = 20;

struct Span {
  std::string_view name;
  std::size_t multiple;
  /// How many base aggregates (seconds, minutes or days) go into one bar.
  std::size_t base;
};

Span span_of(Interval interval) {
  switch (interval) {
    case Interval::Second:
      return {"second", 1, 1};
    case Interval::Minute:
      return {"minute", 1, 1};
    case Interval::Minute5:
      return {"minute", 5, 5};
    case Interval::Minute15:
      return {"minute", 15, 15};
    case Interval::Minute30:
      return {"minute", 30, 30};
    case Interval::Hour:
    case Interval::Hour4:
      return {"hour", 1, 60};
    case Interval::Day:
      return {"day", 1, 1};
    case Interval::Week:
      return {"week", 1, 7};
    case Interval::Month:
      return {"month", 1, 31};
  }
  return {"day", 1, 1};
}

std::string date_text(Timestamp time) { return to_rfc3339(time).substr(0, 10); }

std::string bars_path(const HistoryWindow& window) {
  const Span span = span_of(window.interval);
  Timestamp from = window.range.start;
  const Timestamp last = window.range.end - std::chrono::nanoseconds{1};
  std::string ends;
  if (is_intraday(window.interval)) {
    using std::chrono::milliseconds;
    ends = fmt::format("{}/{}", std::chrono::floor<milliseconds>(from).time_since_epoch().count(),
                       std::chrono::floor<milliseconds>(last).time_since_epoch().count());
  } else {
    // Their week begins on the Sunday before ours.
    if (window.interval == Interval::Week) from -= std::chrono::days{1};
    ends = date_text(from) + "/" + date_text(last);
  }
  const std::size_t wanted = std::min(window.limit, kPageMax) * span.base + span.base;
  return fmt::format("/v2/aggs/ticker/{}/range/{}/{}/{}?adjusted=false&sort={}&limit={}",
                     percent_encoded(to_polygon(window.symbol)), span.multiple, span.name, ends,
                     window.is_newest_first ? "desc" : "asc", std::min(wanted, kPageMax));
}

// 404 means an unknown ticker only in Polygon's own words; 403 with an unknown key is no plan.
std::optional<Error> refine(const VendorRefusal& refusal) {
  const std::string said = text::lower(refusal.message);
  if (refusal.status == 404) {
    const auto document = JsonDocument::parse("polygon", refusal.body);
    const bool is_their_word = document && (json_text(document->root(), "status") == "NOT_FOUND" ||
                                            json_member(document->root(), "request_id"));
    if (!is_their_word) return absent_route("polygon", refusal);
  }
  if (refusal.status == 403 && said.contains("api key")) {
    return Error{ErrorCode::CredentialsRejected, "polygon: 403: " + refusal.message};
  }
  return std::nullopt;
}

}  // namespace

PolygonApi::PolygonApi(PolygonSettings settings, net::HttpClient& http, const Clock& clock,
                       resilience::Budget* budget)
    : settings_{std::move(settings)},
      clock_{clock},
      client_{"polygon", settings_.base_url, http, clock, budget, {settings_.key}, refine} {}

net::Task<Result<Payload>> PolygonApi::ask(std::string path_and_query, Call call) {
  std::vector<net::ClientHeader> headers;
  headers.push_back({"Authorization", "Bearer " + std::string{settings_.key.reveal()}});
  headers.push_back({"Accept", "application/json"});
  auto payload = co_await client_.get(std::move(path_and_query), std::move(headers),
                                      with_timeout(call, settings_.timeout, clock_));
  co_return payload;
}

net::Task<Result<VendorBars>> PolygonApi::page(HistoryWindow window, Call call) {
  auto payload = co_await ask(window.next.empty() ? bars_path(window) : window.next, call);
  if (!payload) co_return fail(as_required(std::move(payload).error()));
  auto bars = parse_polygon_bars(payload->body, window.symbol, window.interval);
  co_return bars;
}

net::Task<Result<>> PolygonApi::check_known(Symbol symbol, Call call) {
  auto payload = co_await ask("/v3/reference/tickers/" + percent_encoded(to_polygon(symbol)), call);
  if (!payload && payload.error().code() == ErrorCode::UnknownSymbol) {
    co_return std::unexpected{std::move(payload).error()};
  }
  co_return Result<>{};
}

net::Task<Result<BarsReply>> PolygonApi::bars(BarsRequest request, Call call) {
  auto history = co_await read_history(this, request, call);
  if (!history) co_return std::unexpected{std::move(history).error()};
  if (history->bars.empty() && history->dropped == 0) {
    auto known = co_await check_known(request.symbol, call);
    if (!known) co_return std::unexpected{std::move(known).error()};
  }
  BarsReply reply;
  const bool is_needed =
      request.with_actions || history->is_adjusted || has_jump(history->bars, request.interval);
  if (is_needed) {
    auto actions_or = co_await actions(request.symbol, call);
    if (!actions_or) co_return std::unexpected{std::move(actions_or).error()};
    reply.actions = std::move(actions_or->actions);
    reply.actions_whole = actions_or->is_whole;
    reply.basis_known = !history->is_adjusted || actions_or->has_splits;
  }
  if (history->is_adjusted && reply.basis_known)
    undo_splits(history->bars, reply.actions, request.interval);
  reply.bars = std::move(history->bars);
  reply.dropped = history->dropped;
  reply.as_of = clock_.now();
  co_return reply;
}

net::Task<Result<std::vector<CorporateAction>>> PolygonApi::read_actions(std::string path,
                                                                         Symbol symbol, Call call) {
  std::vector<CorporateAction> found;
  for (int count = 0; count < kReferencePagesMax; ++count) {
    auto payload = co_await ask(path, call);
    if (!payload) co_return std::unexpected{std::move(payload).error()};
    auto page = parse_polygon_actions(payload->body, symbol);
    if (!page) co_return std::unexpected{std::move(page).error()};
    found.insert(found.end(), page->actions.begin(), page->actions.end());
    if (page->next.empty() || page->next == path) break;
    path = std::move(page->next);
  }
  co_return found;
}

net::Task<Result<SaidActions>> PolygonApi::actions(Symbol symbol, Call call) {
  if (symbol.kind() != AssetKind::Share) co_return SaidActions{};
  if (auto kept = actions_.find(symbol, clock_)) co_return std::move(*kept);
  SaidActions all;
  for (const std::string_view what : {"splits", "dividends"}) {
    std::string path = fmt::format("/v3/reference/{}?ticker={}&limit=1000", what,
                                   percent_encoded(to_polygon(symbol)));
    auto part = co_await read_actions(std::move(path), symbol, call);
    if (part) {
      all.actions.insert(all.actions.end(), part->begin(), part->end());
    } else if (is_just_absent(part.error())) {
      all.is_whole = false;
      if (what == "splits") all.has_splits = false;
      kLog.info("actions_absent",
                {{"symbol", symbol.view()}, {"what", what}, {"detail", part.error().detail()}});
    } else {
      co_return std::unexpected{std::move(part).error()};
    }
  }
  all.actions = settle_actions(std::move(all.actions), clock_.now());
  actions_.keep(symbol, all, clock_);
  co_return all;
}

net::Task<Result<std::vector<SymbolInfo>>> PolygonApi::search(std::string query, std::size_t limit,
                                                              Call call) {
  auto payload =
      co_await ask(fmt::format("/v3/reference/tickers?search={}&active=true&limit={}",
                               percent_encoded(query), std::clamp<std::size_t>(limit, 1, 1000)),
                   call);
  if (!payload) co_return std::unexpected{std::move(payload).error()};
  auto found = parse_polygon_tickers(payload->body);
  if (!found) co_return found;
  // Polygon sorts by ticker: who types a ticker means that one.
  const std::string name = text::upper(query);
  std::ranges::sort(*found, {}, [&](const SymbolInfo& info) {
    const std::string_view symbol = info.symbol.view();
    return std::tuple{symbol != name, !symbol.starts_with(name), symbol};
  });
  if (found->size() > limit) found->resize(limit);
  co_return found;
}

net::Task<Result<std::vector<SymbolBar>>> PolygonApi::grouped_day(Timestamp session, Call call) {
  const Timestamp date{date_of(session)};
  auto payload = co_await ask(
      fmt::format("/v2/aggs/grouped/locale/us/market/stocks/{}?adjusted=false", date_text(date)),
      call);
  if (!payload) co_return std::unexpected{std::move(payload).error()};
  auto page = parse_polygon_grouped(payload->body);
  if (!page) co_return std::unexpected{std::move(page).error()};
  if (page->is_adjusted && !page->bars.empty()) {
    // The splits of ten thousand shares to undo it would cost more than the bars.
    co_return fail(ErrorCode::BadPayload, "polygon: asked for unadjusted bars, got adjusted ones");
  }
  std::erase_if(page->bars, [&](const SymbolBar& each) { return each.bar.time != date; });
  co_return std::move(page->bars);
}

net::Task<Result<std::vector<Headline>>> PolygonApi::headlines(Symbol symbol, TimeRange range,
                                                               Call call) {
  // Nobody reads more at once.
  constexpr std::size_t kHeadlinesMax = 5000;
  const auto clamped = [](Timestamp time) {
    return std::clamp(time, Timestamp{},
                      Timestamp{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}});
  };
  std::string path = fmt::format(
      "/v2/reference/news?ticker={}&published_utc.gte={}&published_utc.lt={}&order=asc&"
      "sort=published_utc&limit=1000",
      percent_encoded(to_polygon(symbol)), to_rfc3339(clamped(range.start), Subsecond::None),
      to_rfc3339(clamped(range.end), Subsecond::None));
  std::vector<Headline> found;
  for (int count = 0; count < kReferencePagesMax && found.size() < kHeadlinesMax; ++count) {
    auto payload = co_await ask(path, call);
    if (!payload) co_return fail(as_required(std::move(payload).error()));
    auto page = parse_polygon_news(payload->body, symbol);
    if (!page) co_return std::unexpected{std::move(page).error()};
    for (Headline& each : page->headlines) {
      if (each.time >= range.start && each.time < range.end) found.push_back(std::move(each));
    }
    if (page->next.empty() || page->next == path) break;
    path = std::move(page->next);
  }
  std::ranges::sort(found, {}, [](const Headline& each) {
    return std::pair{each.time, std::string_view{each.title}};
  });
  co_return found;
}

}  // namespace ziggy::feed
