#include "ziggy/feed/alpaca.hpp"

#include <cstdint>
#include <utility>

#include "alpaca_api.hpp"
#include "api_sources.hpp"

namespace ziggy::feed {
namespace {

// A URL of 100 symbols is below a kilobyte.
constexpr std::size_t kBatchMax = 100;
constexpr std::uint32_t kNoSeconds = ~(1U << static_cast<unsigned>(Interval::Second));

constexpr Capability kAll{
    .indices = false, .currencies = false, .intervals = kNoSeconds, .batch_max = kBatchMax};
constexpr Capability kCoins{.shares = false,
                            .indices = false,
                            .currencies = false,
                            .intervals = kNoSeconds,
                            .batch_max = kBatchMax};

}  // namespace

struct AlpacaProvider::State {
  State(AlpacaSettings settings, net::HttpClient& http, const Clock& clock,
        resilience::Budget* budget)
      : api{std::move(settings), http, clock, budget} {}

  AlpacaApi api;
  ApiBars<AlpacaApi> bars{api, kAll};
  ApiQuotes<AlpacaApi> quotes{api, kAll};
  ApiCoins<AlpacaApi> coins{api, kCoins};
  ApiNews<AlpacaApi> news{api};
  ApiActions<AlpacaApi> actions{api, "alpaca"};
};

AlpacaProvider::AlpacaProvider(AlpacaSettings settings, net::HttpClient& http, const Clock& clock,
                               resilience::Budget* budget)
    : state_{std::make_unique<State>(std::move(settings), http, clock, budget)} {}

AlpacaProvider::~AlpacaProvider() = default;

bool AlpacaProvider::is_real() const noexcept { return !state_->api.settings().is_rehearsal; }

std::string_view AlpacaProvider::not_configured() const noexcept {
  const AlpacaSettings& settings = state_->api.settings();
  if (settings.key_id.empty()) return "ALPACA_KEY_ID is not set";
  if (settings.secret_key.empty()) return "ALPACA_SECRET_KEY is not set";
  return {};
}

resilience::Budget* AlpacaProvider::budget() noexcept { return state_->api.budget(); }
BarSource* AlpacaProvider::bars() noexcept { return &state_->bars; }
QuoteSource* AlpacaProvider::quotes() noexcept { return &state_->quotes; }
CryptoSource* AlpacaProvider::crypto() noexcept { return &state_->coins; }
NewsSource* AlpacaProvider::news() noexcept { return &state_->news; }
ActionSource* AlpacaProvider::actions() noexcept { return &state_->actions; }

}  // namespace ziggy::feed
