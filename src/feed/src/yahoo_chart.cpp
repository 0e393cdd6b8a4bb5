#include "yahoo_chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "vendor_json.hpp"
#include "yahoo_errors.hpp"
#include "yahoo_numbers.hpp"
#include "yahoo_plan.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::feed {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;

// Nanoseconds in 64 bits end in the year 2262, and begin in 1677.
constexpr std::int64_t kSecondsMax = 9'200'000'000;
// Wider than any split on record (1 for 100 000 happens to dying shares).
constexpr double kRatioMax = 1e7;
// All splits of a dying share together.
constexpr double kRatiosMax = 1e12;
// What Yahoo ever sends in one answer is a fifth of it: minutes of a week, or days since 1927.
constexpr std::size_t kRowsMax = 100'000;
// A fund that pays each week for a century; more would make undoing splits slow.
constexpr std::size_t kEventsMax = 5'200;

std::optional<Timestamp> time_of(std::optional<std::int64_t> epoch) {
  if (!epoch || *epoch > kSecondsMax || *epoch < -kSecondsMax) return std::nullopt;
  return Timestamp{seconds{*epoch}};
}

std::optional<YahooPeriod> period_of(JsonValue meta, std::string_view name) {
  const auto period = json_path(meta, {"currentTradingPeriod", name});
  if (!period) return std::nullopt;
  const auto start = time_of(json_integer(*period, "start"));
  const auto end = time_of(json_integer(*period, "end"));
  if (!start || !end) return std::nullopt;
  return YahooPeriod{*start, *end};
}

YahooMeta meta_of(JsonValue meta) {
  YahooMeta read;
  read.symbol = json_text(meta, "symbol").value_or("");
  read.range = json_text(meta, "range").value_or("");
  const std::int64_t offset = json_integer(meta, "gmtoffset").value_or(0);
  if (std::abs(offset) <= 86'400) read.gmt_offset = seconds{offset};
  const auto zone = json_text(meta, "exchangeTimezoneName");
  read.is_utc = zone == "UTC" || json_text(meta, "instrumentType") == "CRYPTOCURRENCY";
  read.first_trade = time_of(json_integer(meta, "firstTradeDate"));
  read.market_time = time_of(json_integer(meta, "regularMarketTime"));
  read.market_price = json_number(meta, "regularMarketPrice");
  read.market_volume = json_number(meta, "regularMarketVolume");
  read.previous_close = json_number(meta, "previousClose");
  read.chart_previous_close = json_number(meta, "chartPreviousClose");
  read.pre = period_of(meta, "pre");
  read.regular = period_of(meta, "regular");
  read.post = period_of(meta, "post");
  return read;
}

// The date on the exchange's wall. `gmtoffset` is today's: half of the year it is an hour off, and
// what trades from midnight (currencies, futures) would land a day early. Two hours more hurt
// nobody, since no session opens in the last two before midnight; only a row that tells the running
// day has the hour of its last trade, and for that one today's offset is right.
sys_days session_date(const YahooMeta& meta, Timestamp time) {
  if (meta.is_utc) return date_of(time);
  if (meta.market_time == time) return date_of(time + meta.gmt_offset);
  return date_of(time + meta.gmt_offset + hours{2});
}

Timestamp period_start(const YahooMeta& meta, Timestamp time, Interval interval) {
  if (is_intraday(interval)) return time;
  const sys_days date = session_date(meta, time);
  if (interval == Interval::Week) {
    return date - (std::chrono::weekday{date} - std::chrono::Monday);
  }
  if (interval == Interval::Month) {
    const std::chrono::year_month_day ymd{date};
    return sys_days{ymd.year() / ymd.month() / 1};
  }
  return date;
}

using Numbers = std::vector<std::optional<double>>;

// A column as long as the timestamps; nullopt when the vendor sends another length.
std::optional<Numbers> column_of(JsonValue quote, std::string_view name, std::size_t count) {
  Numbers column(count);
  const auto array = json_array(quote, name);
  if (!array) return column;
  std::size_t row = 0;
  for (const JsonValue value : *array) {
    if (row == count) return std::nullopt;
    column[row++] = json_number(value);
  }
  return row == count ? std::optional{std::move(column)} : std::nullopt;
}

struct Columns {
  std::vector<std::optional<Timestamp>> time;
  std::array<Numbers, 4> prices;
  Numbers volume;
  bool has_volume = false;
};

Result<Columns> columns_of(JsonValue result) {
  Columns columns;
  if (const auto times = json_array(result, "timestamp")) {
    for (const JsonValue time : *times) {
      if (columns.time.size() == kRowsMax) {
        return fail(ErrorCode::BadPayload, "yahoo: more than {} rows", kRowsMax);
      }
      columns.time.push_back(time_of(json_integer(time)));
    }
  }
  const std::size_t count = columns.time.size();
  const auto quotes = json_path(result, {"indicators", "quote"});
  const auto list = quotes ? json_array(*quotes) : std::nullopt;
  JsonValue quote;
  if (!list || list->at(0).get(quote) != simdjson::SUCCESS) {
    if (count == 0) return columns;
    return fail(ErrorCode::BadPayload, "yahoo: times without prices");
  }
  static constexpr std::array<std::string_view, 4> kNames = {"open", "high", "low", "close"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    auto column = column_of(quote, kNames[i], count);
    if (!column) return fail(ErrorCode::BadPayload, "yahoo: columns of different length");
    columns.prices[i] = std::move(*column);
  }
  auto volume = column_of(quote, "volume", count);
  if (!volume) return fail(ErrorCode::BadPayload, "yahoo: columns of different length");
  columns.volume = std::move(*volume);
  columns.has_volume =
      std::ranges::any_of(columns.volume, [](const auto& cell) { return cell.has_value(); });
  return columns;
}

std::optional<Bar> bar_of(const Columns& columns, std::size_t row) {
  if (!columns.time[row]) return std::nullopt;
  std::array<double, 4> prices{};
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const auto& cell = columns.prices[i][row];
    // Yahoo writes 0 for a price that it does not know, as the opens of the 1960s.
    if (!cell || *cell == 0) return std::nullopt;
    prices[i] = *cell;
  }
  // Indexes and currencies have no volume at all; a share's null beside real ones is a hole.
  if (columns.has_volume && !columns.volume[row]) return std::nullopt;
  return Bar{.time = *columns.time[row],
             .open = prices[0],
             .high = prices[1],
             .low = prices[2],
             .close = prices[3],
             .volume = columns.volume[row].value_or(0)};
}

void fold_into_last(BarColumns& bars, const Bar& bar, Interval interval) {
  const std::size_t last = bars.size() - 1;
  if (interval == Interval::Day) {
    bars.open[last] = bar.open;
    bars.high[last] = bar.high;
    bars.low[last] = bar.low;
    bars.volume[last] = bar.volume;
  } else {
    bars.high[last] = std::max(bars.high[last], bar.high);
    bars.low[last] = std::min(bars.low[last], bar.low);
    bars.volume[last] += bar.volume;
  }
  bars.close[last] = bar.close;
}

// The running minute comes with the second of its last trade.
Timestamp on_grid(const BarColumns& bars, Timestamp time, Interval interval) {
  const auto length = nominal_length(interval);
  if (bars.empty()) {
    // Sessions open at the full or the half hour.
    const auto grid = std::min(length, seconds{1800});
    return Timestamp{time.time_since_epoch() / grid * grid};
  }
  const Timestamp last = bars.time_at(bars.size() - 1);
  return time <= last ? time : last + length * ((time - last) / length);
}

Result<> read_bars(YahooChart& chart, const Columns& columns, Interval interval) {
  const std::size_t count = columns.time.size();
  chart.bars.reserve(count);
  for (std::size_t row = 0; row < count; ++row) {
    auto bar = bar_of(columns, row);
    if (!bar) {
      ++chart.dropped;
      continue;
    }
    const bool is_running = row + 1 == count && chart.meta.market_time == bar->time;
    bar->time = is_running && is_intraday(interval) ? on_grid(chart.bars, bar->time, interval)
                                                    : period_start(chart.meta, bar->time, interval);
    if (!chart.bars.empty()) {
      const Timestamp last = chart.bars.time_at(chart.bars.size() - 1);
      if (bar->time < last) return fail(ErrorCode::BadPayload, "yahoo: rows out of order");
      if (bar->time == last) {
        if (!is_intraday(interval) || is_running) {
          fold_into_last(chart.bars, *bar, interval);
          continue;
        }
        return fail(ErrorCode::BadPayload, "yahoo: two rows of one time");
      }
    }
    chart.bars.push_back(*bar);
  }
  return {};
}

std::optional<double> ratio_of(JsonValue split) {
  const auto numerator = json_number(split, "numerator");
  const auto denominator = json_number(split, "denominator");
  if (!numerator || !denominator || *numerator <= 0 || *denominator <= 0) return std::nullopt;
  const double ratio = *numerator / *denominator;
  if (!(ratio < kRatioMax) || !(ratio > 1 / kRatioMax)) return std::nullopt;
  return ratio;
}

void sort_by_date(std::vector<CorporateAction>& actions) {
  std::ranges::sort(actions, std::ranges::less{}, [](const CorporateAction& action) {
    return std::pair{action.ex_date, action.kind};
  });
}

// Events are an object by the second of their date; the date is also inside.
template <class Value>
Result<std::vector<CorporateAction>> events_of(const YahooMeta& meta, JsonValue result,
                                               std::string_view name, CorporateAction::Kind kind,
                                               Value value_of) {
  std::vector<CorporateAction> actions;
  const auto events = json_path(result, {"events", name});
  simdjson::dom::object object;
  if (!events || events->get_object().get(object) != simdjson::SUCCESS) return actions;
  for (const auto event : object) {
    const auto time = time_of(json_integer(event.value, "date"));
    const std::optional<double> value = value_of(event.value);
    if (!time || !value) continue;
    if (actions.size() == kEventsMax) {
      return fail(ErrorCode::BadPayload, "yahoo: too many {}", name);
    }
    actions.push_back({.kind = kind, .ex_date = session_date(meta, *time), .value = *value});
  }
  sort_by_date(actions);
  return actions;
}

std::optional<double> amount_of(JsonValue dividend) {
  const auto amount = json_number(dividend, "amount");
  return amount && *amount > 0 ? amount : std::nullopt;
}

Timestamp start_of(const CorporateAction& action, Interval interval) {
  if (!is_intraday(interval)) return action.ex_date;
  // As adjusting on read has it, so that adjusting gives back what Yahoo sent.
  return from_new_york(date_of(action.ex_date), std::chrono::nanoseconds{0});
}

// Yahoo names an hour in two ways.
bool is_other_interval(std::string_view granularity, Interval interval) {
  if (granularity == "60m") granularity = "1h";
  return granularity != yahoo_interval(interval);
}

// Without an interval: no rows.
Result<YahooChart> read_chart(std::string_view body, std::optional<Interval> interval) {
  ZIGGY_TRY(document, JsonDocument::parse("yahoo", body));
  const JsonValue root = document.root();
  if (auto error = yahoo_error_in(root, "chart")) {
    if (error->code() == ErrorCode::NoData) return YahooChart{};
    return fail(std::move(*error));
  }
  const auto results = json_path(root, {"chart", "result"});
  const auto list = results ? json_array(*results) : std::nullopt;
  JsonValue result;
  if (!list || list->at(0).get(result) != simdjson::SUCCESS) {
    return fail(ErrorCode::BadPayload, "yahoo: an answer without a chart");
  }
  YahooChart chart;
  if (const auto meta = json_member(result, "meta")) chart.meta = meta_of(*meta);
  if (interval) {
    const auto sent = json_path(result, {"meta", "dataGranularity"});
    const auto granularity = sent ? json_text(*sent) : std::nullopt;
    if (granularity && is_other_interval(*granularity, *interval)) {
      return fail(ErrorCode::BadPayload, "yahoo: bars of another interval than {}",
                  interval_name(*interval));
    }
    ZIGGY_TRY(columns, columns_of(result));
    if (auto read = read_bars(chart, columns, *interval); !read) {
      return std::unexpected{std::move(read).error()};
    }
  }
  ZIGGY_TRY(splits,
            events_of(chart.meta, result, "splits", CorporateAction::Kind::Split, ratio_of));
  ZIGGY_TRY(dividends,
            events_of(chart.meta, result, "dividends", CorporateAction::Kind::Dividend, amount_of));
  chart.splits = std::move(splits);
  chart.dividends = std::move(dividends);
  return chart;
}

}  // namespace

Result<YahooChart> parse_chart(std::string_view body, Interval interval) {
  return read_chart(body, interval);
}

Result<YahooChart> parse_chart_events(std::string_view body) {
  return read_chart(body, std::nullopt);
}

Result<> unadjust(BarColumns& bars, std::span<const CorporateAction> splits, Interval interval) {
  const auto scale = [&bars](std::size_t from, std::size_t to, double ratio) {
    for (std::size_t i = from; i < to; ++i) {
      for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) {
        (*column)[i] = simplest_price((*column)[i], ratio);
      }
      if (ratio != 1) bars.volume[i] = std::nearbyint(bars.volume[i] / ratio);
    }
  };
  double ratio = 1;
  std::size_t to = bars.size();
  for (auto split = splits.rbegin(); split != splits.rend(); ++split) {
    // Bars from here to `to` lie after this split and before the next one.
    const std::size_t from = std::min(to, bars.lower_bound(start_of(*split, interval)));
    scale(from, to, ratio);
    to = from;
    ratio *= split->value;
    if (!(ratio < kRatiosMax) || !(ratio > 1 / kRatiosMax)) {
      return fail(ErrorCode::BadPayload, "yahoo: splits that no share survives");
    }
  }
  scale(0, to, ratio);
  return {};
}

std::vector<CorporateAction> paid_actions(std::span<const CorporateAction> splits,
                                          std::span<const CorporateAction> dividends) {
  std::vector<CorporateAction> actions{splits.begin(), splits.end()};
  for (CorporateAction dividend : dividends) {
    double ratio = 1;
    for (const CorporateAction& split : splits) {
      if (split.ex_date > dividend.ex_date) ratio *= split.value;
    }
    dividend.value = simplest_dividend(dividend.value, ratio);
    actions.push_back(dividend);
  }
  sort_by_date(actions);
  return actions;
}

std::vector<CorporateAction> merge_actions(std::vector<CorporateAction> first,
                                           std::span<const CorporateAction> second) {
  std::vector<CorporateAction> added;
  for (const CorporateAction& action : second) {
    const auto same = std::ranges::lower_bound(first, action.ex_date, std::ranges::less{},
                                               &CorporateAction::ex_date);
    if (same == first.end() || same->ex_date != action.ex_date) added.push_back(action);
  }
  first.insert(first.end(), added.begin(), added.end());
  sort_by_date(first);
  return first;
}

Result<Quote> quote_of(const YahooMeta& meta, Symbol symbol, Timestamp now) {
  if (!meta.market_price || !meta.market_time || *meta.market_price == 0) {
    return fail(ErrorCode::UnknownSymbol, "yahoo: no price of {}", symbol.view());
  }
  Quote quote;
  quote.symbol = symbol;
  quote.as_of = *meta.market_time;
  quote.last = simplest_price(*meta.market_price);
  quote.volume = meta.market_volume;
  quote.prev_close = meta.previous_close;
  // The close before the chart's first row: yesterday's only in a chart of one day.
  if (!quote.prev_close && meta.range == "1d") quote.prev_close = meta.chart_previous_close;
  if (quote.prev_close) quote.prev_close = simplest_price(*quote.prev_close);
  const auto runs = [&](const std::optional<YahooPeriod>& period) {
    return period && now >= period->start && now < period->end;
  };
  if (runs(meta.regular) || (meta.is_utc && symbol.is_crypto())) {
    quote.market_state = MarketState::Open;
  } else if (runs(meta.pre)) {
    quote.market_state = MarketState::Pre;
  } else if (runs(meta.post)) {
    quote.market_state = MarketState::Post;
  }
  return quote;
}

}  // namespace ziggy::feed
