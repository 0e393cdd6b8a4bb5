#include <algorithm>
#include <utility>

#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/domain/expected_bars.hpp"
#include "ziggy/domain/resample.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// How many answers' checksums are remembered; then they are forgotten, and bars that are stored
// already are written once more, which changes nothing.
constexpr std::size_t kWrittenMax = 1'024;

// Simulated bars of the past never change; all the same they are made again once a day.
constexpr std::chrono::hours kKeptMax{24};

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

// How whole a vendor's bars are, between the first and the last of them.
void report_gaps(routing::Desk& desk, std::string_view provider, routing::Operation operation,
                 const store::BarKey& key, const BarColumns& bars) {
  if (bars.size() < 2) return;
  const TimeRange range{bars.time_at(0), bars.time_at(bars.size() - 1)};
  const std::size_t expected = expected_bars(key.interval, key.symbol, range).size();
  std::size_t missing = 0;
  for (const TimeRange& gap : missing_bars(bars.time, key.interval, key.symbol, range)) {
    missing += expected_bars(key.interval, key.symbol, gap).size();
  }
  if (expected > 0) desk.note_gap(provider, operation, expected, missing);
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
  // Half of them would later pass for all of them.
  if (reply.actions_whole && !reply.actions.empty()) {
    ZIGGY_TRY(actions, database.actions().write(key.symbol, provider, reply.actions));
    static_cast<void>(actions);
  }
  return database.bars().write(key, provider, reply.bars);
}

net::Task<Result<BarsAnswer>> Market::bars(BarsQuery query, Call call) {
  if (auto good = check_query(query); !good) co_return std::unexpected{std::move(good).error()};
  auto answer = co_await state_->bars_of(query, call);
  co_return answer;
}

std::optional<BarsAnswer> Market::cached_bars(const BarsQuery& query) const {
  auto known = state_->bars.known({query, state_->imports.mark(query.symbol)});
  if (!known || !*known) return std::nullopt;
  return std::move(**known);
}

net::Task<Result<BarsAnswer>> Market::State::bars_of(BarsQuery query, Call call) {
  const auto ask = [](std::shared_ptr<State> state, BarsQuery what,
                      Call with) -> net::Task<Result<Told<BarsAnswer>>> {
    auto told = co_await state->ask_bars(what, with);
    co_return told;
  };
  auto answer = co_await bars.get(
      {query, imports.mark(query.symbol)},
      [state = shared_from_this(), query, ask](Call with) { return ask(state, query, with); },
      call);
  co_return answer;
}

resilience::AnswerLife Market::State::life_of(const Provenance& provenance) const {
  // What is stale already is not given out any longer than it must.
  return {settings.answer_ttl,
          provenance.stale ? std::chrono::nanoseconds{} : kStaleTimes * settings.answer_ttl};
}

BarsAnswer Market::State::make_answer(Page page, Provenance provenance) const {
  BarsAnswer answer;
  answer.version = content_of(page.bars);
  answer.bars = std::make_shared<const BarColumns>(std::move(page.bars));
  answer.more = page.more;
  answer.provenance = std::move(provenance);
  return answer;
}

net::Task<Result<Told<BarsAnswer>>> Market::State::ask_bars(BarsQuery query, Call call) {
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
  const routing::Chain& chain = bars_chain(query.symbol);
  routing::Terms<feed::BarsReply> terms;
  terms.real_only = *imported;
  terms.accept = [judge = quarantine.bars(request, operation_name(chain.operation()), call),
                  is_expected = expects_bars(request, now, settings.is_always_open)](
                     const feed::Provider& provider, const feed::BarsReply& reply) -> Result<> {
    if (is_expected && reply.bars.empty()) {
      return fail(ErrorCode::NoData, "no bars where the calendar expects some");
    }
    return judge(provider, reply);
  };
  auto outcome = co_await chain.bars(request, std::move(terms), call);
  Told<BarsAnswer> told;
  told.stored_mark = mark;
  const bool is_simulated = outcome.value && !outcome.provider->is_real();
  if (outcome.value) {
    auto answer = co_await from_vendor(query, *imported, now, std::move(outcome), call);
    if (!answer) co_return std::unexpected{std::move(answer).error()};
    told.answer = std::move(*answer);
    // Out of the store when the vendor failed half-way.
    if (!is_simulated && !told.answer.provenance.stale) told.stored_mark = kAnyMark;
  } else {
    auto stored = co_await from_store(query, now, mark, std::move(outcome));
    if (!stored) co_return std::unexpected{std::move(stored).error()};
    told.answer = std::move(*stored);
  }
  told.life = life_of(told.answer.provenance);
  if (is_simulated) {
    told.life = {std::min<std::chrono::nanoseconds>(simulated_until(query, now) - now, kKeptMax),
                 std::chrono::nanoseconds{}};
  } else if (told.answer.bars->empty()) {
    told.life = {std::min<std::chrono::nanoseconds>(settings.answer_ttl, kNegativeMax),
                 std::chrono::nanoseconds{}};
  }
  told.bytes = bytes_of(told.answer);
  co_return told;
}

net::Task<Result<BarsAnswer>> Market::State::from_vendor(BarsQuery query, bool imported,
                                                         Timestamp now,
                                                         routing::Outcome<feed::BarsReply> outcome,
                                                         Call call) {
  const feed::Provider* const provider = outcome.provider;
  feed::BarsReply& reply = *outcome.value;
  drop_running(reply.bars, query.interval, query.symbol, now, settings.is_always_open);
  Provenance from{std::string{provider->name()}, reply.as_of, false, std::move(outcome.misses)};
  RawBars raw;
  raw.base = query.interval;
  raw.actions = reply.actions;
  raw.bars = reply.bars;
  const bool is_folded = !reply.basis_known;
  if (!reply.actions_whole && (is_folded || query.adjustment != Adjustment::Raw)) {
    co_await complete_actions(&raw, is_folded, query, provider, call);
  }
  if (provider->is_real() && !imported && !reply.bars.empty() && !is_folded) {
    auto kept = std::make_shared<const feed::BarsReply>(std::move(reply));
    co_await write_through(query, std::string{provider->name()}, std::move(kept), call);
  }
  routing::Outcome<feed::BarsReply> failed;
  auto added = co_await add_days(&raw, query, provider, now, &failed, call);
  if (!added) {
    failed.misses.insert(failed.misses.begin(), from.fallback_from.begin(),
                         from.fallback_from.end());
    auto stored =
        co_await without_days(query, now, std::move(added).error(), std::move(failed), call);
    co_return stored;
  }
  Page page = shape_page(std::move(raw), query);
  drop_running(page.bars, query.interval, query.symbol, now, settings.is_always_open);
  co_return make_answer(std::move(page), std::move(from));
}

net::Task<> Market::State::write_through(BarsQuery query, std::string provider,
                                         std::shared_ptr<const feed::BarsReply> reply, Call call) {
  const std::uint64_t sum = content_of(reply->bars);
  {
    const std::lock_guard lock{written_mutex};
    const auto found = written.find(query);
    if (found != written.end() && found->second == sum) co_return;
  }
  store::Database* const database = &parts.database;
  const store::BarKey key{query.symbol, query.interval};
  const Timestamp now = parts.clock.now();
  routing::Desk* const desk = parts.desk;
  const routing::Operation operation = bars_chain(query.symbol).operation();
  auto outcome = co_await parts.pool.run([=]() -> Result<> {
    if (desk != nullptr) report_gaps(*desk, provider, operation, key, reply->bars);
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

net::Task<Result<std::optional<StoredRaw>>> Market::State::stored_until(BarsQuery query,
                                                                        Timestamp now) {
  const Timestamp end = std::min(query.range.end, now);
  query.range.start = std::min(query.range.start, end);
  store::Database* const database = &parts.database;
  auto found = co_await parts.pool.run(
      [database, query, end] { return read_stored(*database, query, end); });
  co_return found;
}

net::Task<Result<BarsAnswer>> Market::State::from_store(BarsQuery query, Timestamp now,
                                                        std::uint64_t mark,
                                                        routing::Outcome<feed::BarsReply> outcome) {
  std::optional<StoredRaw> stored;
  if (mark != 0) {
    auto found = co_await stored_until(query, now);
    if (!found) co_return std::unexpected{std::move(found).error()};
    stored = std::move(*found);
  }
  Page page;
  bool is_sure = true;
  if (stored) {
    is_sure = !needs_closes(query, stored->raw.actions) || has_closes(stored->raw, query.symbol);
    page = shape_page(std::move(stored->raw), query);
    if (stored->is_made_longer) {
      drop_running(page.bars, query.interval, query.symbol, now, settings.is_always_open);
    }
  }
  const bool is_failing = is_anyone_failing(outcome);
  const auto knower = std::ranges::find(outcome.misses, ErrorCode::NoData, &Fallback::code);
  if (page.bars.empty() && knower != outcome.misses.end()) {
    // A vendor says that there is nothing, and nobody knows better; it has the last word.
    Provenance from{knower->provider, now, is_failing, {}};
    outcome.misses.erase(knower);
    from.fallback_from = fallbacks_of(std::move(outcome));
    co_return make_answer({}, std::move(from));
  }
  if (!stored) {
    const std::string what = fmt::format("{} bars", interval_name(query.interval));
    if (mark == 0 || is_failing) co_return fail(no_answer(outcome, query.symbol, what));
    co_return fail(ErrorCode::NotFound, "there are no {} of {}", what, query.symbol.view());
  }
  // Not stale: nobody failed, and what is stored reaches over the end of what was asked for.
  const bool is_complete = query.range.end <= now && stored->last >= query.range.end;
  const Timestamp last = page.bars.empty() ? stored->last : page.bars.time_at(page.bars.size() - 1);
  Provenance from{
      std::move(stored->source),
      std::min(now, bar_end(last, query.interval, query.symbol, settings.is_always_open)),
      is_failing || !is_complete || !is_sure, fallbacks_of(std::move(outcome))};
  co_return make_answer(std::move(page), std::move(from));
}

}  // namespace ziggy::market
