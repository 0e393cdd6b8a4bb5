#include "yahoo_numbers.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <limits>

namespace ziggy::feed {
namespace {

TEST(YahooNumbers, FindWhatWasMeant) {
  EXPECT_EQ(simplest_price(129.0399932861328), 129.04);
  EXPECT_EQ(simplest_price(75.0875015258789), 75.0875);
  EXPECT_EQ(simplest_price(131), 131);
  EXPECT_EQ(simplest_price(7200.17431640625), 7200.1743);
  EXPECT_EQ(simplest_price(1.1220825910568237), 1.1220826);
  EXPECT_EQ(simplest_price(244.87), 244.87);
  EXPECT_EQ(simplest_price(0.1 + 0.2), 0.3);
  EXPECT_EQ(simplest_price(-37.630001068115234), -37.63);
  // AAPL on the last day before its 4-for-1, and the opening price of its first day, 224 to one.
  EXPECT_EQ(simplest_price(124.80750274658203, 4), 499.23);
  EXPECT_EQ(simplest_price(0.12834821641445160, 224), 28.75);
  // One new share for ten old ones.
  EXPECT_EQ(simplest_price(52.29999923706055, 0.1), 5.23);
}

TEST(YahooNumbers, LeaveWhatIsNoPrice) {
  EXPECT_EQ(simplest_price(0), 0);
  EXPECT_TRUE(std::isnan(simplest_price(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_TRUE(std::isinf(simplest_price(std::numeric_limits<double>::infinity(), 2)));
  EXPECT_EQ(simplest_price(1e300), 1e300);
}

TEST(YahooNumbers, DividendsAreRoundedToAMillionth) {
  EXPECT_EQ(simplest_dividend(0.205), 0.205);
  EXPECT_EQ(simplest_dividend(0.205, 4), 0.82);
  EXPECT_EQ(simplest_dividend(0.094643, 28), 2.65);  // AAPL, August 2012
  EXPECT_EQ(simplest_dividend(0.8199999928474426), 0.82);
}

// Whatever was traded in cents, adjusted by a split and pressed into a float, comes back.
TEST(YahooNumbers, UndoAnySplit) {
  EXPECT_TRUE(rc::check([] {
    const double raw = *rc::gen::inRange(1, 999'999) / 100.0;
    const double ratio = *rc::gen::inRange(1, 50) / static_cast<double>(*rc::gen::inRange(1, 10));
    const double sent = static_cast<double>(static_cast<float>(raw / ratio));
    RC_ASSERT(simplest_price(sent, ratio) == raw);
  }));
}

}  // namespace
}  // namespace ziggy::feed
