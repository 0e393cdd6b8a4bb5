// What is there rather than what it costs: status, calendar, symbols, actions, coverage,
// strategies.
#include <fmt/format.h>

#include "market_json.hpp"
#include "paging.hpp"
#include "state.hpp"
#include "ziggy/domain/calendar.hpp"
#include "ziggy/market/coverage.hpp"
#include "ziggy/quant/strategies.hpp"
#include "ziggy/store/bar_store.hpp"
#include "ziggy/store/quality_store.hpp"

namespace ziggy::api {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t kQuerySizeMax = 64;
// Rules of the exchange's calendar are checked session by session from here on.
constexpr sys_days kCalendarFrom{std::chrono::January / 1 / 1990};
constexpr sys_days kCalendarTo{std::chrono::January / 1 / 2100};
constexpr days kCalendarDefault{365};

std::string date_text(sys_days date) {
  return to_rfc3339(Timestamp{date}, Subsecond::None).substr(0, 10);
}

net::Task<Result<net::Response>> status(Api::State* state, net::Request, Params) {
  const market::MarketStatus now = state->parts.market.status();
  std::string body;
  JsonOut{body}
      .begin_object()
      .field("is_open", now.is_open)
      .field("session", session_name(now.session))
      .field("next_open", now.next_open)
      .field("next_close", now.next_close)
      .field("timestamp", now.timestamp)
      .end_object();
  co_return json_response(std::move(body));
}

/// The dates asked for, after the cursor. Errors: ValidationFailed.
Result<std::pair<sys_days, sys_days>> calendar_range(const Params& params, Timestamp now) {
  sys_days from = date_of(params.time("start").value_or(now));
  const sys_days to = date_of(params.time("end").value_or(Timestamp{from + kCalendarDefault}));
  if (from < kCalendarFrom || from >= kCalendarTo) {
    return fail(
        invalid_fields({{"start", "invalid", "the calendar covers 1990-01-01 to 2099-12-31"}}));
  }
  if (to > kCalendarTo) {
    return fail(
        invalid_fields({{"end", "invalid", "the calendar covers 1990-01-01 to 2099-12-31"}}));
  }
  if (to <= from) return fail(invalid_fields({{"end", "invalid", "must be after start"}}));
  if (const auto cursor = params.text("cursor")) {
    ZIGGY_TRY(day, read_cursor('d', *cursor));
    const sys_days next = sys_days{days{day < 0 || day > 100'000 ? -1 : day}};
    if (next < from || next >= to) return fail(wrong_cursor());
    from = next;
  }
  return std::pair{from, to};
}

net::Task<Result<net::Response>> calendar(Api::State* state, net::Request, Params params) {
  ZIGGY_CO_TRY(range, calendar_range(params, state->parts.clock.now()));
  const std::size_t limit = list_limit(params);
  // Five sessions a week at most: enough days for the page, not for the century.
  const sys_days to = std::min(range.second, range.first + days{2 * static_cast<int>(limit) + 30});
  const std::vector<Session> sessions = Calendar::nyse().sessions(range.first, to);
  std::string body;
  JsonOut json{body};
  json.begin_object().field("exchange", "XNYS").key("items").begin_array();
  for (std::size_t i = 0; i < std::min(limit, sessions.size()); ++i) {
    const Session& session = sessions[i];
    json.begin_object()
        .field("date", date_text(session.date))
        .field("open", session.open)
        .field("close", session.close)
        .field("early_close", session.close - session.open < std::chrono::minutes{390})
        .end_object();
  }
  json.end_array().key("next_cursor");
  if (sessions.size() > limit) {
    json.value(make_cursor('d', sessions[limit].date.time_since_epoch().count()));
  } else {
    json.null();
  }
  json.end_object();
  co_return json_response(std::move(body), net::CachePolicy::Revalidate);
}

net::Task<Result<net::Response>> symbols(Api::State* state, net::Request request, Params params) {
  std::optional<Symbol> after;
  if (const auto cursor = params.text("cursor")) {
    auto parsed = Symbol::parse(*cursor);
    if (!parsed) co_return fail(wrong_cursor());
    after = *parsed;
  }
  const std::size_t limit = list_limit(params);
  auto found = co_await state->parts.market.symbols(params.text("query").value_or(""), limit + 1,
                                                    after, request.call);
  if (!found) co_return std::unexpected{std::move(found).error()};
  const bool has_more = found->size() > limit;
  if (has_more) found->resize(limit);
  std::string body;
  JsonOut json{body};
  json.begin_object().key("items").begin_array();
  const auto known = [](const std::string& text) {
    return text.empty() ? std::optional<std::string_view>{} : std::optional<std::string_view>{text};
  };
  for (const market::SymbolEntry& entry : *found) {
    json.begin_object()
        .field("symbol", entry.symbol.view())
        .field("name", known(entry.name))
        .field("asset_class", entry.asset_class)
        .field("source", known(entry.source))
        .field("imported", entry.imported)
        .end_object();
  }
  json.end_array().key("next_cursor");
  has_more ? json.value(found->back().symbol.view()) : json.null();
  json.end_object();
  co_return json_response(std::move(body), net::CachePolicy::Revalidate);
}

net::Task<Result<net::Response>> corporate_actions(Api::State* state, net::Request request,
                                                   Params params) {
  const Symbol symbol = *params.symbol("symbol");
  auto actions = co_await state->parts.market.corporate_actions(symbol, request.call);
  if (!actions) co_return std::unexpected{std::move(actions).error()};
  ZIGGY_CO_TRY(page, page_of(actions->size(), params));
  std::string body;
  JsonOut json{body};
  json.begin_object().field("symbol", symbol.view()).key("items").begin_array();
  for (std::size_t i = page.begin; i < page.end; ++i) {
    const CorporateAction& action = (*actions)[i];
    json.begin_object()
        .field("kind", action.kind == CorporateAction::Kind::Split ? "split" : "dividend")
        .field("ex_date", date_text(date_of(action.ex_date)))
        .field("value", action.value)
        .end_object();
  }
  json.end_array().field("next_cursor", page.next_cursor).end_object();
  co_return json_response(std::move(body), net::CachePolicy::Revalidate);
}

void write_gaps(JsonOut& json, const market::SeriesCoverage& series) {
  json.field("compared_from", series.compared_from)
      .field("expected", static_cast<std::uint64_t>(series.expected))
      .field("missing", static_cast<std::uint64_t>(series.missing))
      .field("no_trades", static_cast<std::uint64_t>(series.no_trades))
      .key("gaps")
      .begin_array();
  for (const market::CoverageGap& gap : series.gaps) {
    json.begin_object()
        .field("from", gap.range.start)
        .field("to", gap.range.end)
        .field("state", store::gap_state_name(gap.state))
        .field("said_by", gap.said_by)
        .field("attempts", gap.attempts)
        .end_object();
  }
  json.end_array();
}

net::Task<Result<net::Response>> coverage(Api::State* state, net::Request request, Params params) {
  const Symbol symbol = *params.symbol("symbol");
  auto stored = co_await state->parts.market.coverage(symbol, request.call);
  if (!stored) co_return std::unexpected{std::move(stored).error()};
  ZIGGY_CO_TRY(page, page_of(stored->size(), params));
  std::string body;
  JsonOut json{body};
  json.begin_object().field("symbol", symbol.view()).key("items").begin_array();
  for (std::size_t i = page.begin; i < page.end; ++i) {
    const market::SeriesCoverage& whole = (*stored)[i];
    const store::Coverage& series = whole.stored;
    json.begin_object()
        .field("interval", interval_name(series.key.interval))
        .field("first", series.first)
        .field("last", series.last)
        .field("count", static_cast<std::uint64_t>(series.count))
        .key("sources")
        .begin_array();
    for (const std::string& source : series.sources) json.value(source);
    json.end_array();
    write_gaps(json, whole);
    json.end_object();
  }
  json.end_array().field("next_cursor", page.next_cursor).end_object();
  co_return json_response(std::move(body), net::CachePolicy::Revalidate);
}

/// A strategy's parameters as a JSON Schema, so that a client can make a form of them.
void write_parameters(JsonOut& json, std::span<const quant::ParameterSpec> parameters) {
  json.begin_object().field("type", "object").field("additionalProperties", false);
  json.key("properties").begin_object();
  for (const quant::ParameterSpec& parameter : parameters) {
    json.key(parameter.name)
        .begin_object()
        .field("type", parameter.integer ? "integer" : "number")
        .field("default", parameter.initial)
        .field("minimum", parameter.minimum)
        .field("maximum", parameter.maximum)
        .field("description", parameter.description)
        .end_object();
  }
  json.end_object().end_object();
}

net::Task<Result<net::Response>> strategies(net::Request, Params params) {
  const auto all = quant::strategies();
  ZIGGY_CO_TRY(page, page_of(all.size(), params));
  std::string body;
  JsonOut json{body};
  json.begin_object().key("items").begin_array();
  for (std::size_t i = page.begin; i < page.end; ++i) {
    json.begin_object().field("name", all[i].name).field("description", all[i].description);
    json.key("parameters");
    write_parameters(json, all[i].parameters);
    json.end_object();
  }
  json.end_array().field("next_cursor", page.next_cursor).end_object();
  co_return json_response(std::move(body), net::CachePolicy::Revalidate);
}

constexpr std::chrono::seconds kTimeout{10};

RouteSpec market_route(std::string path, std::string summary, std::string schema,
                       std::vector<ParamSpec> params, RouteHandler handler) {
  return {.path = std::move(path),
          .tag = "Market data",
          .summary = std::move(summary),
          .policy = policy("market:read", "other", kTimeout),
          .params = std::move(params),
          .schema = std::move(schema),
          .handler = std::move(handler)};
}

std::vector<ParamSpec> list_of(std::vector<ParamSpec> params) {
  add_list_params(params);
  return params;
}

template <class F>
RouteHandler bound(Api::State* state, F* function) {
  return [state, function](net::Request request, Params params) {
    return function(state, request, std::move(params));
  };
}

}  // namespace

void add_catalog_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  routes.push_back(market_route("/api/v1/market/status",
                                "Whether the market is open, and until when.", "MarketStatus", {},
                                bound(state, &status)));
  routes.push_back(market_route("/api/v1/market/calendar",
                                "Sessions of the New York Stock Exchange.", "Calendar",
                                list_of({{.name = "start",
                                          .kind = ParamKind::Time,
                                          .description = "The first date, inclusive.",
                                          .fallback = "today (UTC)"},
                                         {.name = "end",
                                          .kind = ParamKind::Time,
                                          .description = "The last date, exclusive.",
                                          .fallback = "a year after start"}}),
                                bound(state, &calendar)));
  routes.push_back(market_route(
      "/api/v1/market/symbols", "Symbols that are stored or that a source lists, by name.",
      "Symbols",
      list_of({{.name = "query",
                .kind = ParamKind::Text,
                .description = "Part of the symbol or of the name; case does not count.",
                .max = kQuerySizeMax}}),
      bound(state, &symbols)));
  routes.push_back(market_route("/api/v1/market/corporate-actions/{symbol}",
                                "Splits and dividends of a symbol, ascending by ex-date.",
                                "CorporateActions", list_of({symbol_param()}),
                                bound(state, &corporate_actions)));
  routes.push_back(market_route("/api/v1/market/coverage/{symbol}",
                                "What is stored of a symbol, by interval.", "Coverage",
                                list_of({symbol_param()}), bound(state, &coverage)));
  for (RouteSpec& route : routes) {
    if (route.path.ends_with("{symbol}") && route.errors.empty()) {
      route.errors = {ErrorCode::UnknownSymbol, ErrorCode::StorageUnavailable};
    }
  }
  routes.push_back({.path = "/api/v1/strategies",
                    .tag = "Strategies",
                    .summary = "Every strategy with its parameters.",
                    .policy = policy("signals:read", "other", kTimeout),
                    .params = list_of({}),
                    .schema = "Strategies",
                    .handler = [](net::Request request, Params params) {
                      return strategies(request, std::move(params));
                    }});
}

}  // namespace ziggy::api
