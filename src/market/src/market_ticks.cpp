#include "market_state.hpp"

/// What vendors push beside quotes.
namespace ziggy::market {

void Market::State::complete(Quote& quote, bool is_made_up) {
  board.look(quote.symbol, [&](const KnownQuote& known) {
    if (known.is_made_up != is_made_up) return false;
    const Quote& old = known.answer.quote;
    const auto fill = [](std::optional<double>& into, const std::optional<double>& from) {
      if (!into) into = from;
    };
    // A size belongs to its price.
    if (!quote.bid && !quote.ask) {
      quote.bid = old.bid;
      quote.ask = old.ask;
      quote.bid_size = old.bid_size;
      quote.ask_size = old.ask_size;
    }
    if (!quote.last) {
      quote.last = old.last;
      quote.last_size = old.last_size;
    }
    fill(quote.prev_close, old.prev_close);
    fill(quote.volume, old.volume);
    return true;
  });
}

void Market::on_trade(std::string_view provider, const Trade& trade) {
  State& state = *state_;
  const bool is_made_up = state.is_made_up(provider);
  // As with quotes: beside imported bars the simulator keeps silent.
  if (is_made_up && state.imports.is_imported(trade.symbol).value_or(true)) return;
  KnownQuote known;
  Quote& quote = known.answer.quote;
  quote.symbol = trade.symbol;
  quote.as_of = trade.time;
  quote.market_state = state.settings.is_always_open
                           ? MarketState::Open
                           : Calendar::of(trade.symbol).state_at(state.parts.clock.now());
  quote.last = trade.price;
  quote.last_size = trade.size;
  state.complete(quote, is_made_up);
  known.answer.provenance = {std::string{provider}, trade.time, false, {}};
  known.is_made_up = is_made_up;
  known.stored_mark = is_made_up ? state.imports.mark(trade.symbol) : 0;
  known.marked_at = state.parts.clock.steady();
  known.good_until = known.marked_at + kStreamedGoodFor;
  state.board.put(std::move(known));
  state.parts.hub.publish(streams::TradeMessage{trade, std::string{provider}});
}

void Market::on_bar(std::string_view provider, const Symbol& symbol, Interval interval,
                    const Bar& bar, BarPhase phase) {
  State& state = *state_;
  const bool is_made_up = state.is_made_up(provider);
  if (is_made_up && state.imports.is_imported(symbol).value_or(true)) return;
  const bool is_stored = !is_made_up && interval == Interval::Minute && phase != BarPhase::Running;
  state.teller.tell({symbol, interval, bar, phase, std::string{provider}}, is_stored);
}

void Market::tell_gap(const streams::GapMessage& message) { state_->teller.tell(message); }

}  // namespace ziggy::market
