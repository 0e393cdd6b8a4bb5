#include <fmt/format.h>

#include "market_json.hpp"
#include "paging.hpp"
#include "state.hpp"
#include "ziggy/domain/adjust.hpp"

namespace ziggy::api {
namespace {

// A cursor says in which direction its page lies: `f` from a time on, `b` before it.
constexpr char kForward = 'f';
constexpr char kBackward = 'b';

struct BarsRequest {
  market::BarsQuery query;
  bool is_csv = false;
};

Timestamp from_nanos(std::int64_t nanos) { return Timestamp{std::chrono::nanoseconds{nanos}}; }

/// Moves the edge of the range to where the page before ended. Errors: ValidationFailed on
/// `cursor`.
Result<> apply_cursor(std::string_view cursor, market::BarsQuery& query) {
  if (cursor.starts_with(kBackward)) {
    ZIGGY_TRY(nanos, read_cursor(kBackward, cursor));
    // Pages go back in time only where no start was asked for.
    if (query.range.start != market::kNoStart || from_nanos(nanos) > query.range.end) {
      return fail(wrong_cursor());
    }
    query.range.end = from_nanos(nanos);
    return {};
  }
  ZIGGY_TRY(nanos, read_cursor(kForward, cursor));
  if (query.range.start == market::kNoStart || from_nanos(nanos) < query.range.start ||
      from_nanos(nanos) >= query.range.end) {
    return fail(wrong_cursor());
  }
  query.range.start = from_nanos(nanos);
  return {};
}

Result<BarsRequest> read_request(const Params& params) {
  BarsRequest request;
  market::BarsQuery& query = request.query;
  query.symbol = *params.symbol("symbol");
  query.interval = params.interval("interval").value_or(Interval::Day);
  query.range.start = params.time("start").value_or(market::kNoStart);
  query.range.end = params.time("end").value_or(market::kNoEnd);
  query.limit = static_cast<std::size_t>(
      params.integer("limit").value_or(static_cast<std::int64_t>(market::kBarsLimitDefault)));
  query.adjustment =
      parse_adjustment(params.text("adjustment").value_or("split")).value_or(Adjustment::Split);
  request.is_csv = params.text("format") == "csv";
  if (params.time("end") && query.range.end <= query.range.start) {
    return fail(invalid_fields({{"end", "invalid", "must be after start"}}));
  }
  if (const auto cursor = params.text("cursor")) {
    if (auto applied = apply_cursor(*cursor, query); !applied) {
      return std::unexpected{std::move(applied).error()};
    }
  }
  return request;
}

/// Forward pages go on after the last bar. Without a start the newest bars come first, and the next
/// page is the one before them.
std::optional<std::string> next_cursor(const market::BarsQuery& query,
                                       const market::BarsAnswer& answer) {
  const BarColumns& bars = *answer.bars;
  if (bars.empty()) return std::nullopt;
  if (query.range.start != market::kNoStart) {
    if (!answer.more) return std::nullopt;
    return make_cursor(kForward, bars.time.back() + 1);
  }
  if (bars.size() < query.limit) return std::nullopt;
  return make_cursor(kBackward, bars.time.front());
}

net::Response write_json(const market::BarsQuery& query, const market::BarsAnswer& answer,
                         const std::string& encoded, Timestamp now) {
  std::string body;
  body.reserve(encoded.size() + 512);
  JsonOut{body}
      .begin_object()
      .field("symbol", query.symbol.view())
      .field("interval", interval_name(query.interval))
      .field("adjustment", adjustment_name(query.adjustment))
      .key("bars")
      .raw(encoded)
      .field("next_cursor", next_cursor(query, answer));
  body += ',';
  append_provenance_members(body, answer.provenance, now);
  body += '}';
  return json_response(std::move(body), net::CachePolicy::Revalidate);
}

/// A table has no room for what is said around it: that goes into headers.
net::Response write_csv(const market::BarsQuery& query, const market::BarsAnswer& answer,
                        Timestamp now) {
  net::Response response;
  response.content_type = "text/csv; charset=utf-8";
  response.cache = net::CachePolicy::Revalidate;
  append_bars_csv(response.body, *answer.bars);
  const market::Provenance& from = answer.provenance;
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - from.as_of);
  response.headers.push_back({"X-Provider", from.provider});
  response.headers.push_back({"X-As-Of", to_rfc3339(from.as_of)});
  response.headers.push_back({"X-Age-Ms", std::to_string(std::max<std::int64_t>(age.count(), 0))});
  response.headers.push_back({"X-Stale", from.stale ? "true" : "false"});
  std::string fallbacks;
  for (const market::Fallback& fallback : from.fallback_from) {
    fallbacks += fmt::format("{}{} ({})", fallbacks.empty() ? "" : ", ", fallback.provider,
                             code_name(fallback.code));
  }
  response.headers.push_back({"X-Fallback-From", std::move(fallbacks)});
  if (auto cursor = next_cursor(query, answer)) {
    response.headers.push_back({"X-Next-Cursor", *std::move(cursor)});
  }
  return response;
}

/// Names the bars and where they come from, not how old they are: `age_ms` alone is no reason to
/// send them again.
std::string etag_of(const market::BarsAnswer& answer, bool is_csv) {
  std::string tag = fmt::format("b{:x}{}{}", answer.version, answer.provenance.stale ? "s" : "",
                                is_csv ? "c" : "");
  for (const market::Fallback& fallback : answer.provenance.fallback_from) {
    tag += fmt::format("-{:x}", static_cast<int>(fallback.code));
  }
  return tag;
}

net::Task<Result<net::Response>> bars(Api::State* state, Served served, net::Request request,
                                      Params params) {
  ZIGGY_CO_TRY(wanted, read_request(params));
  const Symbol& symbol = wanted.query.symbol;
  if (served == Served::Crypto && !symbol.is_crypto()) co_return fail(not_crypto(symbol.view()));
  auto answer = co_await state->parts.market.bars(wanted.query, request.call);
  if (!answer) co_return std::unexpected{std::move(answer).error()};
  const Timestamp now = state->parts.clock.now();
  net::Response response =
      wanted.is_csv ? write_csv(wanted.query, *answer, now)
                    : write_json(wanted.query, *answer,
                                 *state->encoded_bars.get(answer->version, *answer->bars), now);
  response.etag = etag_of(*answer, wanted.is_csv);
  response.is_etag_weak = true;
  co_return response;
}

std::vector<ParamSpec> bars_params() {
  return {
      symbol_param(),
      {.name = "interval",
       .kind = ParamKind::Interval,
       .description = "The length of a bar's period.",
       .fallback = "1d"},
      {.name = "start",
       .kind = ParamKind::Time,
       .description =
           "The first instant, inclusive; a bare date means its 00:00Z. Without it, the last "
           "`limit` bars before `end` are meant, and pages go back in time."},
      {.name = "end",
       .kind = ParamKind::Time,
       .description = "The last instant, exclusive.",
       .fallback = "now"},
      {.name = "limit",
       .kind = ParamKind::Integer,
       .description = "How many bars at most.",
       .fallback = std::to_string(market::kBarsLimitDefault),
       .min = 1,
       .max = market::kBarsLimitMax},
      {.name = "adjustment",
       .kind = ParamKind::Choice,
       .description = "Which corporate actions are folded into prices and volumes.",
       .fallback = "split",
       .choices = {"raw", "split", "all"}},
      {.name = "format",
       .kind = ParamKind::Choice,
       .description = "CSV has the provenance and the next cursor in headers.",
       .fallback = "json",
       .choices = {"json", "csv"}},
      {.name = "cursor",
       .kind = ParamKind::Text,
       .description =
           "The `next_cursor` of the page before; the other parameters stay as they were.",
       .max = kCursorSizeMax},
  };
}

void add_bars_route(std::vector<RouteSpec>& routes, Api::State* state, Served served,
                    std::string path) {
  routes.push_back({
      .path = std::move(path),
      .tag = "Market data",
      .summary = served == Served::Crypto
                     ? "Bars of a crypto pair, ascending; its days are UTC days."
                     : "Bars of a symbol, ascending.",
      .policy = policy("market:read", "market_bars", std::chrono::seconds{30}),
      .params = bars_params(),
      .schema = "Bars",
      .other_content_types = {"text/csv"},
      .errors = {ErrorCode::UnknownSymbol, ErrorCode::NotFound, ErrorCode::NotSupported,
                 ErrorCode::ProviderUnavailable, ErrorCode::StorageUnavailable},
      .handler = [state, served](
                     net::Request request,
                     Params params) { return bars(state, served, request, std::move(params)); },
  });
}

}  // namespace

void add_bars_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  add_bars_route(routes, state, Served::Everything, "/api/v1/market/bars/{symbol}");
  add_bars_route(routes, state, Served::Crypto, "/api/v1/market/crypto/bars/{symbol}");
}

}  // namespace ziggy::api
