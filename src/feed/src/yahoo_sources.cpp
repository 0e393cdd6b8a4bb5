#include "yahoo_sources.hpp"

#include <algorithm>

#include "yahoo_errors.hpp"
#include "yahoo_quote.hpp"
#include "yahoo_search.hpp"
#include "yahoo_symbols.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/new_york.hpp"
#include "ziggy/net/query.hpp"

namespace ziggy::feed {
namespace {

using std::chrono::seconds;

// Yahoo takes hundreds; longer addresses are cut by proxies.
constexpr std::size_t kBatchMax = 50;
constexpr std::size_t kNewsMax = 50;

std::int64_t epoch(Timestamp time) {
  return std::chrono::floor<seconds>(time).time_since_epoch().count();
}

// In a path Yahoo's `=` stands as it is, `^` may not.
std::string path_of(Symbol symbol) {
  std::string path;
  for (const char c : to_yahoo(symbol)) {
    if (c == '^') {
      path += "%5E";
    } else {
      path += c;
    }
  }
  return "/v8/finance/chart/" + path;
}

// Wrong-symbol answers of caches and stand-ins are caught here, whichever spelling they use.
Result<> check_symbol(const YahooMeta& meta, Symbol symbol) {
  if (meta.symbol.empty() || text::equals_ignoring_case(meta.symbol, to_yahoo(symbol)) ||
      text::equals_ignoring_case(meta.symbol, symbol.view())) {
    return {};
  }
  return fail(ErrorCode::BadPayload, "yahoo: asked for {}, got another symbol", symbol.view());
}

// The splits of coins, indexes and currencies need no request.
bool may_split(Symbol symbol) { return symbol.kind() == AssetKind::Share; }

// The quote route is closed to us, but the chart may not be.
bool is_closed(const Error& error) {
  const ErrorCode code = error.code();
  return code == ErrorCode::CredentialsRejected || code == ErrorCode::NotEntitled ||
         code == ErrorCode::UnknownSymbol || code == ErrorCode::NotSupported;
}

// Nobody has a key for Yahoo: what it refuses for a crumb or a cookie is no fault of the settings
// and no plan that lacks something, but Yahoo not working for us now.
Error keyless(Error error) {
  if (error.code() != ErrorCode::CredentialsRejected) return error;
  return Error{ErrorCode::ProviderUnavailable, error.detail()};
}

// Joins what pages brought; each keeps to its own stretch, so that nothing comes twice.
void add_page(YahooChart& all, YahooChart page, TimeRange range, bool is_only) {
  if (is_only) {
    all = std::move(page);
    return;
  }
  const std::size_t from = page.bars.lower_bound(range.start);
  const std::size_t to = std::max(from, page.bars.lower_bound(range.end));
  BarColumns bars;
  const bool goes_first =
      from < to && !all.bars.empty() && page.bars.time_at(from) < all.bars.time_at(0);
  if (!goes_first) bars.append(all.bars);
  bars.append(page.bars, from, to);
  if (goes_first) bars.append(all.bars);
  all.bars = std::move(bars);
  all.splits = merge_actions(std::move(all.splits), page.splits);
  all.dividends = merge_actions(std::move(all.dividends), page.dividends);
  all.dropped += page.dropped;
  all.meta = std::move(page.meta);
}

}  // namespace

std::shared_ptr<const YahooEvents> YahooEventsCache::find(Symbol symbol, Timestamp now) const {
  const std::lock_guard lock{mutex_};
  const auto entry = entries_.find(symbol);
  if (entry == entries_.end()) return nullptr;
  const Timestamp stored = entry->second.stored;
  if (now - stored > kFor || new_york_date(now) != new_york_date(stored)) return nullptr;
  return entry->second.events;
}

void YahooEventsCache::put(Symbol symbol, std::shared_ptr<const YahooEvents> events,
                           Timestamp now) {
  const std::lock_guard lock{mutex_};
  if (const auto known = entries_.find(symbol); known != entries_.end()) {
    ages_.erase(known->second.age);
    entries_.erase(known);
  } else if (entries_.size() == kSymbolsMax) {
    entries_.erase(ages_.front());
    ages_.pop_front();
  }
  ages_.push_back(symbol);
  entries_.emplace(symbol, Entry{std::move(events), now, std::prev(ages_.end())});
}

YahooProvider::Sources::Sources(YahooSettings settings, net::HttpClient& http, const Clock& clock,
                                resilience::Budget* budget)
    : settings_{std::move(settings)},
      clock_{clock},
      client_{"yahoo", settings_.base_url, http, clock, budget, {}, refine_yahoo},
      session_{client_, clock, settings_.timeout},
      flights_{clock} {}

Capability YahooProvider::Sources::bars_capability() const {
  Capability capability;
  capability.intervals = 0;
  for (const Interval interval : kIntervals) {
    if (!yahoo_interval(interval).empty()) {
      capability.intervals |= 1U << static_cast<unsigned>(interval);
    }
  }
  return capability;
}

Capability YahooProvider::Sources::quotes_capability() const {
  return {.intervals = 0, .batch_max = kBatchMax};
}

net::Task<Result<Payload>> YahooProvider::Sources::get(std::string path_and_query, Call call) {
  auto payload = co_await get_once(std::move(path_and_query), call);
  if (!payload) co_return fail(keyless(std::move(payload).error()));
  co_return payload;
}

net::Task<Result<Payload>> YahooProvider::Sources::get_once(std::string path_and_query, Call call) {
  auto headers = yahoo_headers();
  if (std::string cookies = session_.cookies(); !cookies.empty()) {
    headers.push_back({"Cookie", std::move(cookies)});
  }
  const Monotonic own = clock_.steady() + settings_.timeout;
  const bool is_ours = own < call.deadline;
  call.deadline = std::min(call.deadline, own);
  auto payload = co_await client_.get(std::move(path_and_query), std::move(headers), call);
  if (!payload && is_ours && payload.error().code() == ErrorCode::DeadlineExceeded) {
    co_return fail(ErrorCode::ProviderTimeout, "{}", payload.error().detail());
  }
  co_return payload;
}

net::Task<Result<YahooChart>> YahooProvider::Sources::charts(YahooPlan plan, Symbol symbol,
                                                             Interval interval, Call call) {
  YahooChart all;
  for (const TimeRange& page : plan.pages) {
    auto payload = co_await get(
        fmt::format("{}?period1={}&period2={}&interval={}&includePrePost=false&events=div%7Csplit",
                    path_of(symbol), epoch(page.start), epoch(page.end), yahoo_interval(interval)),
        call);
    if (!payload) {
      if (payload.error().code() == ErrorCode::NoData) continue;
      co_return std::unexpected{std::move(payload).error()};
    }
    auto chart = parse_chart(payload->body, interval);
    if (!chart) co_return fail(keyless(std::move(chart).error()));
    if (auto checked = check_symbol(chart->meta, symbol); !checked) {
      co_return std::unexpected{std::move(checked).error()};
    }
    add_page(all, std::move(*chart), page, plan.pages.size() == 1);
    if (all.bars.size() >= plan.limit) break;
  }
  co_return all;
}

net::Task<Result<BarsReply>> YahooProvider::Sources::bars(BarsRequest request, Call call) {
  const Timestamp now = clock_.now();
  auto plan = plan_chart(request, now);
  if (!plan) co_return std::unexpected{std::move(plan).error()};
  auto chart = co_await charts(*plan, request.symbol, request.interval, call);
  if (!chart) co_return std::unexpected{std::move(chart).error()};
  const bool is_whole =
      plan->pages.empty() ||
      (chart->meta.first_trade && *chart->meta.first_trade >= plan->pages.back().start);
  if (plan->from_the_end && !is_whole && cut_to(*plan, chart->bars).size() < plan->limit) {
    // Fewer sessions than a normal year has: once more, from much earlier.
    auto wider = plan_chart(request, now, 3);
    if (wider && !wider->pages.empty() && wider->pages.back().start < plan->pages.back().start) {
      chart = co_await charts(*wider, request.symbol, request.interval, call);
      if (!chart) co_return std::unexpected{std::move(chart).error()};
    }
  }
  // The splits inside the chart are all when it reaches to today.
  if (may_split(request.symbol) && (request.with_actions || request.range.end < now) &&
      !chart->bars.empty()) {
    auto known = co_await events(request.symbol, call);
    if (!known) co_return std::unexpected{std::move(known).error()};
    chart->splits = merge_actions(std::move(chart->splits), (*known)->splits);
    chart->dividends = merge_actions(std::move(chart->dividends), (*known)->dividends);
  }
  if (auto raw = unadjust(chart->bars, chart->splits, request.interval); !raw) {
    co_return std::unexpected{std::move(raw).error()};
  }
  BarsReply reply;
  reply.bars = cut_to(*plan, chart->bars);
  reply.actions = paid_actions(chart->splits, chart->dividends);
  reply.as_of = now;
  reply.dropped = chart->dropped;
  co_return reply;
}

net::Task<Result<YahooProvider::Sources::Events>> YahooProvider::Sources::events(Symbol symbol,
                                                                                 Call call) {
  if (auto known = known_.find(symbol, clock_.now())) co_return known;
  Call own = call;
  // Whoever shares the flight may have less time.
  own.deadline = clock_.steady() + settings_.timeout;
  auto fetched = co_await flights_.run(
      symbol, [this, symbol, own] { return fetch_events(this, symbol, own); }, call);
  co_return fetched;
}

net::Task<Result<YahooProvider::Sources::Events>> YahooProvider::Sources::fetch_events(
    Sources* self, Symbol symbol, Call call) {
  const Timestamp now = self->clock_.now();
  net::ClientRequest request;
  // From before the first chart, in months: all events in a few kilobytes.
  request.url = fmt::format(
      "{}?period1=-2208988800&period2={}&interval=1mo&includePrePost=false&events=div%7Csplit",
      path_of(symbol), epoch(now));
  request.headers = yahoo_headers();
  auto response = co_await self->client_.send(std::move(request), call);
  if (!response) co_return std::unexpected{std::move(response).error()};
  auto events = std::make_shared<YahooEvents>();
  // A symbol that has bars but no chart of months has no events that Yahoo knows.
  if (response->status != 404) {
    auto payload = self->client_.judge(std::move(*response));
    if (!payload && payload.error().code() != ErrorCode::NoData) {
      co_return fail(keyless(std::move(payload).error()));
    }
    if (payload) {
      auto chart = parse_chart_events(payload->body);
      if (!chart) co_return fail(keyless(std::move(chart).error()));
      if (auto checked = check_symbol(chart->meta, symbol); !checked) {
        co_return std::unexpected{std::move(checked).error()};
      }
      events->splits = std::move(chart->splits);
      events->dividends = std::move(chart->dividends);
    }
  }
  self->known_.put(symbol, events, now);
  co_return events;
}

net::Task<Result<std::vector<CorporateAction>>> YahooProvider::Sources::actions(Symbol symbol,
                                                                                Call call) {
  if (!may_split(symbol)) co_return std::vector<CorporateAction>{};
  auto known = co_await events(symbol, call);
  if (!known) co_return std::unexpected{std::move(known).error()};
  co_return paid_actions((*known)->splits, (*known)->dividends);
}

net::Task<Result<Payload>> YahooProvider::Sources::get_quotes(std::string spellings, Call call) {
  const std::string path = "/v7/finance/quote?symbols=" + net::percent_encode(spellings);
  // A crumb that was kept may have gone stale: the second try is with a fresh one.
  for (int attempt = 0;; ++attempt) {
    auto crumb = co_await session_.crumb(call);
    if (!crumb) co_return std::unexpected{std::move(crumb).error()};
    const std::string query =
        crumb->empty() ? path : path + "&crumb=" + net::percent_encode(*crumb);
    auto payload = co_await get_once(query, call);
    const bool is_refused =
        !payload && payload.error().code() == ErrorCode::CredentialsRejected && !crumb->empty();
    if (!is_refused || attempt == 1) co_return payload;
    session_.drop(*crumb);
  }
}

net::Task<Result<QuotesReply>> YahooProvider::Sources::quotes(std::vector<Symbol> symbols,
                                                              Call call) {
  std::string spellings;
  for (const Symbol& symbol : symbols) {
    if (!spellings.empty()) spellings += ',';
    spellings += to_yahoo(symbol);
  }
  auto payload = co_await get_quotes(std::move(spellings), call);
  if (payload) {
    auto reply = parse_quotes(payload->body, symbols);
    if (!reply) co_return fail(keyless(std::move(reply).error()));
    co_return reply;
  }
  if (!is_closed(payload.error())) co_return std::unexpected{std::move(payload).error()};
  auto reply = co_await quotes_of_charts(std::move(symbols), call);
  // The chart knows nothing either: what the quotes said comes first.
  const bool helps = reply && !reply->quotes.empty();
  if (helps) co_return reply;
  if (payload.error().code() == ErrorCode::UnknownSymbol) co_return reply;
  co_return fail(keyless(std::move(payload).error()));
}

net::Task<Result<QuotesReply>> YahooProvider::Sources::quotes_of_charts(std::vector<Symbol> symbols,
                                                                        Call call) {
  QuotesReply reply;
  for (const Symbol& symbol : symbols) {
    auto payload =
        co_await get(path_of(symbol) + "?range=1d&interval=1d&includePrePost=false", call);
    if (!payload) {
      const ErrorCode code = payload.error().code();
      const bool is_of_symbol = code == ErrorCode::UnknownSymbol || code == ErrorCode::NoData;
      if (!is_of_symbol) co_return std::unexpected{std::move(payload).error()};
      reply.missing.emplace_back(symbol, std::move(payload).error());
      continue;
    }
    auto chart = parse_chart_events(payload->body);
    if (!chart) co_return std::unexpected{std::move(chart).error()};
    if (auto checked = check_symbol(chart->meta, symbol); !checked) {
      co_return std::unexpected{std::move(checked).error()};
    }
    auto quote = quote_of(chart->meta, symbol, clock_.now());
    if (quote) {
      reply.quotes.push_back(*quote);
    } else {
      reply.missing.emplace_back(symbol, std::move(quote).error());
    }
  }
  co_return reply;
}

net::Task<Result<Quote>> YahooProvider::Sources::quote(Symbol symbol, Call call) {
  std::vector<Symbol> symbols{symbol};
  auto reply = co_await quotes(std::move(symbols), call);
  if (!reply) co_return std::unexpected{std::move(reply).error()};
  if (!reply->quotes.empty()) co_return reply->quotes.front();
  co_return std::unexpected{std::move(reply->missing.front().second)};
}

net::Task<Result<std::vector<Headline>>> YahooProvider::Sources::headlines(Symbol symbol,
                                                                           TimeRange range,
                                                                           Call call) {
  auto payload = co_await get(
      fmt::format("/v1/finance/search?q={}&quotesCount=0&newsCount={}&lang=en-US&region=US",
                  net::percent_encode(to_yahoo(symbol)), kNewsMax),
      call);
  if (!payload) co_return std::unexpected{std::move(payload).error()};
  co_return parse_headlines(payload->body, symbol, range);
}

net::Task<Result<std::vector<SymbolInfo>>> YahooProvider::Sources::search(std::string query,
                                                                          std::size_t limit,
                                                                          Call call) {
  if (text::trim(query).empty() || limit == 0) co_return std::vector<SymbolInfo>{};
  auto payload = co_await get(
      fmt::format("/v1/finance/search?q={}&quotesCount={}&newsCount=0&lang=en-US&region=US",
                  net::percent_encode(query), std::min<std::size_t>(limit, kBatchMax)),
      call);
  if (!payload) co_return std::unexpected{std::move(payload).error()};
  co_return parse_search(payload->body, limit);
}

}  // namespace ziggy::feed
