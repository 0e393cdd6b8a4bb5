#include "quarantine.hpp"

#include <utility>

#include "ziggy/base/id.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/domain/contracts.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// How many batches are written before old rows are looked for.
constexpr std::uint64_t kSweepEvery = 16;

std::string sample_of(const BarColumns& bars, std::size_t row) {
  return fmt::format("t={} o={} h={} l={} c={} v={}", to_rfc3339(bars.time_at(row)), bars.open[row],
                     bars.high[row], bars.low[row], bars.close[row], bars.volume[row]);
}

std::string sample_of(const Quote& quote) {
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : std::string{"-"};
  };
  return fmt::format("symbol={} bid={} ask={} last={} volume={}", quote.symbol.view(),
                     number(quote.bid), number(quote.ask), number(quote.last),
                     number(quote.volume));
}

}  // namespace

std::optional<Refusal> judge(const feed::BarsRequest& request, const feed::BarsReply& reply) {
  const BarColumns& bars = reply.bars;
  if (bars.size() > request.limit) {
    return Refusal{"too_many", bars.size() - request.limit,
                   fmt::format("{} bars, {} were asked for", bars.size(), request.limit),
                   sample_of(bars, request.limit)};
  }
  const auto violations = check_bars(bars, request.interval, reply.actions);
  if (!violations.empty()) {
    const Violation& first = violations.front();
    return Refusal{std::string{rule_name(first.rule)}, violations.size(),
                   fmt::format("{} of {} bars break the contracts, the first: {}",
                               violations.size(), bars.size(), describe(first, bars)),
                   sample_of(bars, first.row)};
  }
  if (bars.empty()) return std::nullopt;
  const std::size_t last = bars.size() - 1;
  const bool is_early = bars.time_at(0) < request.range.start;
  if (is_early || bars.time_at(last) >= request.range.end) {
    return Refusal{"outside_range", 1, "bars outside of the range asked for",
                   sample_of(bars, is_early ? 0 : last)};
  }
  return std::nullopt;
}

std::optional<Refusal> judge(const Symbol& symbol, const Quote& quote) {
  if (quote.symbol != symbol) {
    return Refusal{"wrong_symbol", 1, fmt::format("a quote of {}", quote.symbol.view()),
                   sample_of(quote)};
  }
  if (!quote.last && !quote.bid && !quote.ask) {
    return Refusal{"no_price", 1, "a quote without a price", sample_of(quote)};
  }
  const auto violations = check_quote(quote);
  if (violations.empty()) return std::nullopt;
  return Refusal{std::string{rule_name(violations.front().rule)}, 1, violations.front().reason,
                 sample_of(quote)};
}

struct Quarantine::State : std::enable_shared_from_this<State> {
  State(const Clock& with, store::Database& where, net::BlockingPool& on)
      : clock{with}, database{where}, pool{on} {}

  std::unexpected<Error> refuse(const feed::Provider& provider, std::string_view operation,
                                const Symbol& symbol, std::optional<Interval> interval,
                                Refusal refusal, const Call& call) {
    Error error{ErrorCode::BadPayload, refusal.detail};
    store::Quarantined row;
    row.id = make_uuid_v7_string(
        std::chrono::floor<std::chrono::milliseconds>(clock.now()).time_since_epoch().count());
    row.ts = clock.now();
    row.provider = provider.name();
    row.operation = operation;
    row.symbol = symbol;
    row.interval = interval;
    row.rule = std::move(refusal.rule);
    row.row_count = static_cast<std::int64_t>(refusal.rows);
    row.detail = std::move(refusal.detail);
    row.sample = std::move(refusal.sample);
    row.correlation_id = call.correlation_id.view();
    put(std::move(row));
    return std::unexpected{std::move(error)};
  }

  void put(store::Quarantined row) {
    {
      const std::lock_guard lock{mutex};
      if (pending.size() >= kPendingMax) {
        if (dropped++ % kPendingMax == 0) kLog.warning("quarantine_full", {{"dropped", dropped}});
        return;
      }
      pending.push_back(std::move(row));
      if (is_writing) return;
      is_writing = true;
    }
    const bool is_queued = pool.submit([self = shared_from_this()] { self->write(); });
    if (is_queued) return;
    const std::lock_guard lock{mutex};
    is_writing = false;  // the next refusal tries again
  }

  void write() {
    for (;;) {
      std::vector<store::Quarantined> batch;
      {
        const std::lock_guard lock{mutex};
        batch.swap(pending);
        if (batch.empty()) {
          is_writing = false;
          is_writing.notify_all();
          return;
        }
      }
      auto done = database.quality().quarantine(batch);
      if (done && batches++ % kSweepEvery == 0) {
        if (auto swept = database.quality().keep_quarantined(kKept); !swept) {
          done = std::unexpected{std::move(swept).error()};
        }
      }
      if (!done) kLog.warning("quarantine_not_stored", {{"detail", done.error().detail()}});
    }
  }

  const Clock& clock;
  store::Database& database;
  net::BlockingPool& pool;
  std::mutex mutex;
  std::vector<store::Quarantined> pending;  // guarded by mutex, as what follows
  std::uint64_t dropped = 0;
  std::uint64_t batches = 0;             // the writing job's
  std::atomic<bool> is_writing = false;  // set under mutex; waited for without
};

Quarantine::Quarantine(const Clock& clock, store::Database& database, net::BlockingPool& pool)
    : state_{std::make_shared<State>(clock, database, pool)} {}

Quarantine::~Quarantine() { state_->is_writing.wait(true); }

std::function<Result<>(const feed::Provider&, const feed::BarsReply&)> Quarantine::bars(
    feed::BarsRequest request, std::string_view operation, Call call) const {
  return [state = state_, request, operation, call](const feed::Provider& provider,
                                                    const feed::BarsReply& reply) -> Result<> {
    auto refusal = judge(request, reply);
    if (!refusal) return {};
    return state->refuse(provider, operation, request.symbol, request.interval, std::move(*refusal),
                         call);
  };
}

std::function<Result<>(const feed::Provider&, const Quote&)> Quarantine::quote(
    Symbol symbol, std::string_view operation, Call call) const {
  return [state = state_, symbol, operation, call](const feed::Provider& provider,
                                                   const Quote& quote) -> Result<> {
    auto refusal = judge(symbol, quote);
    if (!refusal) return {};
    return state->refuse(provider, operation, symbol, std::nullopt, std::move(*refusal), call);
  };
}

}  // namespace ziggy::market
