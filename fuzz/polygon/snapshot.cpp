// Any bytes as Polygon's snapshots, last quote and last trade: never a crash, and every quote has a
// price, none of them zero or below.
#include <cstdint>
#include <optional>
#include <string_view>

#include "polygon_parse.hpp"
#include "ziggy/base/assert.hpp"

namespace {

void check(const ziggy::Quote& quote) {
  for (const std::optional<double>& each :
       {quote.bid, quote.ask, quote.last, quote.bid_size, quote.ask_size, quote.last_size,
        quote.prev_close, quote.volume}) {
    ZIGGY_ASSERT(!each || *each > 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  if (const auto quotes = feed::parse_polygon_snapshots(body)) {
    for (const Quote& quote : *quotes) {
      check(quote);
      ZIGGY_ASSERT(quote.last || quote.bid || quote.ask);
    }
  }
  for (const std::string_view name : {"AAPL", "BTC-USD"}) {
    Quote quote;
    quote.symbol = *Symbol::parse(name);
    (void)feed::read_polygon_nbbo(body, quote);
    (void)feed::read_polygon_trade(body, quote);
    check(quote);
  }
  return 0;
}
