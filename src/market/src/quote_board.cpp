#include "quote_board.hpp"

#include <utility>

namespace ziggy::market {

void QuoteBoard::put(KnownQuote quote) {
  const Symbol symbol = quote.answer.quote.symbol;
  Shard& shard = shard_of(symbol);
  const std::lock_guard lock{shard.mutex};
  const auto found = shard.quotes.find(symbol);
  if (found == shard.quotes.end()) {
    // Any of them: what was asked for is asked again, what is streamed comes with its next tick.
    if (shard.quotes.size() >= kQuotesMax / kShards) shard.quotes.erase(shard.quotes.begin());
    shard.quotes.emplace(symbol, std::move(quote));
    return;
  }
  const bool is_older = quote.answer.quote.as_of < found->second.answer.quote.as_of;
  if (is_older && found->second.is_streamed) return;
  found->second = std::move(quote);
}

void QuoteBoard::erase_made_up(const Symbol& symbol) {
  Shard& shard = shard_of(symbol);
  const std::lock_guard lock{shard.mutex};
  const auto found = shard.quotes.find(symbol);
  if (found != shard.quotes.end() && found->second.is_made_up) shard.quotes.erase(found);
}

}  // namespace ziggy::market
