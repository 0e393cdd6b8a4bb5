#include <algorithm>
#include <utility>

#include "polygon_api.hpp"
#include "polygon_symbols.hpp"
#include "ziggy/domain/calendar.hpp"

namespace ziggy::feed {
namespace {

std::string market_of(AssetKind kind) {
  switch (kind) {
    case AssetKind::Crypto:
      return "/v2/snapshot/locale/global/markets/crypto/tickers";
    case AssetKind::Currency:
      return "/v2/snapshot/locale/global/markets/forex/tickers";
    case AssetKind::Index:
      return "/v3/snapshot/indices";
    case AssetKind::Share:
      break;
  }
  return "/v2/snapshot/locale/us/markets/stocks/tickers";
}

std::string snapshots_path(AssetKind kind, const std::vector<Symbol>& symbols) {
  std::string path = market_of(kind);
  if (kind != AssetKind::Index && symbols.size() == 1) {
    return path + "/" + percent_encoded(to_polygon(symbols.front()));
  }
  path += kind == AssetKind::Index ? "?ticker.any_of=" : "?tickers=";
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i > 0) path += ',';
    path += percent_encoded(to_polygon(symbols[i]));
  }
  return kind == AssetKind::Index ? path + "&limit=250" : path;
}

// The parts of a pair: BTC and USD.
std::pair<std::string, std::string> pair_of(const Symbol& symbol) {
  if (symbol.is_crypto()) {
    const std::string_view text = symbol.view();
    const std::size_t dash = text.rfind('-');
    return {std::string{text.substr(0, dash)}, std::string{text.substr(dash + 1)}};
  }
  const std::string joined = to_polygon(symbol).substr(2);
  return {joined.substr(0, 3), joined.size() > 3 ? joined.substr(3) : std::string{}};
}

std::string last_quote_path(const Symbol& symbol) {
  if (symbol.kind() == AssetKind::Share) {
    return "/v2/last/nbbo/" + percent_encoded(to_polygon(symbol));
  }
  if (symbol.kind() != AssetKind::Currency) return {};
  const auto [from, to] = pair_of(symbol);
  return fmt::format("/v1/last_quote/currencies/{}/{}", percent_encoded(from), percent_encoded(to));
}

std::string last_trade_path(const Symbol& symbol) {
  if (symbol.kind() == AssetKind::Share) {
    return "/v2/last/trade/" + percent_encoded(to_polygon(symbol));
  }
  if (symbol.kind() != AssetKind::Crypto) return {};
  const auto [from, to] = pair_of(symbol);
  return fmt::format("/v1/last/crypto/{}/{}", percent_encoded(from), percent_encoded(to));
}

bool has_price(const Quote& quote) { return quote.last || quote.bid || quote.ask; }

}  // namespace

net::Task<Result<std::vector<Quote>>> PolygonApi::snapshots(AssetKind kind,
                                                            std::vector<Symbol> symbols,
                                                            Call call) {
  Refusal& refused = no_snapshots_[static_cast<std::size_t>(kind)];
  if (refused.holds(clock_)) {
    co_return fail(ErrorCode::NotEntitled, "polygon: the plan has no snapshots");
  }
  auto payload = co_await ask(snapshots_path(kind, symbols), call);
  if (!payload) {
    if (payload.error().code() == ErrorCode::NotEntitled) refused.note(clock_);
    co_return std::unexpected{std::move(payload).error()};
  }
  auto found = parse_polygon_snapshots(payload->body);
  if (!found) {
    if (found.error().code() == ErrorCode::NotEntitled) refused.note(clock_);
    co_return found;
  }
  // Under the names that were asked for: two spellings of an index are one ticker.
  std::vector<Quote> quotes;
  for (const Symbol& symbol : symbols) {
    const std::string ticker = to_polygon(symbol);
    const auto same = std::ranges::find_if(
        *found, [&](const Quote& each) { return to_polygon(each.symbol) == ticker; });
    if (same == found->end()) continue;
    Quote& quote = quotes.emplace_back(*same);
    quote.symbol = symbol;
    if (quote.as_of == Timestamp{}) quote.as_of = clock_.now();
    quote.market_state = Calendar::of(symbol).state_at(clock_.now());
  }
  if (quotes.empty() && !found->empty()) {
    co_return fail(ErrorCode::BadPayload, "polygon: asked for {}, told about {}",
                   symbols.front().view(), found->front().symbol.view());
  }
  co_return quotes;
}

net::Task<Result<Quote>> PolygonApi::last_of(Symbol symbol, Call call) {
  Quote quote;
  quote.symbol = symbol;
  const std::string quote_path = last_quote_path(symbol);
  if (!quote_path.empty() && !no_last_quote_.holds(clock_)) {
    auto payload = co_await ask(quote_path, call);
    Result<> read;
    if (payload) {
      read = read_polygon_nbbo(payload->body, quote);
    } else {
      read = std::unexpected{std::move(payload).error()};
    }
    if (!read && read.error().code() == ErrorCode::NotEntitled) no_last_quote_.note(clock_);
    if (!read && !is_just_absent(read.error())) co_return std::unexpected{read.error()};
  }
  const std::string trade_path = last_trade_path(symbol);
  if (!trade_path.empty() && !no_last_trade_.holds(clock_)) {
    auto payload = co_await ask(trade_path, call);
    Result<> read;
    if (payload) {
      read = read_polygon_trade(payload->body, quote);
    } else {
      read = std::unexpected{std::move(payload).error()};
    }
    if (!read && read.error().code() == ErrorCode::NotEntitled) no_last_trade_.note(clock_);
    if (!read && !is_just_absent(read.error()) && !has_price(quote)) {
      co_return std::unexpected{read.error()};
    }
  }
  co_return quote;
}

net::Task<Result<Quote>> PolygonApi::previous_close(Symbol symbol, Call call) {
  auto payload = co_await ask(
      fmt::format("/v2/aggs/ticker/{}/prev?adjusted=false", percent_encoded(to_polygon(symbol))),
      call);
  if (!payload) co_return std::unexpected{std::move(payload).error()};
  auto page = parse_polygon_bars(payload->body, symbol, Interval::Day);
  if (!page) co_return std::unexpected{std::move(page).error()};
  if (page->bars.empty()) {
    co_return fail(ErrorCode::UnknownSymbol, "polygon: {} has no last session", symbol.view());
  }
  const Bar bar = page->bars.at(page->bars.size() - 1);
  Quote quote;
  quote.symbol = symbol;
  quote.last = bar.close;
  if (bar.volume > 0) quote.volume = bar.volume;
  const auto session = Calendar::of(symbol).session_on(date_of(bar.time));
  quote.as_of = session ? session->close : bar.time + std::chrono::days{1};
  co_return quote;
}

net::Task<Result<Quote>> PolygonApi::quote(Symbol symbol, Call call) {
  std::vector<Symbol> one{symbol};
  auto snapshot = co_await snapshots(symbol.kind(), std::move(one), call);
  if (snapshot && !snapshot->empty()) co_return snapshot->front();
  // In Polygon's own words there is no such ticker; everything else may only be missing here.
  const bool is_final = !snapshot && (snapshot.error().code() == ErrorCode::UnknownSymbol ||
                                      !is_just_absent(snapshot.error()));
  if (is_final) co_return std::unexpected{std::move(snapshot).error()};
  auto quote = co_await last_of(symbol, call);
  if (!quote) co_return quote;
  if (!has_price(*quote)) {
    quote = co_await previous_close(symbol, call);
    if (!quote) co_return fail(as_required(std::move(quote).error()));
  }
  if (quote->as_of == Timestamp{}) quote->as_of = clock_.now();
  quote->market_state = Calendar::of(symbol).state_at(clock_.now());
  co_return quote;
}

net::Task<Result<QuotesReply>> PolygonApi::quotes(std::vector<Symbol> symbols, Call call) {
  QuotesReply reply;
  for (const AssetKind kind :
       {AssetKind::Share, AssetKind::Crypto, AssetKind::Index, AssetKind::Currency}) {
    std::vector<Symbol> group;
    for (const Symbol& symbol : symbols) {
      if (symbol.kind() == kind) group.push_back(symbol);
    }
    if (group.empty()) continue;
    if (group.size() == 1) {
      auto one = co_await quote(group.front(), call);
      if (one) {
        reply.quotes.push_back(*one);
      } else {
        reply.missing.emplace_back(group.front(), std::move(one).error());
      }
      continue;
    }
    auto found = co_await snapshots(kind, group, call);
    const bool goes_on = found || is_just_absent(found.error());
    if (!goes_on) {
      if (group.size() == symbols.size()) co_return std::unexpected{std::move(found).error()};
      for (const Symbol& symbol : group) reply.missing.emplace_back(symbol, found.error());
      continue;
    }
    std::optional<Error> stop;
    for (const Symbol& symbol : group) {
      if (found) {
        const auto same = std::ranges::find(*found, symbol, &Quote::symbol);
        if (same != found->end()) {
          reply.quotes.push_back(*same);
        } else {
          reply.missing.emplace_back(
              symbol, Error{ErrorCode::UnknownSymbol,
                            fmt::format("polygon: no snapshot of {}", symbol.view())});
        }
        continue;
      }
      // Without snapshots one by one, until the vendor or the budget has enough.
      if (stop) {
        reply.missing.emplace_back(symbol, *stop);
        continue;
      }
      auto one = co_await quote(symbol, call);
      if (one) {
        reply.quotes.push_back(*one);
        continue;
      }
      if (!is_just_absent(one.error())) stop = one.error();
      reply.missing.emplace_back(symbol, std::move(one).error());
    }
  }
  co_return reply;
}

}  // namespace ziggy::feed
