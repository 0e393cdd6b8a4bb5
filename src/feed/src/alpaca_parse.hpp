#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vendor_bars.hpp"
#include "ziggy/base/result.hpp"
#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/corporate_action.hpp"
#include "ziggy/domain/interval.hpp"
#include "ziggy/domain/quote.hpp"
#include "ziggy/domain/symbol.hpp"
#include "ziggy/feed/provider.hpp"

/// Alpaca's market data bodies (https://docs.alpaca.markets/reference) as ours. Pure; what is
/// missing or extra is put up with, what carries no figures is not.
///
/// Errors of all: BadPayload for another shape.
namespace ziggy::feed {

/// Alpaca's spelling: `AAPL`, `BRK.B`, `BAC.PRL` as ours, `BTC/USD` for BTC-USD.
[[nodiscard]] std::string to_alpaca(const Symbol& symbol);
/// The way back; `BTCUSD`, as the news write it, stays what it says. Errors: ValidationFailed.
[[nodiscard]] Result<Symbol> from_alpaca(std::string_view symbol);

/// …/bars of one or many symbols (`{"bars":{"AAPL":[…]}}`, `{"bars":[…],"symbol":"AAPL"}`) and
/// …/bars/latest (one bar instead of an array): those of `symbol`. Errors also: BadPayload when it
/// is about others only.
[[nodiscard]] Result<VendorBars> parse_alpaca_bars(std::string_view body, const Symbol& symbol,
                                                   Interval interval);

/// Snapshots of many symbols (`{"AAPL":{…}}`, for crypto inside `snapshots`) or of one
/// (`{"symbol":"AAPL",…}`). Only quotes that hold a price; market_state is left to the caller.
[[nodiscard]] Result<std::vector<Quote>> parse_alpaca_snapshots(std::string_view body);

/// Folds …/quotes/latest and …/trades/latest (and the first row of …/quotes and …/trades) into the
/// quotes, adding those that are missing.
[[nodiscard]] Result<> read_alpaca_latest(std::string_view body, std::vector<Quote>& quotes);

struct AlpacaActions {
  std::vector<CorporateAction> actions;
  std::string next;
};

/// /v1/corporate-actions: splits (also those paid in stock) and cash dividends of `symbol`.
[[nodiscard]] Result<AlpacaActions> parse_alpaca_actions(std::string_view body,
                                                         const Symbol& symbol);

struct AlpacaNews {
  std::vector<Headline> headlines;
  std::string next;
};

/// /v1beta1/news, those about `symbol`.
[[nodiscard]] Result<AlpacaNews> parse_alpaca_news(std::string_view body, const Symbol& symbol);

/// Which of the symbols a refusal names ("invalid symbol: FOO"); symbols.size() when none.
[[nodiscard]] std::size_t named_symbol(std::string_view message, std::span<const Symbol> symbols);

}  // namespace ziggy::feed
