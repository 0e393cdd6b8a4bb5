#include <algorithm>
#include <chrono>

#include "stores.hpp"

namespace ziggy::store {
namespace {

using namespace std::chrono_literals;
using Bars = StoreTest;

ZIGGY_ON_BOTH_ENGINES(Bars);

#define ASSERT_OK(result) ASSERT_TRUE(result) << (result).error().detail()

TEST_P(Bars, ComeBackAsTheyWere) {
  const BarColumns written = some_bars(5'000);
  const auto outcome = bars().write(key_of("GOOG"), "file", written);
  ASSERT_OK(outcome);
  EXPECT_EQ(*outcome, (WriteOutcome{.inserted = 5'000}));
  reopen();
  const auto read = bars().read(key_of("GOOG"), kAllTime);
  ASSERT_OK(read);
  EXPECT_EQ(read->bars, written);
  EXPECT_EQ(read->runs, (std::vector<SourceRun>{{0, "file"}}));
  EXPECT_EQ(read->source, "file");
  EXPECT_FALSE(read->more);
  EXPECT_GT(read->version, 0U);
}

TEST_P(Bars, OfAnUnknownKeyAreNone) {
  const auto read = bars().read(key_of("NONE"), kAllTime);
  ASSERT_OK(read);
  EXPECT_TRUE(read->bars.empty());
  EXPECT_EQ(read->version, 0U);
  EXPECT_EQ(bars().version(key_of("NONE")), 0U);
  const auto coverage = bars().coverage(key_of("NONE"));
  ASSERT_OK(coverage);
  EXPECT_FALSE(coverage->has_value());
}

TEST_P(Bars, WrittenAgainChangeNothingAndSaySo) {
  const BarColumns written = some_bars(3'000);
  ASSERT_OK(bars().write(key_of("GOOG"), "file", written));
  const auto version = bars().version(key_of("GOOG"));
  for (const char* source : {"file", "polygon"}) {
    const auto again = bars().write(key_of("GOOG"), source, written);
    ASSERT_OK(again);
    EXPECT_EQ(*again, (WriteOutcome{.unchanged = 3'000}));
  }
  EXPECT_EQ(bars().version(key_of("GOOG")), version);
  EXPECT_EQ(bars().read(key_of("GOOG"), kAllTime)->runs, (std::vector<SourceRun>{{0, "file"}}));
}

TEST_P(Bars, NewestWriteWinsWithItsSource) {
  const BarColumns first = some_bars(100);
  ASSERT_OK(bars().write(key_of("GOOG"), "file", first));
  BarColumns second;
  second.append(first, 40, 60);
  for (double& volume : second.volume) volume += 1;
  const auto outcome = bars().write(key_of("GOOG"), "polygon", second);
  ASSERT_OK(outcome);
  EXPECT_EQ(*outcome, (WriteOutcome{.replaced = 20}));
  const auto read = bars().read(key_of("GOOG"), kAllTime);
  ASSERT_OK(read);
  EXPECT_EQ(read->runs, (std::vector<SourceRun>{{0, "file"}, {40, "polygon"}, {60, "file"}}));
  EXPECT_EQ(read->bars.volume[40], second.volume[0]);
  EXPECT_EQ(read->bars.close, first.close);
}

TEST_P(Bars, OneAtATimeGrowATailThatBecomesABlock) {
  const BarColumns written = some_bars(700, "2020-01-01", 1min);
  for (std::size_t i = 0; i < written.size(); ++i) {
    BarColumns one;
    one.append(written, i, i + 1);
    const auto outcome = bars().write(key_of("SPY", Interval::Minute), "sim", one);
    ASSERT_OK(outcome);
    EXPECT_EQ(*outcome, (WriteOutcome{.inserted = 1}));
  }
  const auto read = bars().read(key_of("SPY", Interval::Minute), kAllTime);
  ASSERT_OK(read);
  EXPECT_EQ(read->bars, written);
  const auto checked = database().check();
  ASSERT_OK(checked);
  for (const CheckLine& line : *checked) EXPECT_TRUE(line.ok) << line.name << ": " << line.detail;
  const auto coverage = bars().coverage(key_of("SPY", Interval::Minute));
  ASSERT_OK(coverage);
  ASSERT_TRUE(*coverage);
  EXPECT_EQ((*coverage)->count, 700U);
  EXPECT_EQ((*coverage)->first, written.time_at(0));
  EXPECT_EQ((*coverage)->last, written.time_at(699));
  EXPECT_EQ((*coverage)->sources, std::vector<std::string>{"sim"});
}

TEST_P(Bars, OfARangeWithALimit) {
  const BarColumns written = some_bars(20'000, "1950-01-01");
  const BarKey key = key_of("SPX");
  ASSERT_OK(bars().write(key, "file", written));
  const TimeRange range{written.time_at(1'234), written.time_at(17'654)};
  struct Case {
    std::size_t limit;
    Take take;
    std::size_t from;
    std::size_t to;
    bool more;
  };
  for (const Case& expected :
       {Case{0, Take::First, 1'234, 17'654, false}, Case{1, Take::First, 1'234, 1'235, true},
        Case{5'000, Take::First, 1'234, 6'234, true},
        Case{16'419, Take::First, 1'234, 17'653, true},
        Case{16'420, Take::First, 1'234, 17'654, false},
        Case{100'000, Take::Last, 1'234, 17'654, false},
        Case{5'000, Take::Last, 12'654, 17'654, true}, Case{1, Take::Last, 17'653, 17'654, true}}) {
    const auto read = bars().read(key, range, expected.limit, expected.take);
    ASSERT_OK(read);
    BarColumns slice;
    slice.append(written, expected.from, expected.to);
    EXPECT_EQ(read->bars, slice) << expected.limit;
    EXPECT_EQ(read->more, expected.more) << expected.limit;
    EXPECT_EQ(read->runs.size(), 1U);
  }
  EXPECT_TRUE(bars().read(key, {range.end, range.start})->bars.empty());
  EXPECT_TRUE(bars().read(key, {range.start, range.start})->bars.empty());
}

TEST_P(Bars, BigWritesReportEachStoredChunk) {
  const BarColumns written = some_bars(200'000, "2020-01-01", 1min);
  const BarKey key = key_of("SPY", Interval::Minute);
  std::vector<std::size_t> reported;
  const auto outcome = bars().write(key, "file", written, [&](std::size_t stored) {
    reported.push_back(stored);
    EXPECT_EQ(bars().coverage(key)->value().count, stored);
  });
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome->inserted, 200'000U);
  EXPECT_GE(reported.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(reported));
  EXPECT_EQ(reported.back(), 200'000U);
  EXPECT_EQ(bars().read(key, kAllTime)->bars, written);
}

TEST_P(Bars, WrongOnesAreRefusedBeforeAnythingIsStored) {
  BarColumns wrong = some_bars(100);
  wrong.high[99] = wrong.low[99] - 1;
  const auto refused = bars().write(key_of("GOOG"), "file", wrong);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::ValidationFailed);
  EXPECT_EQ(bars().write(key_of("GOOG"), "No Source", some_bars(1)).error().code(),
            ErrorCode::ValidationFailed);
  EXPECT_TRUE(bars().keys()->empty());
  EXPECT_EQ(*bars().write(key_of("GOOG"), "file", {}), WriteOutcome{});
}

TEST_P(Bars, TooDenseForTheirIntervalAreRefused) {
  const auto refused =
      bars().write(key_of("GOOG", Interval::Second), "file", some_bars(70'000, "2020-01-01", 1ms));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::ValidationFailed);
  EXPECT_TRUE(bars().keys()->empty());
}

TEST_P(Bars, OfManyKeysInOneTransaction) {
  const BarColumns a = some_bars(3, "2020-01-01", 24h, 1);
  const BarColumns b = some_bars(90, "2020-01-01", 24h, 2);
  const std::vector<BarWrite> writes{{key_of("MSFT"), "sim", &b}, {key_of("AAPL"), "sim", &a}};
  const auto outcome = bars().write_batch(writes);
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome->inserted, 93U);
  EXPECT_EQ(*bars().keys(), (std::vector<BarKey>{key_of("AAPL"), key_of("MSFT")}));
  EXPECT_EQ(bars().read(key_of("MSFT"), kAllTime)->bars, b);

  BarColumns wrong = some_bars(2);
  wrong.low[1] = -1;
  const BarColumns more = some_bars(5, "2021-01-01");
  const std::vector<BarWrite> mixed{{key_of("AAPL"), "sim", &more},
                                    {key_of("MSFT"), "sim", &wrong}};
  EXPECT_FALSE(bars().write_batch(mixed));
  EXPECT_EQ(bars().read(key_of("AAPL"), kAllTime)->bars, a);
}

TEST_P(Bars, CoverageListsEveryIntervalOfASymbol) {
  ASSERT_OK(bars().write(key_of("SPY", Interval::Hour), "sim", some_bars(10, "2020-01-01", 1h)));
  ASSERT_OK(bars().write(key_of("SPY"), "file", some_bars(4'000, "2000-01-01")));
  ASSERT_OK(bars().write(key_of("SPY"), "yahoo", some_bars(10, "2015-01-01")));
  ASSERT_OK(bars().write(key_of("QQQ"), "sim", some_bars(10)));
  const auto all = bars().coverage(key_of("SPY").symbol);
  ASSERT_OK(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].key, key_of("SPY", Interval::Hour));
  EXPECT_EQ((*all)[1].count, 4'010U);
  EXPECT_EQ((*all)[1].sources, (std::vector<std::string>{"file", "yahoo"}));
}

TEST_P(Bars, VersionChangesWithTheBarsAndOthersSeeIt) {
  auto other = open_migrated(url_);
  const BarKey key = key_of("GOOG");
  EXPECT_EQ(other->bars().version(key), 0U);
  ASSERT_OK(bars().write(key, "file", some_bars(10)));
  const auto first = bars().version(key);
  EXPECT_GT(first, 0U);
  ASSERT_OK(other->bars().refresh_versions());
  EXPECT_EQ(other->bars().version(key), first);

  ASSERT_OK(bars().write(key_of("AAPL"), "file", some_bars(10)));
  EXPECT_EQ(bars().version(key), first);
  ASSERT_OK(bars().write(key, "file", some_bars(10, "2010-01-01")));
  EXPECT_GT(bars().version(key), first);
  EXPECT_EQ(bars().read(key, kAllTime)->version, bars().version(key));

  // Nobody asks: the other process finds out by itself.
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (other->bars().version(key) != bars().version(key)) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::sleep_for(10ms);
  }
}

TEST_P(Bars, ConstraintsHoldInTheDatabaseItself) {
  ASSERT_OK(bars().write(key_of("GOOG"), "file", some_bars(10)));
  for (const char* sql :
       {"UPDATE market_data_tail SET low = -1", "UPDATE market_data_tail SET high = low - 1",
        "UPDATE market_data_tail SET close = NULL", "UPDATE market_data_tail SET volume = -1",
        "UPDATE market_data_tail SET series_id = 99", "UPDATE market_data SET interval = '2d'",
        "UPDATE market_data SET symbol = 'NOBODY'", "UPDATE symbols SET asset_class = 'bond'",
        "INSERT INTO market_data_tail SELECT * FROM market_data_tail",
        "INSERT INTO market_data_blocks (series_id, period, first_time, last_time, bar_count,"
        " low_min, high_max, volume_min, sources, payload) SELECT id, 0, 2, 1, 1, 1, 1, 1, 'a', ''"
        " FROM market_data"}) {
    const std::string guarded =
        GetParam() == On::Sqlite ? std::string{"PRAGMA foreign_keys=ON;"} + sql : sql;
    EXPECT_ANY_THROW(run_sql(guarded)) << sql;
  }
}

}  // namespace
}  // namespace ziggy::store
