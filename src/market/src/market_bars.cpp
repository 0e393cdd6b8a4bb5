#include <algorithm>
#include <bit>
#include <utility>

#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/domain/contracts.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// How many answers' checksums are remembered; then they are forgotten, and bars that are stored
// already are written once more, which changes nothing.
constexpr std::size_t kWrittenMax = 1'024;

std::uint64_t checksum(const BarColumns& bars) {
  std::uint64_t sum = bars.size();
  const auto add = [&](std::uint64_t value) {
    sum = std::rotl(sum ^ value, 17) * 0x9e3779b97f4a7c15U;
  };
  for (std::size_t i = 0; i < bars.size(); ++i) {
    add(static_cast<std::uint64_t>(bars.time[i]));
    for (const double value :
         {bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]}) {
      add(std::bit_cast<std::uint64_t>(value));
    }
  }
  return sum;
}

Result<> check_query(const BarsQuery& query) {
  if (query.limit == 0 || query.limit > kBarsLimitMax) {
    return fail(ErrorCode::ValidationFailed, "limit is 1 to {}", kBarsLimitMax);
  }
  if (query.range.end <= query.range.start) {
    return fail(ErrorCode::ValidationFailed, "end must be after start");
  }
  return {};
}

// Until when an answer of the simulator stays as it is.
Timestamp simulated_until(const BarsQuery& query, Timestamp now) {
  if (query.range.end <= now) return Timestamp::max();
  const Interval step = is_intraday(query.interval) ? query.interval : Interval::Minute;
  return period_end(period_start(now, step), step);
}

bool is_failure(const Fallback& miss) {
  return miss.code != ErrorCode::UnknownSymbol && miss.code != ErrorCode::NoData;
}

// Somebody who might have answered failed, or was not even asked because it fails.
bool has_failed(const routing::Outcome<feed::BarsReply>& outcome) {
  return outcome.is_anyone_held_back() || std::ranges::any_of(outcome.misses, is_failure);
}

// What those who know the symbol say when they have nothing: an answer, given by the first of them.
BarsCache::Entry empty_page(std::vector<Fallback>& misses, Timestamp now,
                            std::chrono::nanoseconds good_for) {
  const auto said = std::ranges::find(misses, ErrorCode::NoData, &Fallback::code);
  BarsCache::Entry entry;
  entry.answer.provenance = {said->provider, now, false, {}};
  misses.erase(said);
  entry.answer.provenance.fallback_from = std::move(misses);
  entry.answer.bars = std::make_shared<const BarColumns>();
  entry.good_before = now + good_for;
  return entry;
}

}  // namespace

Result<store::WriteOutcome> store_reply(store::Database& database, const store::BarKey& key,
                                        std::string_view provider, const feed::BarsReply& reply) {
  ZIGGY_TRY(known, database.symbols().find(key.symbol));
  if (!known) {
    store::SymbolRow row;
    row.symbol = key.symbol;
    row.source = provider;
    if (auto done = database.symbols().upsert(row); !done) return fail(std::move(done).error());
  }
  if (!reply.actions.empty()) {
    ZIGGY_TRY(actions, database.actions().write(key.symbol, provider, reply.actions));
    static_cast<void>(actions);
  }
  return database.bars().write(key, provider, reply.bars);
}

net::Task<Result<BarsAnswer>> Market::bars(BarsQuery query, Call call) {
  if (auto good = check_query(query); !good) co_return std::unexpected{std::move(good).error()};
  if (auto kept = cached_bars(query)) co_return std::move(*kept);
  auto entry = co_await state_->ask_bars(query, call);
  if (!entry) co_return std::unexpected{std::move(entry).error()};
  co_return state_->cache.put(query, std::move(*entry));
}

std::optional<BarsAnswer> Market::cached_bars(const BarsQuery& query) {
  return state_->cache.find(query, state_->parts.clock.now(), state_->imports.mark(query.symbol));
}

net::Task<Result<BarsCache::Entry>> Market::State::ask_bars(BarsQuery query, Call call) {
  const Timestamp now = parts.clock.now();
  const std::uint64_t mark = imports.mark(query.symbol);
  auto imported = co_await is_imported(query.symbol);
  if (!imported) co_return std::unexpected{std::move(imported).error()};
  const Timestamp end = std::min(query.range.end, now);
  const BaseRequest wanted = base_request(query, query.interval, end);
  feed::BarsRequest request{query.symbol, query.interval, wanted.range, wanted.limit,
                            query.adjustment != Adjustment::Raw};
  // A start in the future: nothing, but whether there is such a symbol is still asked.
  request.range.start = std::min(request.range.start, request.range.end);
  routing::Terms<feed::BarsReply> terms;
  terms.real_only = *imported;
  terms.accept =
      quarantine.bars(request, operation_name(bars_chain(query.symbol).operation()), call);
  auto outcome = co_await bars_chain(query.symbol).bars(request, std::move(terms), call);
  if (!outcome.value) {
    auto stored = co_await from_store(query, now, std::move(outcome), call);
    co_return stored;
  }
  const bool is_simulated = !outcome.provider->is_real();
  auto entry = co_await from_vendor(query, *imported, now, std::move(outcome), call);
  entry.stored_mark = is_simulated ? mark : imports.mark(query.symbol);
  entry.good_before = is_simulated ? simulated_until(query, now) : now + settings.answer_ttl;
  co_return entry;
}

net::Task<BarsCache::Entry> Market::State::from_vendor(BarsQuery query, bool imported,
                                                       Timestamp now,
                                                       routing::Outcome<feed::BarsReply> outcome,
                                                       Call call) {
  const feed::Provider* const provider = outcome.provider;
  const routing::Chain& chain = bars_chain(query.symbol);
  feed::BarsReply& reply = *outcome.value;
  drop_running(reply.bars, query.interval, query.symbol, now, settings.is_always_open);
  BarsCache::Entry entry;
  entry.answer.provenance = {std::string{provider->name()}, reply.as_of, false,
                             std::move(outcome.misses)};
  RawBars raw;
  raw.base = query.interval;
  raw.actions = reply.actions;
  raw.bars = reply.bars;
  const auto ask_days = [&](TimeRange range, std::size_t limit) {
    range.end = std::min(range.end, now);
    range.start = std::min(range.start, range.end);
    feed::BarsRequest days{query.symbol, Interval::Day, range, limit};
    routing::Terms<feed::BarsReply> terms;
    terms.only = provider;
    terms.accept = quarantine.bars(days, operation_name(chain.operation()), call);
    return chain.bars(days, std::move(terms), call);
  };
  const bool is_adjusted = query.adjustment != Adjustment::Raw && !reply.actions.empty();
  if (is_adjusted && query.interval > Interval::Day) {
    const BaseRequest wanted = base_request(query, Interval::Day, std::min(query.range.end, now));
    auto days = co_await ask_days(wanted.range, wanted.limit);
    if (days.value) {
      raw.base = Interval::Day;
      raw.is_cut = days.value->bars.size() == wanted.limit;
      raw.bars = std::move(days.value->bars);
    }
  }
  if (needs_closes(query, raw.actions)) {
    auto closes = co_await ask_days(closes_range(raw.actions), kBarsLimitMax);
    if (closes.value) raw.closes = std::move(closes.value->bars);
  }
  if (provider->is_real() && !imported && !reply.bars.empty()) {
    auto kept = std::make_shared<const feed::BarsReply>(std::move(reply));
    co_await write_through(query, std::string{provider->name()}, std::move(kept), call);
  }
  Page page = shape_page(std::move(raw), query);
  drop_running(page.bars, query.interval, query.symbol, now, settings.is_always_open);
  entry.answer.bars = std::make_shared<const BarColumns>(std::move(page.bars));
  entry.answer.more = page.more;
  co_return entry;
}

net::Task<> Market::State::write_through(BarsQuery query, std::string provider,
                                         std::shared_ptr<const feed::BarsReply> reply, Call call) {
  const std::uint64_t sum = checksum(reply->bars);
  {
    const std::lock_guard lock{written_mutex};
    const auto found = written.find(query);
    if (found != written.end() && found->second == sum) co_return;
  }
  store::Database* const database = &parts.database;
  const store::BarKey key{query.symbol, query.interval};
  const Timestamp now = parts.clock.now();
  auto outcome = co_await parts.pool.run([database, key, provider, reply, now]() -> Result<> {
    ZIGGY_TRY(stored, store_reply(*database, key, provider, *reply));
    static_cast<void>(stored);
    return note_gaps(*database, key, provider, reply->bars, now);
  });
  if (!outcome) {
    kLog.warning(call, "bars_not_stored",
                 {{"symbol", query.symbol.view()},
                  {"code", code_name(outcome.error().code())},
                  {"detail", outcome.error().detail()}});
    co_return;
  }
  const std::lock_guard lock{written_mutex};
  if (written.size() >= kWrittenMax) written.clear();
  written[query] = sum;
}

net::Task<Result<BarsCache::Entry>> Market::State::from_store(
    BarsQuery query, Timestamp now, routing::Outcome<feed::BarsReply> outcome, Call /*call*/) {
  const std::uint64_t mark = imports.mark(query.symbol);
  const std::string what = fmt::format("{} bars", interval_name(query.interval));
  // Vendors know the symbol and say that there is nothing in the range.
  const bool is_empty = outcome.all_empty();
  if (mark == 0 && is_empty) co_return empty_page(outcome.misses, now, settings.answer_ttl);
  if (mark == 0) co_return fail(no_answer(outcome, query.symbol, what));
  const Timestamp end = std::min(query.range.end, now);
  store::Database* const database = &parts.database;
  auto found = co_await parts.pool.run([database, query, end] {
    BarsQuery wanted = query;
    wanted.range.start = std::min(wanted.range.start, end);
    return read_stored(*database, wanted, end);
  });
  if (!found) co_return std::unexpected{std::move(found).error()};
  if (!*found) {
    if (is_empty) {
      auto nothing = empty_page(outcome.misses, now, settings.answer_ttl);
      nothing.stored_mark = mark;
      co_return nothing;
    }
    if (has_failed(outcome)) co_return fail(no_answer(outcome, query.symbol, what));
    co_return fail(ErrorCode::NotFound, "there are no {} of {}", what, query.symbol.view());
  }
  StoredRaw stored = std::move(**found);
  Page page = shape_page(std::move(stored.raw), query);
  if (stored.is_made_longer) {
    drop_running(page.bars, query.interval, query.symbol, now, settings.is_always_open);
  }
  BarsCache::Entry entry;
  Provenance& from = entry.answer.provenance;
  from.provider = std::move(stored.source);
  from.as_of = page.bars.empty() ? stored.last : page.bars.time_at(page.bars.size() - 1);
  // Not stale: nobody failed, and what is stored reaches over the end of what was asked for.
  const bool is_complete = query.range.end <= now && stored.last >= query.range.end;
  from.stale = has_failed(outcome) || !is_complete;
  from.fallback_from = std::move(outcome.misses);
  entry.answer.bars = std::make_shared<const BarColumns>(std::move(page.bars));
  entry.answer.more = page.more;
  entry.stored_mark = mark;
  entry.good_before = now + settings.answer_ttl;
  co_return entry;
}

}  // namespace ziggy::market
