#include "shared_codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "bars_key.hpp"
#include "fakes.hpp"

namespace ziggy::market {
namespace {

QuoteAnswer quote_answer() {
  QuoteAnswer answer;
  answer.quote.symbol = kAbc;
  answer.quote.as_of = kNow;
  answer.quote.last = 98.3;
  answer.quote.bid = 98.29;
  answer.quote.ask = 98.31;
  answer.quote.volume = 1'234;
  answer.quote.market_state = MarketState::Post;
  answer.provenance = {"second", kNow, false, {{"first", ErrorCode::ProviderTimeout, "slow"}}};
  return answer;
}

BarsQuery query() {
  BarsQuery query;
  query.symbol = kAbc;
  query.range.start = at("2026-11-01");
  query.limit = 100;
  return query;
}

BarsAnswer bars_answer(std::size_t count) {
  BarsAnswer answer;
  answer.bars = std::make_shared<const BarColumns>(daily("2026-11-01", count));
  answer.more = count == 100;
  answer.version = content_of(*answer.bars);
  answer.provenance = {"first", kNow, false, {}};
  return answer;
}

TEST(SharedCodec, GivesBackWhatWasGiven) {
  const auto quote = decode_shared(kAbc, encode_shared(quote_answer(), kNow));
  ASSERT_TRUE(quote.has_value());
  EXPECT_EQ(quote->asked_at, kNow);
  EXPECT_EQ(quote->answer.quote.last, 98.3);
  EXPECT_EQ(quote->answer.quote.bid, 98.29);
  EXPECT_FALSE(quote->answer.quote.prev_close.has_value());
  EXPECT_EQ(quote->answer.quote.market_state, MarketState::Post);
  EXPECT_EQ(quote->answer.provenance.provider, "second");
  ASSERT_EQ(quote->answer.provenance.fallback_from.size(), 1U);
  EXPECT_EQ(quote->answer.provenance.fallback_from[0].code, ErrorCode::ProviderTimeout);
  for (const std::size_t count : {0U, 1U, 100U}) {
    const auto bars = decode_shared(query(), encode_shared(bars_answer(count), kNow));
    ASSERT_TRUE(bars.has_value()) << count;
    EXPECT_EQ(*bars->answer.bars, daily("2026-11-01", count));
    EXPECT_EQ(bars->answer.version, bars_answer(count).version);
    EXPECT_EQ(bars->answer.more, count == 100);
  }
}

TEST(SharedCodec, RefusesWhatAnswersAnotherQuestionOrBreaksTheContracts) {
  EXPECT_FALSE(decode_shared(kApple, encode_shared(quote_answer(), kNow)).has_value());
  QuoteAnswer crossed = quote_answer();
  crossed.quote.bid = 99;
  EXPECT_FALSE(decode_shared(kAbc, encode_shared(crossed, kNow)).has_value());
  crossed = quote_answer();
  crossed.quote.last = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(decode_shared(kAbc, encode_shared(crossed, kNow)).has_value());
  BarsQuery other = query();
  other.limit = 9;
  EXPECT_FALSE(decode_shared(other, encode_shared(bars_answer(10), kNow)).has_value());
  other = query();
  other.range.start = at("2026-11-02");
  EXPECT_FALSE(decode_shared(other, encode_shared(bars_answer(10), kNow)).has_value());
  BarsAnswer broken = bars_answer(10);
  BarColumns columns = *broken.bars;
  columns.high[4] = 1;
  broken.bars = std::make_shared<const BarColumns>(columns);
  EXPECT_FALSE(decode_shared(query(), encode_shared(broken, kNow)).has_value());
}

TEST(SharedCodec, ShortenedAndChangedBytesNeverPassForMoreThanTheyAre) {
  const std::string quote = encode_shared(quote_answer(), kNow);
  const std::string bars = encode_shared(bars_answer(5), kNow);
  for (std::size_t size = 0; size < quote.size(); ++size) {
    EXPECT_FALSE(decode_shared(kAbc, std::string_view{quote}.substr(0, size)).has_value());
  }
  for (std::size_t size = 0; size < bars.size(); ++size) {
    EXPECT_FALSE(decode_shared(query(), std::string_view{bars}.substr(0, size)).has_value());
  }
  EXPECT_FALSE(decode_shared(kAbc, quote + "x").has_value());
  EXPECT_TRUE(rc::check([&] {
    std::string changed = *rc::gen::element(quote, bars);
    const auto at = *rc::gen::inRange<std::size_t>(0, changed.size());
    changed[at] = *rc::gen::arbitrary<char>();
    // Whatever comes out keeps to the contracts; that nothing is read outside, the sanitizers say.
    if (const auto one = decode_shared(kAbc, changed)) RC_ASSERT(one->answer.quote.symbol == kAbc);
    if (const auto many = decode_shared(query(), changed))
      RC_ASSERT(many->answer.bars->size() == 5);
  }));
}

TEST(SharedCodec, KeysTellQuestionsApart) {
  BarsQuery other = query();
  other.adjustment = Adjustment::Raw;
  EXPECT_NE(shared_key(query()), shared_key(other));
  EXPECT_NE(shared_key(kAbc), shared_key(kApple));
}

}  // namespace
}  // namespace ziggy::market
