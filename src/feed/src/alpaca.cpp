#include "ziggy/feed/alpaca.hpp"

#include <cstdint>
#include <utility>

#include "alpaca_api.hpp"

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

struct Bars final : BarSource {
  explicit Bars(AlpacaApi& owner) : api{owner} {}
  [[nodiscard]] Capability bars_capability() const override { return kAll; }
  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) override {
    return api.bars(request, call);
  }
  AlpacaApi& api;
};

struct Quotes final : QuoteSource {
  explicit Quotes(AlpacaApi& owner) : api{owner} {}
  [[nodiscard]] Capability quotes_capability() const override { return kAll; }
  net::Task<Result<Quote>> quote(Symbol symbol, Call call) override {
    return api.quote(symbol, call);
  }
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    return api.quotes(std::move(symbols), call);
  }
  AlpacaApi& api;
};

struct Coins final : CryptoSource {
  explicit Coins(AlpacaApi& owner) : api{owner} {}
  [[nodiscard]] Capability bars_capability() const override { return kCoins; }
  [[nodiscard]] Capability quotes_capability() const override { return kCoins; }
  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) override {
    return api.bars(request, call);
  }
  net::Task<Result<Quote>> quote(Symbol symbol, Call call) override {
    return api.quote(symbol, call);
  }
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    return api.quotes(std::move(symbols), call);
  }
  AlpacaApi& api;
};

struct Reference final : NewsSource, ActionSource {
  explicit Reference(AlpacaApi& owner) : api{owner} {}
  net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range,
                                                     Call call) override {
    return api.headlines(symbol, range, call);
  }
  net::Task<Result<std::vector<CorporateAction>>> actions(Symbol symbol, Call call) override {
    auto said = co_await api.actions(symbol, call);
    co_return what_is_known(std::move(said), "alpaca", symbol);
  }
  AlpacaApi& api;
};

}  // namespace

struct AlpacaProvider::State {
  State(AlpacaSettings settings, net::HttpClient& http, const Clock& clock,
        resilience::Budget* budget)
      : api{std::move(settings), http, clock, budget} {}

  AlpacaApi api;
  Bars bars{api};
  Quotes quotes{api};
  Coins coins{api};
  Reference reference{api};
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
NewsSource* AlpacaProvider::news() noexcept { return &state_->reference; }
ActionSource* AlpacaProvider::actions() noexcept { return &state_->reference; }

}  // namespace ziggy::feed
