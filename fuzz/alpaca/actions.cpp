// Any bytes as Alpaca's corporate actions, news, symbols and refusals: never a crash, actions are
// positive, and symbols go both ways.
#include <cstdint>
#include <string_view>
#include <vector>

#include "alpaca_parse.hpp"
#include "ziggy/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  const std::vector<Symbol> symbols = {*Symbol::parse("AAPL"), *Symbol::parse("BTC-USD")};
  if (const auto page = feed::parse_alpaca_actions(body, symbols[0])) {
    for (const CorporateAction& action : page->actions) ZIGGY_ASSERT(action.value > 0);
  }
  for (const Symbol& symbol : symbols) {
    if (const auto news = feed::parse_alpaca_news(body, symbol)) {
      for (const feed::Headline& each : news->headlines) ZIGGY_ASSERT(each.symbol == symbol);
    }
  }
  ZIGGY_ASSERT(feed::named_symbol(body, symbols) <= symbols.size());
  if (const auto symbol = feed::from_alpaca(body.substr(0, 40))) {
    const auto again = feed::from_alpaca(feed::to_alpaca(*symbol));
    ZIGGY_ASSERT(again && *again == *symbol);
  }
  return 0;
}
