#include <gtest/gtest.h>

#include <functional>

#include "market_fixture.hpp"
#include "ziggy/domain/adjust.hpp"

// Adjusted bars whose vendor would not say, or could not give, what adjusting needs.
namespace ziggy::market {
namespace {

using Kind = CorporateAction::Kind;

// AAPL's split of 2020-08-31, four for one, and a dividend after the range.
const CorporateAction kSplit{Kind::Split, at("2020-08-31"), 4};
const CorporateAction kDividend{Kind::Dividend, at("2020-11-06"), 0.205};

BarColumns apple() {
  BarColumns raw;
  raw.push_back({at("2020-08-27"), 508.57, 509.94, 495.33, 500.04, 38'888'096});
  raw.push_back({at("2020-08-28"), 504.05, 505.77, 498.31, 499.23, 46'907'479});
  raw.push_back({at("2020-08-31"), 127.58, 131, 126, 129.04, 225'702'688});
  raw.push_back({at("2020-09-01"), 132.76, 134.8, 130.53, 134.18, 152'470'142});
  return raw;
}

BarColumns november() {
  BarColumns days;
  days.push_back({at("2020-11-05"), 117.95, 119.62, 116.87, 119.03, 126'387'100});
  days.push_back({at("2020-11-06"), 118.32, 119.2, 116.13, 118.69, 114'457'900});
  return days;
}

const double kFactor = 1 - 0.205 / 119.03;

// Real, daily bars and weeks; its days fail when they begin elsewhere than asked for first.
class Moody final : public feed::Provider, public feed::BarSource {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "moody"; }
  feed::BarSource* bars() noexcept override { return this; }
  net::Task<Result<feed::BarsReply>> bars(feed::BarsRequest request, Call /*call*/) override {
    auto reply = script(request);
    co_return reply;
  }
  std::function<Result<feed::BarsReply>(const feed::BarsRequest&)> script;
};

class AdjustTest : public MarketTest {
 protected:
  static BarsQuery query(Adjustment adjustment, Interval interval = Interval::Day) {
    BarsQuery query = all(kAbc, interval);
    query.range = {at("2020-08-27"), at("2020-09-02")};
    query.adjustment = adjustment;
    return query;
  }
  void give(BarColumns days, bool is_folded = false) {
    auto reply = reply_of(std::move(days));
    reply.actions_whole = false;
    reply.basis_known = !is_folded;
    first_.answer = reply;
  }
  std::vector<double> closes(Adjustment adjustment) {
    const auto answer = bars(query(adjustment));
    EXPECT_TRUE(answer) << answer.error().detail();
    if (!answer) return {};
    EXPECT_FALSE(answer->provenance.stale);
    EXPECT_EQ(answer->provenance.provider, "first");
    return answer->bars->close;
  }
  std::vector<CorporateAction> stored_actions() { return *database_->actions().read(kAbc); }
  static void expect_near(const std::vector<double>& told, const std::vector<double>& wanted) {
    ASSERT_EQ(told.size(), wanted.size());
    for (std::size_t i = 0; i < told.size(); ++i) EXPECT_NEAR(told[i], wanted[i], 1e-9) << i;
  }
  static std::vector<double> split() { return {500.04 / 4, 499.23 / 4, 129.04, 134.18}; }
  static std::vector<double> everything() {
    std::vector<double> all = split();
    for (double& each : all) each *= kFactor;
    return all;
  }
  static BarColumns both() {
    BarColumns days = apple();
    days.append(november(), 0, 2);
    return days;
  }
};

TEST_F(AdjustTest, TheNextVendorSaysWhatTheFirstWouldNot) {
  give(both());
  second_.known_actions = std::vector{kSplit, kDividend};
  expect_near(closes(Adjustment::Split), split());
  expect_near(closes(Adjustment::All), everything());
  EXPECT_EQ(second_.asked, 1) << "what it said is kept";
  EXPECT_EQ(closes(Adjustment::Raw), apple().close);
  EXPECT_TRUE(stored_actions().empty()) << "not the first one's";
  EXPECT_NE(database_->bars().version({kAbc, Interval::Day}), 0U);
}

TEST_F(AdjustTest, StoredActionsStandIn) {
  ASSERT_TRUE(database_->actions().write(kAbc, "second", std::vector{kSplit, kDividend}));
  give(both());
  expect_near(closes(Adjustment::Split), split());
  expect_near(closes(Adjustment::All), everything());
  EXPECT_EQ(second_.asked, 0);
}

TEST_F(AdjustTest, NobodySaysThemAndBarsComeAllTheSame) {
  give(both());
  second_.known_actions = fail(ErrorCode::NoData, "plan");
  EXPECT_EQ(closes(Adjustment::Split), apple().close);
  EXPECT_EQ(closes(Adjustment::All), apple().close);
  EXPECT_EQ(second_.asked, 1);
}

TEST_F(AdjustTest, SplitsInThePricesAreNeitherFoldedTwiceNorStored) {
  BarColumns folded = adjust(both(), std::vector{kSplit}, Adjustment::Split);
  give(folded, true);
  expect_near(closes(Adjustment::Split), split());
  EXPECT_EQ(database_->bars().version({kAbc, Interval::Day}), 0U);
  market_.reset();
  ASSERT_TRUE(database_->actions().write(kAbc, "second", std::vector{kSplit, kDividend}));
  expect_near(closes(Adjustment::Split), split());
  expect_near(closes(Adjustment::All), everything());
  expect_near(closes(Adjustment::Raw), apple().close);
  EXPECT_EQ(database_->bars().version({kAbc, Interval::Day}), 0U);
}

class FailingDaysTest : public AdjustTest {
 protected:
  void SetUp() override {
    AdjustTest::SetUp();
    moody_.script = [this](const feed::BarsRequest& request) -> Result<feed::BarsReply> {
      const bool is_page = request.interval != Interval::Day || asked_++ == 0;
      if (!is_page) return fail(ErrorCode::ProviderQuota, "moody: 429, slow down");
      auto reply = reply_of(request.interval == Interval::Week ? week() : apple());
      reply.actions = {kSplit, kDividend};
      return reply;
    };
  }
  // The week of 2020-08-24 and the one of the split, unadjusted.
  static BarColumns week() {
    BarColumns weeks;
    weeks.push_back({at("2020-08-24"), 514.79, 515.14, 495.33, 499.23, 2e8});
    weeks.push_back({at("2020-08-31"), 127.58, 137.98, 110.89, 120.96, 1e9});
    return weeks;
  }
  Moody moody_;
  int asked_ = 0;
  routing::Desk moody_desk_{{.clock = clock_, .breakers = breakers_}};
  routing::Chain moody_prices_{routing::Operation::Bars, {&moody_}, moody_desk_, limits_};
  Result<BarsAnswer> ask(const BarsQuery& query) {
    const MarketParts parts{clock_,        *database_, pool_,   hub_,
                            moody_prices_, quotes_,    crypto_, &desk_};
    market_ = std::make_unique<Market>(parts, settings_);
    asked_ = 0;
    return bars(query);
  }
};

TEST_F(FailingDaysTest, StoredClosesStandIn) {
  ASSERT_TRUE(database_->bars().write({kAbc, Interval::Day}, "second", november()));
  const auto answer = ask(query(Adjustment::All));
  ASSERT_TRUE(answer) << answer.error().detail();
  EXPECT_FALSE(answer->provenance.stale);
  expect_near(answer->bars->close, everything());
}

TEST_F(FailingDaysTest, NoWrongFigureWithoutThem) {
  {
    const auto answer = ask(query(Adjustment::All));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::ProviderUnavailable);
    EXPECT_NE(answer.error().detail().find("429"), std::string_view::npos)
        << answer.error().detail();
  }
  // Once the vendor is left alone: what is stored, and not as if it were fresh.
  const auto later = ask(query(Adjustment::All));
  if (later) EXPECT_TRUE(later->provenance.stale);
}

TEST_F(FailingDaysTest, WeeksAreNotAdjustedWhole) {
  moody_.script = [](const feed::BarsRequest& request) -> Result<feed::BarsReply> {
    if (request.interval == Interval::Day)
      return fail(ErrorCode::ProviderUnavailable, "moody: no days");
    auto reply = reply_of(week());
    reply.actions = {kSplit};
    return reply;
  };
  BarsQuery weeks = query(Adjustment::Split, Interval::Week);
  weeks.range = {at("2020-08-24"), at("2020-09-07")};
  const auto none = ask(weeks);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().detail().find("no days"), std::string_view::npos);
  // With every session of both weeks in the store they are made of days.
  BarColumns days;
  for (int i = 24; i < 38; ++i) {
    const Timestamp day = at("2020-08-01") + std::chrono::days{i - 1};
    const double price = day < kSplit.ex_date ? 500 : 130;
    days.push_back({day, price, price, price, price, 1'000});
  }
  ASSERT_TRUE(database_->bars().write({kAbc, Interval::Day}, "second", days));
  const auto made = ask(weeks);
  ASSERT_TRUE(made) << made.error().detail();
  EXPECT_FALSE(made->provenance.stale);
  EXPECT_EQ(made->bars->close, (std::vector<double>{125, 130}));
}

}  // namespace
}  // namespace ziggy::market
