// Numbers of what is outside: the vendors and whoever is told of incidents.
#include <array>

#include "metrics_out.hpp"
#include "provider_json.hpp"
#include "state.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/net/webhook.hpp"

namespace ziggy::api {

std::string label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

namespace {

using Breakers = std::vector<resilience::BreakerStatus>;
using Providers = std::vector<routing::ProviderStatus>;

template <class Value>
void by_breaker(std::string& out, std::string_view name, std::string_view type,
                std::string_view help, const Breakers& breakers, Value value) {
  head(out, name, type, help);
  for (const resilience::BreakerStatus& breaker : breakers) {
    out += fmt::format("{}{{name=\"{}\"}} {}\n", name, label(breaker.name), value(breaker));
  }
}

void write_breakers(std::string& out, const Breakers& breakers) {
  using resilience::BreakerState;
  using Breaker = resilience::BreakerStatus;
  if (breakers.empty()) return;
  constexpr std::string_view kState = "ziggy_circuit_breaker_state";
  head(out, kState, "gauge", "1 for the state that the breaker is in, 0 for the others.");
  for (const Breaker& breaker : breakers) {
    for (const auto state : {BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen}) {
      out += fmt::format("{}{{name=\"{}\",state=\"{}\"}} {}\n", kState, label(breaker.name),
                         resilience::breaker_state_name(state), breaker.state == state ? 1 : 0);
    }
  }
  by_breaker(out, "ziggy_circuit_breaker_forced", "gauge",
             "1 while an operator holds it open or closed.", breakers,
             [](const Breaker& of) { return of.forced ? 1 : 0; });
  by_breaker(out, "ziggy_circuit_breaker_opened_total", "counter", "Times that it opened.",
             breakers, [](const Breaker& of) { return of.opened_total; });
  by_breaker(out, "ziggy_circuit_breaker_rejected_total", "counter",
             "Calls that it did not let through.", breakers,
             [](const Breaker& of) { return of.rejected_total; });
  constexpr std::string_view kCalls = "ziggy_circuit_breaker_calls_total";
  head(out, kCalls, "counter", "Calls that it let through, by what came of them.");
  for (const Breaker& breaker : breakers) {
    const std::string name = label(breaker.name);
    out += fmt::format("{0}{{name=\"{1}\",result=\"success\"}} {2}\n", kCalls, name,
                       breaker.success_total);
    out += fmt::format("{0}{{name=\"{1}\",result=\"failure\"}} {2}\n", kCalls, name,
                       breaker.failure_total);
  }
}

/// One line for each vendor's operation; `value` gives none by nullopt.
template <class Value>
void by_operation(std::string& out, std::string_view name, std::string_view type,
                  std::string_view help, const Providers& providers, Value value) {
  head(out, name, type, help);
  for (const routing::ProviderStatus& provider : providers) {
    for (const routing::OperationStatus& operation : provider.operations) {
      const auto figure = value(operation);
      if (!figure) continue;
      out += fmt::format("{}{{provider=\"{}\",operation=\"{}\"}} {}\n", name, label(provider.name),
                         routing::operation_name(operation.operation), *figure);
    }
  }
}

void write_calls(std::string& out, const Providers& providers) {
  constexpr std::string_view kName = "ziggy_provider_calls_total";
  head(out, kName, "counter", "Calls to a vendor, by operation and what came of them.");
  for (const routing::ProviderStatus& provider : providers) {
    for (const routing::OperationStatus& operation : provider.operations) {
      for (std::size_t i = 0; i < routing::kAnswerClasses; ++i) {
        if (operation.totals.classes[i] == 0) continue;
        out += fmt::format("{}{{provider=\"{}\",operation=\"{}\",outcome=\"{}\"}} {}\n", kName,
                           label(provider.name), routing::operation_name(operation.operation),
                           routing::answer_class_name(static_cast<routing::AnswerClass>(i)),
                           operation.totals.classes[i]);
      }
    }
  }
}

void write_latency(std::string& out, const Providers& providers) {
  constexpr std::string_view kName = "ziggy_provider_latency_seconds";
  // Not a summary: there is no sum, and the span is five minutes.
  head(out, kName, "gauge", "Latency of a vendor's answers in the last 5 minutes.");
  for (const routing::ProviderStatus& provider : providers) {
    for (const routing::OperationStatus& operation : provider.operations) {
      const routing::SlaWindow& window = operation.windows[1];
      const std::array quantiles = {std::pair{"0.5", window.p50_ms},
                                    std::pair{"0.95", window.p95_ms},
                                    std::pair{"0.99", window.p99_ms}};
      for (const auto& [quantile, ms] : quantiles) {
        if (!ms) continue;
        out += fmt::format("{}{{provider=\"{}\",operation=\"{}\",quantile=\"{}\"}} {}\n", kName,
                           label(provider.name), routing::operation_name(operation.operation),
                           quantile, rounded(*ms / 1e3, kRateScale));
      }
    }
  }
}

void write_providers(std::string& out, const Providers& providers) {
  using Operation = routing::OperationStatus;
  if (providers.empty()) return;
  head(out, "ziggy_provider_configured", "gauge", "1 when the vendor can be asked at all.");
  for (const routing::ProviderStatus& provider : providers) {
    out += fmt::format("ziggy_provider_configured{{provider=\"{}\"}} {}\n", label(provider.name),
                       provider.configured ? 1 : 0);
  }
  by_operation(out, "ziggy_provider_rank", "gauge", "1 is asked first; 0 is not asked.", providers,
               [](const Operation& of) { return std::optional{of.rank}; });
  by_operation(out, "ziggy_provider_pinned", "gauge", "1 while an operator puts it first.",
               providers, [](const Operation& of) { return std::optional{of.pinned ? 1 : 0}; });
  by_operation(out, "ziggy_provider_score", "gauge", "0 to 100; absent when too little is known.",
               providers, [](const Operation& of) { return rounded(of.score, kFigureScale); });
  by_operation(out, "ziggy_provider_success_ratio", "gauge",
               "Share of the answers of the last 5 minutes that were good.", providers,
               [](const Operation& of) { return rounded(of.windows[1].success_rate, kRateScale); });
  write_calls(out, providers);
  by_operation(out, "ziggy_provider_violations_total", "counter",
               "Answers that broke a data contract.", providers,
               [](const Operation& of) { return std::optional{of.totals.violations}; });
  write_latency(out, providers);
}

/// A vendor's budget is one for all of its operations.
template <class Value>
void by_budget(std::string& out, std::string_view name, std::string_view type,
               std::string_view help, const Providers& providers, Value value) {
  head(out, name, type, help);
  for (const routing::ProviderStatus& provider : providers) {
    if (provider.operations.empty() || !provider.operations.front().budget) continue;
    out += fmt::format("{}{{provider=\"{}\"}} {}\n", name, label(provider.name),
                       value(*provider.operations.front().budget));
  }
}

void write_budgets(std::string& out, const Providers& providers) {
  using Budget = resilience::BudgetStatus;
  by_budget(out, "ziggy_provider_budget_limit", "gauge", "Requests allowed in a period.", providers,
            [](const Budget& of) { return of.limit; });
  by_budget(out, "ziggy_provider_budget_left", "gauge", "Requests that could be made now.",
            providers, [](const Budget& of) { return of.left; });
  by_budget(out, "ziggy_provider_budget_left_batch", "gauge", "Of these, for back-fills.",
            providers, [](const Budget& of) { return of.left_batch; });
  by_budget(out, "ziggy_provider_budget_taken_total", "counter", "Requests paid by this process.",
            providers, [](const Budget& of) { return of.taken_total; });
  by_budget(out, "ziggy_provider_budget_refused_total", "counter",
            "Requests of this process that there was no budget for.", providers,
            [](const Budget& of) { return of.refused_total; });
}

/// How many say what of each vendor's stream.
template <class Value>
void by_vendor(std::string& out, std::string_view name, std::string_view type,
               std::string_view help, const market::LiveStatus& live, Value value) {
  head(out, name, type, help);
  for (const market::LiveVendorStatus& vendor : live.vendors) {
    out += fmt::format("{}{{vendor=\"{}\"}} {}\n", name, label(vendor.name), value(vendor));
  }
}

void write_live(std::string& out, const market::LiveStatus& live) {
  using Vendor = market::LiveVendorStatus;
  single(out, "ziggy_live_symbols", "gauge", "Symbols streamed now.", live.symbols);
  single(out, "ziggy_live_holes_open", "gauge", "Holes in bars being filled.", live.holes_open);
  single(out, "ziggy_live_holes_announced_total", "counter", "Holes in bars told to subscribers.",
         live.holes_announced);
  single(out, "ziggy_live_holes_healed_total", "counter", "Holes in bars filled.",
         live.holes_healed);
  single(out, "ziggy_live_holes_left_total", "counter", "Holes in bars not filled in time.",
         live.holes_left);
  single(out, "ziggy_live_moves_total", "counter", "Symbols that changed their vendor.",
         live.moves);
  single(out, "ziggy_live_probes_total", "counter", "Doubts about a silent feed.", live.probes);
  if (live.vendors.empty()) return;
  by_vendor(out, "ziggy_live_vendor_up", "gauge", "1 while the vendor's stream is up.", live,
            [](const Vendor& of) { return of.state == feed::StreamState::Up ? 1 : 0; });
  by_vendor(out, "ziggy_live_vendor_serving", "gauge", "Symbols whose ticks come from here.", live,
            [](const Vendor& of) { return of.serving; });
  by_vendor(out, "ziggy_live_vendor_ticks_total", "counter", "Ticks heard.", live,
            [](const Vendor& of) { return of.ticks; });
  by_vendor(out, "ziggy_live_vendor_outages_total", "counter", "Connections lost.", live,
            [](const Vendor& of) { return of.outages; });
  by_vendor(out, "ziggy_live_vendor_silences_total", "counter", "Connected, but silent.", live,
            [](const Vendor& of) { return of.silences; });
  by_vendor(out, "ziggy_live_vendor_violations_total", "counter",
            "Ticks that broke the data contracts.", live,
            [](const Vendor& of) { return of.violations; });
}

void write_http_client(std::string& out, const net::HttpClientMetrics& client) {
  single(out, "ziggy_http_client_requests_total", "counter", "Requests sent to others.",
         client.requests);
  head(out, "ziggy_http_client_results_total", "counter", "What came of them.");
  const std::pair<std::string_view, std::uint64_t> results[] = {{"answer", client.answers},
                                                                {"timeout", client.timeouts},
                                                                {"canceled", client.canceled},
                                                                {"failure", client.failures}};
  for (const auto& [result, count] : results) {
    out += fmt::format("ziggy_http_client_results_total{{result=\"{}\"}} {}\n", result, count);
  }
  single(out, "ziggy_http_client_sent_again_total", "counter",
         "Requests sent once more since a kept connection broke.", client.sent_again);
  single(out, "ziggy_http_client_connections_opened_total", "counter", "Connections opened.",
         client.connections_opened);
  single(out, "ziggy_http_client_received_bytes_total", "counter", "Bytes of bodies, as received.",
         client.bytes_in);
  single(out, "ziggy_http_client_under_way", "gauge", "Requests without an answer yet.",
         client.under_way);
}

void write_webhook(std::string& out, const net::WebhookMetrics& webhook) {
  single(out, "ziggy_webhook_sent_total", "counter", "Events that the receiver took.",
         webhook.sent);
  single(out, "ziggy_webhook_failed_total", "counter", "Events given up.", webhook.failed);
  single(out, "ziggy_webhook_dropped_total", "counter", "Events that found the queue full.",
         webhook.dropped);
  single(out, "ziggy_webhook_tries_total", "counter", "Requests sent, repeated ones included.",
         webhook.tries);
  single(out, "ziggy_webhook_queued", "gauge", "Events waiting.", webhook.queued);
}

}  // namespace

void write_vendors(std::string& out, const Api::State& state) {
  write_breakers(out, state.parts.breakers.list());
  const Providers providers = state.parts.desk.status();
  write_providers(out, providers);
  write_budgets(out, providers);
  if (state.parts.live != nullptr) write_live(out, state.parts.live->status());
  if (state.parts.http != nullptr) write_http_client(out, state.parts.http->metrics());
  if (state.parts.webhook != nullptr) write_webhook(out, state.parts.webhook->metrics());
}

}  // namespace ziggy::api
