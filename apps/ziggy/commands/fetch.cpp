#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cli/database.hpp"
#include "cli/progress.hpp"
#include "cli/vendors.hpp"
#include "commands/commands.hpp"
#include "commands/fetch_report.hpp"
#include "ziggy/base/text.hpp"
#include "ziggy/routing/desk.hpp"

namespace ziggy::app {

namespace {

// More in one call are a job for a script, which can then go on where it failed.
constexpr std::size_t kSymbolsMax = 1'000;
// One chunk, with waiting for the budget.
constexpr std::chrono::minutes kChunkLongest{15};
constexpr std::size_t kPoolThreads = 2;
constexpr std::size_t kPoolQueueMax = 64;

struct Options {
  std::string symbols;
  std::string interval = "1d";
  std::string from;
  std::string to;
  bool json = false;
  // What the texts above turn into; made while the command line is checked.
  std::vector<Symbol> parsed_symbols;
  Interval parsed_interval = Interval::Day;
  TimeRange range{Timestamp::min(), Timestamp::max()};
};

Result<> check_usage(Options& options) {
  for (const std::string_view part : text::split_list(options.symbols)) {
    ZIGGY_TRY(symbol, Symbol::parse(part));
    if (std::ranges::find(options.parsed_symbols, symbol) != options.parsed_symbols.end()) continue;
    options.parsed_symbols.push_back(symbol);
  }
  if (options.parsed_symbols.empty()) {
    return fail(ErrorCode::ValidationFailed, "--symbols names none");
  }
  if (options.parsed_symbols.size() > kSymbolsMax) {
    return fail(ErrorCode::ValidationFailed, "--symbols names {}, at most {} at once",
                options.parsed_symbols.size(), kSymbolsMax);
  }
  ZIGGY_TRY(interval, parse_interval(options.interval));
  options.parsed_interval = interval;
  ZIGGY_TRY(from, parse_rfc3339(options.from));
  options.range.start = from;
  if (!options.to.empty()) {
    ZIGGY_TRY(to, parse_rfc3339(options.to));
    options.range.end = to;
  }
  if (options.range.end <= options.range.start) {
    return fail(ErrorCode::ValidationFailed, "--to is not after --from");
  }
  return {};
}

/// The rooms that a back-fill needs, in the order in which they hold each other.
struct Rooms {
  Rooms(Context& context, const config::Settings& settings, store::Database& stored)
      : clock{context.clock()},
        database{stored},
        breakers{clock, std::random_device{}()},
        budgets{settings, clock},
        vendors{{.settings = settings,
                 .samples = Context::share_dir() / "samples",
                 .clock = clock,
                 .pool = pool,
                 .budgets = budgets}},
        // A server that runs beside keeps the vendors' record.
        desk{{.clock = clock, .breakers = breakers}},
        prices{routing::Operation::Bars,
               vendors.chain(settings.providers_prices),
               desk,
               {settings.provider_timeout}},
        crypto{routing::Operation::Crypto,
               vendors.chain(settings.providers_crypto),
               desk,
               {settings.provider_timeout}},
        backfill{{clock, database, pool, prices, crypto}} {}

  const Clock& clock;
  store::Database& database;
  resilience::BreakerRegistry breakers;
  Budgets budgets;
  net::asio::io_context loop;
  net::BlockingPool pool{kPoolThreads, kPoolQueueMax};
  Vendors vendors;
  routing::Desk desk;
  routing::Chain prices;
  routing::Chain crypto;
  market::Backfill backfill;
};

/// The vendor that is asked first.
feed::Provider* first_vendor(const routing::Chain& chain) {
  for (feed::Provider* const provider : chain.providers()) {
    if (provider->is_real() && provider->not_configured().empty() && provider->name() != "file") {
      return provider;
    }
  }
  return nullptr;
}

FetchCost cost_of(const std::vector<FetchResult>& results, const Rooms& rooms) {
  FetchCost cost;
  for (const FetchResult& result : results) {
    cost.expected += result.plan.expected;
    cost.missing += result.plan.missing;
    cost.ranges += result.plan.chunks.size();
    cost.requests += result.plan.requests;
  }
  const bool is_crypto = !results.empty() && results.front().plan.symbol.is_crypto();
  feed::Provider* const first = first_vendor(is_crypto ? rooms.crypto : rooms.prices);
  double share = 1;
  if (first != nullptr) {
    cost.provider = first->name();
    if (const resilience::Budget* const budget = first->budget()) {
      cost.budget = budget->status();
      share = budget->settings().batch_share;
    }
  }
  cost.eta = fetch_eta(cost.requests, cost.budget, share);
  return cost;
}

void add(FetchResult& result, const market::ChunkOutcome& chunk) {
  result.written += chunk.written;
  result.dropped += chunk.dropped;
  result.no_trades += chunk.no_trades;
  result.still_missing += chunk.still_missing;
  if (std::ranges::find(result.providers, chunk.provider) == result.providers.end()) {
    result.providers.push_back(chunk.provider);
  }
}

Call batch_call(const Clock& clock) {
  Call call;
  call.use = CallUse::Batch;
  call.correlation_id = CorrelationId::make();
  call.deadline = clock.steady() + kChunkLongest;
  return call;
}

/// Whole sessions first, where one request for all symbols costs less than one for each; what then
/// is missing still is planned anew.
net::Task<Result<std::size_t>> fill_sessions(Rooms* rooms, std::vector<FetchResult>* results,
                                             Interval interval, TimeRange range) {
  std::vector<market::FillPlan> plans;
  for (const FetchResult& result : *results) plans.push_back(result.plan);
  auto stored = co_await rooms->backfill.fill_sessions(std::move(plans), batch_call(rooms->clock));
  if (!stored) co_return stored;
  if (*stored == 0) co_return 0;
  for (FetchResult& result : *results) {
    auto plan = rooms->backfill.plan(result.plan.symbol, interval, range);
    if (!plan) co_return std::unexpected{std::move(plan).error()};
    result.by_session = result.plan.missing - std::min(result.plan.missing, plan->missing);
    result.plan.chunks = std::move(plan->chunks);
  }
  co_return stored;
}

/// Chunk after chunk; a symbol whose chunk fails is given up, the others go on. What a chunk
/// brought is stored before the next one is asked for.
net::Task<bool> fill_all(const Rooms* rooms, std::vector<FetchResult>* results, Progress* progress,
                         std::size_t total) {
  std::size_t done = 0;
  for (FetchResult& result : *results) {
    const market::FillPlan& plan = result.plan;
    for (const TimeRange& chunk : plan.chunks) {
      const Call call = batch_call(rooms->clock);
      auto outcome = co_await rooms->backfill.fill(plan.symbol, plan.interval, chunk, call);
      ++done;
      if (!outcome) {
        result.error = std::move(outcome).error();
        done += plan.chunks.size() - 1;
        break;
      }
      add(result, *outcome);
      progress->update(std::min(done, total), total);
    }
  }
  co_return true;
}

template <class T>
T run_until_done(Rooms& rooms, net::Task<T> work) {
  std::optional<T> result;
  std::exception_ptr failure;
  net::asio::co_spawn(rooms.loop, std::move(work), [&](std::exception_ptr thrown, T value) {
    failure = thrown;
    result.emplace(std::move(value));
  });
  rooms.loop.restart();  // it has run dry after the last one
  const auto guard = net::asio::make_work_guard(rooms.loop);
  while (!result) rooms.loop.run_one();
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

Result<> verdict(const std::vector<FetchResult>& results) {
  const auto failed = [](const FetchResult& result) { return result.error.has_value(); };
  const auto count = std::ranges::count_if(results, failed);
  if (count == 0) return {};
  const FetchResult& first = *std::ranges::find_if(results, failed);
  return fail(first.error->code(), "{} of {} symbols were not fetched, first {}: {}", count,
              results.size(), first.plan.symbol.view(), first.error->detail());
}

Result<> run_fetch(Context& context, const Options& options) {
  ZIGGY_TRY(settings, context.settings());
  ZIGGY_TRY(database, open_database(context));
  Rooms rooms{context, *settings, *database};
  std::vector<FetchResult> results;
  for (const Symbol& symbol : options.parsed_symbols) {
    ZIGGY_TRY(plan, rooms.backfill.plan(symbol, options.parsed_interval, options.range));
    results.emplace_back().plan = std::move(plan);
  }
  const FetchCost cost = cost_of(results, rooms);
  if (cost.requests > 0 && cost.provider.empty()) {
    return fail(ErrorCode::Configuration,
                "no chain names a vendor that can be asked: see PROVIDERS_PRICES and the keys");
  }
  fmt::print(stderr, "{}", cost_text(cost, results.size(), options.parsed_interval));
  {
    const auto by_session = run_until_done(
        rooms, fill_sessions(&rooms, &results, options.parsed_interval, options.range));
    if (!by_session) return fail(by_session.error());
    Progress progress{Progress::style_of_stderr(), "fetch", "ranges"};
    run_until_done(rooms, fill_all(&rooms, &results, &progress, cost.ranges));
  }
  if (options.json) {
    Context::print(std::string_view{fetch_json(cost, options.parsed_interval, results)});
  } else {
    for (const FetchResult& result : results) Context::print(std::string_view{result_text(result)});
  }
  return verdict(results);
}

}  // namespace

void add_fetch_command(CLI::App& app, Runner& runner) {
  CLI::App& fetch = *app.add_subcommand("fetch", "Brings data from the vendors into the store");
  fetch.require_subcommand(1);
  CLI::App& bars = *fetch.add_subcommand(
      "bars",
      "Fetches the bars that the store lacks and nothing else, so that a second run goes on where "
      "the first one stopped. Says before what it costs, and leaves a share of the vendors' "
      "budgets "
      "to a server that runs beside it");
  const auto options = std::make_shared<Options>();
  bars.add_option("--symbols", options->symbols, "Symbols with commas between")->required();
  bars.add_option("--interval", options->interval, "1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w or 1mo")
      ->capture_default_str();
  bars.add_option("--from", options->from, "First date or RFC 3339 time (inside)")->required();
  bars.add_option("--to", options->to,
                  "Last date or RFC 3339 time (outside; default: what is over by now)");
  bars.add_flag("--json", options->json, "One JSON document on stdout");
  bars.parse_complete_callback([options] {
    const Result<> fine = check_usage(*options);
    if (!fine) throw CLI::ValidationError("fetch bars", fine.error().detail());
  });
  runner.on(bars, [options](Context& context) { return run_fetch(context, *options); });
}

}  // namespace ziggy::app
