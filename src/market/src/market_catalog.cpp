#include <algorithm>
#include <iterator>
#include <map>

#include "at_once.hpp"
#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/resilience/time_limit.hpp"

/// What is known about symbols beside their prices.
namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// What a listing of all symbols looks through; more are found by a query.
constexpr std::size_t kSymbolsMax = 20'000;

// A longer text is no symbol and no company's name, and not worth a vendor's request.
constexpr std::size_t kSearchMax = 64;
// What one vendor may add to a listing.
constexpr std::size_t kSearchedMax = 50;
// Listings change over days; people type the same few letters again and again.
constexpr std::chrono::minutes kSearchedFor{10};
// A vendor whose search failed is asked again after this.
constexpr std::chrono::seconds kSearchAgain{30};
// What one vendor may take for what is no price: people wait for it.
constexpr std::chrono::milliseconds kReferenceLimit{2'000};

SymbolEntry entry_of(const feed::SymbolInfo& info, std::string_view source) {
  return {info.symbol, info.name,
          std::string{info.asset_class.empty() ? "unknown" : info.asset_class}, std::string{source},
          false};
}

// The first to know a symbol is its source; a later one may add what the first left open.
void add_searched(std::map<Symbol, SymbolEntry>& known, const SymbolEntry& entry) {
  SymbolEntry& there = known.emplace(entry.symbol, entry).first->second;
  if (there.name.empty()) there.name = entry.name;
  if (there.asset_class == "unknown") there.asset_class = entry.asset_class;
}

bool matches(const SymbolEntry& entry, std::string_view upper_query) {
  return upper_query.empty() || entry.symbol.view().find(upper_query) != std::string_view::npos ||
         text::upper(entry.name).find(upper_query) != std::string::npos;
}

}  // namespace

/// One asking for what is no price, in its time.
template <class T>
net::Task<Result<T>> Market::State::ask_reference(net::Task<Result<T>> work, Call call) {
  std::chrono::nanoseconds limit = kReferenceLimit;
  if (call.deadline != Monotonic::max()) {
    limit =
        std::min(limit, std::max(std::chrono::nanoseconds{}, call.deadline - parts.clock.steady()));
  }
  try {
    auto answer = co_await resilience::within<T>(std::move(work), limit);
    if (answer) co_return std::move(*answer);
  } catch (const std::exception& error) {
    co_return fail(ErrorCode::ProviderUnavailable, "{}", error.what());
  }
  co_return fail(ErrorCode::ProviderTimeout, "no answer in time");
}

net::Task<> Market::State::ask_for_actions(std::shared_ptr<ActionsAsked> asked, Symbol symbol,
                                           const feed::Provider* silent, Call call) {
  const routing::Chain& chain = bars_chain(symbol);
  const auto vendors =
      parts.desk != nullptr ? parts.desk->order(chain.operation()) : chain.providers();
  routing::Outcome<feed::BarsReply>& outcome = asked->outcome;
  for (const feed::Provider* const vendor : chain.providers()) {
    if (vendor->not_configured().empty()) continue;
    outcome.skipped.push_back({std::string{vendor->name()}, ErrorCode::Configuration,
                               std::string{vendor->not_configured()}});
  }
  for (feed::Provider* const vendor : vendors) {
    if (!vendor->not_configured().empty()) continue;
    if (silent != nullptr && (vendor == silent || vendor->is_real() != silent->is_real())) continue;
    if (feed::ActionSource* const source = vendor->actions()) {
      auto answer = co_await ask_reference(source->actions(symbol, call), call);
      if (answer) {
        asked->actions = std::move(*answer);
        co_return;
      }
      const Error& error = answer.error();
      if (error.code() == ErrorCode::NotSupported) {
        ++outcome.unsupported;
      } else {
        outcome.misses.push_back({std::string{vendor->name()}, error.code(), error.detail()});
      }
      if (error.code() == ErrorCode::Canceled) co_return;
      continue;
    }
    const feed::BarsRequest request{symbol, Interval::Day, {kNoStart, parts.clock.now()}, 1};
    routing::Terms<feed::BarsReply> terms;
    terms.only = vendor;
    terms.accept = quarantine.bars(request, operation_name(chain.operation()), call);
    auto found = co_await chain.bars(request, std::move(terms), call);
    if (found.value && !found.value->actions_whole) {
      outcome.misses.push_back({std::string{vendor->name()}, ErrorCode::NoData,
                                "would not say the splits or dividends"});
      continue;
    }
    if (found.value) {
      asked->actions = std::move(found.value->actions);
      co_return;
    }
    outcome.unsupported += found.unsupported;
    std::ranges::move(found.misses, std::back_inserter(outcome.misses));
    std::ranges::move(found.skipped, std::back_inserter(outcome.skipped));
  }
}

net::Task<Result<std::vector<CorporateAction>>> Market::corporate_actions(Symbol symbol,
                                                                          Call call) {
  const std::shared_ptr<State> state = state_;
  auto imported = co_await state->is_imported(symbol);
  if (!imported) co_return std::unexpected{std::move(imported).error()};
  const auto asked = std::make_shared<ActionsAsked>();
  if (!*imported) {
    co_await state->ask_for_actions(asked, symbol, nullptr, call);
    if (asked->actions) co_return std::move(*asked->actions);
  }
  store::Database* const database = &state->parts.database;
  auto stored = co_await state->parts.pool.run(
      [database, symbol] { return database->actions().read(symbol); });
  if (!stored) co_return std::unexpected{std::move(stored).error()};
  if (stored->empty() && state->imports.mark(symbol) == 0) {
    co_return fail(no_answer(asked->outcome, symbol, "corporate actions"));
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

net::Task<> Market::State::search_vendor(feed::Provider* vendor, std::string query, Call call) {
  const std::string name{vendor->name()};
  // A vendor that just failed is left alone, whatever is looked for.
  if (searches.peek(name).kind == resilience::AnswerKind::Negative) co_return;
  const std::string key = name + ' ' + query;
  if (searches.peek(key).kind == resilience::AnswerKind::Fresh) co_return;
  auto found =
      co_await ask_reference(vendor->symbol_search()->search(query, kSearchedMax, call), call);
  if (found) {
    if (found->size() > kSearchedMax) found->resize(kSearchedMax);
    std::size_t bytes = key.size();
    for (const feed::SymbolInfo& info : *found) bytes += sizeof info + info.name.capacity();
    searches.put(key, std::move(*found), bytes, {.fresh_for = kSearchedFor, .stale_for = {}});
  } else if (found.error().code() != ErrorCode::Canceled) {
    kLog.info(call, "search_failed",
              {{"provider", name},
               {"code", code_name(found.error().code())},
               {"detail", found.error().detail()}});
    searches.put_error(name, found.error(), kSearchAgain);
  }
}

net::Task<std::vector<SymbolEntry>> Market::State::search_vendors(std::string query, Call call) {
  std::vector<feed::Provider*> vendors;
  for (const routing::Chain* const chain : {&parts.prices, &parts.quotes, &parts.crypto}) {
    for (feed::Provider* const vendor : chain->providers()) {
      if (vendor->symbol_search() == nullptr || !vendor->not_configured().empty()) continue;
      if (std::ranges::find(vendors, vendor) == vendors.end()) vendors.push_back(vendor);
    }
  }
  co_await at_once(vendors.size(), vendors.size(),
                   [self = shared_from_this(), vendors, query, call](std::size_t i) {
                     return self->search_vendor(vendors[i], query, call);
                   });
  std::vector<SymbolEntry> entries;
  for (feed::Provider* const vendor : vendors) {
    const auto known = searches.peek(std::string{vendor->name()} + ' ' + query);
    if (known.kind != resilience::AnswerKind::Fresh) continue;
    for (const feed::SymbolInfo& info : *known.value) {
      entries.push_back(entry_of(info, vendor->name()));
    }
  }
  co_return entries;
}

net::Task<Result<std::vector<SymbolEntry>>> Market::symbols(std::string query, std::size_t limit,
                                                            std::optional<Symbol> after,
                                                            Call call) {
  const std::shared_ptr<State> state = state_;
  std::vector<SymbolEntry> searched;
  if (!query.empty() && query.size() <= kSearchMax) {
    auto found = co_await state->search_vendors(text::upper(query), call);
    searched = std::move(found);
  }
  auto listed = co_await state->parts.pool.run(
      [state, query, limit, after, searched]() -> Result<std::vector<SymbolEntry>> {
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
            for (const feed::SymbolInfo& info : provider->symbols()) {
              SymbolEntry entry = entry_of(info, provider->name());
              if (matches(entry, wanted)) known.emplace(info.symbol, std::move(entry));
            }
          }
        }
        for (const SymbolEntry& entry : searched) add_searched(known, entry);
        std::vector<SymbolEntry> entries;
        auto next = after ? known.upper_bound(*after) : known.begin();
        for (; next != known.end() && entries.size() < limit; ++next) {
          entries.push_back(std::move(next->second));
        }
        return entries;
      });
  co_return listed;
}

}  // namespace ziggy::market
