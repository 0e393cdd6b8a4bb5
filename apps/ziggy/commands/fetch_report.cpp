#include "commands/fetch_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ziggy/api/json.hpp"

namespace ziggy::app {

namespace {

// A vendor's answer of thousands of bars, on a slow day.
constexpr double kSecondsPerRequest = 0.5;

std::string duration_text(std::chrono::seconds duration) {
  if (duration < std::chrono::seconds{90}) return fmt::format("{} s", duration.count());
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(duration).count();
  if (minutes < 90) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::chrono::seconds fetch_eta(std::size_t requests,
                               const std::optional<resilience::BudgetStatus>& budget,
                               double batch_share) {
  const auto count = static_cast<double>(requests);
  double seconds = count * kSecondsPerRequest;
  if (budget && budget->limit > 0) {
    const double share = std::max(1.0, std::floor(batch_share * budget->limit));
    const double later = std::max(0.0, count - static_cast<double>(budget->left_batch));
    // Tokens come back together: what does not fit now waits for whole periods.
    const double periods = std::ceil(later / share);
    seconds = std::max(seconds, periods * static_cast<double>(budget->period.count()));
  }
  return std::chrono::seconds{static_cast<std::int64_t>(std::ceil(seconds))};
}

std::string cost_text(const FetchCost& cost, std::size_t symbols, Interval interval) {
  std::string text =
      fmt::format("{} symbol{}, {}: {} bars expected, {} missing", symbols, symbols == 1 ? "" : "s",
                  interval_name(interval), cost.expected, cost.missing);
  if (cost.requests == 0) return text + "; nothing to fetch\n";
  text += fmt::format(" in {} range{}; about {} requests", cost.ranges, cost.ranges == 1 ? "" : "s",
                      cost.requests);
  if (cost.budget) {
    text += fmt::format(", {} allows {} in {}, {} now for back-fills", cost.provider,
                        cost.budget->limit, duration_text(cost.budget->period),
                        cost.budget->left_batch);
  }
  return text + fmt::format("; about {}\n", duration_text(cost.eta));
}

std::string result_text(const FetchResult& result) {
  const std::string_view symbol = result.plan.symbol.view();
  if (result.plan.missing == 0 && !result.error) {
    return fmt::format("{}: complete, {} bars are stored\n", symbol, result.plan.expected);
  }
  std::string text = fmt::format("{}: inserted {}, unchanged {}, replaced {}", symbol,
                                 result.by_session + result.written.inserted,
                                 result.written.unchanged, result.written.replaced);
  if (!result.providers.empty()) text += fmt::format(" from {}", joined(result.providers));
  if (result.dropped > 0) text += fmt::format(", {} empty rows left out", result.dropped);
  if (result.no_trades > 0) text += fmt::format(", {} without trades", result.no_trades);
  if (result.still_missing > 0) text += fmt::format(", {} still missing", result.still_missing);
  if (result.error) text += fmt::format("; stopped: {}", result.error->detail());
  return text + "\n";
}

std::string fetch_json(const FetchCost& cost, Interval interval,
                       const std::vector<FetchResult>& results) {
  std::string out;
  api::JsonOut json{out};
  const auto number = [](std::size_t value) { return static_cast<std::uint64_t>(value); };
  json.begin_object().field("interval", interval_name(interval));
  json.key("plan")
      .begin_object()
      .field("expected", number(cost.expected))
      .field("missing", number(cost.missing))
      .field("ranges", number(cost.ranges))
      .field("requests", number(cost.requests))
      .field("eta_s", static_cast<std::int64_t>(cost.eta.count()))
      .key("budget");
  if (cost.budget) {
    json.begin_object()
        .field("provider", cost.provider)
        .field("limit", static_cast<std::uint64_t>(cost.budget->limit))
        .field("period_s", static_cast<std::int64_t>(cost.budget->period.count()))
        .field("left_batch", static_cast<std::uint64_t>(cost.budget->left_batch))
        .end_object();
  } else {
    json.null();
  }
  json.end_object().key("results").begin_array();
  for (const FetchResult& result : results) {
    json.begin_object()
        .field("symbol", result.plan.symbol.view())
        .field("from", result.plan.range.start)
        .field("to", result.plan.range.end)
        .field("expected", number(result.plan.expected))
        .field("missing", number(result.plan.missing))
        .field("inserted", number(result.by_session + result.written.inserted))
        .field("by_session", number(result.by_session))
        .field("unchanged", number(result.written.unchanged))
        .field("replaced", number(result.written.replaced))
        .field("dropped", number(result.dropped))
        .field("no_trades", number(result.no_trades))
        .field("still_missing", number(result.still_missing))
        .key("providers")
        .begin_array();
    for (const std::string& provider : result.providers) json.value(provider);
    json.end_array().key("error");
    if (result.error) {
      json.begin_object()
          .field("code", code_name(result.error->code()))
          .field("detail", result.error->detail())
          .end_object();
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return out + "\n";
}

}  // namespace ziggy::app
