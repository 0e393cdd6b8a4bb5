#pragma once

#include <array>
#include <string>
#include <vector>

#include "alpaca_parse.hpp"
#include "vendor_client.hpp"
#include "vendor_history.hpp"
#include "ziggy/feed/alpaca.hpp"

namespace ziggy::feed {

/// Alpaca's market data endpoints as questions. Thread-safe; works on the awaiting coroutine's
/// loop.
class AlpacaApi final : public HistoryPages {
 public:
  AlpacaApi(AlpacaSettings settings, net::HttpClient& http, const Clock& clock,
            resilience::Budget* budget);

  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call);
  net::Task<Result<Quote>> quote(Symbol symbol, Call call);
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call);
  net::Task<Result<SaidActions>> actions(Symbol symbol, Call call);
  net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range, Call call);

  net::Task<Result<VendorBars>> page(HistoryWindow window, Call call) override;

  [[nodiscard]] const AlpacaSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] resilience::Budget* budget() const noexcept { return client_.budget(); }

 private:
  /// A GET with the keys in its headers. A refusal that names a symbol is UnknownSymbol with the
  /// vendor's words as its one field.
  net::Task<Result<Payload>> ask(std::string path_and_query, Call call);
  [[nodiscard]] std::string snapshots_path(const std::vector<Symbol>& symbols) const;
  [[nodiscard]] std::string latest_path(std::string_view what,
                                        const std::vector<Symbol>& symbols) const;
  [[nodiscard]] std::string bars_path(const HistoryWindow& window) const;
  /// Quotes of shares, or of coins, from snapshots, or from the latest quotes and trades when the
  /// plan has none. Who is unknown is left out.
  net::Task<Result<std::vector<Quote>>> ask_quotes(std::vector<Symbol> symbols, Call call);
  net::Task<Result<std::vector<Quote>>> latest(std::vector<Symbol> symbols, Call call);
  /// The same without symbols that Alpaca calls invalid, which spoil the whole request.
  net::Task<Result<std::vector<Quote>>> ask_valid(std::vector<Symbol> symbols, Call call);

  AlpacaSettings settings_;
  const Clock& clock_;
  VendorClient client_;
  ActionCache actions_;
  /// Of shares, of coins.
  std::array<Refusal, 2> no_snapshots_;
};

}  // namespace ziggy::feed
