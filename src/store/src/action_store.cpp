#include "ziggy/store/action_store.hpp"

#include <soci/soci.h>

#include <cmath>
#include <map>

#include "backend.hpp"
#include "sourced_bars.hpp"

namespace ziggy::store {
namespace {

using Kind = CorporateAction::Kind;
// Ex-date in nanoseconds and kind: what an action is unique by.
using ActionKey = std::pair<std::int64_t, Kind>;

std::string kind_name(Kind kind) { return kind == Kind::Split ? "split" : "dividend"; }

Result<std::map<ActionKey, double>> combine(std::span<const CorporateAction> actions) {
  constexpr std::int64_t kDay = 86'400'000'000'000;
  std::map<ActionKey, double> combined;
  for (const CorporateAction& action : actions) {
    const std::int64_t time = action.ex_date.time_since_epoch().count();
    if (!(action.value > 0) || !std::isfinite(action.value) || time % kDay != 0) {
      return fail(ErrorCode::ValidationFailed,
                  "corporate action of {}: a value above zero and an ex-date at 00:00Z are needed",
                  to_rfc3339(action.ex_date));
    }
    const auto [at, is_first] = combined.try_emplace({time, action.kind}, action.value);
    if (is_first) continue;
    at->second = action.kind == Kind::Split ? at->second * action.value : at->second + action.value;
  }
  return combined;
}

std::map<ActionKey, double> stored_actions(soci::session& session, const std::string& symbol) {
  std::map<ActionKey, double> stored;
  long long ex_date = 0;
  std::string kind;
  double value = 0;
  soci::statement statement =
      (session.prepare << "SELECT ex_date, kind, value FROM corporate_actions"
                          " WHERE symbol = :symbol",
       soci::use(symbol, "symbol"), soci::into(ex_date), soci::into(kind), soci::into(value));
  statement.execute();
  while (statement.fetch()) {
    stored[{ex_date, kind == "split" ? Kind::Split : Kind::Dividend}] = value;
  }
  return stored;
}

}  // namespace

Result<WriteOutcome> ActionStore::write(Symbol symbol, std::string_view source,
                                        std::span<const CorporateAction> actions) {
  if (auto ok = check_source(source); !ok) return fail(std::move(ok).error());
  ZIGGY_TRY(combined, combine(actions));
  if (combined.empty()) return WriteOutcome{};
  const std::string name{symbol.view()};
  const std::string said_by{source};
  const std::string asset_class = symbol.is_crypto() ? "crypto" : "unknown";
  return backend_.write([&](Connection& connection) -> Result<WriteOutcome> {
    soci::session& session = connection.session();
    session << "INSERT INTO symbols (symbol, asset_class) VALUES (:symbol, :asset_class)"
               " ON CONFLICT DO NOTHING",
        soci::use(name, "symbol"), soci::use(asset_class, "asset_class");
    const auto stored = stored_actions(session, name);
    WriteOutcome outcome;
    for (const auto& [key, value] : combined) {
      const auto found = stored.find(key);
      if (found != stored.end() && found->second == value) {
        ++outcome.unchanged;
        continue;
      }
      ++(found == stored.end() ? outcome.inserted : outcome.replaced);
      const long long ex_date = key.first;
      const std::string kind = kind_name(key.second);
      session << "INSERT INTO corporate_actions (symbol, ex_date, kind, value, source)"
                 " VALUES (:symbol, :ex_date, :kind, :value, :source)"
                 " ON CONFLICT (symbol, ex_date, kind) DO UPDATE SET value = excluded.value,"
                 " source = excluded.source",
          soci::use(name, "symbol"), soci::use(ex_date, "ex_date"), soci::use(kind, "kind"),
          soci::use(value, "value"), soci::use(said_by, "source");
    }
    return outcome;
  });
}

Result<std::vector<CorporateAction>> ActionStore::read(Symbol symbol) {
  const std::string name{symbol.view()};
  return backend_.read([&](Connection& connection) -> Result<std::vector<CorporateAction>> {
    std::vector<CorporateAction> actions;
    for (const auto& [key, value] : stored_actions(connection.session(), name)) {
      actions.push_back({key.second, Timestamp{std::chrono::nanoseconds{key.first}}, value});
    }
    return actions;
  });
}

}  // namespace ziggy::store
