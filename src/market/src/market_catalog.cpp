#include <algorithm>
#include <map>

#include "market_state.hpp"
#include "ziggy/base/text.hpp"

/// What is known about symbols beside their prices.
namespace ziggy::market {
namespace {

// What a listing of all symbols looks through; more are found by a query.
constexpr std::size_t kSymbolsMax = 20'000;

bool matches(const SymbolEntry& entry, std::string_view upper_query) {
  return upper_query.empty() || entry.symbol.view().find(upper_query) != std::string_view::npos ||
         text::upper(entry.name).find(upper_query) != std::string::npos;
}

}  // namespace

net::Task<Result<std::vector<CorporateAction>>> Market::corporate_actions(Symbol symbol,
                                                                          Call call) {
  State& state = *state_;
  auto imported = co_await state.is_imported(symbol);
  if (!imported) co_return std::unexpected{std::move(imported).error()};
  routing::Outcome<feed::BarsReply> outcome;
  if (!*imported) {
    const Timestamp now = state.parts.clock.now();
    const feed::BarsRequest request{symbol, Interval::Day, {kNoStart, now}, 1};
    routing::Terms<feed::BarsReply> terms;
    const routing::Chain& chain = state.bars_chain(symbol);
    terms.accept = state.quarantine.bars(request, operation_name(chain.operation()), call);
    outcome = co_await chain.bars(request, std::move(terms), call);
    if (outcome.value) co_return std::move(outcome.value->actions);
  }
  store::Database* const database = &state.parts.database;
  auto stored = co_await state.parts.pool.run(
      [database, symbol] { return database->actions().read(symbol); });
  if (!stored) co_return std::unexpected{std::move(stored).error()};
  if (stored->empty() && state.imports.mark(symbol) == 0) {
    co_return fail(no_answer(outcome, symbol, "corporate actions"));
  }
  co_return stored;
}

net::Task<Result<std::vector<SeriesCoverage>>> Market::coverage(Symbol symbol, Call call) {
  State& state = *state_;
  store::Database* const database = &state.parts.database;
  auto stored = co_await state.parts.pool.run(
      [database, symbol] { return read_coverage(*database, symbol); });
  if (!stored) co_return std::unexpected{std::move(stored).error()};
  if (!stored->empty()) co_return stored;
  // Nothing is stored; whether there is such a symbol at all, the vendors say.
  auto actions = co_await corporate_actions(symbol, call);
  if (!actions && actions.error().code() == ErrorCode::UnknownSymbol) {
    co_return std::unexpected{std::move(actions).error()};
  }
  co_return std::vector<SeriesCoverage>{};
}

net::Task<Result<std::vector<store::Quarantined>>> Market::quarantined(std::size_t limit,
                                                                       std::string before,
                                                                       Call /*call*/) {
  store::Database* const database = &state_->parts.database;
  auto rows = co_await state_->parts.pool.run(
      [database, limit, before] { return database->quality().quarantined(limit, before); });
  co_return rows;
}

net::Task<Result<std::vector<SymbolEntry>>> Market::symbols(std::string query, std::size_t limit,
                                                            std::optional<Symbol> after,
                                                            Call /*call*/) {
  State* const state = state_.get();
  auto found = co_await state->parts.pool.run([state, query, limit,
                                               after]() -> Result<std::vector<SymbolEntry>> {
    ZIGGY_TRY(rows, state->parts.database.symbols().search(query, kSymbolsMax));
    std::map<Symbol, SymbolEntry> known;
    for (store::SymbolRow& row : rows) {
      known.emplace(row.symbol, SymbolEntry{row.symbol, std::move(row.name),
                                            std::string{asset_class_name(row.asset_class)},
                                            std::move(row.source), row.imported});
    }
    const std::string wanted = text::upper(query);
    for (const routing::Chain* const chain :
         {&state->parts.prices, &state->parts.quotes, &state->parts.crypto}) {
      for (const feed::Provider* const provider : chain->providers()) {
        for (feed::SymbolInfo& info : provider->symbols()) {
          SymbolEntry entry{info.symbol, std::move(info.name),
                            std::string{info.asset_class.empty() ? "unknown" : info.asset_class},
                            std::string{provider->name()}, false};
          if (matches(entry, wanted)) known.emplace(info.symbol, std::move(entry));
        }
      }
    }
    std::vector<SymbolEntry> entries;
    auto next = after ? known.upper_bound(*after) : known.begin();
    for (; next != known.end() && entries.size() < limit; ++next) {
      entries.push_back(std::move(next->second));
    }
    return entries;
  });
  co_return found;
}

}  // namespace ziggy::market
