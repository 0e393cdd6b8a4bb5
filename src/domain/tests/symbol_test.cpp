#include "ziggy/domain/symbol.hpp"

#include <gtest/gtest.h>

#include "ziggy/domain/bar.hpp"
#include "ziggy/domain/interval.hpp"

namespace ziggy {
namespace {

TEST(Symbol, CanonicalNamesAreUpperCase) {
  EXPECT_EQ(Symbol::parse("brk.b")->view(), "BRK.B");
  EXPECT_EQ(Symbol::parse("BTC-USD")->view(), "BTC-USD");
  EXPECT_TRUE(Symbol::parse("BTC-USD")->is_crypto());
  EXPECT_FALSE(Symbol::parse("4063-T")->is_crypto());
}

TEST(Symbol, RefusesWhatIsNoSymbol) {
  for (const std::string_view text :
       {"", "A B", "../etc", ".A", "A/B", "ABCDEFGHIJKLMNOPQRSTUVWX", "\xc3\x84"}) {
    EXPECT_FALSE(Symbol::parse(text).has_value()) << text;
  }
}

TEST(Interval, NamesAndValuesAreInverse) {
  for (const Interval interval : kIntervals)
    EXPECT_EQ(parse_interval(interval_name(interval)), interval);
  EXPECT_FALSE(parse_interval("2d").has_value());
}

}  // namespace
}  // namespace ziggy
