#include "cli/stored_bars.hpp"

#include "cli/database.hpp"
#include "ziggy/domain/adjust.hpp"
#include "ziggy/market/stored_history.hpp"

namespace ziggy::app {
namespace {

Error nothing_of(const StoredBarsWanted& wanted, const std::vector<store::Coverage>& coverage) {
  const std::string what = fmt::format("no {} bars of {} are stored",
                                       interval_name(wanted.interval), wanted.symbol.view());
  if (coverage.empty()) return Error{ErrorCode::UnknownSymbol, what + ": import some first"};
  std::string names;
  for (const store::Coverage& each : coverage) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", interval_name(each.key.interval));
  }
  return Error{ErrorCode::NotFound,
               fmt::format("{}, and what is stored does not make them: {}", what, names)};
}

}  // namespace

Result<BarColumns> read_stored_bars(Context& context, StoredBarsWanted wanted) {
  ZIGGY_TRY(database, open_database(context));
  ZIGGY_TRY(bars,
            market::read_stored_history(*database, wanted.symbol, wanted.interval, wanted.range,
                                        wanted.adjustment, context.clock().now()));
  if (!bars) {
    ZIGGY_TRY(coverage, database->bars().coverage(wanted.symbol));
    return fail(nothing_of(wanted, coverage));
  }
  if (bars->empty()) {
    return fail(ErrorCode::NotFound, "no {} bars of {} are stored in that time",
                interval_name(wanted.interval), wanted.symbol.view());
  }
  return std::move(*bars);
}

void add_adjustment_option(CLI::App& command, Adjustment& adjustment) {
  command
      .add_option_function<std::string>(
          "--adjustment",
          [&adjustment](const std::string& name) {
            const std::optional<Adjustment> known = parse_adjustment(name);
            if (!known) {
              throw CLI::ValidationError("--adjustment", "'" + name + "' is not raw, split or all");
            }
            adjustment = *known;
          },
          "What is folded into the prices: raw (nothing), split, or all (dividends too)")
      ->default_str(std::string{adjustment_name(adjustment)});
}

}  // namespace ziggy::app
