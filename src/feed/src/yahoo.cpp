#include "ziggy/feed/yahoo.hpp"

#include "yahoo_sources.hpp"
#include "ziggy/feed/polling_stream.hpp"

namespace ziggy::feed {
namespace {

// Yahoo's own pages ask about as often; its quotes say "max-age=1" and change each second or so.
constexpr std::chrono::milliseconds kQuotesEvery{5'000};

}  // namespace

YahooProvider::YahooProvider(YahooSettings settings, net::HttpClient& http, const Clock& clock,
                             resilience::Budget* budget)
    : sources_{std::make_shared<Sources>(std::move(settings), http, clock, budget)},
      stream_{std::make_unique<PollingStream>(*sources_, "yahoo", kQuotesEvery)} {}

YahooProvider::~YahooProvider() = default;

bool YahooProvider::is_real() const noexcept { return !sources_->settings().is_rehearsal; }
resilience::Budget* YahooProvider::budget() noexcept { return sources_->client().budget(); }
BarSource* YahooProvider::bars() noexcept { return sources_.get(); }
QuoteSource* YahooProvider::quotes() noexcept { return sources_.get(); }
CryptoSource* YahooProvider::crypto() noexcept { return sources_.get(); }
NewsSource* YahooProvider::news() noexcept { return sources_.get(); }
StreamSource* YahooProvider::stream() noexcept { return stream_.get(); }
ActionSource* YahooProvider::actions() noexcept { return sources_.get(); }
SymbolSource* YahooProvider::symbol_search() noexcept { return sources_.get(); }

}  // namespace ziggy::feed
