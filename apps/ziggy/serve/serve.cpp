#include "serve/serve.hpp"

#include <signal.h>

#include <algorithm>
#include <memory>
#include <random>

#include "cli/database.hpp"
#include "cli/vendors.hpp"
#include "serve/alerts.hpp"
#include "serve/rehearsal.hpp"
#include "serve/upkeep.hpp"
#include "ziggy/api/api.hpp"
#include "ziggy/api/problem.hpp"
#include "ziggy/api/stream_encoder.hpp"
#include "ziggy/health/checks.hpp"
#include "ziggy/market/import.hpp"
#include "ziggy/market/live.hpp"
#include "ziggy/market/market.hpp"
#include "ziggy/net/redis.hpp"
#include "ziggy/net/server.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/resilience/breaker_registry.hpp"
#include "ziggy/resilience/shared_cache.hpp"

namespace ziggy::app {

namespace {

constexpr log::Logger kLog{"serve"};

// As many as the store has connections for readers: more would only wait for each other.
constexpr std::size_t kPoolThreads = 4;
// At a millisecond a query half a second of waiting, past which a caller is better told no.
constexpr std::size_t kPoolQueueMax = 2'000;
// Orchestrators kill 10 s (Docker) or 30 s (Kubernetes) after the signal.
constexpr std::chrono::seconds kDrainMax{8};

/// Runs once: by hand, or at the end of its scope.
class Finally {
 public:
  explicit Finally(std::function<void()> work) : work_{std::move(work)} {}
  Finally(const Finally&) = delete;
  Finally& operator=(const Finally&) = delete;
  ~Finally() { run(); }
  void run() const {
    if (const auto work = std::exchange(work_, nullptr)) work();
  }

 private:
  mutable std::function<void()> work_;
};

sigset_t stop_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  return signals;
}

/// Sleeps until somebody asks to stop. Further signals change nothing: `timeout` and process
/// managers send two at once, and the drain is bounded.
int wait_for_stop() {
  const sigset_t signals = stop_signals();
  int signal = 0;
  ::sigwait(&signals, &signal);
  return signal;
}

/// The bundled S&P 500 history as SPX, once: it is there for backtests without a network.
void import_sample(const std::filesystem::path& file, store::Database& database) {
  const auto symbol = Symbol::parse("SPX");
  if (!symbol) return;
  const auto stored = database.bars().coverage({*symbol, Interval::Day});
  if (stored && stored->has_value()) return;
  market::ImportOptions options;
  options.symbol = *symbol;
  options.interval = Interval::Day;
  const market::FileImport imported = market::import_file(file, options, database);
  if (imported.state == market::FileImport::State::Stored) {
    kLog.info("sample_imported", {{"symbol", "SPX"}, {"bars", imported.bars}});
  } else {
    kLog.warning("sample_missing", {{"detail", imported.error}});
  }
}

std::vector<health::Check> health_checks(store::Database& database,
                                         const std::filesystem::path& data_dir) {
  using health::Criticality;
  using health::Status;
  std::vector<health::Check> checks;
  checks.push_back({.name = "database", .criticality = Criticality::Critical, .run = [&database] {
                      const auto answer = database.ping();
                      return answer ? health::Outcome{}
                                    : health::Outcome{Status::Error, answer.error().detail()};
                    }});
  checks.push_back({.name = "migrations", .criticality = Criticality::Critical, .run = [&database] {
                      const auto status = database.migration_status();
                      if (!status) return health::Outcome{Status::Error, status.error().detail()};
                      if (status->pending() == 0) return health::Outcome{};
                      return health::Outcome{Status::Error,
                                             fmt::format("{} pending", status->pending())};
                    }});
  checks.push_back(health::disk_check(data_dir));
  return checks;
}

/// Whether prices reach those who listen: a stream in trouble is a warning, as long as REST
/// answers.
health::Check streams_check(const market::LiveFeeds& live) {
  return {.name = "streams", .run = [&live] {
            std::string troubled;
            for (const market::LiveVendorStatus& vendor : live.status().vendors) {
              if (!vendor.is_troubled) continue;
              troubled += fmt::format("{}{} is {}", troubled.empty() ? "" : ", ", vendor.name,
                                      feed::stream_state_name(vendor.state));
            }
            if (troubled.empty()) return health::Outcome{};
            return health::Outcome{health::Status::Warning, troubled};
          }};
}

/// The vendors that stream, each once; the simulator pushes everything by itself.
std::vector<feed::Provider*> live_vendors(const routing::Chain& quotes,
                                          const routing::Chain& crypto,
                                          const feed::Provider* simulator) {
  std::vector<feed::Provider*> vendors = quotes.providers();
  for (feed::Provider* const vendor : crypto.providers()) {
    if (std::ranges::find(vendors, vendor) == vendors.end()) vendors.push_back(vendor);
  }
  std::erase(vendors, simulator);
  std::erase_if(vendors, [](feed::Provider* vendor) { return vendor->stream() == nullptr; });
  return vendors;
}

/// The simulator, if it is there for prices: one that only tells news does not push quotes.
feed::SimProvider* pushing_simulator(feed::SimProvider* simulator, const routing::Chain& quotes,
                                     const routing::Chain& crypto) {
  const auto asks = [simulator](const routing::Chain& chain) {
    const auto providers = chain.providers();
    return std::ranges::find(providers, simulator) != providers.end();
  };
  return simulator != nullptr && (asks(quotes) || asks(crypto)) ? simulator : nullptr;
}

/// What a live feed goes through is the vendor's record too.
void note_stream(routing::Desk& desk, std::string_view vendor, market::LiveEvent event) {
  using enum market::LiveEvent;
  constexpr auto kStream = routing::Operation::Stream;
  switch (event) {
    case Up:
      return desk.note_answer(vendor, kStream, routing::AnswerClass::Success, std::nullopt);
    case Down:
      return desk.note_answer(vendor, kStream, routing::AnswerClass::Unavailable, std::nullopt);
    case Silent:
      return desk.note_answer(vendor, kStream, routing::AnswerClass::Timeout, std::nullopt);
    case Refused:
      return desk.note_answer(vendor, kStream, routing::AnswerClass::NotEntitled, std::nullopt);
    case Gap:
      // Nobody counts the bars that did come, so there is no rate to tell; what made the hole (the
      // connection that went down, the silence) is counted already.
      return;
    case Violation:
      return desk.note_violation(vendor, kStream);
  }
}

net::ServerSettings server_settings(const config::Settings& settings) {
  net::ServerSettings server;
  server.host = settings.api_host == "localhost" ? "127.0.0.1" : settings.api_host;
  server.port = settings.api_port;
  server.cors_origins = settings.cors_origins;
  server.page_csp = api::page_content_security_policy();
  return server;
}

std::string url_of(const net::ServerSettings& server, std::uint16_t port) {
  const bool is_v6 = server.host.find(':') != std::string::npos;
  return fmt::format("http://{}:{}", is_v6 ? "[" + server.host + "]" : server.host, port);
}

/// What nodes share; nothing without REDIS_URL.
struct Shared {
  std::unique_ptr<net::Redis> redis;
  std::unique_ptr<resilience::SharedCache> cache;
};

Shared share_through(const Secret& url, resilience::BreakerRegistry& breakers, const Clock& clock,
                     net::Executor executor) {
  Shared shared;
  if (url.empty()) return shared;
  shared.redis = std::make_unique<net::Redis>(net::RedisSettings{.url = url}, executor);
  shared.cache = std::make_unique<resilience::SharedCache>(
      shared.redis.get(), breakers.get("redis", resilience::Preset::Redis), clock);
  return shared;
}

}  // namespace

void hold_stop_signals() {
  const sigset_t signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

Result<> serve(Context& context, ServeOptions options) {
  const Monotonic began = context.clock().steady();
  ZIGGY_TRY(loaded, context.load_settings(Context::Voice::Server));
  config::Settings settings = loaded->settings;
  std::optional<standin::FaultScript> script;
  if (options.chaos) {
    ZIGGY_TRY(read, read_chaos_script(*options.chaos));
    script = std::move(read);
    settings = rehearsal_settings(std::move(settings));
  }
  const std::filesystem::path share = Context::share_dir();
  const std::filesystem::path samples = share / "samples";

  // Memory first: whoever answers can already remember.
  ZIGGY_TRY(database, open_database(settings));
  if (settings.demo) import_sample(samples / "SPX.csv", *database);

  // Who is asked no more while it fails, and how often anybody may be asked. Older than the loops:
  // requests that are cut off when those end give back what they hold of them.
  resilience::BreakerRegistry breakers{context.clock(), std::random_device{}()};
  Budgets budgets{settings, context.clock()};

  // Loops for what waits, a pool for what blocks.
  net::Loops loops{settings.api_threads};
  net::BlockingPool pool{kPoolThreads, kPoolQueueMax};

  // The simulated market may run faster than the wall clock, and all who ask how old a price is
  // must then read the same clock.
  const feed::ScaledClock market_clock{context.clock(), settings.sim_speed};
  std::unique_ptr<Rehearsal> rehearsal;
  if (script) {
    rehearsal = std::make_unique<Rehearsal>(settings, market_clock);
    if (const Result<> listens = rehearsal->listen(settings); !listens) return listens;
  }
  Vendors vendors{{.settings = settings,
                   .samples = samples,
                   .clock = market_clock,
                   .pool = pool,
                   .budgets = budgets,
                   .is_rehearsal = rehearsal != nullptr}};
  std::unique_ptr<net::WebhookSender> webhook;
  if (!settings.alert_webhook_url.empty()) {
    ZIGGY_TRY(made,
              make_webhook(settings, context.clock(), vendors.http(), loops.at(0).get_executor()));
    webhook = std::move(made);
  }
  const Shared shared =
      share_through(settings.redis_url, breakers, context.clock(), loops.at(0).get_executor());
  routing::Desk desk{{.clock = market_clock,
                      .breakers = breakers,
                      .database = database.get(),
                      .pool = &pool,
                      .webhook = [&webhook](std::string event, std::string json) {
                        return webhook && webhook->post(std::move(event), std::move(json));
                      }}};
  const routing::ChainSettings limits{.provider_timeout = settings.provider_timeout};
  const routing::Chain prices{routing::Operation::Bars, vendors.chain(settings.providers_prices),
                              desk, limits};
  const routing::Chain quotes{routing::Operation::Quotes, vendors.chain(settings.providers_quotes),
                              desk, limits};
  const routing::Chain crypto{routing::Operation::Crypto, vendors.chain(settings.providers_crypto),
                              desk, limits};

  const auto streaming = live_vendors(quotes, crypto, vendors.simulator());
  desk.enroll(routing::Operation::Stream, streaming, settings.provider_timeout);

  // Its routes come later; who is asked for news, and why, is known now.
  const routing::Chain news{routing::Operation::News, vendors.chain(settings.providers_news), desk,
                            limits};

  if (const Result<> loaded_desk = desk.load(); !loaded_desk) return fail(loaded_desk.error());

  const api::StreamEncoder encoder;
  streams::Hub hub{market_clock, encoder};
  const bool is_simulated =
      rehearsal || std::ranges::find(settings.providers_quotes, config::Vendor::Sim) !=
                       settings.providers_quotes.end();
  const bool is_always_open = is_simulated && settings.sim_sessions == config::SimSessions::Always;
  market::Market market{{.clock = market_clock,
                         .database = *database,
                         .pool = pool,
                         .hub = hub,
                         .prices = prices,
                         .quotes = quotes,
                         .crypto = crypto,
                         .desk = &desk,
                         .shared = shared.cache.get()},
                        {.is_always_open = is_always_open, .answer_ttl = settings.cache_ttl}};
  if (const Result<> started = market.start(); !started) return fail(started.error());

  market::LiveFeeds live{
      {.clock = market_clock,
       .market = market,
       .hub = hub,
       .vendors = streaming,
       .order =
           [&desk, &quotes, &crypto](const Symbol& symbol) {
             const auto& own = (symbol.is_crypto() ? crypto : quotes).providers();
             auto ranked = desk.order(routing::Operation::Stream);
             std::erase_if(ranked, [&own](feed::Provider* vendor) {
               return std::ranges::find(own, vendor) == own.end();
             });
             return ranked;
           },
       .report = [&desk](std::string_view vendor, market::LiveEvent event,
                         std::string_view) { note_stream(desk, vendor, event); }},
      {.is_always_open = is_always_open}};

  const market::Backfill backfill{{.clock = market_clock,
                                   .database = *database,
                                   .pool = pool,
                                   .prices = prices,
                                   .crypto = crypto}};
  market::Agreement agreement{{.clock = market_clock,
                               .database = *database,
                               .pool = pool,
                               .prices = prices,
                               .crypto = crypto,
                               .desk = desk}};

  auto checks = health_checks(*database, settings.data_dir);
  checks.push_back(streams_check(live));
  health::Health health{context.clock(), std::move(checks)};
  // The routes ask the server how it is, and the server is made of the routes.
  const net::Server* running = nullptr;
  api::Api api{{.clock = market_clock,
                .market = market,
                .desk = desk,
                .breakers = breakers,
                .hub = hub,
                .health = health,
                .server_metrics = [&running] { return running->metrics(); },
                .live = &live,
                .http = vendors.http_if_made(),
                .webhook = webhook.get()},
               {.version = ZIGGY_VERSION,
                .docs_enabled = settings.docs_enabled,
                .web_folder = share / "web"}};
  const net::ServerSettings at = server_settings(settings);
  net::Server server{loops, context.clock(), api.router(), at, api::render_problem};
  running = &server;

  ZIGGY_TRY(port, server.listen());
  live.start(loops.at(0).get_executor());
  feed::SimProvider* const simulator = pushing_simulator(vendors.simulator(), quotes, crypto);
  if (simulator != nullptr) {
    simulator->stream()->set_listener(market);
    simulator->start(loops.at(0).get_executor());
  }
  desk.start(loops.at(0).get_executor());
  net::spawn(loops.at(0).get_executor(), keep_up(&market_clock, &backfill, &agreement), "upkeep");
  // However this ends, nothing runs any more when the rooms go.
  const Finally stopped{[&] {
    server.shutdown(kDrainMax);
    live.stop();
    if (simulator != nullptr) simulator->stop();
    loops.stop();
    desk.stop();
    pool.stop();
  }};
  loops.run();
  const std::string url = url_of(at, port);
  kLog.info("server_started",
            {{"url", url},
             {"version", ZIGGY_VERSION},
             {"demo", settings.demo},
             {"database", database->location()},
             {"threads", loops.size()},
             {"access", "this machine only, no credential asked: there are no accounts yet"},
             {"took_ms", std::chrono::duration_cast<std::chrono::milliseconds>(
                             context.clock().steady() - began)
                             .count()}});
  Context::print("{}\n", url);
  if (rehearsal) {
    if (const Result<> begun = rehearsal->begin(std::move(*script)); !begun) return begun;
    kLog.warning("vendors_are_stand_ins",
                 {{"script", options.chaos->string()},
                  {"data", settings.data_dir.string()},
                  {"detail", "every price is made up, and vendors fail as the script says"}});
    Context::print("Polygon, Alpaca and Yahoo are stand-ins here that fail as {} says.\n",
                   options.chaos->string());
  }

  const int signal = wait_for_stop();
  kLog.info("server_draining", {{"signal", signal}});
  health.set_draining();
  stopped.run();
  kLog.info("server_stopped");
  return {};
}

}  // namespace ziggy::app
