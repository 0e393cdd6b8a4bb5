#include <algorithm>
#include <optional>
#include <utility>

#include "alpaca_api.hpp"
#include "ziggy/domain/calendar.hpp"

namespace ziggy::feed {
namespace {

// How many symbols of one request the vendor may call invalid, one after the other.
constexpr int kInvalidMax = 5;

Error unknown(const Symbol& symbol) {
  return Error{ErrorCode::UnknownSymbol, fmt::format("alpaca: no quote of {}", symbol.view())};
}

}  // namespace

net::Task<Result<std::vector<Quote>>> AlpacaApi::latest(std::vector<Symbol> symbols, Call call) {
  std::vector<Quote> quotes;
  std::optional<Error> failure;
  bool is_answered = false;
  for (const std::string_view what : {"quotes", "trades"}) {
    auto payload = co_await ask(latest_path(what, symbols), call);
    Result<> read;
    if (payload) {
      read = read_alpaca_latest(payload->body, quotes);
    } else {
      read = std::unexpected{std::move(payload).error()};
    }
    if (read) {
      is_answered = true;
    } else {
      failure = std::move(read).error();
    }
  }
  // One of the two is half an answer, which is better than none.
  const bool is_spoilt = failure && (!is_answered || !is_just_absent(*failure));
  if (quotes.empty() && is_spoilt) co_return fail(as_required(std::move(*failure)));
  co_return quotes;
}

net::Task<Result<std::vector<Quote>>> AlpacaApi::ask_quotes(std::vector<Symbol> symbols,
                                                            Call call) {
  Refusal& refused = no_snapshots_[symbols.front().is_crypto() ? 1 : 0];
  if (refused.holds(clock_)) {
    auto found = co_await latest(symbols, call);
    co_return found;
  }
  auto payload = co_await ask(snapshots_path(symbols), call);
  if (payload) {
    auto found = parse_alpaca_snapshots(payload->body);
    co_return found;
  }
  Error error = std::move(payload).error();
  if (error.code() == ErrorCode::NotEntitled) refused.note(clock_);
  // A symbol that the vendor calls invalid is invalid everywhere.
  const bool is_named = error.code() == ErrorCode::UnknownSymbol && !error.fields().empty();
  if (!is_just_absent(error) || is_named) co_return std::unexpected{std::move(error)};
  auto found = co_await latest(symbols, call);
  if (!found && is_just_absent(found.error())) co_return fail(as_required(std::move(error)));
  co_return found;
}

net::Task<Result<std::vector<Quote>>> AlpacaApi::ask_valid(std::vector<Symbol> symbols, Call call) {
  for (int count = 0; count < kInvalidMax; ++count) {
    auto found = co_await ask_quotes(symbols, call);
    const bool is_named = !found && found.error().code() == ErrorCode::UnknownSymbol &&
                          !found.error().fields().empty();
    if (!is_named || symbols.size() == 1) co_return found;
    const std::size_t at = named_symbol(found.error().fields().front().message, symbols);
    if (at == symbols.size()) co_return found;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at));
  }
  co_return fail(ErrorCode::UnknownSymbol, "alpaca: too many invalid symbols in one request");
}

net::Task<Result<QuotesReply>> AlpacaApi::quotes(std::vector<Symbol> symbols, Call call) {
  QuotesReply reply;
  std::vector<Symbol> shares;
  std::vector<Symbol> coins;
  for (const Symbol& symbol : symbols) {
    if (symbol.kind() == AssetKind::Share) {
      shares.push_back(symbol);
    } else if (symbol.is_crypto()) {
      coins.push_back(symbol);
    } else {
      reply.missing.emplace_back(
          symbol,
          Error{ErrorCode::NotSupported, fmt::format("alpaca: no quotes of {}", symbol.view())});
    }
  }
  for (std::vector<Symbol>* const group : {&shares, &coins}) {
    if (group->empty()) continue;
    auto found = co_await ask_valid(*group, call);
    if (!found && group->size() == symbols.size() && !is_just_absent(found.error())) {
      co_return std::unexpected{std::move(found).error()};
    }
    bool is_any = false;
    for (const Symbol& symbol : *group) {
      if (!found) {
        reply.missing.emplace_back(symbol, found.error());
        continue;
      }
      const auto same = std::ranges::find(*found, symbol, &Quote::symbol);
      if (same == found->end()) {
        reply.missing.emplace_back(symbol, unknown(symbol));
        continue;
      }
      is_any = true;
      Quote& quote = reply.quotes.emplace_back(*same);
      if (quote.as_of == Timestamp{}) quote.as_of = clock_.now();
      quote.market_state = Calendar::of(symbol).state_at(clock_.now());
    }
    if (found && !found->empty() && !is_any) {
      co_return fail(ErrorCode::BadPayload, "alpaca: asked for {}, told about {}",
                     group->front().view(), found->front().symbol.view());
    }
  }
  co_return reply;
}

net::Task<Result<Quote>> AlpacaApi::quote(Symbol symbol, Call call) {
  std::vector<Symbol> one{symbol};
  auto reply = co_await quotes(std::move(one), call);
  if (!reply) co_return std::unexpected{std::move(reply).error()};
  if (reply->quotes.empty()) co_return std::unexpected{std::move(reply->missing.front().second)};
  co_return reply->quotes.front();
}

}  // namespace ziggy::feed
