// Any bytes as Polygon's aggregates: never a crash, every row is a bar or counted, pages join
// without losing any, and the next page is a path on our host.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "polygon_parse.hpp"
#include "ziggy/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  static const Symbol kSymbols[] = {*Symbol::parse("AAPL"), *Symbol::parse("BTC-USD"),
                                    *Symbol::parse("^SPX"), *Symbol::parse("EURUSD=X")};
  if (size == 0) return 0;
  const Interval interval = kIntervals[data[0] % kIntervals.size()];
  const Symbol symbol = kSymbols[data[0] / kIntervals.size() % 4];
  const std::string_view body{reinterpret_cast<const char*>(data) + 1, size - 1};
  (void)feed::parse_polygon_grouped(body);
  auto page = feed::parse_polygon_bars(body, symbol, interval);
  if (!page) {
    ZIGGY_ASSERT(!page.error().detail().empty());
    return 0;
  }
  for (const double price : page->bars.close) ZIGGY_ASSERT(std::isfinite(price));
  ZIGGY_ASSERT(page->bars.size() + page->dropped <= size);
  ZIGGY_ASSERT(page->next.empty() || (page->next.front() == '/' && !page->next.starts_with("//")));
  const BarColumns joined = feed::join_pages(page->bars, page->bars);
  ZIGGY_ASSERT(joined.size() >= page->bars.size() && joined.size() <= 2 * page->bars.size());
  const TimeRange all{feed::kNoStart, Timestamp::max()};
  ZIGGY_ASSERT(feed::cut_to(page->bars, all, page->bars.size()) == page->bars);
  const auto actions = feed::parse_polygon_actions(body, symbol);
  if (actions) feed::undo_splits(page->bars, actions->actions, interval);
  return 0;
}
