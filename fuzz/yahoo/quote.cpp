// Any bytes as Yahoo's quotes: each symbol is answered or missing, never both and never lost.
#include <cstdint>
#include <string_view>
#include <vector>

#include "yahoo_quote.hpp"
#include "ziggy/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  static const std::vector<Symbol> kSymbols = {*Symbol::parse("AAPL"), *Symbol::parse("BRK.B"),
                                               *Symbol::parse("BTC-USD")};
  const auto reply = feed::parse_quotes({reinterpret_cast<const char*>(data), size}, kSymbols);
  if (!reply) return 0;
  ZIGGY_ASSERT(reply->quotes.size() + reply->missing.size() == kSymbols.size());
  for (const Quote& quote : reply->quotes) ZIGGY_ASSERT(quote.last);
  return 0;
}
