#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "ziggy/base/clock.hpp"
#include "ziggy/base/secret.hpp"
#include "ziggy/feed/provider.hpp"

namespace ziggy::net {
class HttpClient;
}

namespace ziggy::feed {

/// ALPACA_KEY_ID, ALPACA_SECRET_KEY, ALPACA_DATA_BASE_URL, ALPACA_FEED.
struct AlpacaSettings {
  std::string base_url = "https://data.alpaca.markets";
  Secret key_id{};
  Secret secret_key{};
  /// Of shares: `iex` (one exchange, free), `sip` (all exchanges; without a subscription the last
  /// 15 minutes are refused as NotEntitled).
  std::string feed = "iex";
  /// Of one HTTP request; the call's deadline cuts it further.
  std::chrono::milliseconds timeout{10'000};
  /// True in a demo whose vendors are stand-ins: its prices are made up.
  bool is_rehearsal = false;
};

/// The vendor `alpaca`, over its market data API: shares and crypto, from minutes to months. Bars
/// are asked for unadjusted. What the plan refuses (403) is not asked for again for an hour; quotes
/// then come from the latest quotes and trades instead of snapshots. Splits and dividends are kept
/// for twelve hours a symbol. Thread-safe. Errors: see BarSource.
class AlpacaProvider final : public Provider {
 public:
  /// `http`, `clock` and `budget` (nullptr: nothing limits) outlive the provider.
  AlpacaProvider(AlpacaSettings settings, net::HttpClient& http, const Clock& clock,
                 resilience::Budget* budget);
  ~AlpacaProvider() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "alpaca"; }
  [[nodiscard]] bool is_real() const noexcept override;
  [[nodiscard]] std::string_view not_configured() const noexcept override;
  [[nodiscard]] resilience::Budget* budget() noexcept override;
  BarSource* bars() noexcept override;
  QuoteSource* quotes() noexcept override;
  CryptoSource* crypto() noexcept override;
  NewsSource* news() noexcept override;
  StreamSource* stream() noexcept override { return stream_.get(); }
  ActionSource* actions() noexcept override;

  /// What stream() gives from now on; before the provider is shared.
  void set_stream(std::unique_ptr<StreamSource> stream) { stream_ = std::move(stream); }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::unique_ptr<StreamSource> stream_;
};

}  // namespace ziggy::feed
