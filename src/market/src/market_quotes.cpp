#include <algorithm>
#include <ranges>

#include "at_once.hpp"
#include "market_state.hpp"

/// Quotes that are asked for.
namespace ziggy::market {
namespace {

// A simulated quote's symbol is compared with the store this often: an import is noticed in the
// time that the store needs to see it.
constexpr std::chrono::milliseconds kMarkEvery = store::kVersionRefresh;

// While the market is closed nothing newer can come; whether it still is, is looked up this often.
constexpr std::chrono::minutes kClosedCheck{1};

// Last resorts of one request at the same time: enough to hide one slow vendor, few enough not to
// be one client's flood of it.
constexpr std::size_t kAtOnce = 8;

// Looks into what nodes share, at the same time; one connection carries them all.
constexpr std::size_t kLooksAtOnce = 32;

/// Symbols that one chain is asked for with the same terms.
struct Group {
  const routing::Chain* chain = nullptr;
  bool real_only = false;
  std::vector<std::size_t> indices;
};

}  // namespace

bool Market::State::is_still_good(KnownQuote& known, const Symbol& symbol, Monotonic now) const {
  if (now < known.good_until) return true;
  if (!known.is_streamed || settings.is_always_open) return false;
  const Calendar& calendar = Calendar::of(symbol);
  const Timestamp today = parts.clock.now();
  if (calendar.state_at(today) != MarketState::Closed) return false;
  if (known.answer.quote.as_of < calendar.previous_close(today)) return false;
  known.good_until = now + kClosedCheck;
  return true;
}

bool Market::State::streamed_quote(const Symbol& symbol, QuoteAnswer& out) {
  const Monotonic now = parts.clock.steady();
  return board.look(symbol, [&](KnownQuote& known) {
    if (!is_still_good(known, symbol, now)) return false;
    if (known.is_made_up && now - known.marked_at > kMarkEvery) {
      if (imports.mark(symbol) != known.stored_mark) return false;
      known.marked_at = now;
    }
    out = known.answer;
    return true;
  });
}

QuoteAnswers::Ask Market::State::quote_asker(const Symbol& symbol) {
  const auto ask = [](std::shared_ptr<State> state, Symbol what,
                      Call call) -> net::Task<Result<Told<QuoteAnswer>>> {
    auto told = co_await state->ask_quote(what, call);
    co_return told;
  };
  return [state = shared_from_this(), symbol, ask](Call call) { return ask(state, symbol, call); };
}

net::Task<Result<Told<QuoteAnswer>>> Market::State::ask_quote(Symbol symbol, Call call) {
  const std::uint64_t mark = imports.mark(symbol);
  auto imported = co_await is_imported(symbol);
  if (!imported) co_return std::unexpected{std::move(imported).error()};
  routing::Terms<Quote> terms;
  terms.real_only = *imported;
  const routing::Chain& chain = quotes_chain(symbol);
  terms.accept = quarantine.quote(symbol, operation_name(chain.operation()), call);
  auto outcome = co_await chain.quote(symbol, std::move(terms), call);
  auto told = co_await take_quote(symbol, mark, std::move(outcome), call);
  co_return told;
}

bool Market::State::is_unknown_to_all(const Symbol& symbol,
                                      const std::vector<Fallback>& misses) const {
  return std::ranges::all_of(bars_chain(symbol).providers(), [&](feed::Provider* provider) {
    if (!provider->not_configured().empty()) return true;
    // Asking costs nothing that is scarce, and some have bars where they have no quotes.
    if (provider->budget() == nullptr) return false;
    return std::ranges::any_of(misses, [&](const Fallback& miss) {
      return miss.provider == provider->name() && miss.code == ErrorCode::UnknownSymbol;
    });
  });
}

net::Task<Result<Told<QuoteAnswer>>> Market::State::take_quote(Symbol symbol, std::uint64_t mark,
                                                               routing::Outcome<Quote> outcome,
                                                               Call call) {
  Told<QuoteAnswer> told;
  told.stored_mark = mark;
  if (outcome.value) {
    if (outcome.provider->is_real()) told.stored_mark = kAnyMark;
    told.answer = take_vendors_quote(mark, std::move(outcome));
  } else {
    auto close = co_await last_known(symbol, !is_unknown_to_all(symbol, outcome.misses), call);
    if (!close) co_return std::unexpected{std::move(close).error()};
    if (!*close) co_return fail(no_answer(outcome, symbol, "quotes"));
    told.answer = std::move(**close);
    told.answer.quote.market_state = Calendar::of(symbol).state_at(parts.clock.now());
    told.answer.provenance.fallback_from = fallbacks_of(std::move(outcome));
    told.stored_mark = imports.mark(symbol);  // asking for bars may have stored some
  }
  told.life = life_of(told.answer.provenance);
  told.bytes = bytes_of(told.answer);
  co_return told;
}

QuoteAnswer Market::State::take_vendors_quote(std::uint64_t mark, routing::Outcome<Quote> outcome) {
  const Symbol symbol = outcome.value->symbol;
  KnownQuote known;
  known.answer = {*outcome.value,
                  {std::string{outcome.provider->name()}, outcome.value->as_of, false, {}}};
  known.is_streamed = false;
  known.good_until = Monotonic::min();
  known.is_made_up = !outcome.provider->is_real();
  known.stored_mark = mark;
  known.marked_at = parts.clock.steady();
  QuoteAnswer answer = known.answer;
  // One vendor's pushes may be ahead of what another, or a delayed plan, calls the latest.
  board.look(symbol, [&](const KnownQuote& pushed) {
    const bool is_newer = pushed.is_streamed && !pushed.is_made_up && !known.is_made_up &&
                          pushed.answer.quote.as_of > answer.quote.as_of;
    if (is_newer) answer = pushed.answer;
    return is_newer;
  });
  answer.provenance.fallback_from = std::move(outcome.misses);
  board.put(std::move(known));
  return answer;
}

net::Task<Result<std::optional<QuoteAnswer>>> Market::State::last_known(Symbol symbol,
                                                                        bool asks_vendors,
                                                                        Call call) {
  std::optional<QuoteAnswer> known;
  board.look(symbol, [&](const KnownQuote& pushed) {
    if (!pushed.is_made_up) known = pushed.answer;
    return true;
  });
  auto close = co_await last_close(symbol, asks_vendors, call);
  if (!close) co_return std::unexpected{std::move(close).error()};
  const bool is_older =
      known && (!*close || (*close)->quote.as_of < known->quote.as_of) && known->quote.last;
  if (!is_older) co_return std::move(*close);
  known->provenance.stale = true;
  co_return known;
}

net::Task<Result<std::optional<QuoteAnswer>>> Market::State::last_close(Symbol symbol,
                                                                        bool asks_vendors,
                                                                        Call call) {
  if (imports.mark(symbol) != 0) {
    store::Database* const database = &parts.database;
    auto stored =
        co_await parts.pool.run([database, symbol, is_always_open = settings.is_always_open] {
          return read_last_close(*database, symbol, is_always_open);
        });
    if (!stored) co_return std::unexpected{std::move(stored).error()};
    if (*stored) {
      StoredClose& close = **stored;
      Provenance from{std::move(close.source), close.quote.as_of, true, {}};
      co_return QuoteAnswer{close.quote, std::move(from)};
    }
  }
  if (!asks_vendors) co_return std::nullopt;
  BarsQuery query;
  query.symbol = symbol;
  query.limit = 2;
  query.adjustment = Adjustment::Raw;
  auto found = co_await bars_of(query, call);
  if (!found || found->bars->empty()) co_return std::nullopt;
  const BarColumns& closes = *found->bars;
  QuoteAnswer answer;
  answer.quote.symbol = symbol;
  answer.quote.as_of =
      bar_end(closes.time_at(closes.size() - 1), Interval::Day, symbol, settings.is_always_open);
  answer.quote.last = closes.close.back();
  answer.quote.volume = closes.volume.back();
  if (closes.size() > 1) answer.quote.prev_close = closes.close.front();
  answer.provenance = {std::move(found->provenance.provider), answer.quote.as_of, true, {}};
  co_return answer;
}

net::Task<ManyQuotes> Market::State::ask_quotes(std::vector<Symbol> symbols, Call call) {
  struct Asked {
    std::vector<Symbol> symbols;
    std::vector<std::uint64_t> marks;
    std::vector<Group> groups;
    std::vector<routing::Outcome<Quote>> outcomes;
    std::vector<std::optional<Result<QuoteAnswer>>> answers;
  };
  const auto asked = std::make_shared<Asked>();
  asked->outcomes.resize(symbols.size());
  asked->answers.resize(symbols.size());
  const auto self = shared_from_this();
  for (const Symbol& symbol : symbols) asked->marks.push_back(imports.mark(symbol));
  asked->symbols = symbols;
  if (parts.shared != nullptr) {
    const auto look = [](std::shared_ptr<State> state, std::shared_ptr<Asked> all, std::size_t i,
                         Call with) -> net::Task<> {
      auto known = co_await state->quotes.shared({all->symbols[i], all->marks[i]}, with);
      if (known) all->answers[i].emplace(std::move(*known));
    };
    co_await at_once(symbols.size(), kLooksAtOnce, [self, asked, look, call](std::size_t i) {
      return look(self, asked, i, call);
    });
  }
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (asked->answers[i]) continue;
    auto imported = co_await is_imported(symbols[i]);
    if (!imported) {
      asked->answers[i].emplace(std::unexpected{std::move(imported).error()});
      continue;
    }
    const routing::Chain* const chain = &quotes_chain(symbols[i]);
    auto group = std::ranges::find_if(asked->groups, [&](const Group& one) {
      return one.chain == chain && one.real_only == *imported;
    });
    if (group == asked->groups.end()) {
      group = asked->groups.insert(group, {chain, *imported, {}});
    }
    group->indices.push_back(i);
  }

  const auto ask_group = [](std::shared_ptr<State> state, std::shared_ptr<Asked> all,
                            std::size_t which, Call with) -> net::Task<> {
    const Group& group = all->groups[which];
    std::vector<Symbol> wanted;
    for (const std::size_t i : group.indices) wanted.push_back(all->symbols[i]);
    routing::Terms<Quote> terms;
    terms.real_only = group.real_only;
    terms.accept = [state, with, name = operation_name(group.chain->operation())](
                       const feed::Provider& provider, const Quote& quote) {
      return state->quarantine.quote(quote.symbol, name, with)(provider, quote);
    };
    auto outcomes = co_await group.chain->quotes(std::move(wanted), std::move(terms), with);
    for (std::size_t k = 0; k < group.indices.size() && k < outcomes.size(); ++k) {
      all->outcomes[group.indices[k]] = std::move(outcomes[k]);
    }
  };
  co_await at_once(
      asked->groups.size(), asked->groups.size(),
      [self, asked, ask_group, call](std::size_t i) { return ask_group(self, asked, i, call); });

  const auto take = [](std::shared_ptr<State> state, std::shared_ptr<Asked> all, std::size_t i,
                       Call with) -> net::Task<> {
    if (all->answers[i]) co_return;
    const Symbol symbol = all->symbols[i];
    auto told =
        co_await state->take_quote(symbol, all->marks[i], std::move(all->outcomes[i]), with);
    state->quotes.keep({symbol, all->marks[i]}, told);
    if (told) co_await state->quotes.share({symbol, all->marks[i]}, *told, with);
    if (told) {
      all->answers[i].emplace(std::move(told->answer));
    } else {
      all->answers[i].emplace(std::unexpected{std::move(told).error()});
    }
  };
  co_await at_once(asked->symbols.size(), kAtOnce,
                   [self, asked, take, call](std::size_t i) { return take(self, asked, i, call); });

  ManyQuotes answers;
  for (auto& answer : asked->answers) {
    answers.push_back(answer ? std::move(*answer)
                             : Result<QuoteAnswer>{fail(ErrorCode::Internal, "no answer")});
  }
  co_return answers;
}

bool Market::latest_quote(const Symbol& symbol, QuoteAnswer& out) const {
  if (state_->streamed_quote(symbol, out)) return true;
  auto known = state_->quotes.known({symbol, state_->imports.mark(symbol)});
  if (!known || !*known) return false;
  out = std::move(**known);
  return true;
}

net::Task<Result<QuoteAnswer>> Market::quote(Symbol symbol, Call call) {
  QuoteAnswer streamed;
  if (state_->streamed_quote(symbol, streamed)) co_return streamed;
  auto answer = co_await state_->quotes.get({symbol, state_->imports.mark(symbol)},
                                            state_->quote_asker(symbol), call);
  co_return answer;
}

net::Task<Result<QuoteAnswer>> Market::fresh_quote(Symbol symbol, Call call) {
  auto answer = co_await state_->quotes.ask({symbol, state_->imports.mark(symbol)},
                                            state_->quote_asker(symbol), call);
  co_return answer;
}

net::Task<ManyQuotes> Market::quotes(std::vector<Symbol> symbols, Call call) {
  const std::shared_ptr<State> state = state_;
  std::vector<std::optional<Result<QuoteAnswer>>> answers(symbols.size());
  std::vector<Symbol> unknown;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    QuoteAnswer streamed;
    if (state->streamed_quote(symbols[i], streamed)) {
      answers[i].emplace(std::move(streamed));
    } else {
      answers[i] = state->quotes.known({symbols[i], state->imports.mark(symbols[i])});
    }
    if (!answers[i]) unknown.push_back(symbols[i]);
  }
  // Sorted: the same symbols are the same question.
  std::ranges::sort(unknown);
  unknown.erase(std::ranges::unique(unknown).begin(), unknown.end());
  Result<ManyQuotes> asked{ManyQuotes{}};
  if (!unknown.empty()) {
    std::uint64_t marks = 0;
    for (const Symbol& symbol : unknown) marks = marks * 31 + state->imports.mark(symbol);
    const auto ask = [](std::shared_ptr<State> self, std::vector<Symbol> what,
                        Call with) -> net::Task<Result<ManyQuotes>> {
      auto many = co_await self->ask_quotes(std::move(what), with);
      co_return many;
    };
    asked = co_await state->many_quotes.run(
        {unknown, marks, call.use},
        [state, unknown, call, ask] { return ask(state, unknown, call); }, call);
  }
  ManyQuotes found;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (answers[i]) {
      found.push_back(std::move(*answers[i]));
    } else if (!asked) {
      found.push_back(std::unexpected{asked.error()});
    } else {
      const auto at = std::ranges::lower_bound(unknown, symbols[i]) - unknown.begin();
      found.push_back((*asked)[static_cast<std::size_t>(at)]);
    }
  }
  co_return found;
}

}  // namespace ziggy::market
