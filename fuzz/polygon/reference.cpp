// Any bytes as Polygon's splits, dividends, tickers, news, next_url and tickers' spelling: never a
// crash, actions are positive, no key survives in a path, and what has our name keeps it.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "polygon_parse.hpp"
#include "polygon_symbols.hpp"
#include "vendor_history.hpp"
#include "ziggy/base/assert.hpp"
#include "ziggy/base/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  const Symbol symbol = *Symbol::parse("AAPL");
  if (auto page = feed::parse_polygon_actions(body, symbol)) {
    for (const CorporateAction& action : page->actions) ZIGGY_ASSERT(action.value > 0);
    const std::size_t count = page->actions.size();
    ZIGGY_ASSERT(feed::settle_actions(std::move(page->actions), Timestamp::max()).size() <= count);
  }
  (void)feed::parse_polygon_tickers(body);
  (void)feed::parse_polygon_news(body, symbol);
  const std::string path = feed::polygon_next_path(body);
  ZIGGY_ASSERT(path.empty() || path.front() == '/');
  const std::string query = text::lower(path.substr(std::min(path.find('?'), path.size())));
  ZIGGY_ASSERT(!query.starts_with("?apikey=") && !query.contains("&apikey="));
  if (const auto name = feed::from_polygon(body.substr(0, 40))) {
    const auto again = feed::from_polygon(feed::to_polygon(*name));
    ZIGGY_ASSERT(again && feed::to_polygon(*again) == feed::to_polygon(*name));
  }
  return 0;
}
