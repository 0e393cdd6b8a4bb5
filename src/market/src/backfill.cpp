#include "ziggy/market/backfill.hpp"

#include <algorithm>
#include <memory>

#include "bars_shape.hpp"
#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/domain/expected_bars.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"backfill"};

// Gaps of one chunk that are journaled; a symbol that trades in few minutes has thousands, of which
// the longest say enough.
constexpr std::size_t kGapsPerChunk = 200;
// The first pause before a gap is tried again, and the longest.
constexpr std::chrono::minutes kHealPauseFirst{1};
constexpr std::chrono::hours kHealPauseMax{24};

std::size_t count_expected(const std::vector<TimeRange>& ranges, Interval interval,
                           const Symbol& symbol) {
  std::size_t count = 0;
  for (const TimeRange& range : ranges) count += expected_bars(interval, symbol, range).size();
  return count;
}

bool lies_in(Timestamp time, const std::vector<store::BarGap>& gaps, Interval interval) {
  return std::ranges::any_of(gaps, [&](const store::BarGap& gap) {
    return gap.interval == interval && gap.state == store::GapState::NoTrades &&
           gap.range.start <= time && time < gap.range.end;
  });
}

// The part of a gap that is tried at once; a longer one is worked off piece by piece.
TimeRange first_chunk(const store::BarGap& gap) {
  const auto starts = expected_bars(gap.interval, gap.symbol, gap.range);
  if (starts.size() <= kChunkPeriods) return gap.range;
  return {gap.range.start, period_end(starts[kChunkPeriods - 1], gap.interval)};
}

// Whether some vendor really looked, so that it was an attempt: not when budgets, breakers or the
// time kept all from being asked.
bool was_asked(const Error& error) {
  if (error.code() == ErrorCode::DeadlineExceeded) return false;
  if (error.fields().empty()) return true;
  return std::ranges::any_of(error.fields(), [](const FieldError& reason) {
    return reason.code != code_name(ErrorCode::ProviderQuota) &&
           reason.code != code_name(ErrorCode::CircuitOpen) &&
           reason.code != code_name(ErrorCode::Configuration) &&
           reason.code != code_name(ErrorCode::DeadlineExceeded);
  });
}

// The start of the first period that is not over at `now`.
Timestamp closed_before(Interval interval, const Symbol& symbol, Timestamp now) {
  BarColumns one;
  Timestamp start = period_start(now, interval);
  // A day is over with its session, so that today's may be closed already.
  one.push_back({start, 1, 1, 1, 1, 0});
  drop_running(one, interval, symbol, now, false);
  return one.empty() ? start : period_end(start, interval);
}

}  // namespace

std::chrono::nanoseconds heal_pause(std::int64_t attempts) {
  const auto doublings = std::min<std::int64_t>(attempts, 11);
  return std::min<std::chrono::minutes>(kHealPauseFirst * (1 << doublings), kHealPauseMax);
}

struct Backfill::Reply {
  std::string provider;
  bool is_real = true;
  feed::BarsReply bars;
  std::vector<routing::Miss> misses;
};

Backfill::Backfill(BackfillParts parts)
    : parts_{parts},
      quarantine_{std::make_shared<const Quarantine>(parts.clock, parts.database, parts.pool)} {}

const routing::Chain& Backfill::chain(const Symbol& symbol) const {
  return symbol.is_crypto() && !parts_.crypto.providers().empty() ? parts_.crypto : parts_.prices;
}

Result<FillPlan> Backfill::plan(Symbol symbol, Interval interval, TimeRange range) const {
  if (range.end <= range.start) {
    return fail(ErrorCode::ValidationFailed, "the range ends before it begins");
  }
  if (interval == Interval::Second) {
    return fail(ErrorCode::ValidationFailed, "seconds are not back-filled: ask for 1m or longer");
  }
  const auto periods =
      static_cast<std::size_t>((range.end - range.start) / nominal_length(interval));
  if (periods > kPlanPeriodsMax) {
    return fail(ErrorCode::ValidationFailed, "{} periods of {} are too many at once (at most {})",
                periods, interval_name(interval), kPlanPeriodsMax);
  }
  FillPlan plan;
  plan.symbol = symbol;
  plan.interval = interval;
  plan.range = {range.start,
                std::min(range.end, closed_before(interval, symbol, parts_.clock.now()))};
  if (plan.range.end <= plan.range.start) return plan;
  ZIGGY_TRY(stored, parts_.database.bars().read({symbol, interval}, plan.range));
  ZIGGY_TRY(gaps, parts_.database.quality().gaps(symbol));
  plan.expected = expected_bars(interval, symbol, plan.range).size();
  for (const TimeRange& missing : missing_bars(stored.bars.time, interval, symbol, plan.range)) {
    std::size_t in_chunk = kChunkPeriods;  // full: the first one begins a chunk
    for (const Timestamp start : expected_bars(interval, symbol, missing)) {
      if (lies_in(start, gaps, interval)) {
        in_chunk = kChunkPeriods;
        continue;
      }
      if (in_chunk == kChunkPeriods) {
        plan.chunks.push_back({start, start});
        in_chunk = 0;
      }
      plan.chunks.back().end = period_end(start, interval);
      ++in_chunk;
      ++plan.missing;
    }
  }
  // Splits and dividends come apart, once a symbol.
  plan.requests = plan.chunks.empty() ? 0 : plan.chunks.size() + 2;
  return plan;
}

net::Task<Result<Backfill::Reply>> Backfill::ask(feed::BarsRequest request,
                                                 const feed::Provider* only, Call call) const {
  routing::Terms<feed::BarsReply> terms;
  terms.real_only = true;
  terms.only = only;
  const routing::Chain& asked = chain(request.symbol);
  terms.accept = [judge = quarantine_->bars(request, operation_name(asked.operation()), call)](
                     const feed::Provider& provider, const feed::BarsReply& reply) -> Result<> {
    if (!reply.basis_known) {
      return fail(ErrorCode::NotEntitled, "adjusted for splits that it would not say");
    }
    return judge(provider, reply);
  };
  auto outcome = co_await asked.bars(request, std::move(terms), call);
  if (!outcome.value) {
    const std::string what = fmt::format("{} bars", interval_name(request.interval));
    co_return fail(no_answer(outcome, request.symbol, what));
  }
  co_return Reply{std::string{outcome.provider->name()}, outcome.provider->is_real(),
                  std::move(*outcome.value), std::move(outcome.misses)};
}

net::Task<Result<Backfill::Reply>> Backfill::second_opinion(feed::BarsRequest request,
                                                            std::string first, Call call) const {
  Result<Reply> answer = fail(ErrorCode::NotSupported, "there is no second vendor");
  for (const feed::Provider* const provider : chain(request.symbol).providers()) {
    if (provider->name() == first || !provider->is_real()) continue;
    if (!provider->not_configured().empty()) continue;
    answer = co_await ask(request, provider, call);
    if (answer) break;
  }
  co_return answer;
}

net::Task<Result<store::WriteOutcome>> Backfill::keep(Symbol symbol, Interval interval,
                                                      Reply reply) const {
  drop_running(reply.bars.bars, interval, symbol, parts_.clock.now(), false);
  store::Database* const database = &parts_.database;
  const auto kept = std::make_shared<const Reply>(std::move(reply));
  auto written = co_await parts_.pool.run([database, symbol, interval, kept] {
    return store_reply(*database, {symbol, interval}, kept->provider, kept->bars);
  });
  co_return written;
}

net::Task<Result<>> Backfill::journal(Symbol symbol, Interval interval, TimeRange chunk,
                                      std::vector<TimeRange> missing, store::GapState state,
                                      std::string said_by) const {
  if (missing.size() > kGapsPerChunk) {
    std::ranges::nth_element(missing, missing.begin() + kGapsPerChunk, std::greater{},
                             [](const TimeRange& gap) { return gap.end - gap.start; });
    missing.resize(kGapsPerChunk);
  }
  const Timestamp now = parts_.clock.now();
  store::Database* const database = &parts_.database;
  auto done = co_await parts_.pool.run([=]() mutable -> Result<> {
    store::QualityStore& quality = database->quality();
    ZIGGY_TRY(known, quality.gaps(symbol));
    std::int64_t attempts = 0;
    Timestamp found_at = now;
    for (const store::BarGap& gap : known) {
      if (gap.interval != interval || gap.range.start < chunk.start) continue;
      if (gap.range.start >= chunk.end) continue;
      attempts = std::max(attempts, gap.attempts);
      found_at = std::min(found_at, gap.found_at);
    }
    std::vector<store::BarGap> gaps;
    for (store::BarGap& gap : known) {
      const bool is_here =
          gap.interval == interval && gap.range.start >= chunk.start && gap.range.start < chunk.end;
      const bool is_missing = std::ranges::any_of(missing, [&](const TimeRange& range) {
        return range.start <= gap.range.start && gap.range.start < range.end;
      });
      if (!is_here || is_missing || gap.state == store::GapState::NoTrades) continue;
      if (gap.state == store::GapState::Open) {
        gap.state = store::GapState::Healed;
        gap.checked_at = now;
        gap.said_by = said_by;
      }
      gaps.push_back(std::move(gap));
    }
    for (const TimeRange& range : missing) {
      gaps.push_back({symbol, interval, range, state, found_at, now, attempts + 1, said_by,
                      now + heal_pause(attempts + 1)});
    }
    return quality.replace_gaps(symbol, interval, chunk, gaps);
  });
  co_return done;
}

net::Task<Result<ChunkOutcome>> Backfill::fill(Symbol symbol, Interval interval, TimeRange chunk,
                                               Call call) const {
  // Vendors may give bars outside of the regular session too.
  const feed::BarsRequest request{symbol, interval, chunk, kBarsLimitMax, true};
  auto first = co_await ask(request, nullptr, call);
  if (!first) co_return std::unexpected{std::move(first).error()};
  ChunkOutcome outcome;
  outcome.provider = first->provider;
  outcome.dropped = first->bars.dropped;
  outcome.misses = first->misses;
  const std::vector<std::int64_t> had = first->bars.bars.time;
  auto missing = missing_bars(had, interval, symbol, chunk);
  auto written = co_await keep(symbol, interval, std::move(*first));
  if (!written) co_return std::unexpected{std::move(written).error()};
  outcome.written = *written;
  auto state = store::GapState::Open;
  std::string said_by = outcome.provider;
  if (!missing.empty()) {
    feed::BarsRequest rest = request;
    rest.range = {missing.front().start, missing.back().end};
    auto second = co_await second_opinion(rest, outcome.provider, call);
    if (second) {
      state = store::GapState::NoTrades;
      said_by = second->provider;
      const auto still = missing_bars(second->bars.bars.time, interval, symbol, rest.range);
      std::vector<TimeRange> both;
      for (const TimeRange& gap : missing) {
        for (const TimeRange& other : still) {
          const TimeRange common{std::max(gap.start, other.start), std::min(gap.end, other.end)};
          if (common.start < common.end) both.push_back(common);
        }
      }
      missing = std::move(both);
      // Only what the first one lacks: its bars stay as they are.
      feed::BarsReply& bars = second->bars;
      BarColumns lacking;
      for (std::size_t i = 0; i < bars.bars.size(); ++i) {
        if (!std::ranges::binary_search(had, bars.bars.time[i]))
          lacking.append(bars.bars, i, i + 1);
      }
      bars.bars = std::move(lacking);
      auto more = co_await keep(symbol, interval, std::move(*second));
      if (!more) co_return std::unexpected{std::move(more).error()};
      outcome.written += *more;
    }
  }
  const std::size_t left = count_expected(missing, interval, symbol);
  (state == store::GapState::NoTrades ? outcome.no_trades : outcome.still_missing) = left;
  auto noted = co_await journal(symbol, interval, chunk, std::move(missing), state, said_by);
  if (!noted) co_return std::unexpected{std::move(noted).error()};
  co_return outcome;
}

net::Task<Result<std::size_t>> Backfill::heal(std::size_t count, Call call) const {
  const Timestamp now = parts_.clock.now();
  store::Database* const database = &parts_.database;
  auto due = co_await parts_.pool.run(
      [database, now, count] { return database->quality().due_gaps(now, count); });
  if (!due) co_return std::unexpected{std::move(due).error()};
  std::size_t closed = 0;
  for (const store::BarGap& gap : *due) {
    // What nobody has time for stays due.
    if (parts_.clock.steady() >= call.deadline) break;
    const TimeRange chunk = first_chunk(gap);
    auto outcome = co_await fill(gap.symbol, gap.interval, chunk, call);
    if (outcome) {
      if (outcome->still_missing == 0) ++closed;
      kLog.info(call, "gap_tried",
                {{"symbol", gap.symbol.view()},
                 {"interval", interval_name(gap.interval)},
                 {"from", to_rfc3339(gap.range.start)},
                 {"inserted", outcome->written.inserted},
                 {"no_trades", outcome->no_trades},
                 {"still_missing", outcome->still_missing}});
    } else if (outcome.error().code() == ErrorCode::StorageUnavailable) {
      co_return std::unexpected{std::move(outcome).error()};
    } else if (!was_asked(outcome.error())) {
      break;
    } else {
      // Nobody had an answer: that is an attempt too.
      auto noted = co_await journal(gap.symbol, gap.interval, chunk, {chunk}, store::GapState::Open,
                                    gap.said_by);
      if (!noted) co_return std::unexpected{std::move(noted).error()};
    }
    if (chunk.end >= gap.range.end) continue;
    store::BarGap rest = gap;
    rest.range.start = chunk.end;
    auto kept = co_await parts_.pool.run(
        [database, rest] { return database->quality().write_gaps({&rest, 1}); });
    if (!kept) co_return std::unexpected{std::move(kept).error()};
  }
  co_return closed;
}

}  // namespace ziggy::market
