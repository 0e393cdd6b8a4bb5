#include "ziggy/market/market.hpp"

#include <algorithm>

#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/domain/contracts.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// A stream that sends nonsense is logged at its first tick and then at each of these.
constexpr std::uint64_t kLogEveryRefused = 1'000;

// Room for quotes that were asked for, some ten thousand.
constexpr std::size_t kQuotesBytes = std::size_t{8} << 20U;
constexpr std::size_t kQuotesShards = 16;

// Room for what vendors found of symbols, some hundred searches.
constexpr std::size_t kSearchesBytes = std::size_t{1} << 20U;

// Room for the splits and dividends of a thousand symbols.
constexpr std::size_t kElsewhereBytes = std::size_t{4} << 20U;

AnswersSettings answers_settings(const MarketParts& parts, const MarketSettings& chosen,
                                 std::size_t bytes_max, std::size_t shards) {
  AnswersSettings settings;
  settings.bytes_max = bytes_max;
  settings.shards = shards;
  settings.is_kept = chosen.answer_ttl.count() > 0;
  settings.negative_for = std::min<std::chrono::nanoseconds>(chosen.answer_ttl, kNegativeMax);
  settings.shared = parts.shared;
  settings.shared_for = chosen.answer_ttl;
  return settings;
}

}  // namespace

streams::QuoteMessage to_message(const QuoteAnswer& answer) {
  return {answer.quote, answer.provenance.provider, answer.provenance.stale};
}

Market::State::State(MarketParts with, MarketSettings chosen)
    : parts{with},
      settings{chosen},
      quarantine{with.clock, with.database, with.pool},
      imports{with.clock, with.database},
      bars{answers_settings(with, chosen, chosen.bars_cache_bytes, 1), with.clock},
      quotes{answers_settings(with, chosen, kQuotesBytes, kQuotesShards), with.clock},
      many_quotes{with.clock},
      searches{{.bytes_max = kSearchesBytes, .shards = 1}, with.clock},
      elsewhere{{.bytes_max = kElsewhereBytes, .shards = 1}, with.clock},
      teller{with.database, with.pool, with.hub, imports} {}

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
      state.board.erase_made_up(quote.symbol);
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
  if (!is_made_up) state.complete(known.answer.quote, false);
  known.is_made_up = is_made_up;
  known.stored_mark = mark;
  known.marked_at = state.parts.clock.steady();
  known.good_until = known.marked_at + kStreamedGoodFor;
  const streams::QuoteMessage message = to_message(known.answer);
  state.board.put(std::move(known));
  state.parts.hub.publish(message);
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
