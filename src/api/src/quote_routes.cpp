#include "market_json.hpp"
#include "state.hpp"
#include "ziggy/api/problem.hpp"
#include "ziggy/api/status.hpp"

namespace ziggy::api {
namespace {

// As many as a screen of watch lists shows, and half a second of the slowest vendor's patience.
constexpr std::int64_t kSymbolsMax = 100;

void write_quote(std::string& out, const market::QuoteAnswer& answer, Timestamp now) {
  out += '{';
  append_quote_members(out, answer, now);
  out += '}';
}

net::Task<Result<net::Response>> quote(Api::State* state, net::Request request, Params params) {
  const Symbol symbol = *params.symbol("symbol");
  auto answer = co_await state->parts.market.quote(symbol, request.call);
  if (!answer) co_return std::unexpected{std::move(answer).error()};
  std::string body;
  write_quote(body, *answer, state->parts.clock.now());
  co_return json_response(std::move(body));
}

/// The quote of a symbol that is in memory, without a coroutine: what most requests ask for.
bool quote_from_memory(Api::State* state, const net::Request& request, net::Response& response) {
  if (!request.query.empty()) return false;
  const auto symbol = Symbol::parse(request.param("symbol"));
  if (!symbol) return false;
  market::QuoteAnswer answer;
  if (!state->parts.market.latest_quote(*symbol, answer)) return false;
  response.status = 200;
  response.content_type = "application/json";
  write_quote(response.body, answer, state->parts.clock.now());
  return true;
}

/// One entry of `errors`: the public code and what a client may read.
void write_refusal(JsonOut& json, std::string_view name, const Error& error) {
  json.key(name)
      .begin_object()
      .field("code", public_error(error.code()).code)
      .field("detail", public_detail(error))
      .end_object();
}

net::Task<Result<net::Response>> quotes(Api::State* state, net::Request request, Params params) {
  std::string found = R"({"quotes":{)";
  std::string refused = R"("errors":{)";
  JsonOut found_json{found};
  JsonOut refused_json{refused};
  for (const Params::Listed& listed : params.symbols("symbols")) {
    if (!listed.symbol) {
      write_refusal(refused_json, listed.text, Symbol::parse(listed.text).error());
      continue;
    }
    auto answer = co_await state->parts.market.quote(*listed.symbol, request.call);
    if (!answer) {
      write_refusal(refused_json, listed.text, answer.error());
      continue;
    }
    found_json.key(listed.text);
    write_quote(found, *answer, state->parts.clock.now());
  }
  co_return json_response(found + "}," + refused + "}}");
}

}  // namespace

void add_quote_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  const std::vector<ErrorCode> errors = {ErrorCode::UnknownSymbol, ErrorCode::ProviderUnavailable,
                                         ErrorCode::StorageUnavailable};
  routes.push_back({
      .path = "/api/v1/market/quotes/{symbol}",
      .tag = "Market data",
      .summary = "The latest quote of a symbol, with its source and its age.",
      .policy = policy("market:read", "market_quotes", std::chrono::seconds{10}),
      .params = {symbol_param()},
      .schema = "Quote",
      .errors = errors,
      .handler = [state](net::Request request,
                         Params params) { return quote(state, request, std::move(params)); },
      .fast = [state](
                  const net::Request& request,
                  net::Response& response) { return quote_from_memory(state, request, response); },
  });
  routes.push_back({
      .path = "/api/v1/market/quotes",
      .tag = "Market data",
      .summary = "The latest quotes of many symbols.",
      .description =
          "A symbol without a quote stands under `errors` and does not spoil the others.",
      .policy = policy("market:read", "market_quotes", std::chrono::seconds{15}),
      .params = {{.name = "symbols",
                  .kind = ParamKind::SymbolList,
                  .description = "Symbols with commas between.",
                  .required = true,
                  .max = kSymbolsMax}},
      .schema = "Quotes",
      .handler = [state](net::Request request,
                         Params params) { return quotes(state, request, std::move(params)); },
  });
}

}  // namespace ziggy::api
