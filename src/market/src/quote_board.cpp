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
  const bool was_streamed = found->second.good_until == Monotonic::max();
  if (is_older && was_streamed) return;
  found->second = std::move(quote);
}

void QuoteBoard::erase(const Symbol& symbol) {
  Shard& shard = shard_of(symbol);
  const std::lock_guard lock{shard.mutex};
  shard.quotes.erase(symbol);
}

}  // namespace ziggy::market
