#include "ziggy/feed/polygon.hpp"

#include <utility>

#include "api_sources.hpp"
#include "polygon_api.hpp"

namespace ziggy::feed {
namespace {

// As in the vendor's snapshots of chosen tickers; a URL of 100 tickers is below a kilobyte.
constexpr std::size_t kBatchMax = 100;

constexpr Capability kAll{.batch_max = kBatchMax};
constexpr Capability kCoins{
    .shares = false, .indices = false, .currencies = false, .batch_max = kBatchMax};

struct Reference final : SymbolSource, GroupedSource {
  explicit Reference(PolygonApi& owner) : api{owner} {}
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
  ApiBars<PolygonApi> bars{api, kAll};
  ApiQuotes<PolygonApi> quotes{api, kAll};
  ApiCoins<PolygonApi> coins{api, kCoins};
  ApiNews<PolygonApi> news{api};
  ApiActions<PolygonApi> actions{api, "polygon"};
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
NewsSource* PolygonProvider::news() noexcept { return &state_->news; }
ActionSource* PolygonProvider::actions() noexcept { return &state_->actions; }
SymbolSource* PolygonProvider::symbol_search() noexcept { return &state_->reference; }
GroupedSource* PolygonProvider::grouped() noexcept { return &state_->reference; }

}  // namespace ziggy::feed
