#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "ziggy/base/clock.hpp"
#include "ziggy/feed/provider.hpp"
#include "ziggy/net/http_client.hpp"
#include "ziggy/resilience/budget.hpp"

namespace ziggy::feed {

inline constexpr std::string_view kYahooBaseUrl = "https://query1.finance.yahoo.com";

struct YahooSettings {
  /// With any other, every request goes there, those for cookies too.
  std::string base_url{kYahooBaseUrl};
  /// Of one HTTP request, of which a first quote takes three; the call's deadline cuts it further.
  std::chrono::milliseconds timeout{10'000};
  /// True for invented data behind the base URL: is_real() is false.
  bool is_rehearsal = false;
};

/// The vendor `yahoo`: shares, funds, indexes, currencies, futures and coins of the world, without
/// a key. Bars from the chart (1m of the last 30 days; 5m, 15m, 30m of 60; 1h of 730; 1d, 1w and
/// 1mo since 1927 at best), quotes through its cookie-and-crumb flow or, where that stays closed,
/// from the chart, a stream that asks for quotes again and again, splits and dividends, search,
/// headlines. Thread-safe.
///
/// Yahoo's bars come adjusted for all splits up to today, its prices as floats; both are undone
/// (docs/providers.md), which takes a second request for a symbol's splits, kept for half a day.
/// Volumes of coins are in the quote currency.
///
/// Errors: see BarSource. A crumb that is refused again and again is ProviderUnavailable, since
/// there is no key to be wrong.
class YahooProvider final : public Provider {
 public:
  /// `http`, `clock` and `budget` (nullptr: nothing limits) outlive the provider.
  YahooProvider(YahooSettings settings, net::HttpClient& http, const Clock& clock,
                resilience::Budget* budget);
  ~YahooProvider() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "yahoo"; }
  [[nodiscard]] bool is_real() const noexcept override;
  [[nodiscard]] resilience::Budget* budget() noexcept override;
  BarSource* bars() noexcept override;
  QuoteSource* quotes() noexcept override;
  CryptoSource* crypto() noexcept override;
  NewsSource* news() noexcept override;
  StreamSource* stream() noexcept override;
  ActionSource* actions() noexcept override;
  SymbolSource* symbol_search() noexcept override;

 private:
  class Sources;
  std::shared_ptr<Sources> sources_;
  std::unique_ptr<StreamSource> stream_;
};

}  // namespace ziggy::feed
