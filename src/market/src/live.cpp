#include "ziggy/market/live.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

#include "live_counts.hpp"
#include "live_table.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/net/spawn.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::market {
namespace {

using feed::StreamState;

constexpr log::Logger kLog{"live"};

// Fine enough for a linger of seconds, coarse enough to cost nothing.
constexpr std::chrono::milliseconds kTickEvery{250};
// A back-fill waits for the vendor's budget.
constexpr std::chrono::seconds kBackfillMax{30};
constexpr std::chrono::seconds kProbeMax{5};
// What a source may say while it is being spoken to, before something is wrong with it.
constexpr std::size_t kPendingMax = 100'000;

std::string_view event_name(LiveEvent event) {
  switch (event) {
    case LiveEvent::Up:
      return "stream_up";
    case LiveEvent::Down:
      return "stream_down";
    case LiveEvent::Refused:
      return "stream_refused";
    case LiveEvent::Silent:
      return "stream_silent";
    case LiveEvent::Gap:
      return "bars_missed";
    case LiveEvent::Violation:
      return "tick_refused";
  }
  return "stream";
}

}  // namespace

/// Brings what happens onto the loop, one thing after the other, and does what the table decides.
struct LiveFeeds::State final : LiveActions,
                                feed::TickListener,
                                std::enable_shared_from_this<LiveFeeds::State> {
  State(LiveParts with, LiveSettings chosen)
      : parts{std::move(with)},
        settings{chosen},
        streaming{with_streams(parts.vendors)},
        counts{std::make_shared<LiveCounts>(parts.clock, settings.symbols_max)},
        table{names(streaming), settings, *this},
        snapshot{table.status()} {}

  static std::vector<feed::Provider*> with_streams(std::vector<feed::Provider*> vendors) {
    std::erase_if(vendors, [](feed::Provider* vendor) {
      return vendor->stream() == nullptr || !vendor->not_configured().empty();
    });
    return vendors;
  }
  static std::vector<std::string> names(const std::vector<feed::Provider*>& vendors) {
    std::vector<std::string> all;
    all.reserve(vendors.size());
    for (const feed::Provider* const vendor : vendors) all.emplace_back(vendor->name());
    return all;
  }

  [[nodiscard]] Moment now() const { return {parts.clock.now(), parts.clock.steady()}; }

  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view provider) const {
    for (std::size_t i = 0; i < streaming.size(); ++i) {
      if (streaming[i]->name() == provider) return i;
    }
    return std::nullopt;
  }

  // --- onto the loop

  /// Runs `work` now, or after what is being done: a source may speak while it is spoken to.
  template <class Work>
  void run(Work work) {
    if (is_stopped) return;
    if (is_busy) {
      if (pending.size() < kPendingMax) pending.emplace_back(std::move(work));
      return;
    }
    is_busy = true;
    guarded(work);
    while (!pending.empty()) {
      auto next = std::move(pending.front());
      pending.pop_front();
      guarded(next);
    }
    is_busy = false;
  }
  /// One piece that throws costs itself, not all feeds.
  template <class Work>
  static void guarded(Work& work) {
    try {
      work();
    } catch (const std::exception& error) {
      kLog.error("live_work_failed", {{"detail", error.what()}});
    }
  }
  template <class Work>
  void on_loop(Work work) {
    if (!executor) return;
    if (executor->running_in_this_thread()) return run(std::move(work));
    net::asio::post(*executor, [self = shared_from_this(), work = std::move(work)]() mutable {
      self->run(std::move(work));
    });
  }

  // --- from sources (feed::TickListener)

  void on_quote(std::string_view provider, const Quote& quote) override {
    const auto vendor = index_of(provider);
    if (!vendor) return;
    on_loop([this, at = *vendor, quote] { table.on_quote(at, quote, now()); });
  }
  void on_trade(std::string_view provider, const Trade& trade) override {
    const auto vendor = index_of(provider);
    if (!vendor) return;
    on_loop([this, at = *vendor, trade] { table.on_trade(at, trade, now()); });
  }
  void on_bar(std::string_view provider, const Symbol& symbol, Interval interval, const Bar& bar,
              BarPhase phase) override {
    const auto vendor = index_of(provider);
    if (!vendor) return;
    on_loop([this, at = *vendor, symbol, interval, bar, phase] {
      table.on_bar(at, symbol, interval, bar, phase, now());
    });
  }
  void on_subscribed(std::string_view provider, const Symbol& symbol,
                     const Result<>& outcome) override {
    const auto vendor = index_of(provider);
    if (!vendor) return;
    if (!outcome) {
      kLog.warning("not_subscribed", {{"provider", provider},
                                      {"symbol", symbol.view()},
                                      {"code", code_name(outcome.error().code())},
                                      {"detail", outcome.error().detail()}});
    }
    on_loop(
        [this, at = *vendor, symbol, outcome] { table.on_subscribed(at, symbol, outcome, now()); });
  }
  void on_stream_state(std::string_view provider, StreamState state,
                       std::string_view detail) override {
    const auto vendor = index_of(provider);
    if (!vendor) return;
    on_loop([this, at = *vendor, state, detail = std::string{detail}] {
      table.on_state(at, state, detail, now());
    });
  }

  // --- what the table decides (LiveActions)

  void subscribe(std::size_t vendor, const Symbol& symbol) override {
    streaming[vendor]->stream()->subscribe(symbol);
  }
  void unsubscribe(std::size_t vendor, const Symbol& symbol) override {
    streaming[vendor]->stream()->unsubscribe(symbol);
  }
  void reconnect(std::size_t vendor) override { streaming[vendor]->stream()->reconnect(); }

  bool pushes_minutes(std::size_t vendor) override {
    return streaming[vendor]->stream()->stream_capability().serves(Interval::Minute);
  }
  std::vector<std::size_t> order(const Symbol& symbol) override {
    std::vector<std::size_t> chosen;
    const auto add = [&](std::size_t vendor) {
      if (streaming[vendor]->stream()->stream_capability().serves(symbol.kind())) {
        chosen.push_back(vendor);
      }
    };
    if (!parts.order) {
      for (std::size_t i = 0; i < streaming.size(); ++i) add(i);
      return chosen;
    }
    for (feed::Provider* const wanted : parts.order(symbol)) {
      const auto found = std::ranges::find(streaming, wanted);
      if (found != streaming.end()) add(static_cast<std::size_t>(found - streaming.begin()));
    }
    return chosen;
  }

  void tell(std::string_view provider, const Quote& quote) override {
    parts.market.on_quote(provider, quote);
  }
  void tell(std::string_view provider, const Trade& trade) override {
    parts.market.on_trade(provider, trade);
  }
  void tell(const streams::BarMessage& message) override {
    parts.market.on_bar(message.provider, message.symbol, message.interval, message.bar,
                        message.phase);
  }
  void tell(const streams::GapMessage& message) override {
    kLog.info(message.healed ? "gap_healed" : "gap_announced", {{"symbol", message.symbol.view()},
                                                                {"from", to_rfc3339(message.from)},
                                                                {"to", to_rfc3339(message.to)}});
    parts.market.tell_gap(message);
  }

  void backfill(const Symbol& symbol, TimeRange range, std::uint64_t ticket) override {
    net::spawn(*executor, run_backfill(shared_from_this(), symbol, range, ticket), "backfill");
  }
  void probe(const Symbol& symbol, std::uint64_t ticket) override {
    net::spawn(*executor, run_probe(shared_from_this(), symbol, ticket), "probe");
  }
  void report(std::size_t vendor, LiveEvent event, std::string_view detail) override {
    const std::string_view name = streaming[vendor]->name();
    // A vendor that sends nonsense does so thousands of times; the market counts as well.
    const bool is_loud = event == LiveEvent::Violation && violations++ % 1'000 != 0;
    if (!is_loud && event != LiveEvent::Gap) {
      kLog.info(event_name(event), {{"provider", name}, {"detail", detail}});
    }
    if (parts.report) parts.report(name, event, detail);
  }

  static net::Task<> run_backfill(std::shared_ptr<State> self, Symbol symbol, TimeRange range,
                                  std::uint64_t ticket) {
    BarsQuery query;
    query.symbol = symbol;
    query.interval = Interval::Minute;
    query.range = range;
    const auto minutes = (range.end - range.start) / std::chrono::minutes{1};
    query.limit = static_cast<std::size_t>(
        std::clamp<std::int64_t>(minutes, 1, static_cast<std::int64_t>(kBarsLimitMax)));
    query.adjustment = Adjustment::Raw;
    Call call;
    call.deadline = self->parts.clock.steady() + kBackfillMax;
    call.use = CallUse::Batch;
    std::string provider;
    Result<BarColumns> bars = fail(ErrorCode::Internal, "the back-fill threw");
    try {
      auto answer = co_await self->parts.market.bars(query, call);
      if (!answer) {
        bars = std::unexpected{std::move(answer).error()};
      } else if (answer->provenance.stale) {
        // What is stored has the hole too.
        bars = fail(ErrorCode::NoData, "no vendor answered");
      } else {
        provider = answer->provenance.provider;
        bars = *answer->bars;
      }
    } catch (const std::exception& error) {
      bars = fail(ErrorCode::Internal, error.what());
    }
    self->run([self, symbol, ticket, provider = std::move(provider), bars = std::move(bars)] {
      self->table.on_backfill(symbol, ticket, provider, bars, self->now());
    });
  }

  static net::Task<> run_probe(std::shared_ptr<State> self, Symbol symbol, std::uint64_t ticket) {
    Call call;
    call.deadline = self->parts.clock.steady() + kProbeMax;
    Result<Quote> quote = fail(ErrorCode::Internal, "the probe threw");
    try {
      auto answer = co_await self->parts.market.fresh_quote(symbol, call);
      if (!answer) {
        quote = std::unexpected{std::move(answer).error()};
      } else if (answer->provenance.stale) {
        quote = fail(ErrorCode::NoData, "no vendor answered");
      } else {
        quote = answer->quote;
      }
    } catch (const std::exception& error) {
      quote = fail(ErrorCode::Internal, error.what());
    }
    self->run([self, symbol, ticket, quote = std::move(quote)] {
      self->table.on_probe(symbol, ticket, quote, self->now());
    });
  }

  // --- time

  void tick() {
    for (const Symbol& symbol : counts->take_idle(settings.linger)) {
      table.remove(symbol);
      parts.hub.forget(symbol);
    }
    table.tick(now());
    LiveStatus fresh = table.status();
    const std::lock_guard lock{snapshot_mutex};
    snapshot = std::move(fresh);
  }

  /// One timer for everything, and none while nothing is streamed.
  void arm() {
    if (is_armed || is_stopped || !timer || table.is_empty()) return;
    is_armed = true;
    timer->expires_after(kTickEvery);
    timer->async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!self || error) return;
      self->is_armed = false;
      self->run([&] { self->tick(); });
      self->arm();
    });
  }

  void add(const Symbol& symbol) {
    on_loop([this, symbol] {
      table.add(symbol, now());
      arm();
    });
  }

  LiveParts parts;
  LiveSettings settings;
  std::vector<feed::Provider*> streaming;
  std::shared_ptr<LiveCounts> counts;
  LiveTable table;
  std::optional<net::Executor> executor;
  std::optional<net::Timer> timer;
  std::deque<std::move_only_function<void()>> pending;
  bool is_busy = false;
  bool is_armed = false;
  bool is_stopped = false;
  std::uint64_t violations = 0;
  mutable std::mutex snapshot_mutex;
  LiveStatus snapshot;  // guarded by snapshot_mutex
};

LiveFeeds::LiveFeeds(LiveParts parts, LiveSettings settings)
    : state_{std::make_shared<State>(std::move(parts), settings)} {}

LiveFeeds::~LiveFeeds() {
  state_->counts->close();
  state_->is_stopped = true;
  state_->timer.reset();
}

void LiveFeeds::start(net::Executor executor) {
  state_->executor = executor;
  state_->timer.emplace(executor);
  for (feed::Provider* const vendor : state_->streaming) {
    vendor->stream()->set_listener(*state_);
    vendor->stream()->start(executor);
  }
}

void LiveFeeds::stop() {
  for (feed::Provider* const vendor : state_->streaming) vendor->stream()->stop();
  if (!state_->executor) return;
  net::asio::post(*state_->executor, [state = state_] {
    state->is_stopped = true;
    state->pending.clear();
    state->timer.reset();
  });
}

Result<LiveHandle> LiveFeeds::subscribe(const Symbol& symbol) {
  if (state_->streaming.empty() || !state_->executor) return LiveHandle{};
  ZIGGY_TRY(is_new, state_->counts->acquire(symbol));
  if (is_new) state_->add(symbol);
  return LiveHandle{state_->counts, symbol};
}

LiveStatus LiveFeeds::status() const {
  const std::lock_guard lock{state_->snapshot_mutex};
  return state_->snapshot;
}

void LiveFeeds::tick() {
  state_->run([state = state_] { state->tick(); });
}

}  // namespace ziggy::market
