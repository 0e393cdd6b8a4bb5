#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "ziggy/feed/sim.hpp"
#include "ziggy/testing/run_task.hpp"

namespace ziggy::feed {
namespace {

using std::chrono::milliseconds;
using testing::run_task;

const Timestamp kNow = *parse_rfc3339("2026-11-20T18:30:10Z");

class Ears final : public TickListener {
 public:
  void on_quote(std::string_view provider, const Quote& quote) override {
    EXPECT_EQ(provider, "sim");
    heard[quote.symbol].push_back(quote);
  }
  std::map<Symbol, std::vector<Quote>> heard;
};

TEST(SimProvider, PushesEverySymbolsPrints) {
  ManualClock clock{kNow};
  SimProvider sim{clock, {}};
  Ears ears;
  sim.stream()->set_listener(ears);
  for (int quarter = 0; quarter < 8; ++quarter) {
    sim.tick();
    sim.tick();  // nothing new: nothing said
    clock.advance(milliseconds{250});
  }
  ASSERT_EQ(ears.heard.size(), 12U);
  for (const auto& [symbol, quotes] : ears.heard) {
    ASSERT_EQ(quotes.size(), 8U) << symbol.view();
    int moves = 0;
    for (std::size_t i = 1; i < quotes.size(); ++i)
      moves += quotes[i].last != quotes[i - 1].last ? 1 : 0;
    EXPECT_GE(moves, 4) << symbol.view();
  }
}

TEST(SimProvider, AClosedExchangeIsSaidOnce) {
  ManualClock clock{*parse_rfc3339("2026-11-20T20:59:59.9Z")};
  SimProvider sim{clock, {.sessions = SimSessions::Exchange}};
  Ears ears;
  sim.stream()->set_listener(ears);
  const Symbol spy = *Symbol::parse("SPY");
  for (int i = 0; i < 10; ++i) {
    sim.tick();
    clock.advance(milliseconds{250});
  }
  ASSERT_EQ(ears.heard[spy].size(), 2U);
  EXPECT_EQ(ears.heard[spy][0].market_state, MarketState::Open);
  EXPECT_EQ(ears.heard[spy][1].market_state, MarketState::Post);
  EXPECT_EQ(ears.heard[*Symbol::parse("BTC-USD")].size(), 10U);
}

TEST(SimProvider, AnswersBarsQuotesAndHeadlines) {
  const ManualClock clock{kNow};
  SimProvider sim{clock, {.seed = 7, .sessions = SimSessions::Exchange}};
  const Symbol apple = *Symbol::parse("AAPL");
  const auto bars =
      run_task(sim.bars()->bars({.symbol = apple, .range = {kNoStart, kNow}, .limit = 10}, Call{}));
  ASSERT_TRUE(bars.has_value());
  EXPECT_EQ(bars->bars.size(), 10U);
  EXPECT_EQ(bars->as_of, kNow);
  EXPECT_FALSE(bars->actions.empty());
  const auto quote = run_task(sim.quotes()->quote(apple, Call{}));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->symbol, apple);
  const auto news = run_task(sim.news()->headlines(
      apple, {kNow - std::chrono::days{365}, kNow + std::chrono::days{365}}, Call{}));
  ASSERT_TRUE(news.has_value());
  ASSERT_FALSE(news->empty());
  EXPECT_TRUE(news->front().title.starts_with("[simulated] "));
  EXPECT_LE(news->back().time, kNow);
}

TEST(SimProvider, ManyBarsComeFromThePoolAndAreTheSame) {
  const ManualClock clock{kNow};
  net::BlockingPool pool{1, 4};
  SimProvider here{clock, {}};
  SimProvider there{clock, {}, &pool};
  BarsRequest request{*Symbol::parse("SPY"), Interval::Minute, {kNoStart, kNow}, 5'000};
  const auto inlined = run_task(here.bars()->bars(request, Call{}));
  const auto pooled = run_task(there.bars()->bars(request, Call{}));
  ASSERT_TRUE(pooled.has_value());
  EXPECT_EQ(pooled->bars.size(), 5'000U);
  EXPECT_EQ(pooled->bars, inlined->bars);
}

TEST(SimProvider, SaysThatItDoesNotKnowASymbol) {
  const ManualClock clock{kNow};
  SimProvider sim{clock, {}};
  const Symbol nobody = *Symbol::parse("NOBODY");
  EXPECT_EQ(run_task(sim.quotes()->quote(nobody, Call{})).error().code(), ErrorCode::UnknownSymbol);
  EXPECT_EQ(run_task(sim.bars()->bars({.symbol = nobody, .range = {kNoStart, kNow}}, Call{}))
                .error()
                .code(),
            ErrorCode::UnknownSymbol);
}

TEST(ScaledClock, RunsFasterFromItsOrigin) {
  ManualClock base{kNow};
  const ScaledClock fast{base, 60};
  EXPECT_EQ(fast.now(), kNow);
  base.advance(std::chrono::seconds{2});
  EXPECT_EQ(fast.now(), kNow + std::chrono::minutes{2});
  EXPECT_EQ(fast.steady(), base.steady());
}

}  // namespace
}  // namespace ziggy::feed
