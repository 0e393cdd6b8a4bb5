// Any bytes as Alpaca's snapshots, latest quotes and latest trades: never a crash, and every quote
// has a price, none of them zero or below.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "alpaca_parse.hpp"
#include "ziggy/base/assert.hpp"

namespace {

void check(const std::vector<ziggy::Quote>& quotes) {
  for (const ziggy::Quote& quote : quotes) {
    ZIGGY_ASSERT(quote.last || quote.bid || quote.ask);
    for (const std::optional<double>& each :
         {quote.bid, quote.ask, quote.last, quote.bid_size, quote.ask_size, quote.last_size,
          quote.prev_close, quote.volume}) {
      ZIGGY_ASSERT(!each || *each > 0);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  auto quotes = feed::parse_alpaca_snapshots(body);
  if (quotes) check(*quotes);
  std::vector<Quote> latest;
  if (feed::read_alpaca_latest(body, latest)) check(latest);
  return 0;
}
