#pragma once

#include <cstddef>
#include <optional>
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

/// Polygon's bodies (https://massive.com/docs/rest) as ours. Pure; what is missing or extra is put
/// up with, what carries no figures is not.
///
/// Errors of all: BadPayload for another shape; NotEntitled, CredentialsRejected, ProviderQuota and
/// UnknownSymbol where a body with status 200 says so.
namespace ziggy::feed {

/// /v2/aggs/ticker/…/range/… and …/prev, /v1/open-close; `next` is path and query without a key.
/// Errors also: BadPayload when it is about another ticker.
[[nodiscard]] Result<VendorBars> parse_polygon_bars(std::string_view body, const Symbol& symbol,
                                                    Interval interval);

struct PolygonGrouped {
  std::vector<SymbolBar> bars;
  std::size_t dropped = 0;
  bool is_adjusted = false;
};

/// /v2/aggs/grouped/…: tickers without a canonical name are dropped.
[[nodiscard]] Result<PolygonGrouped> parse_polygon_grouped(std::string_view body);

/// A snapshot, of one ticker (`ticker`) or of many (`tickers`, and `results` of /v3/snapshot). Only
/// quotes that hold a price; market_state is left to the caller.
[[nodiscard]] Result<std::vector<Quote>> parse_polygon_snapshots(std::string_view body);

/// Folds /v2/last/nbbo, or the first row of /v3/quotes, into the quote.
[[nodiscard]] Result<> read_polygon_nbbo(std::string_view body, Quote& quote);
/// Folds /v2/last/trade, or the first row of /v3/trades, into the quote.
[[nodiscard]] Result<> read_polygon_trade(std::string_view body, Quote& quote);

struct PolygonActions {
  std::vector<CorporateAction> actions;
  std::string next;
};

/// /v3/reference/splits and /v3/reference/dividends: those of `symbol`.
[[nodiscard]] Result<PolygonActions> parse_polygon_actions(std::string_view body,
                                                           const Symbol& symbol);

/// /v3/reference/tickers?search=: tickers without a canonical name are left out.
[[nodiscard]] Result<std::vector<SymbolInfo>> parse_polygon_tickers(std::string_view body);

struct PolygonNews {
  std::vector<Headline> headlines;
  std::string next;
};

/// /v2/reference/news, those about `symbol`.
[[nodiscard]] Result<PolygonNews> parse_polygon_news(std::string_view body, const Symbol& symbol);

/// What a `next_url` asks for, as path and query without a key: the host is not the vendor's to
/// choose, since the key goes with the request. Empty for what is no path.
[[nodiscard]] std::string polygon_next_path(std::string_view next_url);

}  // namespace ziggy::feed
