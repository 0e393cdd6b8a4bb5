#include "ziggy/market/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "bars_shape.hpp"
#include "market_state.hpp"
#include "ziggy/base/log.hpp"

namespace ziggy::market {
namespace {

constexpr log::Logger kLog{"market"};

struct Said {
  std::string provider;
  BarColumns bars;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

// Vendors with a close away from the median of a day that at least two know.
std::vector<std::string> disagreeing(const std::vector<Said>& all) {
  std::map<std::int64_t, std::vector<double>> closes;
  for (const Said& said : all) {
    for (std::size_t i = 0; i < said.bars.size(); ++i) {
      closes[said.bars.time[i]].push_back(said.bars.close[i]);
    }
  }
  std::vector<std::string> alone;
  for (const Said& said : all) {
    for (std::size_t i = 0; i < said.bars.size(); ++i) {
      const std::vector<double>& of_day = closes[said.bars.time[i]];
      if (of_day.size() < 2) continue;
      const double reference = median(of_day);
      // Half the distance between two is each one's distance from their middle.
      const double tolerance = of_day.size() == 2 ? kCloseTolerance / 2 : kCloseTolerance;
      if (std::abs(said.bars.close[i] - reference) <= tolerance * reference) continue;
      alone.push_back(said.provider);
      break;
    }
  }
  return alone;
}

}  // namespace

Agreement::Agreement(AgreementParts parts)
    : parts_{parts},
      quarantine_{std::make_shared<const Quarantine>(parts.clock, parts.database, parts.pool)} {}

net::Task<std::optional<AgreementVerdict>> Agreement::check(Symbol symbol, Call call) {
  const bool is_crypto = symbol.is_crypto() && !parts_.crypto.providers().empty();
  const routing::Chain& chain = is_crypto ? parts_.crypto : parts_.prices;
  const Timestamp now = parts_.clock.now();
  feed::BarsRequest request{
      symbol,
      Interval::Day,
      {std::chrono::floor<std::chrono::days>(now) - std::chrono::days{kDaysCompared}, now},
      kBarsLimitMax};
  std::vector<Said> all;
  for (feed::Provider* const provider : chain.providers()) {
    if (!provider->is_real() || !provider->not_configured().empty()) continue;
    routing::Terms<feed::BarsReply> terms;
    terms.only = provider;
    terms.accept = quarantine_->bars(request, operation_name(chain.operation()), call);
    auto outcome = co_await chain.bars(request, std::move(terms), call);
    if (!outcome.value || !outcome.value->basis_known) continue;
    drop_running(outcome.value->bars, Interval::Day, symbol, now, false);
    all.push_back({std::string{provider->name()}, std::move(outcome.value->bars)});
  }
  if (all.size() < 2) co_return std::nullopt;
  AgreementVerdict verdict{symbol, {}, disagreeing(all)};
  for (const Said& said : all) {
    verdict.compared.push_back(said.provider);
    const bool agrees =
        std::ranges::find(verdict.disagreeing, said.provider) == verdict.disagreeing.end();
    parts_.desk.note_agreement(said.provider, chain.operation(), agrees);
    if (agrees) continue;
    kLog.warning(call, "prices_disagree", {{"symbol", symbol.view()}, {"provider", said.provider}});
  }
  co_return verdict;
}

net::Task<Result<std::optional<AgreementVerdict>>> Agreement::check_next(Call call) {
  store::Database* const database = &parts_.database;
  const std::optional<Symbol> last = last_;
  auto next = co_await parts_.pool.run([database, last]() -> Result<std::optional<Symbol>> {
    ZIGGY_TRY(keys, database->bars().keys());
    std::optional<Symbol> first;
    for (const store::BarKey& key : keys) {
      if (key.interval != Interval::Day) continue;
      ZIGGY_TRY(row, database->symbols().find(key.symbol));
      if (row && row->imported) continue;
      if (!last || key.symbol > *last) return key.symbol;
      if (!first) first = key.symbol;
    }
    return first;
  });
  if (!next) co_return std::unexpected{std::move(next).error()};
  if (!*next) co_return std::nullopt;
  last_ = **next;
  auto verdict = co_await check(**next, call);
  co_return verdict;
}

}  // namespace ziggy::market
