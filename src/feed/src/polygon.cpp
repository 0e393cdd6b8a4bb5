#include "ziggy/feed/polygon.hpp"

#include <utility>

#include "polygon_api.hpp"

namespace ziggy::feed {
namespace {

// As in the vendor's snapshots of chosen tickers; a URL of 100 tickers is below a kilobyte.
constexpr std::size_t kBatchMax = 100;

constexpr Capability kAll{.batch_max = kBatchMax};
constexpr Capability kCoins{
    .shares = false, .indices = false, .currencies = false, .batch_max = kBatchMax};

struct Bars final : BarSource {
  explicit Bars(PolygonApi& owner) : api{owner} {}
  [[nodiscard]] Capability bars_capability() const override { return kAll; }
  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) override {
    return api.bars(request, call);
  }
  PolygonApi& api;
};

struct Quotes final : QuoteSource {
  explicit Quotes(PolygonApi& owner) : api{owner} {}
  [[nodiscard]] Capability quotes_capability() const override { return kAll; }
  net::Task<Result<Quote>> quote(Symbol symbol, Call call) override {
    return api.quote(symbol, call);
  }
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    return api.quotes(std::move(symbols), call);
  }
  PolygonApi& api;
};

struct Coins final : CryptoSource {
  explicit Coins(PolygonApi& owner) : api{owner} {}
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
  PolygonApi& api;
};

struct Reference final : NewsSource, ActionSource, SymbolSource, GroupedSource {
  explicit Reference(PolygonApi& owner) : api{owner} {}
  net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range,
                                                     Call call) override {
    return api.headlines(symbol, range, call);
  }
  net::Task<Result<std::vector<CorporateAction>>> actions(Symbol symbol, Call call) override {
    auto said = co_await api.actions(symbol, call);
    co_return what_is_known(std::move(said), "polygon", symbol);
  }
  net::Task<Result<std::vector<SymbolInfo>>> search(std::string query, std::size_t limit,
                                                    Call call) override {
    return api.search(std::move(query), limit, call);
  }
  net::Task<Result<std::vector<SymbolBar>>> grouped_day(Timestamp session, Call call) override {
    return api.grouped_day(session, call);
  }
  PolygonApi& api;
};

}  // namespace

struct PolygonProvider::State {
  State(PolygonSettings settings, net::HttpClient& http, const Clock& clock,
        resilience::Budget* budget)
      : api{std::move(settings), http, clock, budget} {}

  PolygonApi api;
  Bars bars{api};
  Quotes quotes{api};
  Coins coins{api};
  Reference reference{api};
};

PolygonProvider::PolygonProvider(PolygonSettings settings, net::HttpClient& http,
                                 const Clock& clock, resilience::Budget* budget)
    : state_{std::make_unique<State>(std::move(settings), http, clock, budget)} {}

PolygonProvider::~PolygonProvider() = default;

bool PolygonProvider::is_real() const noexcept { return !state_->api.settings().is_rehearsal; }

std::string_view PolygonProvider::not_configured() const noexcept {
  return state_->api.settings().key.empty() ? "POLYGON_API_KEY is not set" : std::string_view{};
}

resilience::Budget* PolygonProvider::budget() noexcept { return state_->api.budget(); }
BarSource* PolygonProvider::bars() noexcept { return &state_->bars; }
QuoteSource* PolygonProvider::quotes() noexcept { return &state_->quotes; }
CryptoSource* PolygonProvider::crypto() noexcept { return &state_->coins; }
NewsSource* PolygonProvider::news() noexcept { return &state_->reference; }
ActionSource* PolygonProvider::actions() noexcept { return &state_->reference; }
SymbolSource* PolygonProvider::symbol_search() noexcept { return &state_->reference; }
GroupedSource* PolygonProvider::grouped() noexcept { return &state_->reference; }

}  // namespace ziggy::feed
