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

/// POLYGON_API_KEY, POLYGON_BASE_URL.
struct PolygonSettings {
  /// Polygon is called Massive since 2025; `https://api.massive.com` serves the same paths.
  std::string base_url = "https://api.polygon.io";
  Secret key{};
  /// Of one HTTP request; the call's deadline cuts it further.
  std::chrono::milliseconds timeout{10'000};
  /// True in a demo whose vendors are stand-ins: its prices are made up.
  bool is_rehearsal = false;
};

/// The vendor `polygon` (Polygon.io, now Massive), over REST: shares, crypto, indices, currencies,
/// in all intervals. Bars are asked for unadjusted. What the plan refuses (403) is not asked for
/// again for an hour; quotes then come from the next best endpoint (snapshot, last quote and trade,
/// previous session's bar). Splits and dividends are kept for twelve hours a symbol.
/// Thread-safe. Errors: see BarSource.
class PolygonProvider final : public Provider {
 public:
  /// `http`, `clock` and `budget` (nullptr: nothing limits) outlive the provider.
  PolygonProvider(PolygonSettings settings, net::HttpClient& http, const Clock& clock,
                  resilience::Budget* budget);
  ~PolygonProvider() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "polygon"; }
  [[nodiscard]] bool is_real() const noexcept override;
  [[nodiscard]] std::string_view not_configured() const noexcept override;
  [[nodiscard]] resilience::Budget* budget() noexcept override;
  BarSource* bars() noexcept override;
  QuoteSource* quotes() noexcept override;
  CryptoSource* crypto() noexcept override;
  NewsSource* news() noexcept override;
  StreamSource* stream() noexcept override { return stream_.get(); }
  ActionSource* actions() noexcept override;
  SymbolSource* symbol_search() noexcept override;
  GroupedSource* grouped() noexcept override;

  /// What stream() gives from now on; before the provider is shared.
  void set_stream(std::unique_ptr<StreamSource> stream) { stream_ = std::move(stream); }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::unique_ptr<StreamSource> stream_;
};

}  // namespace ziggy::feed
