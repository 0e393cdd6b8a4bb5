// Many symbols at once: batches, and whoever comes next fills what is missing.
#include <gtest/gtest.h>

#include "fakes.hpp"

namespace ziggy::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Symbol nth(int i) { return *Symbol::parse(fmt::format("S{}", i)); }

TEST(ManyQuotes, EachSymbolIsFilledByTheNextVendorThatHasItInBatches) {
  World world;
  world.a.can.batch_max = 4;
  world.b.can.batch_max = 100;
  // a knows even ones; b all but those above 7, and fails the contract at 3; c the rest.
  world.a.says = [](const Symbol& symbol) {
    return (symbol.view().back() - '0') % 2 == 0
               ? Vendor::good(symbol)
               : Result<Quote>{fail(ErrorCode::UnknownSymbol, "odd")};
  };
  world.b.says = [](const Symbol& symbol) -> Result<Quote> {
    if (symbol == nth(9)) return fail(ErrorCode::NoData, "halted");
    auto quote = Vendor::good(symbol);
    if (symbol == nth(3)) quote->last = -1;
    return quote;
  };
  world.c.says = Vendor::failing(ErrorCode::ProviderUnavailable);
  Terms<Quote> terms;
  int judged = 0;
  terms.accept = [&judged](const feed::Provider&, const Quote& quote) -> Result<> {
    ++judged;
    if (*quote.last > 0) return {};
    return fail(ErrorCode::BadPayload, "price");
  };
  std::vector<Symbol> symbols;
  for (int i = 0; i < 10; ++i) symbols.push_back(nth(i));
  const auto outcomes = testing::run_task(world.loop, world.quotes.quotes(symbols, terms, {}));
  ASSERT_EQ(outcomes.size(), 10U);
  for (int i = 0; i < 10; ++i) {
    const auto& outcome = outcomes[static_cast<std::size_t>(i)];
    if (i == 3 || i == 9) {
      EXPECT_FALSE(outcome.value);
      ASSERT_EQ(outcome.misses.size(), 3U);
      EXPECT_EQ(outcome.misses[1].code, i == 3 ? ErrorCode::BadPayload : ErrorCode::NoData);
      continue;
    }
    ASSERT_TRUE(outcome.value) << i;
    EXPECT_EQ(outcome.value->symbol, nth(i));
    EXPECT_EQ(outcome.provider->name(), i % 2 == 0 ? "a" : "b");
    EXPECT_EQ(outcome.misses.size(), i % 2 == 0 ? 0U : 1U);
  }
  EXPECT_EQ(judged, 9);
  EXPECT_EQ(world.a.batches, (std::vector<std::size_t>{4, 4, 2}));
  EXPECT_EQ(world.b.batches, (std::vector<std::size_t>{5}));
  EXPECT_EQ(world.status("b").windows[0].violations, 1U);
  EXPECT_EQ(world.status("b").windows[0].failures, 0U);
}

TEST(ManyQuotes, AWholeRequestThatFailsGoesToTheNextAndOpensTheBreaker) {
  World world;
  world.a.can.batch_max = 100;
  world.a.whole_request = fail(ErrorCode::ProviderUnavailable, "502");
  for (int i = 0; i < 6; ++i) {
    const auto outcomes =
        testing::run_task(world.loop, world.quotes.quotes({nth(1), nth(2)}, {}, {}));
    for (const auto& outcome : outcomes) {
      EXPECT_EQ(outcome.provider->name(), "b");
      EXPECT_EQ(outcome.misses.size(), i < 5 ? 1U : 0U);
    }
  }
  EXPECT_EQ(world.a.asked, 5);
  world.breaker("b.quotes").force_open();
  world.breaker("c.quotes").force_open();
  const auto none = testing::run_task(world.loop, world.quotes.quotes({nth(1)}, {}, {}));
  EXPECT_EQ(none[0].skipped.size(), 2U) << "the first is asked as the last resort";
  EXPECT_EQ(none[0].misses.size(), 1U);
  world.clock.advance(seconds{1});
  world.a.whole_request = {};
  const auto back = testing::run_task(world.loop, world.quotes.quotes({nth(1), nth(2)}, {}, {}));
  EXPECT_EQ(back[1].provider->name(), "a");
  EXPECT_TRUE(back[1].skipped.empty());
}

TEST(ManyQuotes, ManySymbolsOfAHangingVendorEndInTime) {
  World world{milliseconds{20}};
  world.a.hangs = world.b.hangs = world.c.hangs = true;
  std::vector<Symbol> symbols;
  for (int i = 0; i < 100; ++i) symbols.push_back(nth(i));
  const SystemClock real;
  const auto began = real.steady();
  const auto outcomes = testing::run_task(world.loop, world.quotes.quotes(symbols, {}, {}));
  // Eight at a time, and the breaker opens after the first five.
  EXPECT_LT(real.steady() - began, milliseconds{500});
  for (const auto& outcome : outcomes) {
    EXPECT_FALSE(outcome.value);
    EXPECT_EQ(outcome.misses.size() + outcome.skipped.size(), 3U);
  }
}

}  // namespace
}  // namespace ziggy::routing
