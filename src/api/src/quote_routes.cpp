#include "market_json.hpp"
#include "state.hpp"
#include "ziggy/api/problem.hpp"
#include "ziggy/api/status.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::api {
namespace {

// As many as a screen of watch lists shows, and half a second of the slowest vendor's patience.
constexpr std::int64_t kSymbolsMax = 100;

void write_quote(std::string& out, const market::QuoteAnswer& answer, Timestamp now) {
  out += '{';
  append_quote_members(out, answer, now);
  out += '}';
}

net::Task<Result<net::Response>> quote(Api::State* state, Served served, net::Request request,
                                       Params params) {
  const Symbol symbol = *params.symbol("symbol");
  if (served == Served::Crypto && !symbol.is_crypto()) co_return fail(not_crypto(symbol.view()));
  auto answer = co_await state->parts.market.quote(symbol, request.call);
  if (!answer) co_return std::unexpected{std::move(answer).error()};
  std::string body;
  write_quote(body, *answer, state->parts.clock.now());
  co_return json_response(std::move(body));
}

/// The quote of a symbol that is in memory, without a coroutine: what most requests ask for.
bool quote_from_memory(Api::State* state, Served served, const net::Request& request,
                       net::Response& response) {
  if (!request.query.empty()) return false;
  const auto symbol = Symbol::parse(request.param("symbol"));
  if (!symbol || (served == Served::Crypto && !symbol->is_crypto())) return false;
  market::QuoteAnswer answer;
  if (!state->parts.market.latest_quote(*symbol, answer)) return false;
  response.status = 200;
  response.content_type = "application/json";
  write_quote(response.body, answer, state->parts.clock.now());
  return true;
}

/// One entry of `errors`: the public code and what a client may read.
void write_refusal(JsonOut& json, std::string_view name, const Error& error) {
  json.key(log::redact(std::string{name}))
      .begin_object()
      .field("code", public_error(error.code()).code)
      .field("detail", public_detail(error))
      .end_object();
}

net::Task<Result<net::Response>> quotes(Api::State* state, Served served, net::Request request,
                                        Params params) {
  const std::vector<Params::Listed> listed = params.symbols("symbols");
  const auto is_asked = [served](const Params::Listed& one) {
    return one.symbol && (served != Served::Crypto || one.symbol->is_crypto());
  };
  std::vector<Symbol> symbols;
  for (const Params::Listed& one : listed) {
    if (is_asked(one)) symbols.push_back(*one.symbol);
  }
  auto answers = co_await state->parts.market.quotes(std::move(symbols), request.call);
  std::string found = R"({"quotes":{)";
  std::string refused = R"("errors":{)";
  JsonOut found_json{found};
  JsonOut refused_json{refused};
  auto answer = answers.begin();
  for (const Params::Listed& one : listed) {
    if (!one.symbol) {
      write_refusal(refused_json, one.text, Symbol::parse(one.text).error());
    } else if (!is_asked(one)) {
      write_refusal(refused_json, one.text, not_crypto(one.symbol->view()));
    } else if (!*answer) {
      write_refusal(refused_json, one.text, (answer++)->error());
    } else {
      found_json.key(one.text);
      write_quote(found, **answer++, state->parts.clock.now());
    }
  }
  co_return json_response(found + "}," + refused + "}}");
}

// The same two routes twice: for every symbol, and for crypto pairs alone.
void add_quote_routes_at(std::vector<RouteSpec>& routes, Api::State* state, Served served,
                         const std::string& path) {
  const bool is_crypto = served == Served::Crypto;
  routes.push_back({
      .path = path + "/{symbol}",
      .tag = "Market data",
      .summary = is_crypto ? "The latest quote of a crypto pair (BTC-USD)."
                           : "The latest quote of a symbol, with its source and its age.",
      .policy = policy("market:read", "market_quotes", std::chrono::seconds{10}),
      .params = {symbol_param()},
      .schema = "Quote",
      .errors = {ErrorCode::UnknownSymbol, ErrorCode::ProviderUnavailable,
                 ErrorCode::StorageUnavailable},
      .handler = [state, served](
                     net::Request request,
                     Params params) { return quote(state, served, request, std::move(params)); },
      .fast =
          [state, served](const net::Request& request, net::Response& response) {
            return quote_from_memory(state, served, request, response);
          },
  });
  routes.push_back({
      .path = path,
      .tag = "Market data",
      .summary = is_crypto ? "The latest quotes of many crypto pairs."
                           : "The latest quotes of many symbols.",
      .description =
          "A symbol without a quote stands under `errors` and does not spoil the others.",
      .policy = policy("market:read", "market_quotes", std::chrono::seconds{15}),
      .params = {{.name = "symbols",
                  .kind = ParamKind::SymbolList,
                  .description = "Symbols with commas between.",
                  .required = true,
                  .max = kSymbolsMax}},
      .schema = "Quotes",
      .handler = [state, served](
                     net::Request request,
                     Params params) { return quotes(state, served, request, std::move(params)); },
  });
}

}  // namespace

void add_quote_routes(std::vector<RouteSpec>& routes, Api::State* state) {
  add_quote_routes_at(routes, state, Served::Everything, "/api/v1/market/quotes");
  add_quote_routes_at(routes, state, Served::Crypto, "/api/v1/market/crypto/quotes");
}

}  // namespace ziggy::api
