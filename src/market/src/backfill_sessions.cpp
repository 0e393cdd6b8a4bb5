// Many shares' days by one request a session.
#include <algorithm>
#include <map>
#include <set>

#include "market_state.hpp"
#include "ziggy/base/log.hpp"
#include "ziggy/domain/contracts.hpp"
#include "ziggy/domain/expected_bars.hpp"
#include "ziggy/market/backfill.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"backfill"};

using Missing = std::map<Timestamp, std::set<Symbol>>;

Missing missing_by_session(const std::vector<FillPlan>& plans) {
  Missing missing;
  for (const FillPlan& plan : plans) {
    if (plan.interval != Interval::Day || plan.symbol.kind() != AssetKind::Share) continue;
    for (const TimeRange& chunk : plan.chunks) {
      for (const Timestamp day : expected_bars(Interval::Day, plan.symbol, chunk)) {
        missing[day].insert(plan.symbol);
      }
    }
  }
  return missing;
}

std::size_t requests_of(const std::vector<FillPlan>& plans) {
  std::size_t requests = 0;
  for (const FillPlan& plan : plans) {
    if (plan.symbol.kind() == AssetKind::Share) requests += plan.requests;
  }
  return requests;
}

feed::Provider* with_sessions(const routing::Chain& chain) {
  for (feed::Provider* const provider : chain.providers()) {
    if (!provider->is_real() || !provider->not_configured().empty()) continue;
    // Only the first vendor that would be asked for each symbol speaks for it.
    return provider->grouped() != nullptr ? provider : nullptr;
  }
  return nullptr;
}

Result<std::size_t> store_session(store::Database& database, std::string_view provider,
                                  const std::vector<feed::SymbolBar>& bars,
                                  const std::set<Symbol>& wanted) {
  std::size_t stored = 0;
  for (const feed::SymbolBar& each : bars) {
    if (!wanted.contains(each.symbol)) continue;
    feed::BarsReply reply;
    reply.bars.push_back(each.bar);
    if (!check_bars(reply.bars, Interval::Day).empty()) continue;  // asked for again by itself
    ZIGGY_TRY(written, store_reply(database, {each.symbol, Interval::Day}, provider, reply));
    stored += written.inserted;
  }
  return stored;
}

}  // namespace

net::Task<Result<std::size_t>> Backfill::fill_sessions(std::vector<FillPlan> plans,
                                                       Call call) const {
  const Missing missing = missing_by_session(plans);
  feed::Provider* const provider = with_sessions(parts_.prices);
  if (provider == nullptr || missing.size() >= requests_of(plans)) co_return 0;
  std::size_t stored = 0;
  for (const auto& [session, symbols] : missing) {
    auto bars = co_await provider->grouped()->grouped_day(session, call);
    if (!bars) {
      kLog.warning(call, "session_not_fetched",
                   {{"provider", provider->name()},
                    {"session", to_rfc3339(session)},
                    {"code", code_name(bars.error().code())},
                    {"detail", bars.error().detail()}});
      break;
    }
    store::Database* const database = &parts_.database;
    const auto kept = std::make_shared<const std::vector<feed::SymbolBar>>(std::move(*bars));
    const auto wanted = std::make_shared<const std::set<Symbol>>(symbols);
    const std::string name{provider->name()};
    auto written = co_await parts_.pool.run(
        [database, name, kept, wanted] { return store_session(*database, name, *kept, *wanted); });
    if (!written) co_return std::unexpected{std::move(written).error()};
    stored += *written;
  }
  co_return stored;
}

}  // namespace ziggy::market
