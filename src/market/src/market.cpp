#include "ziggy/market/market.hpp"

#include <algorithm>
#include <map>

#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/contracts.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// A simulated quote's symbol is compared with the store this often: an import is noticed in the
// time that the store needs to see it.
constexpr std::chrono::milliseconds kMarkEvery = store::kVersionRefresh;

// A stream that sends nonsense is logged at its first tick and then at each of these.
constexpr std::uint64_t kLogEveryRefused = 1'000;

// What a listing of all symbols looks through; more are found by a query.
constexpr std::size_t kSymbolsMax = 20'000;

bool matches(const SymbolEntry& entry, std::string_view upper_query) {
  return upper_query.empty() || entry.symbol.view().find(upper_query) != std::string_view::npos ||
         text::upper(entry.name).find(upper_query) != std::string::npos;
}

}  // namespace

streams::QuoteMessage to_message(const QuoteAnswer& answer) {
  return {answer.quote, answer.provenance.provider, answer.provenance.stale};
}

Error no_answer(const std::vector<Fallback>& misses, const std::vector<Fallback>& skipped,
                bool is_unknown, std::size_t unsupported, const Symbol& symbol,
                std::string_view what) {
  if (is_unknown) {
    return {ErrorCode::UnknownSymbol, fmt::format("nobody knows {}", symbol.view())};
  }
  bool is_all_unknown = true;
  std::string reasons;
  std::vector<FieldError> fields;
  const auto give_reason = [&](const Fallback& miss) {
    reasons += fmt::format("{}{}: {}, {}", reasons.empty() ? "" : "; ", miss.provider,
                           code_name(miss.code), miss.detail);
    fields.push_back({miss.provider, std::string{code_name(miss.code)}, miss.detail});
  };
  for (const Fallback& miss : misses) {
    if (miss.code == ErrorCode::Canceled) return {ErrorCode::Canceled, miss.detail};
    is_all_unknown = is_all_unknown && miss.code == ErrorCode::UnknownSymbol;
    give_reason(miss);
  }
  for (const Fallback& passed : skipped) {
    is_all_unknown = is_all_unknown && passed.code == ErrorCode::Configuration;
    give_reason(passed);
  }
  if (is_all_unknown && unsupported > 0) {
    return {ErrorCode::NotFound, fmt::format("nobody has {} of {}", what, symbol.view())};
  }
  if (misses.empty() && skipped.empty()) {
    return {ErrorCode::ProviderUnavailable,
            fmt::format("no provider gives {} of {}", what, symbol.view())};
  }
  const bool is_late = !misses.empty() && misses.back().code == ErrorCode::DeadlineExceeded;
  return Error{is_late ? ErrorCode::DeadlineExceeded : ErrorCode::ProviderUnavailable,
               fmt::format("nobody gave {} of {}: {}", what, symbol.view(), reasons)}
      .with_fields(std::move(fields));
}

const routing::Chain& Market::State::bars_chain(const Symbol& symbol) const {
  return symbol.is_crypto() && !parts.crypto.providers().empty() ? parts.crypto : parts.prices;
}

const routing::Chain& Market::State::quotes_chain(const Symbol& symbol) const {
  return symbol.is_crypto() && !parts.crypto.providers().empty() ? parts.crypto : parts.quotes;
}

bool Market::State::is_made_up(std::string_view provider) const {
  for (const routing::Chain* const chain : {&parts.quotes, &parts.crypto, &parts.prices}) {
    for (const feed::Provider* const known : chain->providers()) {
      if (known->name() == provider) return !known->is_real();
    }
  }
  return false;
}

net::Task<Result<bool>> Market::State::is_imported(Symbol symbol) {
  if (const auto known = imports.is_imported(symbol)) co_return *known;
  ImportWatch* const watch = &imports;
  auto looked = co_await parts.pool.run([watch, symbol] { return watch->look(symbol); });
  co_return looked;
}

void Market::State::look_later(std::shared_ptr<State> state, const Symbol& symbol) {
  ++state->looks;
  net::BlockingPool& pool = state->parts.pool;
  const auto done = [symbol](State& with) {
    with.imports.end_look(symbol);
    --with.looks;
    with.looks.notify_all();
  };
  const bool is_queued = pool.submit([state, symbol, done] {
    if (auto looked = state->imports.look(symbol); !looked) {
      kLog.warning("import_not_looked_up",
                   {{"symbol", symbol.view()}, {"detail", looked.error().detail()}});
    }
    done(*state);
  });
  if (!is_queued) done(*state);
}

net::Task<Result<std::optional<QuoteAnswer>>> Market::State::last_close(Symbol symbol, Call call) {
  if (imports.mark(symbol) != 0) {
    store::Database* const database = &parts.database;
    auto stored =
        co_await parts.pool.run([database, symbol] { return read_last_close(*database, symbol); });
    if (!stored) co_return std::unexpected{std::move(stored).error()};
    if (*stored) {
      StoredClose& close = **stored;
      Provenance from{std::move(close.source), close.quote.as_of, true, {}};
      co_return QuoteAnswer{close.quote, std::move(from)};
    }
  }
  BarsQuery query;
  query.symbol = symbol;
  query.limit = 2;
  query.adjustment = Adjustment::Raw;
  auto entry = co_await ask_bars(query, call);
  if (!entry || entry->answer.bars->empty()) co_return std::nullopt;
  const BarColumns& bars = *entry->answer.bars;
  QuoteAnswer answer;
  answer.quote.symbol = symbol;
  answer.quote.as_of = bars.time_at(bars.size() - 1);
  answer.quote.last = bars.close.back();
  answer.quote.volume = bars.volume.back();
  if (bars.size() > 1) answer.quote.prev_close = bars.close.front();
  answer.provenance = {std::move(entry->answer.provenance.provider), answer.quote.as_of, true, {}};
  co_return answer;
}

net::Task<Result<QuoteAnswer>> Market::State::ask_quote(Symbol symbol, Call call) {
  const std::uint64_t mark = imports.mark(symbol);
  auto imported = co_await is_imported(symbol);
  if (!imported) co_return std::unexpected{std::move(imported).error()};
  routing::Terms<Quote> terms;
  terms.real_only = *imported;
  const routing::Chain& chain = quotes_chain(symbol);
  terms.accept = quarantine.quote(symbol, operation_name(chain.operation()), call);
  auto outcome = co_await chain.quote(symbol, std::move(terms), call);
  KnownQuote known;
  known.good_until = parts.clock.steady() + settings.answer_ttl;
  if (outcome.value) {
    known.answer = {*outcome.value,
                    {std::string{outcome.provider->name()}, outcome.value->as_of, false,
                     std::move(outcome.misses)}};
    known.is_made_up = !outcome.provider->is_real();
    known.stored_mark = mark;
    known.marked_at = parts.clock.steady();
  } else {
    auto close = co_await last_close(symbol, call);
    if (!close) co_return std::unexpected{std::move(close).error()};
    if (!*close) co_return fail(no_answer(outcome, symbol, "quotes"));
    known.answer = std::move(**close);
    known.answer.quote.market_state = Calendar::of(symbol).state_at(parts.clock.now());
    known.answer.provenance.fallback_from = std::move(outcome.misses);
  }
  QuoteAnswer answer = known.answer;
  board.put(std::move(known));
  co_return answer;
}

Market::Market(MarketParts parts, MarketSettings settings)
    : state_{std::make_shared<State>(parts, settings)} {}

Market::~Market() {
  for (int left = state_->looks; left > 0; left = state_->looks) state_->looks.wait(left);
}

Result<> Market::start() {
  for (const routing::Chain* const chain :
       {&state_->parts.quotes, &state_->parts.crypto, &state_->parts.prices}) {
    for (const feed::Provider* const provider : chain->providers()) {
      if (provider->is_real()) continue;
      for (const feed::SymbolInfo& known : provider->symbols()) {
        if (state_->imports.is_imported(known.symbol)) continue;
        ZIGGY_TRY(looked, state_->imports.look(known.symbol));
        static_cast<void>(looked);
      }
    }
  }
  return {};
}

bool Market::latest_quote(const Symbol& symbol, QuoteAnswer& out) const {
  const Monotonic now = state_->parts.clock.steady();
  return state_->board.look(symbol, [&](KnownQuote& known) {
    if (now >= known.good_until) return false;
    if (known.is_made_up && now - known.marked_at > kMarkEvery) {
      if (state_->imports.mark(symbol) != known.stored_mark) return false;
      known.marked_at = now;
    }
    out = known.answer;
    return true;
  });
}

net::Task<Result<QuoteAnswer>> Market::quote(Symbol symbol, Call call) {
  QuoteAnswer known;
  if (latest_quote(symbol, known)) co_return known;
  auto answer = co_await state_->ask_quote(symbol, call);
  co_return answer;
}

net::Task<Result<QuoteAnswer>> Market::fresh_quote(Symbol symbol, Call call) {
  auto answer = co_await state_->ask_quote(symbol, call);
  co_return answer;
}

void Market::on_quote(std::string_view provider, const Quote& quote) {
  State& state = *state_;
  const bool is_made_up = state.is_made_up(provider);
  const std::uint64_t mark = is_made_up ? state.imports.mark(quote.symbol) : 0;
  if (is_made_up) {
    const auto imported = state.imports.is_imported(quote.symbol);
    if (!imported && state.imports.begin_look(quote.symbol))
      State::look_later(state_, quote.symbol);
    // Until the store is asked the simulator keeps silent: its price beside an imported one is
    // worse than a tick too few.
    if (imported.value_or(true)) {
      state.board.look(quote.symbol, [](const KnownQuote& known) { return !known.is_made_up; });
      return;
    }
  }
  if (const auto violations = check_quote(quote); !violations.empty()) {
    if (state.ticks_refused++ % kLogEveryRefused == 0) {
      kLog.warning("tick_refused", {{"provider", provider},
                                    {"symbol", quote.symbol.view()},
                                    {"reason", violations.front().reason}});
    }
    return;
  }
  KnownQuote known;
  known.answer = {quote, {std::string{provider}, quote.as_of, false, {}}};
  if (!is_made_up) state.complete(known.answer.quote);
  known.is_made_up = is_made_up;
  known.stored_mark = mark;
  known.marked_at = state.parts.clock.steady();
  const streams::QuoteMessage message = to_message(known.answer);
  state.board.put(std::move(known));
  state.parts.hub.publish(message);
}

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

MarketStatus Market::status() const {
  const Calendar& exchange = Calendar::nyse();
  MarketStatus status;
  status.timestamp = state_->parts.clock.now();
  status.session =
      state_->settings.is_always_open ? MarketState::Open : exchange.state_at(status.timestamp);
  status.is_open = status.session == MarketState::Open;
  status.next_open = exchange.next_open(status.timestamp);
  status.next_close = exchange.next_close(status.timestamp);
  return status;
}

}  // namespace ziggy::market
