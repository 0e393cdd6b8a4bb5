#include "ziggy/market/backfill.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"
#include "stored.hpp"
#include "ziggy/domain/expected_bars.hpp"
#include "ziggy/market/coverage.hpp"
#include "ziggy/testing/run_task.hpp"
#include "ziggy/testing/temp_folder.hpp"

namespace ziggy::market {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const TimeRange kOctober{at("2026-10-01"), at("2026-11-01")};

// A day of each of October's 22 sessions.
BarColumns october() {
  BarColumns bars;
  for (const Timestamp day : expected_bars(Interval::Day, kAbc, kOctober)) {
    bars.push_back({day, 10, 11, 9, 10, 100});
  }
  return bars;
}

BarColumns without(const BarColumns& bars, std::size_t from, std::size_t to) {
  BarColumns left;
  left.append(bars, 0, from);
  left.append(bars, to, bars.size());
  return left;
}

class BackfillTest : public ::testing::Test {
 protected:
  BackfillTest() { database_ = open_database(folder_.path()); }

  FillPlan plan(TimeRange range = kOctober) { return *backfill().plan(kAbc, Interval::Day, range); }
  ChunkOutcome fill(TimeRange range = kOctober) {
    auto outcome = testing::run_task(loop_, backfill().fill(kAbc, Interval::Day, range, Call{}));
    EXPECT_TRUE(outcome.has_value()) << outcome.error().detail();
    return std::move(*outcome);
  }
  std::size_t heal() { return *testing::run_task(loop_, backfill().heal(10, Call{})); }
  std::vector<store::BarGap> gaps() { return *database_->quality().gaps(kAbc); }
  Backfill backfill() { return Backfill{{clock_, *database_, pool_, prices_, crypto_}}; }

  testing::TempFolder folder_;
  ManualClock clock_{kNow};
  std::unique_ptr<store::Database> database_;
  net::BlockingPool pool_{1, 64};
  Fake first_{"first"};
  Fake second_{"second"};
  resilience::BreakerRegistry breakers_{clock_};
  routing::Desk desk_{{.clock = clock_, .breakers = breakers_}};
  routing::Chain prices_{routing::Operation::Bars, {&first_, &second_}, desk_, {}};
  routing::Chain crypto_{routing::Operation::Crypto, {}, desk_, {}};
  net::asio::io_context loop_;
};

TEST_F(BackfillTest, OnlyWhatIsMissingIsAskedFor) {
  const BarColumns bars = october();
  ASSERT_TRUE(database_->bars().write({kAbc, Interval::Day}, "import", without(bars, 3, 7)));
  first_.answer = reply_of(bars);
  const FillPlan before = plan();
  EXPECT_EQ(before.expected, 22U);
  EXPECT_EQ(before.missing, 4U);
  ASSERT_EQ(before.chunks.size(), 1U);
  const ChunkOutcome outcome = fill(before.chunks.front());
  EXPECT_EQ(outcome.written.inserted, 4U);
  EXPECT_EQ(outcome.provider, "first");
  EXPECT_EQ(plan().missing, 0U);
  EXPECT_TRUE(plan().chunks.empty());
}

TEST_F(BackfillTest, ALongRangeIsAskedForInChunks) {
  const FillPlan century = plan({at("1990-01-01"), at("2026-11-01")});
  EXPECT_EQ(century.missing, century.expected);
  EXPECT_EQ(century.chunks.size(), 2U);
  EXPECT_LT(century.chunks[0].end, century.chunks[1].start + std::chrono::nanoseconds{1});
  EXPECT_EQ(backfill().plan(kAbc, Interval::Second, kOctober).error().code(),
            ErrorCode::ValidationFailed);
  EXPECT_EQ(backfill().plan(kAbc, Interval::Day, {kNow, kNow}).error().code(),
            ErrorCode::ValidationFailed);
}

TEST_F(BackfillTest, TheRunningDayIsNotMissing) {
  EXPECT_EQ(plan({at("2026-11-20"), at("2026-11-25")}).missing, 0U);
  clock_.advance(hours{4});  // past the close in New York
  EXPECT_EQ(plan({at("2026-11-20"), at("2026-11-25")}).missing, 1U);
}

TEST_F(BackfillTest, WhatTwoVendorsLackHadNoTrades) {
  first_.answer = reply_of(without(october(), 5, 8));
  second_.answer = reply_of(without(october(), 6, 8));
  const ChunkOutcome outcome = fill();
  EXPECT_EQ(outcome.written.inserted, 20U) << "one came from the second vendor";
  EXPECT_EQ(outcome.no_trades, 2U);
  EXPECT_EQ(outcome.still_missing, 0U);
  ASSERT_EQ(gaps().size(), 1U);
  EXPECT_EQ(gaps()[0].state, store::GapState::NoTrades);
  EXPECT_EQ(gaps()[0].said_by, "second");
  EXPECT_EQ(plan().missing, 0U) << "and is not asked for again";
}

TEST_F(BackfillTest, WhatOneVendorLacksStaysOpenUntilItHeals) {
  first_.answer = reply_of(without(october(), 5, 8));
  second_.answer = fail(ErrorCode::ProviderUnavailable, "down");
  EXPECT_EQ(fill().still_missing, 3U);
  ASSERT_EQ(gaps().size(), 1U);
  EXPECT_EQ(gaps()[0].state, store::GapState::Open);
  EXPECT_EQ(heal(), 0U) << "it waits before it tries again";
  clock_.advance(hours{1});
  second_.answer = reply_of(october());
  EXPECT_EQ(heal(), 1U);
  ASSERT_EQ(gaps().size(), 1U);
  EXPECT_EQ(gaps()[0].state, store::GapState::Healed);
  EXPECT_EQ(gaps()[0].said_by, "second");
  EXPECT_EQ(plan().missing, 0U);
}

TEST_F(BackfillTest, PausesGrowWithAttempts) {
  first_.answer = reply_of(without(october(), 5, 8));
  second_.answer = fail(ErrorCode::ProviderUnavailable, "down");
  fill();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    clock_.advance(minutes{1} * (1 << attempt) - seconds{1});
    const int asked = first_.asked;
    heal();
    EXPECT_EQ(first_.asked, asked) << "too early for attempt " << attempt;
    clock_.advance(seconds{2});
    heal();
    EXPECT_GT(first_.asked, asked);
    EXPECT_EQ(gaps()[0].attempts, attempt + 1);
  }
}

TEST_F(BackfillTest, FewSessionsOfManySymbolsAreAskedForAsSessions) {
  const TimeRange two_days{at("2026-10-01"), at("2026-10-03")};
  std::vector<FillPlan> plans;
  for (const Symbol& symbol : {kAbc, kApple, *Symbol::parse("BROKEN")}) {
    plans.push_back(*backfill().plan(symbol, Interval::Day, two_days));
  }
  const auto sessions = [&](std::vector<FillPlan> of) {
    return *testing::run_task(loop_, backfill().fill_sessions(std::move(of), Call{}));
  };
  EXPECT_EQ(sessions(plans), 0U) << "no vendor can";
  first_.has_sessions = true;
  EXPECT_EQ(sessions(plans), 4U);
  EXPECT_EQ(first_.asked, 2);
  EXPECT_EQ(plan(two_days).missing, 0U);
  EXPECT_EQ(backfill().plan(plans[2].symbol, Interval::Day, two_days)->missing, 2U)
      << "a bar that breaks the contracts is not stored";
  const FillPlan month =
      *backfill().plan(kAbc, Interval::Day, {at("2026-09-01"), at("2026-10-01")});
  EXPECT_EQ(sessions({month}), 0U) << "21 sessions cost more than one request for the symbol";
}

TEST_F(BackfillTest, CoverageTellsMissingFromQuiet) {
  ASSERT_TRUE(database_->bars().write({kAbc, Interval::Day}, "import", without(october(), 3, 7)));
  auto coverage = *read_coverage(*database_, kAbc);
  ASSERT_EQ(coverage.size(), 1U);
  EXPECT_EQ(coverage[0].expected, 22U);
  EXPECT_EQ(coverage[0].missing, 4U);
  EXPECT_EQ(coverage[0].no_trades, 0U);
  ASSERT_EQ(coverage[0].gaps.size(), 1U);
  EXPECT_EQ(coverage[0].gaps[0].state, store::GapState::Open);
  // Both vendors lack the first two of the four.
  first_.answer = reply_of(without(october(), 3, 5));
  second_.answer = reply_of(without(october(), 3, 5));
  fill(coverage[0].gaps[0].range);
  coverage = *read_coverage(*database_, kAbc);
  EXPECT_EQ(coverage[0].missing, 2U);
  EXPECT_EQ(coverage[0].no_trades, 2U);
  ASSERT_EQ(coverage[0].gaps.size(), 1U);
  EXPECT_EQ(coverage[0].gaps[0].state, store::GapState::NoTrades);
  EXPECT_EQ(coverage[0].gaps[0].said_by, "second");
}

TEST_F(BackfillTest, GapsThatWaitDoNotKeepNewOnesFromBeingTried) {
  // Forty that were tried in vain and wait, older than the one that is due.
  std::vector<store::BarGap> waiting;
  for (int i = 0; i < 40; ++i) {
    const Timestamp day = at("2020-01-06") + std::chrono::days{14 * i};
    waiting.push_back({kApple,
                       Interval::Day,
                       {day, day + hours{24}},
                       store::GapState::Open,
                       kNow - hours{48},
                       kNow - hours{2},
                       9,
                       "first",
                       kNow + hours{6}});
  }
  ASSERT_TRUE(database_->quality().write_gaps(waiting));
  const Timestamp day = at("2026-10-05");
  const store::BarGap fresh{
      kAbc,    Interval::Day, {day, day + hours{24}}, store::GapState::Open, kNow, kNow, 0,
      "first", kNow};
  ASSERT_TRUE(database_->quality().write_gaps({&fresh, 1}));
  first_.answer = reply_of(october());
  EXPECT_EQ(heal(), 1U);
}

TEST_F(BackfillTest, ALongGapIsWorkedOffInPieces) {
  const TimeRange decades{at("1990-01-01"), at("2026-11-01")};
  const store::BarGap gap{kAbc, Interval::Day, decades, store::GapState::Open, kNow, kNow,
                          0,    "first",       kNow};
  ASSERT_TRUE(database_->quality().write_gaps({&gap, 1}));
  BarColumns all;
  for (const Timestamp day : expected_bars(Interval::Day, kAbc, decades)) {
    all.push_back({day, 10, 11, 9, 10, 100});
  }
  first_.answer = reply_of(all);
  EXPECT_EQ(heal(), 1U);
  const std::size_t after_one = all.size() - plan(decades).missing;
  EXPECT_EQ(after_one, kChunkPeriods);
  EXPECT_EQ(heal(), 1U) << "the rest is due at once";
  EXPECT_EQ(plan(decades).missing, 0U);
}

TEST_F(BackfillTest, WhoWasNotAskedHasNotTried) {
  first_.answer = reply_of(without(october(), 5, 8));
  second_.answer = fail(ErrorCode::ProviderUnavailable, "down");
  fill();
  clock_.advance(hours{1});
  first_.answer = fail(ErrorCode::ProviderQuota, "429");
  second_.answer = fail(ErrorCode::ProviderQuota, "429");
  EXPECT_EQ(heal(), 0U);
  EXPECT_EQ(gaps()[0].attempts, 1);
}

TEST_F(BackfillTest, NobodyAnswersMeansEachReason) {
  first_.answer = fail(ErrorCode::ProviderTimeout, "slow");
  second_.answer = fail(ErrorCode::NotEntitled, "plan");
  const auto outcome =
      testing::run_task(loop_, backfill().fill(kAbc, Interval::Day, kOctober, Call{}));
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code(), ErrorCode::ProviderUnavailable);
  EXPECT_EQ(outcome.error().fields().size(), 2U);
}

}  // namespace
}  // namespace ziggy::market
