#include "ziggy/feed/sim.hpp"

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <optional>

#include "sim_market.hpp"
#include "sim_symbols.hpp"
#include "ziggy/domain/calendar.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::feed {
namespace {

// Each print of the path lives a quarter of a second.
constexpr std::chrono::milliseconds kTickEvery{250};

// Two thousand bars take about a millisecond and a half; more would be felt by others on the loop.
constexpr std::size_t kInlineBarsMax = 2'000;

std::vector<sim::Hours> nyse_hours(std::chrono::sys_days until) {
  std::vector<sim::Hours> hours;
  for (const Session& session :
       Calendar::nyse().sessions(sim::kFirstDay, until + std::chrono::days{1})) {
    hours.push_back({session.date, session.open, session.close});
  }
  return hours;
}

std::unexpected<Error> unknown(const Symbol& symbol) {
  return fail(ErrorCode::UnknownSymbol, "{} is not simulated", symbol.view());
}

}  // namespace

Timestamp ScaledClock::now() const {
  if (speed_ == 1) return base_.now();
  const auto passed = static_cast<double>((base_.now() - origin_).count());
  return origin_ + std::chrono::nanoseconds{std::llround(passed * speed_)};
}

// Every part of the vendor at once: they all ask the same pure function.
struct SimProvider::State final : public CryptoSource, public NewsSource, public StreamSource {
  State(const Clock& now, SimSettings settings, net::BlockingPool* threads)
      : clock{now},
        pool{threads},
        is_exchange{settings.sessions == SimSessions::Exchange},
        market{settings.seed, is_exchange ? sim::ExchangeHours{nyse_hours} : sim::ExchangeHours{}} {
  }

  net::Task<Result<BarsReply>> bars(BarsRequest request, Call /*call*/) override {
    const auto listing = sim::find_listing(request.symbol);
    if (!listing) co_return unknown(request.symbol);
    const Timestamp now = clock.now();
    BarsReply reply;
    reply.as_of = now;
    reply.actions = market.actions(*listing, now);
    if (pool == nullptr || request.limit <= kInlineBarsMax) {
      reply.bars = market.bars(*listing, request.interval, request.range, request.limit, now);
      co_return reply;
    }
    const sim::SimMarket* const source = &market;
    auto bars = co_await pool->run([source, listing, request, now]() -> Result<BarColumns> {
      return source->bars(*listing, request.interval, request.range, request.limit, now);
    });
    if (!bars) co_return std::unexpected{std::move(bars).error()};
    reply.bars = std::move(*bars);
    co_return reply;
  }

  net::Task<Result<Quote>> quote(Symbol symbol, Call /*call*/) override {
    const auto listing = sim::find_listing(symbol);
    const auto quote = listing ? quote_now(*listing, clock.now()) : std::nullopt;
    if (!quote) co_return unknown(symbol);
    co_return *quote;
  }

  net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range,
                                                     Call /*call*/) override {
    const auto listing = sim::find_listing(symbol);
    if (!listing) co_return unknown(symbol);
    range.end = std::min(range.end, clock.now());
    std::vector<Headline> headlines;
    for (sim::Story& story : market.stories(*listing, range)) {
      headlines.push_back({symbol, story.time, "[simulated] " + std::move(story.title)});
    }
    co_return headlines;
  }

  void set_listener(TickListener& ticks) override { listener = &ticks; }
  void subscribe(Symbol /*symbol*/) override {}
  void unsubscribe(Symbol /*symbol*/) override {}

  [[nodiscard]] std::optional<Quote> quote_now(std::size_t listing, Timestamp now) const {
    auto quote = market.quote(listing, now);
    // The path knows open, closed and halted; the hours around a session are the calendar's.
    if (quote && is_exchange && quote->market_state == MarketState::Closed) {
      const MarketState state = Calendar::nyse().state_at(now);
      if (state != MarketState::Open) quote->market_state = state;
    }
    return quote;
  }

  void tick() {
    if (listener == nullptr) return;
    const Timestamp now = clock.now();
    for (std::size_t i = 0; i < sim::kListings.size(); ++i) {
      const auto quote = quote_now(i, now);
      if (!quote) continue;
      auto& [as_of, market_state] = told[i];
      // Closed or halted: said once.
      if (as_of == quote->as_of && market_state == quote->market_state) continue;
      as_of = quote->as_of;
      market_state = quote->market_state;
      listener->on_quote("sim", *quote);
    }
  }

  static net::Task<> run(std::shared_ptr<State> state) {
    const net::Executor executor = co_await net::asio::this_coro::executor;
    net::Timer timer{executor};
    while (!state->is_stopped) {
      state->tick();
      // At whole quarters of the second, so that at speed 1 each print is pushed as it happens.
      const auto since = state->clock.now().time_since_epoch() % kTickEvery;
      const auto wait =
          state->is_scaled() ? std::chrono::nanoseconds{kTickEvery} : kTickEvery - since;
      timer.expires_after(wait);
      co_await timer.async_wait(net::asio::use_awaitable_t<net::Executor>{});
    }
  }

  [[nodiscard]] bool is_scaled() const {
    const auto* const scaled = dynamic_cast<const ScaledClock*>(&clock);
    return scaled != nullptr && scaled->speed() != 1;
  }

  struct Told {
    Timestamp as_of = Timestamp::min();
    MarketState market_state = MarketState::Closed;
  };

  const Clock& clock;
  net::BlockingPool* pool;
  bool is_exchange;
  sim::SimMarket market;
  TickListener* listener = nullptr;
  std::array<Told, sim::kListings.size()> told;
  std::atomic<bool> is_stopped = false;
};

SimProvider::SimProvider(const Clock& clock, SimSettings settings, net::BlockingPool* pool)
    : state_{std::make_shared<State>(clock, settings, pool)} {}

SimProvider::~SimProvider() { stop(); }

BarSource* SimProvider::bars() noexcept { return state_.get(); }
QuoteSource* SimProvider::quotes() noexcept { return state_.get(); }
CryptoSource* SimProvider::crypto() noexcept { return state_.get(); }
NewsSource* SimProvider::news() noexcept { return state_.get(); }
StreamSource* SimProvider::stream() noexcept { return state_.get(); }

std::vector<SymbolInfo> SimProvider::symbols() const {
  std::vector<SymbolInfo> symbols;
  symbols.reserve(sim::kListings.size());
  for (const sim::Listing& listing : sim::kListings) {
    symbols.push_back(
        {*Symbol::parse(listing.symbol), std::string{listing.name}, listing.asset_class});
  }
  return symbols;
}

void SimProvider::start(net::Executor executor) {
  net::spawn(executor, State::run(state_), "simulated ticks");
}

void SimProvider::stop() { state_->is_stopped = true; }

void SimProvider::tick() { state_->tick(); }

}  // namespace ziggy::feed
