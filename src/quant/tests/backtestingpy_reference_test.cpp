// The bars on which backtesting.py 0.6.6 entered, against the decisions that lead there: an entry
// at the open of bar t + 1 was decided at the close of bar t.
#include <gtest/gtest.h>

#include <algorithm>

#include "reference_files.hpp"
#include "ziggy/quant/strategies.hpp"

namespace ziggy::quant {
namespace {

struct Run {
  const char* name;
  double fast;
  double slow;
  bool long_only;
  /// The last trade is still open at the end and so not in the file.
  bool open_at_end;
};

class BacktestingPy : public ::testing::TestWithParam<Run> {};

TEST_P(BacktestingPy, EntersOnTheBarsAfterOurDecisions) {
  ZIGGY_NEEDS_REFERENCE_DATA();
  BarColumns bars;
  const auto closes = testing::Table{"ohlcv/backtestingpy/GOOG.csv"}.numbers("Close");
  for (const double close : closes) bars.push_back({{}, close, close, close, close, 0});
  const auto call =
      check_parameters("sma_cross", {{"fast", GetParam().fast}, {"slow", GetParam().slow}});
  ASSERT_TRUE(call.has_value());
  const SignalColumn signals = decide(*call, bars);
  std::vector<std::pair<double, bool>> ours;  // bar of entry, whether long
  for (std::size_t i = 0; i + 1 < bars.size(); ++i) {
    const bool is_long = signals.targets[i] == Target::Long;
    if (!is_long && (signals.targets[i] != Target::Short || GetParam().long_only)) continue;
    ours.emplace_back(static_cast<double>(i + 1), is_long);
  }

  const testing::Table trades{std::string{"references/backtestingpy/generated/"} + GetParam().name +
                              ".trades.csv"};
  const auto entries = trades.numbers("EntryBar");
  const auto sizes = trades.numbers("Size");
  std::vector<std::pair<double, bool>> theirs;
  for (std::size_t i = 0; i < entries.size(); ++i) theirs.emplace_back(entries[i], sizes[i] > 0);
  std::ranges::sort(theirs);
  if (GetParam().open_at_end) ours.pop_back();
  EXPECT_GT(theirs.size(), 40u);
  EXPECT_EQ(ours, theirs);
}

INSTANTIATE_TEST_SUITE_P(Goog, BacktestingPy,
                         ::testing::Values(Run{"A_unit_test_sma_10_30", 10, 30, false, false},
                                           Run{"B_readme_sma_10_20_commission", 10, 20, false,
                                               true},
                                           Run{"C_long_only_10_20", 10, 20, true, false}),
                         [](const auto& run) { return std::string{run.param.name}; });

}  // namespace
}  // namespace ziggy::quant
