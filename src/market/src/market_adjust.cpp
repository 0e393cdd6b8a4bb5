#include <algorithm>
#include <utility>

#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/domain/expected_bars.hpp"
#include "ziggy/domain/resample.hpp"

// What adjusted bars need beside the bars: all splits and dividends, and the days they fall on. An
// answer that lacks them is not given as if it had them.
namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

// What other vendors may take to say actions, all of them together.
constexpr std::chrono::seconds kElsewhereLimit{1};
// How long what they said is believed; and how long nobody is asked again after all failed.
constexpr std::chrono::hours kElsewhereFor{1};
constexpr std::chrono::minutes kElsewhereAgain{1};

Result<BarColumns> read_days(store::Database& database, const Symbol& symbol, TimeRange range) {
  ZIGGY_TRY(stored, database.bars().read({symbol, Interval::Day}, range));
  return std::move(stored.bars);
}

// Both lists; of two for one day the one of `first`.
std::vector<CorporateAction> merged(const std::vector<CorporateAction>& first,
                                    const std::vector<CorporateAction>& second) {
  std::vector<CorporateAction> all = first;
  for (const CorporateAction& action : second) {
    const auto is_same = [&](const CorporateAction& other) {
      return other.kind == action.kind && other.ex_date == action.ex_date;
    };
    if (std::ranges::none_of(first, is_same)) all.push_back(action);
  }
  std::ranges::sort(all, {}, [](const CorporateAction& action) {
    return std::pair{action.ex_date, action.kind};
  });
  return all;
}

// The periods of weeks or months that `bars` are, in days.
TimeRange days_of(const BarColumns& bars, Interval interval) {
  const Timestamp last = period_start(bars.time_at(bars.size() - 1), interval);
  return {period_start(bars.time_at(0), interval), period_end(last, interval)};
}

}  // namespace

net::Task<std::optional<std::vector<CorporateAction>>> Market::State::actions_elsewhere(
    Symbol symbol, const feed::Provider* silent, Call call) {
  if (silent->is_real()) {
    store::Database* const database = &parts.database;
    auto stored =
        co_await parts.pool.run([database, symbol] { return database->actions().read(symbol); });
    if (stored && !stored->empty()) co_return std::move(*stored);
  }
  const std::string key = fmt::format("{} {}", silent->name(), symbol.view());
  const auto known = elsewhere.peek(key);
  if (known.kind == resilience::AnswerKind::Fresh) co_return *known.value;
  if (known.kind == resilience::AnswerKind::Negative) co_return std::nullopt;
  // Half of the time that is left at most: closes may be asked for afterwards.
  const Monotonic now = parts.clock.steady();
  std::chrono::nanoseconds limit = kElsewhereLimit;
  if (call.deadline != Monotonic::max()) {
    limit = std::min<std::chrono::nanoseconds>(limit, (call.deadline - now) / 2);
  }
  Call own = call;
  own.deadline = now + limit;
  const auto asked = std::make_shared<ActionsAsked>();
  co_await ask_for_actions(asked, symbol, silent, own);
  if (!asked->actions) {
    elsewhere.put_error(key, {ErrorCode::NoData, "nobody says them"}, kElsewhereAgain);
    co_return std::nullopt;
  }
  const std::size_t bytes = key.size() + asked->actions->size() * sizeof(CorporateAction);
  elsewhere.put(key, *asked->actions, bytes, {.fresh_for = kElsewhereFor, .stale_for = {}});
  co_return std::move(*asked->actions);
}

net::Task<> Market::State::complete_actions(RawBars* raw, bool is_folded, BarsQuery query,
                                            const feed::Provider* provider, Call call) {
  auto known = co_await actions_elsewhere(query.symbol, provider, call);
  if (known) {
    raw->actions = merged(raw->actions, *known);
    if (is_folded) unfold_splits(raw->bars, raw->actions, raw->base);
    co_return;
  }
  kLog.warning(call, "actions_unknown",
               {{"symbol", query.symbol.view()},
                {"provider", provider->name()},
                {"detail",
                 "neither the vendor nor anyone else says splits and dividends: bars are "
                 "given as the vendor has them"}});
  // Their prices have the splits in them already, and dividends are of another basis.
  if (is_folded) raw->actions.clear();
}

net::Task<Result<>> Market::State::add_days(RawBars* raw, BarsQuery query,
                                            const feed::Provider* provider, Timestamp now,
                                            routing::Outcome<feed::BarsReply>* failed, Call call) {
  if (query.adjustment == Adjustment::Raw || raw->actions.empty() || raw->bars.empty()) {
    co_return Result<>{};
  }
  const routing::Chain& chain = bars_chain(query.symbol);
  const auto ask_days = [&](TimeRange range, std::size_t limit) {
    range.end = std::min(range.end, now);
    range.start = std::min(range.start, range.end);
    feed::BarsRequest days{query.symbol, Interval::Day, range, limit};
    routing::Terms<feed::BarsReply> terms;
    terms.only = provider;
    terms.accept = quarantine.bars(days, operation_name(chain.operation()), call);
    return chain.bars(days, std::move(terms), call);
  };
  const auto days_in = [&](routing::Outcome<feed::BarsReply>& days) {
    if (!days.value->basis_known) unfold_splits(days.value->bars, raw->actions, Interval::Day);
    return std::move(days.value->bars);
  };
  store::Database* const database = &parts.database;
  const bool may_store = provider->is_real();
  const auto stored_days = [&](TimeRange range) {
    return parts.pool.run(
        [database, may_store, symbol = query.symbol, range]() -> Result<BarColumns> {
          if (!may_store) return BarColumns{};
          return read_days(*database, symbol, range);
        });
  };
  if (query.interval > Interval::Day) {
    const BaseRequest wanted = base_request(query, Interval::Day, std::min(query.range.end, now));
    auto days = co_await ask_days(wanted.range, wanted.limit);
    if (days.value && !days.value->bars.empty()) {
      raw->is_cut = days.value->bars.size() == wanted.limit;
      raw->bars = days_in(days);
    } else {
      const TimeRange range = days_of(raw->bars, query.interval);
      auto stored = co_await stored_days(range);
      const bool is_whole = stored && !stored->empty() &&
                            missing_bars(stored->time, Interval::Day, query.symbol, range).empty();
      if (!is_whole) {
        *failed = std::move(days);
        co_return fail(no_answer(*failed, query.symbol, "1d bars to adjust with"));
      }
      raw->bars = std::move(*stored);
    }
    raw->base = Interval::Day;
  }
  if (!needs_closes(query, raw->actions)) co_return Result<>{};
  auto closes = co_await ask_days(closes_range(raw->actions), kBarsLimitMax);
  if (closes.value && !closes.value->bars.empty()) {
    raw->closes = days_in(closes);
    co_return Result<>{};
  }
  if (has_closes(*raw, query.symbol)) co_return Result<>{};
  auto stored = co_await stored_days(closes_range(raw->actions));
  if (stored) raw->closes = std::move(*stored);
  if (!raw->closes.empty() && has_closes(*raw, query.symbol)) co_return Result<>{};
  *failed = std::move(closes);
  co_return fail(no_answer(*failed, query.symbol, "1d bars to adjust with"));
}

net::Task<Result<BarsAnswer>> Market::State::without_days(BarsQuery query, Timestamp now, Error why,
                                                          routing::Outcome<feed::BarsReply> failed,
                                                          Call call) {
  kLog.warning(call, "not_adjusted", {{"symbol", query.symbol.view()}, {"detail", why.detail()}});
  auto found = co_await stored_until(query, now);
  if (!found || !*found) co_return std::unexpected{std::move(why)};
  StoredRaw& stored = **found;
  // No better than what the vendor gave: nothing to adjust with.
  const bool is_usable =
      !stored.raw.bars.empty() && !stored.raw.actions.empty() && stored.raw.base <= Interval::Day &&
      (!needs_closes(query, stored.raw.actions) || has_closes(stored.raw, query.symbol));
  if (!is_usable) co_return std::unexpected{std::move(why)};
  Page page = shape_page(std::move(stored.raw), query);
  if (stored.is_made_longer) {
    drop_running(page.bars, query.interval, query.symbol, now, settings.is_always_open);
  }
  if (page.bars.empty()) co_return std::unexpected{std::move(why)};
  const Timestamp last = page.bars.time_at(page.bars.size() - 1);
  Provenance from{
      std::move(stored.source),
      std::min(now, bar_end(last, query.interval, query.symbol, settings.is_always_open)), true,
      fallbacks_of(std::move(failed))};
  co_return make_answer(std::move(page), std::move(from));
}

}  // namespace ziggy::market
