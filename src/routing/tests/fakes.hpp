#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ziggy/feed/provider.hpp"
#include "ziggy/net/timer.hpp"
#include "ziggy/resilience/budget.hpp"
#include "ziggy/routing/chain.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::routing {

inline const Timestamp kNow = *parse_rfc3339("2026-11-20T18:30:00Z");
inline const Symbol kAbc = *Symbol::parse("ABC");

/// A vendor that does as its script says. May be asked by several threads once the script is set.
class Vendor final : public feed::Provider, public feed::CryptoSource {
 public:
  using Says = std::function<Result<Quote>(const Symbol& symbol)>;

  explicit Vendor(std::string name) : name_{std::move(name)} {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] std::string_view not_configured() const noexcept override { return missing_key; }
  resilience::Budget* budget() noexcept override { return spends; }
  feed::BarSource* bars() noexcept override { return this; }
  feed::QuoteSource* quotes() noexcept override { return this; }

  [[nodiscard]] feed::Capability bars_capability() const override { return can; }
  [[nodiscard]] feed::Capability quotes_capability() const override { return can; }

  net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Call call) override {
    auto said = co_await answer(request.symbol, call);
    if (!said) co_return std::unexpected{std::move(said).error()};
    feed::BarsReply reply;
    reply.as_of = said->as_of;
    co_return reply;
  }
  net::Task<Result<Quote>> quote(Symbol symbol, Call call) override {
    auto said = co_await answer(symbol, call);
    co_return said;
  }
  net::Task<Result<feed::QuotesReply>> quotes(std::vector<Symbol> symbols, Call call) override {
    batches.push_back(symbols.size());
    if (const Result<> whole = whole_request; !whole) {
      ++asked;
      co_return std::unexpected{whole.error()};
    }
    feed::QuotesReply reply;
    for (const Symbol& symbol : symbols) {
      auto said = co_await answer(symbol, call);
      if (said) {
        reply.quotes.push_back(*said);
      } else {
        reply.missing.emplace_back(symbol, std::move(said).error());
      }
    }
    co_return reply;
  }

  static Result<Quote> good(const Symbol& symbol) {
    Quote quote;
    quote.symbol = symbol;
    quote.as_of = kNow;
    quote.last = 10;
    return quote;
  }
  static Says failing(ErrorCode code, std::string detail = "as scripted") {
    return [code, detail = std::move(detail)](const Symbol&) -> Result<Quote> {
      return fail(code, detail);
    };
  }

  Says says = good;
  /// Real time.
  std::chrono::milliseconds takes{0};
  bool hangs = false;
  Result<> whole_request;
  feed::Capability can;
  std::string missing_key;
  resilience::Budget* spends = nullptr;
  std::atomic<int> asked{0};
  std::atomic<int> as_batch{0};
  std::atomic<int> canceled{0};
  std::vector<std::size_t> batches;

 private:
  net::Task<Result<Quote>> answer(Symbol symbol, Call call) {
    ++asked;
    if (call.use == CallUse::Batch) ++as_batch;
    if (hangs || takes.count() > 0) {
      bool is_canceled = false;
      try {
        co_await net::sleep_for(hangs ? std::chrono::hours{1} : takes);
      } catch (...) {
        is_canceled = true;
      }
      if (is_canceled) {
        ++canceled;
        co_return fail(ErrorCode::Canceled, "canceled");
      }
    }
    co_return says(symbol);
  }

  std::string name_;
};

/// Three vendors, a desk on a virtual clock, and a chain of quotes and one of bars over them.
struct World {
  explicit World(std::chrono::milliseconds timeout = std::chrono::milliseconds{100},
                 DeskParts with_parts = {.clock = never(), .breakers = none()})
      : desk{{.clock = clock,
              .breakers = breakers,
              .database = with_parts.database,
              .pool = nullptr,
              .webhook = with_parts.webhook}},
        quotes{Operation::Quotes, {&a, &b, &c}, desk, {.provider_timeout = timeout}},
        bars{Operation::Bars, {&a, &b, &c}, desk, {.provider_timeout = timeout}} {}

  Outcome<Quote> ask(Call call = {}, Terms<Quote> terms = {}) {
    auto outcome = testing::run_task(loop, quotes.quote(kAbc, std::move(terms), call));
    settle();
    return outcome;
  }
  /// Lets canaries and losers of hedges end.
  void settle() {
    loop.restart();
    loop.poll();
  }
  void pass(std::chrono::seconds span) {
    for (std::chrono::seconds done{0}; done < span; done += std::chrono::seconds{1}) {
      clock.advance(std::chrono::seconds{1});
      desk.tick();
    }
  }
  OperationStatus status(std::string_view vendor, Operation operation = Operation::Quotes) {
    for (auto& one : desk.status(vendor)->operations) {
      if (one.operation == operation) return one;
    }
    throw std::out_of_range{"no such operation"};
  }
  [[nodiscard]] std::vector<std::string_view> order() const {
    std::vector<std::string_view> names;
    for (const auto* provider : desk.order(Operation::Quotes)) names.push_back(provider->name());
    return names;
  }
  resilience::Breaker& breaker(std::string_view name) { return *breakers.find(name); }
  /// Makes a vendor's usual latency known, so that requests are hedged.
  void make_usual(std::string_view vendor, std::chrono::milliseconds latency) {
    for (int i = 0; i < 40; ++i) {
      desk.note_answer(vendor, Operation::Quotes, AnswerClass::Success, latency);
    }
    desk.tick();
  }

  static const Clock& never() {
    static const ManualClock kClock{kNow};
    return kClock;
  }
  static resilience::BreakerRegistry& none() {
    static resilience::BreakerRegistry kNone{never()};
    return kNone;
  }

  ManualClock clock{kNow};
  resilience::BreakerRegistry breakers{clock};
  net::asio::io_context loop;
  Vendor a{"a"};
  Vendor b{"b"};
  Vendor c{"c"};
  Desk desk;
  Chain quotes;
  Chain bars;
};

}  // namespace ziggy::routing
