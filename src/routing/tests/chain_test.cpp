#include "ziggy/routing/chain.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <stdexcept>

#include "ziggy/net/timer.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::milliseconds;

const Symbol kSymbol = *Symbol::parse("ABC");
const Timestamp kNow = *parse_rfc3339("2026-11-20T18:30:10Z");

enum class Mood { Good, Unknown, Down, Throws, Hangs, Garbage, Cannot, Waits };

/// A vendor that does as it is told.
class Fake final : public feed::Provider, public feed::QuoteSource {
 public:
  Fake(std::string name, Mood mood, bool is_real = true)
      : name_{std::move(name)}, mood_{mood}, is_real_{is_real} {}

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] bool is_real() const noexcept override { return is_real_; }
  using feed::QuoteSource::quotes;
  feed::QuoteSource* quotes() noexcept override { return this; }

  net::Task<Result<Quote>> quote(Symbol symbol, Call /*call*/) override {
    ++asked;
    Quote quote;
    quote.symbol = symbol;
    quote.as_of = kNow;
    quote.last = 10;
    switch (mood_) {
      case Mood::Good:
        co_return quote;
      case Mood::Unknown:
        co_return fail(ErrorCode::UnknownSymbol, "no such symbol");
      case Mood::Down:
        co_return fail(ErrorCode::ProviderUnavailable, "503");
      case Mood::Throws:
        throw std::runtime_error("bug");
      case Mood::Cannot:
        co_return fail(ErrorCode::NotSupported, "no quotes of this class");
      case Mood::Garbage:
        quote.last = -1;
        co_return quote;
      case Mood::Waits:
        co_await net::sleep_for(milliseconds{20});
        co_return quote;
      case Mood::Hangs:
        break;
    }
    try {
      co_await net::sleep_for(std::chrono::hours{1});
    } catch (...) {
      was_canceled = true;
      throw;
    }
    co_return quote;
  }

  int asked = 0;
  bool was_canceled = false;

 private:
  std::string name_;
  Mood mood_;
  bool is_real_;
};

Terms<Quote> positive_last() {
  return {.accept = [](const feed::Provider&, const Quote& quote) -> Result<> {
    if (*quote.last > 0) return {};
    return fail(ErrorCode::BadPayload, "price_positive");
  }};
}

struct Bench {
  explicit Bench(const std::vector<Mood>& moods, milliseconds limit = milliseconds{2}) {
    for (std::size_t i = 0; i < moods.size(); ++i) {
      fakes.push_back(std::make_unique<Fake>(fmt::format("v{}", i), moods[i]));
    }
    settings.provider_timeout = limit;
  }
  Outcome<Quote> ask(Call call = {}) {
    std::vector<feed::Provider*> providers;
    for (const auto& fake : fakes) providers.push_back(fake.get());
    const Chain chain{Operation::Quotes, providers, desk, settings};
    return testing::run_task(context, chain.quote(kSymbol, positive_last(), call));
  }
  ManualClock clock{kNow};
  resilience::BreakerRegistry breakers{clock};
  Desk desk{{.clock = clock, .breakers = breakers}};
  ChainSettings settings;
  std::vector<std::unique_ptr<Fake>> fakes;
  net::asio::io_context context;
};

ErrorCode code_of(Mood mood) {
  switch (mood) {
    case Mood::Unknown:
      return ErrorCode::UnknownSymbol;
    case Mood::Garbage:
      return ErrorCode::BadPayload;
    case Mood::Hangs:
      return ErrorCode::ProviderTimeout;
    default:
      return ErrorCode::ProviderUnavailable;
  }
}

RC_GTEST_PROP(Chain, TheFirstGoodVendorAnswersAndEachFailureBeforeIsNamed, ()) {
  // Vendors that hang have a test of their own: a hundred of these would take seconds.
  const auto moods = *rc::gen::container<std::vector<Mood>>(rc::gen::element(
      Mood::Good, Mood::Unknown, Mood::Down, Mood::Throws, Mood::Garbage, Mood::Cannot));
  Bench bench{moods};
  const auto outcome = bench.ask();
  std::size_t missed = 0;
  std::size_t unsupported = 0;
  for (std::size_t i = 0; i < moods.size(); ++i) {
    if (moods[i] == Mood::Good) {
      RC_ASSERT(outcome.value.has_value());
      RC_ASSERT(outcome.provider == bench.fakes[i].get());
      for (std::size_t later = i + 1; later < moods.size(); ++later) {
        RC_ASSERT(bench.fakes[later]->asked == 0);
      }
      break;
    }
    RC_ASSERT(bench.fakes[i]->asked == 1);
    if (moods[i] == Mood::Cannot) {
      ++unsupported;
      continue;
    }
    RC_ASSERT(outcome.misses.at(missed).provider == bench.fakes[i]->name());
    RC_ASSERT(outcome.misses.at(missed).code == code_of(moods[i]));
    ++missed;
  }
  RC_ASSERT(outcome.misses.size() == missed);
  RC_ASSERT(outcome.unsupported == unsupported);
}

TEST(Chain, AVendorThatHangsIsCanceledAndTheNextOneAsked) {
  Bench bench{{Mood::Hangs, Mood::Good}};
  const auto outcome = bench.ask();
  ASSERT_TRUE(outcome.value.has_value());
  EXPECT_EQ(outcome.provider->name(), "v1");
  ASSERT_EQ(outcome.misses.size(), 1U);
  EXPECT_EQ(outcome.misses[0].code, ErrorCode::ProviderTimeout);
  bench.context.restart();
  bench.context.poll();
  EXPECT_TRUE(bench.fakes[0]->was_canceled);
}

TEST(Chain, BatchWorkMayWaitForItsBudgetAndNobodyIsBlamed) {
  Bench bench{{Mood::Waits}};
  EXPECT_EQ(bench.ask().misses.at(0).code, ErrorCode::ProviderTimeout) << "somebody waits for it";
  Call call;
  call.use = CallUse::Batch;
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(bench.ask(call).value.has_value());
  const auto status = bench.desk.status("v0")->operations.at(0);
  EXPECT_EQ(status.breaker.state, resilience::BreakerState::Closed);
  EXPECT_EQ(status.breaker.slow, 0U);
  EXPECT_EQ(status.windows[0].calls, 13U);
  EXPECT_EQ(status.windows[0].timed, 1U) << "how long it waited is not the vendor's latency";
}

TEST(Chain, ACrowdThatMeetsOnlyOpenBreakersIsAnsweredByTheVendorThatIsBack) {
  // The first is back, though its breaker is still open; the second has just failed.
  Bench bench{{Mood::Waits, Mood::Down}, milliseconds{500}};
  const std::vector<feed::Provider*> providers{bench.fakes[0].get(), bench.fakes[1].get()};
  const Chain chain{Operation::Quotes, providers, bench.desk, bench.settings};
  resilience::Breaker& breaker = *bench.breakers.find("v0.quotes");
  for (bool is_crowd_of_many : {false, true}) {
    for (int i = 0; i < 10; ++i) {
      if (auto permit = breaker.acquire()) permit->failure({ErrorCode::ProviderUnavailable, "503"});
    }
    ASSERT_EQ(breaker.status().state, resilience::BreakerState::Open);
    bench.clock.advance(std::chrono::seconds{1});  // since the last resort before
    int answered = 0;
    int ended = 0;
    constexpr int kCrowd = 20;
    for (int i = 0; i < kCrowd; ++i) {
      const auto count = [&](const std::exception_ptr& thrown, const auto& outcomes) {
        EXPECT_FALSE(thrown);
        ++ended;
        if (outcomes.value) ++answered;
      };
      if (is_crowd_of_many) {
        net::asio::co_spawn(bench.context, chain.quotes({kSymbol}, positive_last(), Call{}),
                            [count](const std::exception_ptr& thrown, auto outcomes) {
                              count(thrown, outcomes.at(0));
                            });
      } else {
        net::asio::co_spawn(
            bench.context, chain.quote(kSymbol, positive_last(), Call{}),
            [count](const std::exception_ptr& thrown, auto outcome) { count(thrown, outcome); });
      }
    }
    bench.context.restart();
    const auto guard = net::asio::make_work_guard(bench.context);
    while (ended < kCrowd) bench.context.run_one();
    EXPECT_EQ(answered, kCrowd) << is_crowd_of_many;
    breaker.reset();
  }
}

TEST(Chain, TheCallersDeadlineBoundsEveryVendor) {
  Bench bench{{Mood::Hangs, Mood::Good}, std::chrono::hours{1}};
  Call call;
  call.deadline = bench.clock.steady() + milliseconds{2};
  const auto outcome = bench.ask(call);
  // The virtual clock stands still, so the second one is still in time.
  ASSERT_TRUE(outcome.value.has_value());
  EXPECT_EQ(outcome.misses[0].code, ErrorCode::ProviderTimeout);
}

TEST(Chain, PastTheDeadlineNobodyIsAsked) {
  Bench bench{{Mood::Good}};
  Call call;
  call.deadline = bench.clock.steady();
  const auto outcome = bench.ask(call);
  EXPECT_FALSE(outcome.value.has_value());
  EXPECT_EQ(bench.fakes[0]->asked, 0);
  ASSERT_EQ(outcome.misses.size(), 1U);
  EXPECT_EQ(outcome.misses[0].code, ErrorCode::DeadlineExceeded);
}

TEST(Chain, ASymbolIsUnknownOnlyWhenAllWhoWereAskedSaySo) {
  const auto is_unknown = [](const std::vector<Mood>& moods) {
    return Bench{moods}.ask().is_unknown_symbol();
  };
  EXPECT_TRUE(is_unknown({Mood::Unknown, Mood::Unknown}));
  EXPECT_FALSE(is_unknown({Mood::Unknown, Mood::Down}));
  EXPECT_FALSE(is_unknown({Mood::Unknown, Mood::Cannot}));
  EXPECT_FALSE(is_unknown({}));
}

TEST(Chain, WhoMakesItsDataUpIsLeftOutWhenOnlyRealOnesMayAnswer) {
  const ManualClock clock{kNow};
  resilience::BreakerRegistry breakers{clock};
  Desk desk{{.clock = clock, .breakers = breakers}};
  Fake invented{"sim", Mood::Good, false};
  Fake real{"file", Mood::Good};
  const Chain chain{Operation::Quotes, {&invented, &real}, desk};
  EXPECT_EQ(testing::run_task(chain.quote(kSymbol, {}, {})).provider, &invented);
  EXPECT_EQ(testing::run_task(chain.quote(kSymbol, {.real_only = true}, {})).provider, &real);
}

TEST(Chain, AVendorWithoutTheOperationIsSkippedWithoutBlame) {
  const ManualClock clock{kNow};
  resilience::BreakerRegistry breakers{clock};
  Desk desk{{.clock = clock, .breakers = breakers}};
  Fake quotes_only{"v0", Mood::Good};
  const Chain chain{Operation::Bars, {&quotes_only}, desk};
  const auto outcome = testing::run_task(chain.bars({.symbol = kSymbol}, {}, {}));
  EXPECT_FALSE(outcome.value.has_value());
  EXPECT_TRUE(outcome.misses.empty());
}

}  // namespace
}  // namespace ziggy::routing
