#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "vendor_client.hpp"
#include "yahoo_chart.hpp"
#include "yahoo_plan.hpp"
#include "yahoo_session.hpp"
#include "ziggy/feed/yahoo.hpp"
#include "ziggy/resilience/single_flight.hpp"

namespace ziggy::feed {

/// A symbol's splits and dividends as Yahoo has them: all, and dividends split-adjusted.
struct YahooEvents {
  std::vector<CorporateAction> splits;
  std::vector<CorporateAction> dividends;
};

/// Remembers events for half a day, but not into the next day of New York, which may begin with a
/// split. The least recently stored goes first. Thread-safe.
class YahooEventsCache {
 public:
  static constexpr std::size_t kSymbolsMax = 4096;
  static constexpr std::chrono::hours kFor{12};

  [[nodiscard]] std::shared_ptr<const YahooEvents> find(Symbol symbol, Timestamp now) const;
  void put(Symbol symbol, std::shared_ptr<const YahooEvents> events, Timestamp now);

 private:
  struct Entry {
    std::shared_ptr<const YahooEvents> events;
    Timestamp stored;
    std::list<Symbol>::iterator age;
  };
  mutable std::mutex mutex_;
  std::unordered_map<Symbol, Entry> entries_;
  std::list<Symbol> ages_;  // oldest first
};

/// All that Yahoo is asked for, in one class since it shares session, client and splits.
class YahooProvider::Sources final : public CryptoSource,
                                     public NewsSource,
                                     public ActionSource,
                                     public SymbolSource {
 public:
  Sources(YahooSettings settings, net::HttpClient& http, const Clock& clock,
          resilience::Budget* budget);

  [[nodiscard]] const YahooSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] VendorClient& client() noexcept { return client_; }

  [[nodiscard]] Capability bars_capability() const override;
  net::Task<Result<BarsReply>> bars(BarsRequest request, Call call) override;
  [[nodiscard]] Capability quotes_capability() const override;
  net::Task<Result<Quote>> quote(Symbol symbol, Call call) override;
  net::Task<Result<QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override;
  net::Task<Result<std::vector<Headline>>> headlines(Symbol symbol, TimeRange range,
                                                     Call call) override;
  net::Task<Result<std::vector<CorporateAction>>> actions(Symbol symbol, Call call) override;
  net::Task<Result<std::vector<SymbolInfo>>> search(std::string query, std::size_t limit,
                                                    Call call) override;

 private:
  using Events = std::shared_ptr<const YahooEvents>;

  /// One HTTP request with what Yahoo wants to see, no longer than the time-out.
  net::Task<Result<Payload>> get(std::string path_and_query, Call call);
  /// The same; but a refused crumb is still told from others (CredentialsRejected).
  net::Task<Result<Payload>> get_once(std::string path_and_query, Call call);
  /// All charts of a plan as one, as sent.
  net::Task<Result<YahooChart>> charts(YahooPlan plan, Symbol symbol, Interval interval, Call call);
  net::Task<Result<Events>> events(Symbol symbol, Call call);
  static net::Task<Result<Events>> fetch_events(Sources* self, Symbol symbol, Call call);
  /// The quote route, with a crumb if there is one.
  net::Task<Result<Payload>> get_quotes(std::string spellings, Call call);
  net::Task<Result<QuotesReply>> quotes_of_charts(std::vector<Symbol> symbols, Call call);

  YahooSettings settings_;
  const Clock& clock_;
  VendorClient client_;
  YahooSession session_;
  YahooEventsCache known_;
  resilience::SingleFlight<Symbol, Events> flights_;
};

}  // namespace ziggy::feed
