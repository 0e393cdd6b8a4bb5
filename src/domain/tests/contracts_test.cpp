#include "ziggy/domain/contracts.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "ziggy/domain/bar_file.hpp"

namespace ziggy {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Timestamp day(int i) { return Timestamp{std::chrono::sys_days{std::chrono::days{18'000 + i}}}; }

BarColumns bars_of(std::initializer_list<Bar> list) {
  BarColumns bars;
  for (const Bar& bar : list) bars.push_back(bar);
  return bars;
}

BarColumns closes(std::initializer_list<double> prices) {
  BarColumns bars;
  for (const double price : prices) {
    bars.push_back({day(static_cast<int>(bars.size())), price, price, price, price, 1});
  }
  return bars;
}

CorporateAction split(int i, double ratio) { return {CorporateAction::Kind::Split, day(i), ratio}; }

struct Case {
  Bar bar;
  ContractRule rule;
  std::string_view reason;
};

TEST(Contracts, EachRuleOfABar) {
  const Case cases[] = {
      {{day(1), 10, 9, 11, 10, 1}, ContractRule::HighBelowLow, "high 9 is below low 11"},
      {{day(1), 8, 11, 9, 10, 1}, ContractRule::OpenOutside, "open 8 is outside low 9 and high 11"},
      {{day(1), 10, 11, 9, 11.5, 1},
       ContractRule::CloseOutside,
       "close 11.5 is outside low 9 and high 11"},
      {{day(1), 10, 11, 9, 10, -1}, ContractRule::VolumeNegative, "volume -1 is not zero or more"},
      {{day(1), 10, 11, 9, 10, kNan},
       ContractRule::VolumeNegative,
       "volume nan is not zero or more"},
      {{day(1), 0, 11, 0, 10, 1},
       ContractRule::PricePositive,
       "a price is not greater than zero (open 0, high 11, low 0, close 10)"},
      {{day(1), 10, kInfinity, 9, 10, 1},
       ContractRule::PricePositive,
       "a price is not greater than zero (open 10, high inf, low 9, close 10)"},
      {{day(0), 10, 11, 9, 10, 1},
       ContractRule::TimeOrder,
       "time 2019-04-14T00:00:00Z is not after the one before, 2019-04-14T00:00:00Z"},
  };
  for (const Case& wrong : cases) {
    const BarColumns bars = bars_of({{day(0), 10, 11, 9, 10, 1}, wrong.bar});
    const auto found = check_bars(bars, Interval::Day);
    ASSERT_EQ(found, (std::vector<Violation>{{1, wrong.rule}})) << wrong.reason;
    EXPECT_EQ(describe(found[0], bars), wrong.reason);
  }
}

TEST(Contracts, GoodBarsAreSilent) {
  EXPECT_TRUE(check_bars({}, Interval::Day).empty());
  EXPECT_TRUE(
      check_bars(bars_of({{day(0), 10, 11, 9, 10, 0}, {day(1), 9, 9, 9, 9, 5}}), Interval::Day)
          .empty());
  EXPECT_TRUE(check_bars(closes({1, 3.99, 1}), Interval::Day).empty());
}

TEST(Contracts, AJumpNeedsASplitOfItsDayDirectionAndRatio) {
  const BarColumns down = closes({400, 101, 102});
  const auto flagged = [&](std::initializer_list<CorporateAction> actions) {
    return !check_bars(down, Interval::Day, std::vector<CorporateAction>(actions)).empty();
  };
  // 400 to 101 is 3.96, which is no jump; four times is.
  EXPECT_FALSE(flagged({}));
  const BarColumns jump = closes({404, 101, 102});
  const auto jumps = [&](std::vector<CorporateAction> actions) {
    return !check_bars(jump, Interval::Day, actions).empty();
  };
  EXPECT_TRUE(jumps({}));
  EXPECT_FALSE(jumps({split(1, 4)}));
  EXPECT_FALSE(jumps({split(1, 2), split(1, 2)}));
  EXPECT_TRUE(jumps({split(0, 4)}));
  EXPECT_TRUE(jumps({split(2, 4)}));
  EXPECT_TRUE(jumps({split(1, 0.25)}));
  EXPECT_TRUE(jumps({split(1, 20)}));
  EXPECT_TRUE(jumps({{CorporateAction::Kind::Dividend, day(1), 4}}));
  // The split of a day without a bar shows at the next bar.
  BarColumns gap = closes({404, 101});
  gap.time[1] = day(5).time_since_epoch().count();
  EXPECT_TRUE(check_bars(gap, Interval::Day, std::vector{split(3, 4)}).empty());
}

TEST(Contracts, ALateBarOfTheSessionBeforeDoesNotHideTheSplit) {
  BarColumns bars = closes({404, 101});
  // Half past midnight UTC in winter is 19:30 in New York, on the day before the ex-date.
  bars.time = {(day(1) + std::chrono::minutes{30}).time_since_epoch().count(),
               (day(1) + std::chrono::hours{14}).time_since_epoch().count()};
  EXPECT_TRUE(check_bars(bars, Interval::Minute, std::vector{split(1, 4)}).empty());
}

TEST(Contracts, BrokenPricesDoNotHideTheNextJump) {
  const auto found = check_bars(closes({100, kNan, 100, 500}), Interval::Day);
  EXPECT_EQ(found, (std::vector<Violation>{{1, ContractRule::PricePositive},
                                           {3, ContractRule::UnexplainedJump}}));
}

TEST(Contracts, Quotes) {
  Quote quote;
  EXPECT_TRUE(check_quote(quote).empty());
  quote.bid = 10;
  quote.ask = 10;
  quote.volume = 0;
  EXPECT_TRUE(check_quote(quote).empty());
  quote.ask = 9.5;
  quote.bid_size = -1;
  quote.last = 0;
  const auto found = check_quote(quote);
  ASSERT_EQ(found.size(), 3);
  EXPECT_EQ(found[0].reason, "last 0 is not greater than zero");
  EXPECT_EQ(found[1].reason, "bid size -1 is not zero or more");
  EXPECT_EQ(found[2].rule, ContractRule::BidAboveAsk);
  EXPECT_EQ(found[2].reason, "bid 10 is above ask 9.5");
}

TEST(BarFile, KeepsTheFirstProblemsAndCountsAll) {
  BarFile file;
  for (std::size_t i = 0; i < 3 * kProblemsKept; ++i) {
    file.bars.push_back({day(0), 1, 1, 1, 1, 1});
    file.lines.push_back(static_cast<std::uint32_t>(10 + i));
  }
  file.add_problem(5, "open", "no number");
  check_contracts(file);
  EXPECT_EQ(file.problem_count, 3 * kProblemsKept);
  ASSERT_EQ(file.problems.size(), kProblemsKept);
  EXPECT_EQ(describe(file.problems[0]), "line 5, open: no number");
  EXPECT_EQ(file.problems[1].line, 11);
}

TEST(BarFile, TheStoresSplitsCountWhereTheFileIsSilent) {
  BarFile file;
  file.bars = closes({404, 101});
  file.lines = {2, 3};
  BarFile told = file;
  check_contracts(file);
  EXPECT_FALSE(file.is_clean());
  check_contracts(told, std::vector{split(1, 4)});
  EXPECT_TRUE(told.is_clean());
}

}  // namespace
}  // namespace ziggy
