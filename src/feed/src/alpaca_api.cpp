#include "alpaca_api.hpp"
#include "vendor_bars.hpp"

#include <algorithm>
#include <utility>

#include "vendor_json.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::feed {
namespace {

constexpr log::Logger kLog{"alpaca"};

// As the data API has it.
constexpr std::size_t kPageMax = 10'000;
constexpr std::size_t kNewsPageMax = 50;
constexpr int kReferencePagesMax = 20;

std::string_view timeframe_of(Interval interval) {
  switch (interval) {
    case Interval::Minute:
      return "1Min";
    case Interval::Minute5:
      return "5Min";
    case Interval::Minute15:
      return "15Min";
    case Interval::Minute30:
      return "30Min";
    case Interval::Hour:
      return "1Hour";
    case Interval::Hour4:
      return "4Hour";
    case Interval::Day:
      return "1Day";
    case Interval::Week:
      return "1Week";
    case Interval::Month:
      return "1Month";
    case Interval::Second:
      break;
  }
  return {};
}

std::string_view base_of(const Symbol& symbol) {
  return symbol.is_crypto() ? "/v1beta3/crypto/us" : "/v2/stocks";
}

std::string names_of(const std::vector<Symbol>& symbols) {
  std::string names;
  for (const Symbol& symbol : symbols) {
    if (!names.empty()) names += ',';
    names += percent_encoded(to_alpaca(symbol));
  }
  return names;
}

bool is_served(const Symbol& symbol) {
  return symbol.kind() == AssetKind::Share || symbol.kind() == AssetKind::Crypto;
}

std::optional<Error> refine(const VendorRefusal& refusal) {
  const std::string said = text::lower(refusal.message);
  // Alpaca's own 404 is {"code":…,"message":…}.
  if (refusal.status == 404) {
    const auto document = JsonDocument::parse("alpaca", refusal.body);
    if (!document || !json_member(document->root(), "message")) {
      return absent_route("alpaca", refusal);
    }
  }
  // A wrong key is answered so (with an empty code), a plan's limit in words about it.
  if (refusal.status == 403 && said.starts_with("forbidden")) {
    return Error{ErrorCode::CredentialsRejected, "alpaca: 403: " + refusal.message};
  }
  const bool is_about_symbol =
      said.contains("invalid symbol") || (said.contains("symbol") && said.contains("not found"));
  if ((refusal.status == 400 || refusal.status == 422) && is_about_symbol) {
    return Error{ErrorCode::UnknownSymbol,
                 fmt::format("alpaca: {}: {}", refusal.status, refusal.message)}
        .with_fields({{"symbol", "unknown_symbol", refusal.message}});
  }
  return std::nullopt;
}

// A bar's own time on the vendor's side: days begin at New York's midnight, coins' at 00:00Z or
// some hours later.
TimeRange vendor_range(const HistoryWindow& window) {
  TimeRange range = window.range;
  if (!is_intraday(window.interval) && !window.symbol.is_crypto()) {
    const auto midnight = [](Timestamp date) {
      return from_new_york(date_of(date), std::chrono::nanoseconds::zero());
    };
    range = {midnight(range.start),
             date_of(range.end) == range.end ? midnight(range.end) : range.end};
  }
  // Theirs includes its end.
  range.end -= std::chrono::nanoseconds{1};
  return range;
}

}  // namespace

AlpacaApi::AlpacaApi(AlpacaSettings settings, net::HttpClient& http, const Clock& clock,
                     resilience::Budget* budget)
    : settings_{std::move(settings)},
      clock_{clock},
      client_{"alpaca", settings_.base_url,
              http,     clock,
              budget,   {settings_.key_id, settings_.secret_key},
              refine} {}

net::Task<Result<Payload>> AlpacaApi::ask(std::string path_and_query, Call call) {
  std::vector<net::ClientHeader> headers;
  headers.push_back({"APCA-API-KEY-ID", std::string{settings_.key_id.reveal()}});
  headers.push_back({"APCA-API-SECRET-KEY", std::string{settings_.secret_key.reveal()}});
  headers.push_back({"Accept", "application/json"});
  auto payload = co_await client_.get(std::move(path_and_query), std::move(headers),
                                      with_timeout(call, settings_.timeout, clock_));
  co_return payload;
}

std::string AlpacaApi::bars_path(const HistoryWindow& window) const {
  const TimeRange range = vendor_range(window);
  std::string path = fmt::format(
      "{}/bars?symbols={}&timeframe={}&start={}&end={}&limit={}&sort={}", base_of(window.symbol),
      percent_encoded(to_alpaca(window.symbol)), timeframe_of(window.interval),
      to_rfc3339(range.start), to_rfc3339(range.end),
      std::clamp<std::size_t>(window.limit, 1, kPageMax), window.is_newest_first ? "desc" : "asc");
  if (!window.symbol.is_crypto()) {
    path += "&adjustment=raw&feed=" + percent_encoded(settings_.feed);
  }
  if (!window.next.empty()) path += "&page_token=" + percent_encoded(window.next);
  return path;
}

net::Task<Result<VendorBars>> AlpacaApi::page(HistoryWindow window, Call call) {
  auto payload = co_await ask(bars_path(window), call);
  if (!payload) co_return fail(as_required(std::move(payload).error()));
  auto bars = parse_alpaca_bars(payload->body, window.symbol, window.interval);
  co_return bars;
}

net::Task<Result<BarsReply>> AlpacaApi::bars(BarsRequest request, Call call) {
  if (request.interval == Interval::Second || !is_served(request.symbol)) {
    co_return fail(ErrorCode::NotSupported, "alpaca: no {} bars of {}",
                   interval_name(request.interval), request.symbol.view());
  }
  auto history = co_await read_history(this, request, call);
  if (!history) co_return std::unexpected{std::move(history).error()};
  if (history->bars.empty() && history->dropped == 0) {
    // Alpaca has no bars of what it does not know, too; a share that it knows has a snapshot.
    std::vector<Symbol> one{request.symbol};
    auto known = co_await ask(snapshots_path(one), call);
    const auto quotes = known ? parse_alpaca_snapshots(known->body)
                              : Result<std::vector<Quote>>{std::unexpected{known.error()}};
    if (quotes && quotes->empty()) {
      co_return fail(ErrorCode::UnknownSymbol, "alpaca: neither bars nor a snapshot of {}",
                     request.symbol.view());
    }
  }
  BarsReply reply;
  if (request.with_actions || has_jump(history->bars, request.interval)) {
    auto actions_or = co_await actions(request.symbol, call);
    if (!actions_or) co_return std::unexpected{std::move(actions_or).error()};
    reply.actions = std::move(actions_or->actions);
    reply.actions_whole = actions_or->is_whole;
  }
  reply.bars = std::move(history->bars);
  reply.dropped = history->dropped;
  reply.as_of = clock_.now();
  co_return reply;
}

net::Task<Result<SaidActions>> AlpacaApi::actions(Symbol symbol, Call call) {
  if (symbol.kind() != AssetKind::Share) co_return SaidActions{};
  if (auto kept = actions_.find(symbol, clock_)) co_return std::move(*kept);
  const std::string first = fmt::format(
      "/v1/corporate-actions?symbols={}&types=forward_split,reverse_split,unit_split,"
      "stock_dividend,cash_dividend&start=1990-01-01&end={}&limit=1000&sort=asc",
      percent_encoded(to_alpaca(symbol)), to_rfc3339(clock_.now()).substr(0, 10));
  SaidActions all;
  std::string token;
  for (int count = 0; count < kReferencePagesMax; ++count) {
    std::string path = first;
    if (!token.empty()) path += "&page_token=" + percent_encoded(token);
    auto payload = co_await ask(std::move(path), call);
    if (!payload) {
      if (!is_just_absent(payload.error())) co_return std::unexpected{std::move(payload).error()};
      kLog.info("actions_absent",
                {{"symbol", symbol.view()}, {"detail", payload.error().detail()}});
      all.is_whole = false;
      all.has_splits = false;
      break;
    }
    auto page = parse_alpaca_actions(payload->body, symbol);
    if (!page) co_return std::unexpected{std::move(page).error()};
    all.actions.insert(all.actions.end(), page->actions.begin(), page->actions.end());
    if (page->next.empty() || page->next == token) break;
    token = std::move(page->next);
  }
  all.actions = settle_actions(std::move(all.actions), clock_.now());
  actions_.keep(symbol, all, clock_);
  co_return all;
}

net::Task<Result<std::vector<Headline>>> AlpacaApi::headlines(Symbol symbol, TimeRange range,
                                                              Call call) {
  const auto clamped = [](Timestamp time) {
    return std::clamp(time, Timestamp{},
                      Timestamp{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}});
  };
  std::string name{symbol.view()};
  if (symbol.is_crypto()) std::erase(name, '-');
  const std::string first = fmt::format(
      "/v1beta1/news?symbols={}&start={}&end={}&sort=asc&limit={}", percent_encoded(name),
      to_rfc3339(clamped(range.start)), to_rfc3339(clamped(range.end)), kNewsPageMax);
  std::vector<Headline> found;
  std::string token;
  for (int count = 0; count < kReferencePagesMax; ++count) {
    std::string path = first;
    if (!token.empty()) path += "&page_token=" + percent_encoded(token);
    auto payload = co_await ask(std::move(path), call);
    if (!payload) co_return std::unexpected{std::move(payload).error()};
    auto page = parse_alpaca_news(payload->body, symbol);
    if (!page) co_return std::unexpected{std::move(page).error()};
    for (Headline& each : page->headlines) {
      if (each.time >= range.start && each.time < range.end) found.push_back(std::move(each));
    }
    if (page->next.empty() || page->next == token) break;
    token = std::move(page->next);
  }
  std::ranges::sort(found, {}, [](const Headline& each) {
    return std::pair{each.time, std::string_view{each.title}};
  });
  co_return found;
}

std::string AlpacaApi::snapshots_path(const std::vector<Symbol>& symbols) const {
  std::string path =
      fmt::format("{}/snapshots?symbols={}", base_of(symbols.front()), names_of(symbols));
  if (!symbols.front().is_crypto()) path += "&feed=" + percent_encoded(settings_.feed);
  return path;
}

std::string AlpacaApi::latest_path(std::string_view what,
                                   const std::vector<Symbol>& symbols) const {
  if (symbols.front().is_crypto()) {
    return fmt::format("/v1beta3/crypto/us/latest/{}?symbols={}", what, names_of(symbols));
  }
  return fmt::format("/v2/stocks/{}/latest?symbols={}&feed={}", what, names_of(symbols),
                     percent_encoded(settings_.feed));
}

}  // namespace ziggy::feed
