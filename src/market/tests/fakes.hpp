#pragma once

#include <chrono>
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
class Fake final : public feed::Provider, public feed::BarSource, public feed::QuoteSource {
 public:
  explicit Fake(std::string name) : name_{std::move(name)} {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  feed::BarSource* bars() noexcept override { return this; }
  using feed::QuoteSource::quotes;
  feed::QuoteSource* quotes() noexcept override { return this; }

  net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Call /*call*/) override {
    ++asked;
    if (hangs) co_await net::sleep_for(std::chrono::hours{1});
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
    if (!last) co_return fail(ErrorCode::UnknownSymbol, "no such symbol");
    Quote quote;
    quote.symbol = symbol;
    quote.as_of = kNow;
    quote.last = last;
    co_return quote;
  }

  Result<feed::BarsReply> answer = fail(ErrorCode::UnknownSymbol, "no such symbol");
  std::optional<double> last;
  bool hangs = false;
  bool answers_anything = false;
  int asked = 0;

 private:
  std::string name_;
};

inline feed::BarsReply reply_of(BarColumns bars) {
  feed::BarsReply reply;
  reply.bars = std::move(bars);
  reply.as_of = kNow;
  return reply;
}

}  // namespace ziggy::market
