#include "provider_json.hpp"

#include <cmath>

#include "ziggy/base/log.hpp"

namespace ziggy::api {
namespace {

void write_budget(JsonOut& json, const std::optional<resilience::BudgetStatus>& budget) {
  if (!budget) {
    json.null();
    return;
  }
  json.begin_object()
      .field("limit", static_cast<std::uint64_t>(budget->limit))
      .field("period_s", static_cast<std::int64_t>(budget->period.count()))
      .field("left", static_cast<std::uint64_t>(budget->left))
      .field("left_batch", static_cast<std::uint64_t>(budget->left_batch))
      .field("resets_at", budget->resets_at)
      .end_object();
}

void write_window(JsonOut& json, const routing::SlaWindow& window) {
  json.key(window.label)
      .begin_object()
      .field("calls", window.calls)
      .field("success_rate", rounded(window.success_rate, kRateScale))
      .field("p50_ms", rounded(window.p50_ms, kFigureScale))
      .field("p95_ms", rounded(window.p95_ms, kFigureScale))
      .field("p99_ms", rounded(window.p99_ms, kFigureScale))
      .field("freshness_ms", rounded(window.freshness_ms, kFigureScale))
      .field("violations", window.violations)
      .field("gap_rate", rounded(window.gap_rate, kRateScale))
      .field("agreement", rounded(window.agreement, kRateScale))
      .key("outcomes")
      .begin_object();
  for (std::size_t i = 0; i < routing::kAnswerClasses; ++i) {
    if (window.classes[i] == 0) continue;
    json.field(routing::answer_class_name(static_cast<routing::AnswerClass>(i)), window.classes[i]);
  }
  json.end_object().end_object();
}

void write_operation(JsonOut& json, const routing::OperationStatus& operation) {
  json.key(routing::operation_name(operation.operation)).begin_object();
  json.key("rank");
  if (operation.rank == 0) {
    json.null();
  } else {
    json.value(static_cast<std::uint64_t>(operation.rank));
  }
  json.field("configured_rank", static_cast<std::uint64_t>(operation.configured_rank))
      .field("score", rounded(operation.score, kFigureScale))
      .field("reason", log::redact(operation.reason))
      .field("pinned", operation.pinned)
      .key("breaker");
  write_breaker(json, operation.breaker);
  json.key("budget");
  write_budget(json, operation.budget);
  json.key("windows").begin_object();
  for (const routing::SlaWindow& window : operation.windows) write_window(json, window);
  json.end_object().end_object();
}

}  // namespace

double rounded(double figure, double scale) noexcept { return std::round(figure * scale) / scale; }

std::optional<double> rounded(std::optional<double> figure, double scale) noexcept {
  if (figure) *figure = rounded(*figure, scale);
  return figure;
}

void write_breaker(JsonOut& json, const resilience::BreakerStatus& breaker) {
  json.begin_object()
      .field("name", breaker.name)
      .field("state", resilience::breaker_state_name(breaker.state))
      .field("forced", breaker.forced)
      .field("reason", log::redact(breaker.reason))
      .field("changed_at", breaker.changed_at)
      .key("retry_in_ms");
  if (breaker.retry_in) {
    json.value(static_cast<std::int64_t>(breaker.retry_in->count()));
  } else {
    json.null();
  }
  json.field("calls", static_cast<std::uint64_t>(breaker.calls))
      .field("failures", static_cast<std::uint64_t>(breaker.failures))
      .field("slow", static_cast<std::uint64_t>(breaker.slow))
      .field("consecutive_failures", static_cast<std::uint64_t>(breaker.consecutive_failures))
      .field("failure_rate", rounded(breaker.failure_rate, kRateScale))
      .field("probes_out", static_cast<std::uint64_t>(breaker.probes_out))
      .field("opened_total", breaker.opened_total)
      .field("rejected_total", breaker.rejected_total)
      .field("success_total", breaker.success_total)
      .field("failure_total", breaker.failure_total)
      .end_object();
}

void write_provider(JsonOut& json, const routing::ProviderStatus& provider) {
  json.begin_object()
      .field("name", provider.name)
      .field("state", provider.state)
      .field("configured", provider.configured);
  if (!provider.configured) json.field("missing", provider.not_configured);
  json.key("operations").begin_object();
  for (const routing::OperationStatus& operation : provider.operations) {
    write_operation(json, operation);
  }
  json.end_object().end_object();
}

}  // namespace ziggy::api
