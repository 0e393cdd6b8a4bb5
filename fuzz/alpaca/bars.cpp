// Any bytes as Alpaca's bars: never a crash, every row is a bar or counted, and prices are finite.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "alpaca_parse.hpp"
#include "ziggy/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  static const Symbol kSymbols[] = {*Symbol::parse("AAPL"), *Symbol::parse("BTC-USD")};
  if (size == 0) return 0;
  const Interval interval = kIntervals[data[0] % kIntervals.size()];
  const Symbol symbol = kSymbols[data[0] / kIntervals.size() % 2];
  const std::string_view body{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto page = feed::parse_alpaca_bars(body, symbol, interval);
  if (!page) {
    ZIGGY_ASSERT(!page.error().detail().empty());
    return 0;
  }
  for (const double price : page->bars.open) ZIGGY_ASSERT(std::isfinite(price));
  ZIGGY_ASSERT(page->bars.size() + page->dropped <= size);
  const BarColumns joined = feed::join_pages(page->bars, page->bars);
  ZIGGY_ASSERT(joined.size() >= page->bars.size() && joined.size() <= 2 * page->bars.size());
  return 0;
}
