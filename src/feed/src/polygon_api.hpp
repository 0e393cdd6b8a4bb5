#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "polygon_parse.hpp"
#include "vendor_client.hpp"
#include "vendor_history.hpp"
#include "ziggy/feed/polygon.hpp"

namespace ziggy::feed {

/// Polygon's endpoints as questions. Thread-safe; works on the awaiting coroutine's loop.
class PolygonApi final : public HistoryPages {
 public:
  PolygonApi(PolygonSettings settings, net::HttpClient& http, const Clock& clock,
             resilience::Budget* budget);

  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call);
  net::Task<Result<Quote>> quote(Symbol symbol, Call call);
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call);
  net::Task<Result<SaidActions>> actions(Symbol symbol, Call call);
  net::Task<Result<std::vector<SymbolInfo>>> search(std::string query, std::size_t limit,
                                                    Call call);
  net::Task<Result<std::vector<SymbolBar>>> grouped_day(Timestamp session, Call call);
  net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range, Call call);

  net::Task<Result<VendorBars>> page(HistoryWindow window, Call call) override;

  [[nodiscard]] const PolygonSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] resilience::Budget* budget() const noexcept { return client_.budget(); }

 private:
  /// A GET with the key in its header. A 404 in words that are not Polygon's (a route that a proxy
  /// or a stand-in does not have) is NoData instead of UnknownSymbol.
  net::Task<Result<Payload>> ask(std::string path_and_query, Call call);
  /// UnknownSymbol when the reference data does not know the ticker; other failures are no answer.
  net::Task<Result<>> check_known(Symbol symbol, Call call);
  net::Task<Result<std::vector<CorporateAction>>> read_actions(std::string path, Symbol symbol,
                                                               Call call);
  /// Those of one asset class in one request; what it did not answer is left to quote().
  net::Task<Result<std::vector<Quote>>> snapshots(AssetKind kind, std::vector<Symbol> symbols,
                                                  Call call);
  /// From the last quote and the last trade; without any price when both are absent.
  net::Task<Result<Quote>> last_of(Symbol symbol, Call call);
  net::Task<Result<Quote>> previous_close(Symbol symbol, Call call);

  PolygonSettings settings_;
  const Clock& clock_;
  VendorClient client_;
  ActionCache actions_;
  /// By AssetKind.
  std::array<Refusal, 4> no_snapshots_;
  Refusal no_last_quote_;
  Refusal no_last_trade_;
};

}  // namespace ziggy::feed
