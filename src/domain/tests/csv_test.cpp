#include "ziggy/domain/csv.hpp"

#include <gtest/gtest.h>

namespace ziggy {
namespace {

TEST(Csv, ReadsDailyBars) {
  const BarFile file =
      read_csv_bars(",Open,High,Low,Close,Volume\n2004-08-19,100,104.06,95.96,100.34,22351900\n");
  ASSERT_TRUE(file.is_clean()) << describe(file.problems.front());
  ASSERT_EQ(file.bars.size(), 1);
  EXPECT_EQ(file.bars.close[0], 100.34);
  EXPECT_EQ(to_rfc3339(file.bars.time_at(0)), "2004-08-19T00:00:00Z");
}

}  // namespace
}  // namespace ziggy
