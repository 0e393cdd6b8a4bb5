#include "ask.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ziggy/base/text.hpp"
#include "ziggy/domain/new_york.hpp"

namespace ziggy::standin {

namespace {

constexpr std::size_t kManyBars = 50'000;

/// The wrong symbol's figures are a real symbol's, so that only the name gives them away.
Symbol asked_for(const Ask& ask, const Symbol& symbol) {
  if (!ask.faults.is_wrong_symbol) return symbol;
  static const auto kShare = Symbol::parse("WRONG");
  static const auto kCoin = Symbol::parse("WRONG-USD");
  return symbol.is_crypto() ? *kCoin : *kShare;
}

template <class F>
void each_column(BarColumns& bars, F change) {
  change(bars.time);
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume})
    change(*column);
}

void spoil(BarColumns& bars, const DataFaults& faults) {
  const std::size_t middle = bars.size() / 2;
  if (bars.empty()) return;
  if (faults.is_negative) {
    for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) {
      (*column)[middle] = -(*column)[middle];
    }
  }
  const auto at = static_cast<std::ptrdiff_t>(middle);
  if (faults.is_duplicated) {
    each_column(bars, [at](auto& column) {
      const auto value = column[static_cast<std::size_t>(at)];
      column.insert(column.begin() + at, value);
    });
  }
  if (faults.is_out_of_order && bars.size() > 1) {
    const auto left = static_cast<std::size_t>(std::max<std::ptrdiff_t>(at, 1)) - 1;
    each_column(bars, [left](auto& column) { std::swap(column[left], column[left + 1]); });
  }
}

void negate(std::optional<double>& price) {
  if (price) price = -*price;
}

void negate(std::optional<Bar>& bar) {
  if (!bar) return;
  for (auto* price : {&bar->open, &bar->high, &bar->low, &bar->close}) *price = -*price;
}

void add(std::optional<Bar>& sum, const BarColumns& bars) {
  for (std::size_t i = 0; i < bars.size(); ++i) {
    const Bar bar = bars.at(i);
    if (!sum) {
      sum = bar;
      continue;
    }
    sum->high = std::max(sum->high, bar.high);
    sum->low = std::min(sum->low, bar.low);
    sum->close = bar.close;
    sum->volume += bar.volume;
  }
}

}  // namespace

std::string Ask::param(std::string_view name, std::string_view otherwise) const {
  return std::string{params.get(name).value_or(otherwise)};
}

std::optional<std::int64_t> Ask::whole(std::string_view name) const {
  const auto value = params.get(name);
  return value ? text::parse_int(*value) : std::nullopt;
}

net::Task<Result<feed::BarsReply>> bars_of(const Ask* ask, feed::BarsRequest request) {
  request.symbol = asked_for(*ask, request.symbol);
  auto reply = co_await ask->tape.bars(request, ask->now);
  if (reply) spoil(reply->bars, ask->faults);
  co_return reply;
}

net::Task<Result<Quote>> quote_of(const Ask* ask, Symbol symbol) {
  auto quote = co_await ask->tape.quote(asked_for(*ask, symbol), ask->now);
  if (quote && ask->faults.is_negative) {
    for (auto* price : {&quote->bid, &quote->ask, &quote->last, &quote->prev_close}) {
      negate(*price);
    }
  }
  co_return quote;
}

net::Task<Result<Snapshot>> snapshot_of(const Ask* ask, Symbol symbol) {
  Snapshot snapshot;
  ZIGGY_CO_TRY(quote, co_await quote_of(ask, symbol));
  snapshot.quote = quote;
  const Symbol real = asked_for(*ask, symbol);
  const Timestamp today{date_of(ask->now)};
  const auto hour = std::chrono::floor<std::chrono::hours>(ask->now);
  const auto hours = co_await ask->tape.bars(
      {.symbol = real, .interval = Interval::Hour, .range = {today, hour}, .limit = 24}, ask->now);
  const auto minutes = co_await ask->tape.bars(
      {.symbol = real, .interval = Interval::Minute, .range = {hour, ask->now}, .limit = 60},
      ask->now);
  const auto days = co_await ask->tape.bars(
      {.symbol = real, .interval = Interval::Day, .range = {feed::kNoStart, today}, .limit = 1},
      ask->now);
  if (hours) add(snapshot.day, hours->bars);
  if (minutes) add(snapshot.day, minutes->bars);
  if (snapshot.day) snapshot.day->time = today;
  if (minutes && !minutes->bars.empty())
    snapshot.minute = minutes->bars.at(minutes->bars.size() - 1);
  if (days && !days->bars.empty()) snapshot.previous = days->bars.at(0);
  if (ask->faults.is_negative) {
    for (auto* bar : {&snapshot.day, &snapshot.minute, &snapshot.previous}) negate(*bar);
  }
  co_return snapshot;
}

net::Task<Result<BarColumns>> adjusted(const Ask* ask, feed::BarsRequest request,
                                       feed::BarsReply reply, Adjustment adjustment) {
  if (adjustment == Adjustment::Raw || reply.actions.empty()) co_return std::move(reply.bars);
  BarColumns closes;
  if (adjustment == Adjustment::All) {
    feed::BarsRequest days{.symbol = asked_for(*ask, request.symbol)};
    days.range = {Timestamp{}, ask->now};
    days.limit = kManyBars;
    ZIGGY_CO_TRY(history, co_await ask->tape.bars(days, ask->now));
    closes = std::move(history.bars);
  }
  const auto steps = adjustment_steps(closes, reply.actions, adjustment, request.interval);
  apply_adjustment(reply.bars, steps);
  co_return std::move(reply.bars);
}

Ratio ratio_of(double split) noexcept {
  constexpr int kLargest = 1'000;
  for (int from = 1; from <= kLargest; ++from) {
    const double to = split * from;
    if (to >= 0.5 && std::abs(to - std::round(to)) < 1e-6 * from) {
      return {static_cast<int>(std::lround(to)), from};
    }
  }
  return {1, 1};
}

double splits_after(const std::vector<CorporateAction>& actions, Timestamp date) noexcept {
  double product = 1;
  for (const CorporateAction& action : actions) {
    if (action.kind == CorporateAction::Kind::Split && action.ex_date > date)
      product *= action.value;
  }
  return product;
}

std::string date_text(Timestamp time) { return to_rfc3339(time, Subsecond::None).substr(0, 10); }

Timestamp local_midnight(Timestamp date, const Symbol& symbol) noexcept {
  if (symbol.kind() == AssetKind::Crypto) return date;
  return from_new_york(date_of(date), std::chrono::nanoseconds{0});
}

double middle(const Bar& bar) noexcept {
  return std::round((bar.open + bar.high + bar.low + bar.close) / 4 * 1e4) / 1e4;
}

std::string token_of(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::optional<std::string> from_token(std::string_view token) {
  // A symbol and an instant; more is nobody's token.
  constexpr std::size_t kTokenMax = 256;
  if (token.empty() || token.size() > kTokenMax || token.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < token.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(&token[i], &token[i] + 2, value, 16);
    if (error != std::errc{} || end != &token[i] + 2) return std::nullopt;
    out += static_cast<char>(value);
  }
  return out;
}

WireAnswer error_answer(Vendor vendor, int status, std::chrono::seconds retry_after) {
  WireAnswer answer{.status = status, .body = {}};
  if (retry_after.count() > 0) {
    answer.headers.emplace_back("Retry-After", fmt::format("{}", retry_after.count()));
  }
  switch (vendor) {
    case Vendor::Yahoo:
      answer.content_type = status == 429 ? "text/html" : "application/json;charset=utf-8";
      answer.body = status == 429 ? "Too Many Requests\r\n"
                    : status == 401
                        ? R"({"finance":{"result":null,"error":{"code":"Unauthorized",)"
                          R"("description":"Invalid Crumb"}}})"
                        : fmt::format(R"({{"finance":{{"result":null,"error":{{"code":)"
                                      R"("internal-error","description":"status {}"}}}}}})",
                                      status);
      break;
    case Vendor::Polygon: {
      const bool is_denied = status == 403;
      answer.body = fmt::format(
          R"({{"status":"{}","request_id":"0f3a","{}":"{}"}})",
          is_denied ? "NOT_AUTHORIZED" : "ERROR", is_denied ? "message" : "error",
          status == 401 ? "Unknown API Key"
          : is_denied   ? "You are not entitled to this data. Please upgrade your plan."
          : status == 429
              ? "You've exceeded the maximum requests per minute, please wait or upgrade."
              : "An internal error has occurred");
      break;
    }
    case Vendor::Alpaca:
      answer.body = fmt::format(R"({{"message":"{}"}})",
                                status == 401   ? "unauthorized."
                                : status == 403 ? "subscription does not permit querying this data"
                                : status == 429 ? "too many requests."
                                                : "internal server error");
      break;
  }
  return answer;
}

WireAnswer html_answer() {
  return {.content_type = "text/html; charset=utf-8",
          .body =
              "<!DOCTYPE html>\n<html><head><title>We will be right back</title></head>"
              "<body><h1>Maintenance</h1></body></html>\n"};
}

}  // namespace ziggy::standin
