#include "ziggy/feed/polling_stream.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ziggy/base/log.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/backoff.hpp"

namespace ziggy::feed {

namespace {

namespace asio = net::asio;

constexpr log::Logger kLog{"feed.polling"};
/// Nothing to do: a poke comes before.
constexpr std::chrono::hours kLong{1};
/// Added to each pause at random, so that rounds of several nodes spread out.
constexpr double kJitter = 0.2;

bool is_same(const Quote& a, const Quote& b) {
  return a.as_of == b.as_of && a.bid == b.bid && a.ask == b.ask && a.bid_size == b.bid_size &&
         a.ask_size == b.ask_size && a.last == b.last && a.last_size == b.last_size &&
         a.prev_close == b.prev_close && a.volume == b.volume && a.market_state == b.market_state;
}

/// Asking again would bring the same answer about this symbol.
bool is_lasting(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::UnknownSymbol:
    case ErrorCode::NotSupported:
    case ErrorCode::NotEntitled:
    case ErrorCode::ValidationFailed:
      return true;
    default:
      return false;
  }
}

/// The vendor will not have us however often we ask.
bool is_refusal(const Error& error) noexcept {
  return error.code() == ErrorCode::CredentialsRejected || error.code() == ErrorCode::NotEntitled ||
         error.code() == ErrorCode::Configuration;
}

}  // namespace

struct PollingStream::State : std::enable_shared_from_this<State> {
  State(QuoteSource& quotes, std::string provider, PollingSettings with)
      : source{quotes},
        name{std::move(provider)},
        settings{with},
        backoff{{.first = 2 * with.every,
                 .max = with.pause_max,
                 .factor = 2,
                 .jitter = kJitter,
                 .seed = with.seed}},
        jitter{with.seed} {}

  QuoteSource& source;
  const std::string name;
  const PollingSettings settings;
  TickListener* listener = nullptr;
  std::optional<net::Executor> executor;
  std::atomic<bool> is_stopped = false;
  std::atomic<bool> is_poked = false;
  std::atomic<bool> is_reconnect_asked = false;

  std::mutex mutex;
  std::set<Symbol> wanted;   // guarded by mutex
  std::set<Symbol> unknown;  // guarded by mutex; told, and not asked for any more

  // On the loop alone.
  std::optional<net::Timer> changed;
  resilience::Backoff backoff;
  resilience::Jitter jitter;
  StreamState state = StreamState::Idle;
  /// What was told of each symbol; nullopt until then.
  std::unordered_map<Symbol, std::optional<Quote>> told;
  std::size_t failures = 0;

  void poke() {
    if (!executor || is_poked.exchange(true)) return;
    asio::post(*executor, [self = shared_from_this()] {
      self->is_poked = false;
      self->changed->cancel();
    });
  }

  void set_state(StreamState next, std::string_view detail) {
    if (std::exchange(state, next) == next || is_stopped || listener == nullptr) return;
    listener->on_stream_state(name, next, detail);
  }

  bool is_idle() {
    const std::lock_guard lock{mutex};
    return wanted.empty();
  }

  std::vector<Symbol> due() {
    const std::lock_guard lock{mutex};
    std::erase_if(told, [this](const auto& each) { return !wanted.contains(each.first); });
    std::vector<Symbol> symbols;
    std::ranges::set_difference(wanted, unknown, std::back_inserter(symbols));
    return symbols;
  }

  void take(const Quote& quote) {
    {
      const std::lock_guard lock{mutex};
      if (!wanted.contains(quote.symbol)) return;
    }
    if (is_stopped || listener == nullptr) return;
    const auto [entry, is_new] = told.try_emplace(quote.symbol);
    if (is_new) listener->on_subscribed(name, quote.symbol, {});
    if (entry->second && is_same(*entry->second, quote)) return;
    entry->second = quote;
    listener->on_quote(name, quote);
  }

  void miss(const Symbol& symbol, const Error& error) {
    if (!is_lasting(error)) return;
    {
      const std::lock_guard lock{mutex};
      if (!wanted.contains(symbol) || !unknown.insert(symbol).second) return;
    }
    told.erase(symbol);
    if (!is_stopped && listener != nullptr) {
      listener->on_subscribed(name, symbol, fail(Error{error}));
    }
  }

  /// One request after the other; the first that fails ends the round.
  net::Task<Result<>> round(std::vector<Symbol> symbols) {
    const std::size_t step = std::max<std::size_t>(source.quotes_capability().batch_max, 1);
    for (std::size_t from = 0; from < symbols.size() && !is_stopped; from += step) {
      const std::size_t to = std::min(from + step, symbols.size());
      std::vector<Symbol> batch{symbols.begin() + static_cast<std::ptrdiff_t>(from),
                                symbols.begin() + static_cast<std::ptrdiff_t>(to)};
      Call call;
      call.deadline = std::chrono::steady_clock::now() + settings.request_timeout;
      call.correlation_id = CorrelationId::make();
      call.use = CallUse::Batch;
      auto reply = co_await source.quotes(std::move(batch), call);
      if (!reply) co_return fail(std::move(reply).error());
      for (const Quote& quote : reply->quotes) take(quote);
      for (const auto& [symbol, error] : reply->missing) miss(symbol, error);
      // A vendor that is asked for one symbol at a time fails symbol by symbol.
      if (!reply->quotes.empty()) continue;
      for (auto& [symbol, error] : reply->missing) {
        if (!is_lasting(error)) co_return fail(std::move(error));
      }
    }
    co_return Result<>{};
  }

  std::chrono::nanoseconds pause_after(const Result<>& outcome) {
    if (outcome) {
      failures = 0;
      backoff.reset();
      set_state(StreamState::Up, "");
      const auto every = std::chrono::duration<double, std::nano>{settings.every};
      return std::chrono::nanoseconds{
          static_cast<std::int64_t>(every.count() * (1 + kJitter * jitter.next()))};
    }
    const Error& error = outcome.error();
    kLog.warning(
        "polling_failed",
        {{"provider", name}, {"code", code_name(error.code())}, {"detail", error.detail()}});
    if (is_refusal(error)) {
      set_state(StreamState::Refused, error.detail());
      return kLong;
    }
    if (++failures >= settings.failures_max) set_state(StreamState::Down, error.detail());
    std::chrono::nanoseconds wait = backoff.next();
    if (error.code() == ErrorCode::ProviderQuota && error.retry_after()) {
      wait = std::max<std::chrono::nanoseconds>(*error.retry_after(), settings.every);
    }
    return std::min<std::chrono::nanoseconds>(wait, settings.pause_max);
  }

  net::Task<> pause(std::chrono::nanoseconds wait) {
    changed->expires_after(wait);
    co_await changed->async_wait(asio::as_tuple(asio::use_awaitable_t<net::Executor>{}));
  }

  static net::Task<> run(std::shared_ptr<State> self) {
    while (!self->is_stopped) {
      if (self->is_reconnect_asked.exchange(false)) {
        self->failures = 0;
        self->backoff.reset();
        if (self->state == StreamState::Refused) self->set_state(StreamState::Connecting, "");
      }
      const std::vector<Symbol> symbols = self->due();
      if (self->state == StreamState::Refused || symbols.empty()) {
        if (self->is_idle() && self->state != StreamState::Refused) {
          self->set_state(StreamState::Idle, "nothing is subscribed");
        }
        co_await self->pause(kLong);
        continue;
      }
      if (self->state == StreamState::Idle) self->set_state(StreamState::Connecting, "");
      const auto outcome = co_await self->round(symbols);
      const auto until = std::chrono::steady_clock::now() + self->pause_after(outcome);
      while (!self->is_stopped && !self->is_reconnect_asked && !self->is_idle()) {
        const auto left = until - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds{0}) break;
        co_await self->pause(left);
      }
    }
  }
};

PollingStream::PollingStream(QuoteSource& source, std::string name, PollingSettings settings) {
  if (settings.seed == 0) settings.seed = std::random_device{}();
  state_ = std::make_shared<State>(source, std::move(name), settings);
}

PollingStream::~PollingStream() { stop(); }

void PollingStream::set_listener(TickListener& listener) { state_->listener = &listener; }

Capability PollingStream::stream_capability() const {
  Capability capability = state_->source.quotes_capability();
  capability.intervals = 0;
  return capability;
}

void PollingStream::start(net::Executor executor) {
  state_->executor = executor;
  state_->changed.emplace(executor);
  net::spawn(executor, State::run(state_), "feed polling");
}

void PollingStream::stop() {
  state_->is_stopped = true;
  state_->poke();
}

void PollingStream::subscribe(Symbol symbol) {
  {
    const std::lock_guard lock{state_->mutex};
    if (!state_->wanted.insert(symbol).second) return;
  }
  state_->poke();
}

void PollingStream::unsubscribe(Symbol symbol) {
  {
    const std::lock_guard lock{state_->mutex};
    state_->unknown.erase(symbol);
    if (state_->wanted.erase(symbol) == 0) return;
  }
  state_->poke();
}

void PollingStream::reconnect() {
  state_->is_reconnect_asked = true;
  state_->poke();
}

}  // namespace ziggy::feed
