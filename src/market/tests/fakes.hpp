#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ziggy/feed/provider.hpp"
#include "ziggy/net/timer.hpp"

namespace ziggy::market {

inline Timestamp at(std::string_view text) { return *parse_rfc3339(text); }
inline const Timestamp kNow = at("2026-11-20T18:30:10Z");
inline const Symbol kAbc = *Symbol::parse("ABC");
inline const Symbol kApple = *Symbol::parse("AAPL");

inline BarColumns daily(std::string_view first, std::size_t count, double price = 10) {
  BarColumns bars;
  for (std::size_t i = 0; i < count; ++i) {
    bars.push_back({at(first) + std::chrono::days{i}, price, price + 1, price - 1, price, 100});
  }
  return bars;
}

/// A vendor that answers what it is given.
class Fake final : public feed::Provider,
                   public feed::BarSource,
                   public feed::QuoteSource,
                   public feed::GroupedSource,
                   public feed::ActionSource,
                   public feed::SymbolSource {
 public:
  explicit Fake(std::string name) : name_{std::move(name)} {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  feed::BarSource* bars() noexcept override { return this; }
  feed::QuoteSource* quotes() noexcept override { return this; }
  feed::ActionSource* actions() noexcept override { return known_actions ? this : nullptr; }
  feed::SymbolSource* symbol_search() noexcept override { return finds ? this : nullptr; }

  feed::GroupedSource* grouped() noexcept override { return has_sessions ? this : nullptr; }
  net::Task<Result<std::vector<feed::SymbolBar>>> grouped_day(Timestamp session,
                                                              Call /*call*/) override {
    ++asked;
    co_return std::vector<feed::SymbolBar>{{kAbc, {session, 10, 11, 9, 10, 100}},
                                           {kApple, {session, 10, 11, 9, 10, 100}},
                                           {*Symbol::parse("BROKEN"), {session, 10, 9, 11, 10, 1}}};
  }

  net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Call /*call*/) override {
    ++asked;
    if (hangs) co_await net::sleep_for(std::chrono::hours{1});
    if (takes.count() > 0) co_await net::sleep_for(takes);
    auto reply = answer;
    if (reply && !answers_anything) {
      BarColumns inside;
      const std::size_t from = reply->bars.lower_bound(request.range.start);
      const std::size_t to = reply->bars.lower_bound(request.range.end);
      const std::size_t count = std::min(to - from, request.limit);
      const bool is_last = request.range.start == feed::kNoStart;
      inside.append(reply->bars, is_last ? to - count : from, is_last ? to : from + count);
      reply->bars = std::move(inside);
    }
    co_return reply;
  }
  net::Task<Result<Quote>> quote(Symbol symbol, Call /*call*/) override {
    ++asked;
    if (hangs) co_await net::sleep_for(std::chrono::hours{1});
    if (takes.count() > 0) co_await net::sleep_for(takes);
    co_return price(symbol);
  }
  net::Task<Result<feed::QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    if (batch_max == 1) {
      auto one_by_one = co_await feed::QuoteSource::quotes(std::move(symbols), call);
      co_return one_by_one;
    }
    ++asked;
    if (takes.count() > 0) co_await net::sleep_for(takes);
    if (quotes_error) co_return std::unexpected{*quotes_error};
    feed::QuotesReply reply;
    for (const Symbol& symbol : symbols) {
      auto one = price(symbol);
      if (one) {
        reply.quotes.push_back(*one);
      } else {
        reply.missing.emplace_back(symbol, one.error());
      }
    }
    co_return reply;
  }
  net::Task<Result<std::vector<CorporateAction>>> actions(Symbol /*symbol*/,
                                                          Call /*call*/) override {
    ++asked;
    co_return *known_actions;
  }
  net::Task<Result<std::vector<feed::SymbolInfo>>> search(std::string /*query*/,
                                                          std::size_t /*limit*/,
                                                          Call /*call*/) override {
    ++searched;
    co_return *finds;
  }
  [[nodiscard]] feed::Capability quotes_capability() const override {
    return {.batch_max = batch_max};
  }

  Result<feed::BarsReply> answer = fail(ErrorCode::UnknownSymbol, "no such symbol");
  /// Of every symbol, or of those in `prices`, if there are some.
  std::optional<double> last;
  std::map<Symbol, double> prices;
  std::optional<Error> quotes_error;
  Timestamp quote_as_of = kNow;
  std::size_t batch_max = 1;
  /// How long answering takes, in real time.
  std::chrono::milliseconds takes{0};
  bool hangs = false;
  bool has_sessions = false;
  bool answers_anything = false;
  /// Without them it lacks the operation.
  std::optional<Result<std::vector<CorporateAction>>> known_actions;
  std::optional<Result<std::vector<feed::SymbolInfo>>> finds;
  int asked = 0;
  int searched = 0;

 private:
  [[nodiscard]] Result<Quote> price(const Symbol& symbol) const {
    if (quotes_error) return std::unexpected{*quotes_error};
    const auto found = prices.find(symbol);
    const auto known = found == prices.end() ? last : std::optional{found->second};
    if (!known) return fail(ErrorCode::UnknownSymbol, "no such symbol");
    Quote quote;
    quote.symbol = symbol;
    quote.as_of = quote_as_of;
    quote.last = known;
    return quote;
  }

  std::string name_;
};

inline feed::BarsReply reply_of(BarColumns bars) {
  feed::BarsReply reply;
  reply.bars = std::move(bars);
  reply.as_of = kNow;
  return reply;
}

}  // namespace ziggy::market
