#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "live_table.hpp"

/// A LiveTable by itself: what it makes happen is written down, and what happens to it is said.
namespace ziggy::market {

inline const Symbol kApple = *Symbol::parse("AAPL");
inline const Symbol kTesla = *Symbol::parse("TSLA");
inline const Symbol kBitcoin = *Symbol::parse("BTC-USD");
inline const Timestamp kStart =
    *parse_rfc3339("2026-11-20T18:00:20Z");  // a Friday, New York is open

/// Writes down what a table makes happen.
class Script final : public LiveActions {
 public:
  struct Asked {
    Symbol symbol;
    TimeRange range;
    std::uint64_t ticket = 0;
  };

  void subscribe(std::size_t vendor, const Symbol& symbol) override {
    EXPECT_TRUE(upstream[vendor].insert(symbol).second);
    ++subscriptions;
  }
  void unsubscribe(std::size_t vendor, const Symbol& symbol) override {
    EXPECT_EQ(upstream[vendor].erase(symbol), 1U);
  }
  void reconnect(std::size_t vendor) override { reconnects.push_back(vendor); }
  std::vector<std::size_t> order(const Symbol& symbol) override {
    return symbol.is_crypto() ? crypto_ranking : ranking;
  }
  bool pushes_minutes(std::size_t vendor) override { return pushes[vendor]; }
  void tell(const streams::BarMessage& message) override {
    told.push_back(fmt::format("bar {} {}", message.symbol.view(), message.provider));
    bars.push_back(message);
  }
  void tell(const streams::GapMessage& message) override {
    told.push_back(message.healed ? "healed" : "gap");
  }
  void tell(std::string_view provider, const Quote& quote) override {
    told.push_back(fmt::format("quote {} {}", quote.symbol.view(), provider));
  }
  void tell(std::string_view provider, const Trade& trade) override {
    told.push_back(fmt::format("trade {} {}", trade.symbol.view(), provider));
  }
  void backfill(const Symbol& symbol, TimeRange range, std::uint64_t ticket) override {
    backfills.push_back({symbol, range, ticket});
  }
  void probe(const Symbol& symbol, std::uint64_t ticket) override {
    probes.push_back({symbol, {}, ticket});
  }
  void report(std::size_t vendor, LiveEvent event, std::string_view /*detail*/) override {
    reports.emplace_back(vendor, event);
  }
  [[nodiscard]] long count(std::size_t vendor, LiveEvent event) const {
    return std::ranges::count(reports, std::pair{vendor, event});
  }

  std::vector<std::size_t> ranking{0, 1};
  std::vector<std::size_t> crypto_ranking{0, 1};
  std::array<bool, 3> pushes{true, true, true};
  std::array<std::set<Symbol>, 3> upstream;
  std::size_t subscriptions = 0;
  std::vector<std::size_t> reconnects;
  std::vector<std::string> told;
  std::vector<streams::BarMessage> bars;
  std::vector<Asked> backfills;
  std::vector<Asked> probes;
  std::vector<std::pair<std::size_t, LiveEvent>> reports;
};

class LiveTableTest : public ::testing::Test {
 protected:
  [[nodiscard]] Moment now() const { return {clock_.now(), clock_.steady()}; }
  void pass(std::chrono::nanoseconds time) {
    for (; time > time.zero(); time -= std::chrono::milliseconds{250}) {
      clock_.advance(std::chrono::milliseconds{250});
      table_.tick(now());
    }
  }
  void state(std::size_t vendor, feed::StreamState state) {
    table_.on_state(vendor, state, "", now());
  }
  [[nodiscard]] Quote quote_of(const Symbol& symbol, double last = 10) const {
    Quote quote;
    quote.symbol = symbol;
    quote.as_of = clock_.now();
    quote.last = last;
    return quote;
  }
  void quote(std::size_t vendor, const Symbol& symbol) {
    table_.on_quote(vendor, quote_of(symbol), now());
  }
  /// A tick a second of each of these, at this vendor.
  void chatter(std::size_t vendor, std::vector<Symbol> symbols, int seconds_long) {
    for (int i = 0; i < seconds_long; ++i) {
      for (const Symbol& symbol : symbols) quote(vendor, symbol);
      pass(std::chrono::seconds{1});
    }
  }
  void bar(std::size_t vendor, const Symbol& symbol, Timestamp time) {
    table_.on_bar(vendor, symbol, Interval::Minute, {time, 10, 11, 9, 10, 5}, BarPhase::Closed,
                  now());
  }
  void answer_probes(double last) {
    for (const Script::Asked& asked : std::exchange(script_.probes, {})) {
      table_.on_probe(asked.symbol, asked.ticket, quote_of(asked.symbol, last), now());
    }
  }
  [[nodiscard]] bool is_at(std::size_t vendor, const Symbol& symbol) const {
    return script_.upstream[vendor].contains(symbol);
  }

  LiveSettings settings_;
  ManualClock clock_{kStart};
  Script script_;
  LiveTable table_{{"a", "b", "c"}, settings_, script_};
};

}  // namespace ziggy::market
