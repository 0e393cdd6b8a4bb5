#include <algorithm>
#include <array>
#include <cmath>

#include "yahoo_words.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::standin::yahoo {

namespace {

using std::chrono::seconds;

constexpr std::size_t kRowsMax = 20'000;

/// Its chart keeps prices as 32-bit floats and prints them as doubles.
double as_float(double price) { return static_cast<double>(static_cast<float>(price)); }

struct Granularity {
  std::string_view name;
  Interval interval;
  /// How far back the vendor keeps it.
  std::chrono::days back;
};
constexpr std::array kGranularities = {
    Granularity{"1m", Interval::Minute, std::chrono::days{30}},
    Granularity{"5m", Interval::Minute5, std::chrono::days{60}},
    Granularity{"15m", Interval::Minute15, std::chrono::days{60}},
    Granularity{"30m", Interval::Minute30, std::chrono::days{60}},
    Granularity{"60m", Interval::Hour, std::chrono::days{730}},
    Granularity{"1h", Interval::Hour, std::chrono::days{730}},
    Granularity{"1d", Interval::Day, std::chrono::days{100'000}},
    Granularity{"1wk", Interval::Week, std::chrono::days{100'000}},
    Granularity{"1mo", Interval::Month, std::chrono::days{100'000}},
};

/// "5d", "1mo", "2y", "ytd", "max" before `now`.
std::optional<Timestamp> range_start(std::string_view range, Timestamp now) {
  using std::chrono::days;
  if (range == "max") return Timestamp{};
  if (range == "ytd") {
    const std::chrono::year_month_day today{date_of(now)};
    return Timestamp{std::chrono::sys_days{today.year() / 1 / 1}};
  }
  const std::size_t digits = range.find_first_not_of("0123456789");
  if (digits == std::string_view::npos || digits == 0) return std::nullopt;
  const auto count = text::parse_int(range.substr(0, digits));
  const std::string_view unit = range.substr(digits);
  if (!count || *count < 1 || *count > 1'000) return std::nullopt;
  if (unit == "d") return now - days{*count};
  if (unit == "wk") return now - days{7 * *count};
  if (unit == "mo") return now - days{31 * *count};
  if (unit == "y" && *count <= 50) return now - days{366 * *count};
  return std::nullopt;
}

WireAnswer chart_error(int status, std::string_view code, std::string_view description) {
  return {.status = status,
          .content_type = kJson,
          .body = fmt::format(
              R"({{"chart":{{"result":null,"error":{{"code":"{}","description":"{}"}}}}}})", code,
              description)};
}

/// Where the vendor puts a bar: days at the session's opening bell, weeks and months at New York's
/// midnight, coins at UTC's.
Timestamp chart_time(Timestamp time, Interval interval, const Symbol& symbol) {
  if (is_intraday(interval) || symbol.kind() == AssetKind::Crypto) return time;
  if (interval != Interval::Day) return local_midnight(time, symbol);
  return from_new_york(date_of(time), std::chrono::hours{9} + std::chrono::minutes{30});
}

/// Hours that begin with the opening bell, from half hours.
BarColumns hours_from_the_bell(const BarColumns& halves) {
  BarColumns hours;
  constexpr std::chrono::minutes kHalf{30};
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const Bar bar = halves.at(i);
    const Timestamp start = std::chrono::floor<std::chrono::hours>(bar.time - kHalf) + kHalf;
    if (hours.empty() || hours.time_at(hours.size() - 1) != start) {
      Bar first = bar;
      first.time = start;
      hours.push_back(first);
      continue;
    }
    const std::size_t last = hours.size() - 1;
    hours.high[last] = std::max(hours.high[last], bar.high);
    hours.low[last] = std::min(hours.low[last], bar.low);
    hours.close[last] = bar.close;
    hours.volume[last] += bar.volume;
  }
  return hours;
}

std::string array_of(const std::vector<double>& values, auto write) {
  std::string out = "[";
  for (const double value : values) {
    if (out.size() > 1) out += ',';
    out += fmt::format("{}", write(value));
  }
  return out + "]";
}

std::string events_of(const std::vector<CorporateAction>& actions, TimeRange range,
                      std::string_view wanted, const Symbol& symbol) {
  std::string dividends;
  std::string splits;
  for (const CorporateAction& action : actions) {
    const Timestamp time = chart_time(action.ex_date, Interval::Day, symbol);
    if (time < range.start || time >= range.end) continue;
    if (action.kind == CorporateAction::Kind::Split) {
      const Ratio ratio = ratio_of(action.value);
      splits += fmt::format(
          R"({}"{}":{{"date":{},"numerator":{},"denominator":{},"splitRatio":"{}:{}"}})",
          splits.empty() ? "" : ",", epoch(time), epoch(time), ratio.to, ratio.from, ratio.to,
          ratio.from);
    } else {
      const double amount = action.value / splits_after(actions, action.ex_date);
      dividends += fmt::format(R"({}"{}":{{"amount":{},"date":{}}})", dividends.empty() ? "" : ",",
                               epoch(time), std::round(amount * 1e6) / 1e6, epoch(time));
    }
  }
  std::string out;
  if (!dividends.empty() && wanted.find("div") != std::string_view::npos) {
    out += fmt::format(R"("dividends":{{{}}})", dividends);
  }
  if (!splits.empty() && wanted.find("split") != std::string_view::npos) {
    out += fmt::format(R"({}"splits":{{{}}})", out.empty() ? "" : ",", splits);
  }
  return out.empty() ? std::string{} : fmt::format(R"("events":{{{}}},)", out);
}

std::string meta_of(const Ask& ask, const Symbol& symbol, const Quote& quote,
                    std::string_view granularity, Timestamp at) {
  const bool is_coin = symbol.kind() == AssetKind::Crypto;
  const auto offset = is_coin ? seconds{0} : -seconds{new_york_behind_utc(at)};
  const Timestamp midnight = from_new_york(new_york_date(at), std::chrono::nanoseconds{0});
  const auto period = [&](int from, int to) {
    return fmt::format(R"({{"timezone":"{}","start":{},"end":{},"gmtoffset":{}}})",
                       is_coin ? "UTC" : "EST", epoch(midnight) + from * 60,
                       epoch(midnight) + to * 60, offset.count());
  };
  return fmt::format(
      R"({{"currency":"USD","symbol":"{}","exchangeName":"{}","fullExchangeName":"{}",)"
      R"("instrumentType":"{}","firstTradeDate":946909800,"regularMarketTime":{},)"
      R"("hasPrePostMarketData":{},"gmtoffset":{},"timezone":"{}","exchangeTimezoneName":"{}",)"
      R"("regularMarketPrice":{},"chartPreviousClose":{},"priceHint":2,)"
      R"("currentTradingPeriod":{{"pre":{},"regular":{},"post":{}}},"dataGranularity":"{}",)"
      R"("range":"","validRanges":["1d","5d","1mo","3mo","6mo","1y","2y","5y","10y","ytd","max"]}})",
      ask.shown(spelling_of(symbol)), is_coin ? "CCC" : "NMS", is_coin ? "CCC" : "NasdaqGS",
      instrument_of(symbol), epoch(quote.as_of), !is_coin, offset.count(), is_coin ? "UTC" : "EST",
      is_coin ? "UTC" : "America/New_York", quote.last.value_or(0), quote.prev_close.value_or(0),
      period(4 * 60, 9 * 60 + 30), period(9 * 60 + 30, 16 * 60), period(16 * 60, 20 * 60),
      granularity);
}

struct ChartQuery {
  Symbol symbol;
  Granularity granularity;
  TimeRange range;
};

std::expected<ChartQuery, WireAnswer> chart_query(const Ask& ask) {
  const auto symbol = symbol_of(ask.path.back());
  if (!symbol) {
    return std::unexpected{chart_error(404, "Not Found", "No data found, symbol may be delisted")};
  }
  const std::string interval = ask.param("interval", "1d");
  const auto* const granularity =
      std::ranges::find(kGranularities, std::string_view{interval}, &Granularity::name);
  if (granularity == kGranularities.end()) {
    return std::unexpected{chart_error(
        422, "Unprocessable Entity",
        "Invalid input - interval is not supported. Valid intervals: [1m, 2m, 5m, 15m, 30m, 60m, "
        "90m, 1h, 4h, 1d, 5d, 1wk, 1mo, 3mo]")};
  }
  TimeRange range{.start = {}, .end = ask.now + std::chrono::days{1}};
  const auto from = ask.whole("period1");
  const auto to = ask.whole("period2");
  constexpr std::int64_t kSecondsMax = 9'000'000'000;
  if (from) {
    if (std::abs(*from) > kSecondsMax || std::abs(to.value_or(0)) > kSecondsMax ||
        (to && *to <= *from)) {
      return std::unexpected{
          chart_error(400, "Bad Request", "Invalid input - start date cannot be after end date.")};
    }
    range.start = Timestamp{seconds{*from}};
    if (to) range.end = Timestamp{seconds{*to}};
  } else {
    const auto start = range_start(ask.param("range", "1d"), ask.now);
    if (!start) return std::unexpected{chart_error(422, "Unprocessable Entity", "Invalid range")};
    range.start = *start;
  }
  if (range.start < ask.now - granularity->back) {
    return std::unexpected{chart_error(
        422, "Unprocessable Entity",
        fmt::format("{} data not available for startTime={} and endTime={}. The requested range "
                    "must be within the last {} days.",
                    interval, epoch(range.start), epoch(range.end), granularity->back.count()))};
  }
  return ChartQuery{*symbol, *granularity, range};
}

std::string chart_body(const Ask& ask, const ChartQuery& query, const Quote& quote,
                       const BarColumns& bars, const std::vector<CorporateAction>& actions,
                       const std::vector<double>& adjusted_close) {
  std::string times;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    times += fmt::format("{}{}", i == 0 ? "" : ",", epoch(bars.time_at(i)));
  }
  const auto whole = [](double volume) { return std::llround(volume); };
  return fmt::format(
      R"({{"chart":{{"result":[{{"meta":{},{}{}"indicators":{{"quote":[{{"open":{},"high":{},)"
      R"("low":{},"close":{},"volume":{}}}]{}}}}}],"error":null}}}})",
      meta_of(ask, query.symbol, quote, query.granularity.name, ask.now),
      bars.empty() ? std::string{} : fmt::format(R"("timestamp":[{}],)", times),
      events_of(actions, query.range, ask.param("events"), query.symbol),
      array_of(bars.open, as_float), array_of(bars.high, as_float), array_of(bars.low, as_float),
      array_of(bars.close, as_float), array_of(bars.volume, whole),
      is_intraday(query.granularity.interval)
          ? std::string{}
          : fmt::format(R"(,"adjclose":[{{"adjclose":{}}}])", array_of(adjusted_close, as_float)));
}

/// The bars in the vendor's own times, cut to what was asked for.
net::Task<Result<feed::BarsReply>> chart_bars(const Ask* ask, ChartQuery query) {
  const Interval interval = query.granularity.interval;
  const bool is_bell_hour = interval == Interval::Hour && query.symbol.kind() != AssetKind::Crypto;
  // A bar's own time may lie a day, its period a month, before what the chart calls it.
  const auto margin = is_intraday(interval) ? std::chrono::hours{1} : std::chrono::hours{24};
  feed::BarsRequest request{.symbol = query.symbol,
                            .interval = is_bell_hour ? Interval::Minute30 : interval};
  request.range = {query.range.start - margin, std::min(query.range.end, ask->now) + margin};
  request.limit = kRowsMax;
  ZIGGY_CO_TRY(reply, co_await bars_of(ask, request));
  if (is_bell_hour) reply.bars = hours_from_the_bell(reply.bars);
  BarColumns cut;
  for (std::size_t i = 0; i < reply.bars.size(); ++i) {
    Bar bar = reply.bars.at(i);
    const Timestamp shown = chart_time(bar.time, interval, query.symbol);
    if (shown < query.range.start || shown >= query.range.end) continue;
    cut.push_back(bar);
  }
  reply.bars = std::move(cut);
  co_return std::move(reply);
}

}  // namespace

net::Task<WireAnswer> chart(const Ask* ask) {
  const auto query = chart_query(*ask);
  if (!query) co_return query.error();
  const auto quote = co_await quote_of(ask, query->symbol);
  auto reply = co_await chart_bars(ask, *query);
  if (!quote || !reply) {
    co_return chart_error(404, "Not Found", "No data found, symbol may be delisted");
  }
  const feed::BarsRequest request{.symbol = query->symbol, .interval = query->granularity.interval};
  const auto full = co_await adjusted(ask, request, *reply, Adjustment::All);
  auto split = co_await adjusted(ask, request, *reply, Adjustment::Split);
  if (!split || !full) co_return error_answer(Vendor::Yahoo, 500, {});
  for (std::size_t i = 0; i < split->size(); ++i) {
    split->time[i] =
        chart_time(split->time_at(i), request.interval, request.symbol).time_since_epoch().count();
  }
  // The vendor counts a coin's volume in dollars.
  if (request.symbol.kind() == AssetKind::Crypto) {
    for (std::size_t i = 0; i < split->size(); ++i) split->volume[i] *= split->close[i];
  }
  co_return WireAnswer{
      .content_type = kJson,
      .body = chart_body(*ask, *query, *quote, *split, reply->actions, full->close)};
}

}  // namespace ziggy::standin::yahoo
