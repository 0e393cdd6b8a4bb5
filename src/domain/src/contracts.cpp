#include "ziggy/domain/contracts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "ziggy/domain/resample.hpp"

namespace ziggy {

namespace {

bool is_price(double value) noexcept { return std::isfinite(value) && value > 0; }
bool is_amount(double value) noexcept { return std::isfinite(value) && value >= 0; }

std::optional<ContractRule> broken_by_bar(const BarColumns& bars, std::size_t i) noexcept {
  const double open = bars.open[i];
  const double high = bars.high[i];
  const double low = bars.low[i];
  const double close = bars.close[i];
  if (!is_price(open) || !is_price(high) || !is_price(low) || !is_price(close)) {
    return ContractRule::PricePositive;
  }
  if (high < low) return ContractRule::HighBelowLow;
  if (open < low || open > high) return ContractRule::OpenOutside;
  if (close < low || close > high) return ContractRule::CloseOutside;
  if (!is_amount(bars.volume[i])) return ContractRule::VolumeNegative;
  return std::nullopt;
}

/// The ratio of all splits whose ex-date lies after one bar's close and not after the next one's.
/// An intraday bar of the session before may lie up to four hours into the UTC ex-date: New York
/// trades until 01:00Z. A week or month closes at its period's end, whatever day of it names the
/// bar.
double split_between(std::span<const CorporateAction> actions, std::int64_t before,
                     std::int64_t now, Interval interval) noexcept {
  using std::chrono::hours;
  using std::chrono::nanoseconds;
  const std::int64_t grace = is_intraday(interval) ? nanoseconds{hours{4}}.count() : 0;
  if (interval > Interval::Day) {
    const auto last_day = [interval](std::int64_t time) {
      const Timestamp start = period_start(Timestamp{nanoseconds{time}}, interval);
      return (period_end(start, interval) - std::chrono::days{1}).time_since_epoch().count();
    };
    before = last_day(before);
    now = last_day(now);
  }
  double ratio = 1;
  for (const CorporateAction& action : actions) {
    const std::int64_t ex_date = action.ex_date.time_since_epoch().count();
    if (action.kind == CorporateAction::Kind::Split && before < ex_date + grace && now >= ex_date) {
      ratio *= action.value;
    }
  }
  return ratio;
}

double factor_between(double a, double b) noexcept { return a > b ? a / b : b / a; }

bool is_unexplained_jump(const BarColumns& bars, std::size_t i, Interval interval,
                         std::span<const CorporateAction> actions) noexcept {
  const double before = bars.close[i - 1];
  const double now = bars.close[i];
  if (!is_price(before) || !is_price(now) || factor_between(before, now) < kJumpFactor)
    return false;
  const double ratio = split_between(actions, bars.time[i - 1], bars.time[i], interval);
  return ratio == 1 || !is_price(ratio) ||
         factor_between(before / ratio, now) >= kJumpLeftAfterSplit;
}

}  // namespace

std::string_view rule_name(ContractRule rule) noexcept {
  switch (rule) {
    case ContractRule::TimeOrder:
      return "time_order";
    case ContractRule::PricePositive:
      return "price_positive";
    case ContractRule::HighBelowLow:
      return "high_below_low";
    case ContractRule::OpenOutside:
      return "open_outside";
    case ContractRule::CloseOutside:
      return "close_outside";
    case ContractRule::VolumeNegative:
      return "volume_negative";
    case ContractRule::UnexplainedJump:
      return "unexplained_jump";
    case ContractRule::BidAboveAsk:
      return "bid_above_ask";
  }
  return "time_order";
}

std::vector<Violation> check_bars(const BarColumns& bars, Interval interval,
                                  std::span<const CorporateAction> actions) {
  std::vector<Violation> found;
  for (std::size_t i = 0; i < bars.size(); ++i) {
    if (i > 0 && bars.time[i] <= bars.time[i - 1]) found.push_back({i, ContractRule::TimeOrder});
    if (const auto rule = broken_by_bar(bars, i)) {
      found.push_back({i, *rule});
    } else if (i > 0 && is_unexplained_jump(bars, i, interval, actions)) {
      found.push_back({i, ContractRule::UnexplainedJump});
    }
  }
  return found;
}

std::string describe(const Violation& violation, const BarColumns& bars) {
  const std::size_t i = violation.row;
  const Bar bar = bars.at(i);
  switch (violation.rule) {
    case ContractRule::TimeOrder:
      return fmt::format("time {} is not after the one before, {}", to_rfc3339(bar.time),
                         to_rfc3339(bars.time_at(i - 1)));
    case ContractRule::PricePositive:
      return fmt::format("a price is not greater than zero (open {}, high {}, low {}, close {})",
                         bar.open, bar.high, bar.low, bar.close);
    case ContractRule::HighBelowLow:
      return fmt::format("high {} is below low {}", bar.high, bar.low);
    case ContractRule::OpenOutside:
      return fmt::format("open {} is outside low {} and high {}", bar.open, bar.low, bar.high);
    case ContractRule::CloseOutside:
      return fmt::format("close {} is outside low {} and high {}", bar.close, bar.low, bar.high);
    case ContractRule::VolumeNegative:
      return fmt::format("volume {} is not zero or more", bar.volume);
    case ContractRule::UnexplainedJump: {
      const double before = bars.close[i - 1];
      return fmt::format("close {} is {:.4g} times {} the one before, {}, and no split explains it",
                         bar.close, factor_between(before, bar.close),
                         bar.close > before ? "above" : "below", before);
    }
    case ContractRule::BidAboveAsk:
      break;
  }
  return "bid is above ask";
}

std::vector<QuoteViolation> check_quote(const Quote& quote) {
  std::vector<QuoteViolation> found;
  const auto price = [&](const std::optional<double>& value, std::string_view name) {
    if (value && !is_price(*value)) {
      found.push_back({ContractRule::PricePositive,
                       fmt::format("{} {} is not greater than zero", name, *value)});
    }
  };
  const auto amount = [&](const std::optional<double>& value, std::string_view name) {
    if (value && !is_amount(*value)) {
      found.push_back(
          {ContractRule::VolumeNegative, fmt::format("{} {} is not zero or more", name, *value)});
    }
  };
  price(quote.bid, "bid");
  price(quote.ask, "ask");
  price(quote.last, "last");
  price(quote.prev_close, "previous close");
  amount(quote.bid_size, "bid size");
  amount(quote.ask_size, "ask size");
  amount(quote.last_size, "last size");
  amount(quote.volume, "volume");
  if (quote.bid && quote.ask && *quote.bid > *quote.ask) {
    found.push_back(
        {ContractRule::BidAboveAsk, fmt::format("bid {} is above ask {}", *quote.bid, *quote.ask)});
  }
  return found;
}

}  // namespace ziggy
