#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "market_json.hpp"
#include "state.hpp"
#include "ziggy/api/problem.hpp"
#include "ziggy/api/status.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/timer.hpp"

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

/// One request for many quotes. Shared by the workers, since the request may be given up before the
/// last vendor has answered.
struct Batch {
  Batch(net::Executor executor, std::vector<Params::Listed> listed_in)
      : listed{std::move(listed_in)},
        answers(listed.size()),
        done{executor, net::Timer::time_point::max()} {}

  std::vector<Params::Listed> listed;
  std::vector<std::optional<Result<market::QuoteAnswer>>> answers;
  std::size_t next = 0;
  std::size_t workers = 0;
  /// Never expires; canceled by the last worker. All on one loop.
  net::Timer done;
};

// Enough to hide one slow vendor, few enough not to be one client's flood of it.
constexpr std::size_t kAtOnce = 8;

net::Task<> ask_for_next(Api::State* state, std::shared_ptr<Batch> batch, Call call) {
  // Also when asking throws, which `spawn` logs: that symbol stays without an answer.
  struct Leave {
    Batch& batch;
    ~Leave() {
      if (--batch.workers == 0) batch.done.cancel();
    }
  } const leave{*batch};
  while (batch->next < batch->listed.size()) {
    const std::size_t i = batch->next++;
    if (!batch->listed[i].symbol || batch->answers[i]) continue;
    auto answer = co_await state->parts.market.quote(*batch->listed[i].symbol, call);
    batch->answers[i] = std::move(answer);
  }
}

/// Asks for what is not in memory, a few at a time.
net::Task<> ask_for_all(Api::State* state, std::shared_ptr<Batch> batch, Call call) {
  std::size_t missing = 0;
  for (std::size_t i = 0; i < batch->listed.size(); ++i) {
    if (!batch->listed[i].symbol || batch->answers[i]) continue;
    market::QuoteAnswer known;
    if (state->parts.market.latest_quote(*batch->listed[i].symbol, known)) {
      batch->answers[i] = std::move(known);
    } else {
      ++missing;
    }
  }
  if (missing == 0) co_return;
  const net::Executor executor = co_await net::asio::this_coro::executor;
  batch->workers = std::min(missing, kAtOnce);
  for (std::size_t i = batch->workers; i > 0; --i) {
    net::spawn(executor, ask_for_next(state, batch, call), "quotes");
  }
  boost::system::error_code canceled;
  if (batch->workers > 0) {
    co_await batch->done.async_wait(
        net::asio::redirect_error(net::asio::use_awaitable_t<net::Executor>{}, canceled));
  }
}

net::Task<Result<net::Response>> quotes(Api::State* state, Served served, net::Request request,
                                        Params params) {
  const net::Executor executor = co_await net::asio::this_coro::executor;
  const auto batch = std::make_shared<Batch>(executor, params.symbols("symbols"));
  for (std::size_t i = 0; served == Served::Crypto && i < batch->listed.size(); ++i) {
    const Params::Listed& listed = batch->listed[i];
    if (listed.symbol && !listed.symbol->is_crypto()) {
      batch->answers[i] = fail(not_crypto(listed.symbol->view()));
    }
  }
  co_await ask_for_all(state, batch, request.call);
  std::string found = R"({"quotes":{)";
  std::string refused = R"("errors":{)";
  JsonOut found_json{found};
  JsonOut refused_json{refused};
  for (std::size_t i = 0; i < batch->listed.size(); ++i) {
    const Params::Listed& listed = batch->listed[i];
    const auto& answer = batch->answers[i];
    if (!listed.symbol) {
      write_refusal(refused_json, listed.text, Symbol::parse(listed.text).error());
    } else if (!answer) {
      write_refusal(refused_json, listed.text, Error{ErrorCode::Internal, "no answer"});
    } else if (!*answer) {
      write_refusal(refused_json, listed.text, answer->error());
    } else {
      found_json.key(listed.text);
      write_quote(found, **answer, state->parts.clock.now());
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
