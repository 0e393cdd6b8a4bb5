// Any bytes as Yahoo's chart: never a crash, and what is accepted ascends, is finite where it was
// sent finite, and survives undoing its splits.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "yahoo_chart.hpp"
#include "ziggy/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ziggy;
  if (size == 0) return 0;
  const Interval interval = kIntervals[data[0] % kIntervals.size()];
  const std::string_view body{reinterpret_cast<const char*>(data) + 1, size - 1};
  auto chart = feed::parse_chart(body, interval);
  const auto events = feed::parse_chart_events(body);
  if (!chart) {
    ZIGGY_ASSERT(!chart.error().detail().empty());
    return 0;
  }
  ZIGGY_ASSERT(events);
  ZIGGY_ASSERT(events->splits == chart->splits);
  for (std::size_t i = 1; i < chart->bars.size(); ++i) {
    ZIGGY_ASSERT(chart->bars.time[i - 1] < chart->bars.time[i]);
  }
  for (const double price : chart->bars.close) ZIGGY_ASSERT(std::isfinite(price) && price != 0);
  const auto splits = feed::merge_actions(chart->splits, events->splits);
  ZIGGY_ASSERT(splits.size() == chart->splits.size());
  const auto actions = feed::paid_actions(chart->splits, chart->dividends);
  ZIGGY_ASSERT(actions.size() == chart->splits.size() + chart->dividends.size());
  (void)feed::quote_of(chart->meta, *Symbol::parse("AAPL"), Timestamp{});
  (void)feed::unadjust(chart->bars, chart->splits, interval);
  return 0;
}
