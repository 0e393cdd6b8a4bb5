#include "sourced_bars.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace ziggy::store {
namespace {

Bar bar_at(std::int64_t time, double price) {
  return {Timestamp{std::chrono::nanoseconds{time}}, price, price, price, price, 1};
}

using Model = std::map<std::int64_t, std::pair<double, std::string>>;

SourcedBars bars_of(const Model& model) {
  SourcedBars bars;
  for (const auto& [time, row] : model) bars.push_back(bar_at(time, row.first), row.second);
  return bars;
}

Model model_of(const SourcedBars& bars) {
  Model model;
  RunCursor sources{bars.runs};
  for (std::size_t i = 0; i < bars.size(); ++i) {
    model[bars.bars.time[i]] = {bars.bars.close[i], std::string{sources.at(i)}};
  }
  return model;
}

Model some_rows() {
  Model model;
  for (const auto& [time, price] : *rc::gen::arbitrary<std::map<std::uint8_t, bool>>()) {
    model[time % 40] = {price ? 1.5 : 2.5, *rc::gen::element<std::string>("a", "b")};
  }
  return model;
}

RC_GTEST_PROP(SourcedBars, MergeIsAMapUpdateThatKeepsEqualRows, ()) {
  const Model stored = some_rows();
  const Model incoming = some_rows();
  Model expected = stored;
  WriteOutcome counted;
  Model changed;
  for (const auto& [time, row] : incoming) {
    const auto found = expected.find(time);
    if (found != expected.end() && found->second.first == row.first) {
      ++counted.unchanged;
      continue;
    }
    ++(found == expected.end() ? counted.inserted : counted.replaced);
    expected[time] = row;
    changed[time] = row;
  }
  WriteOutcome outcome;
  const SourcedBars merged = merge(bars_of(stored), bars_of(incoming), outcome);
  RC_ASSERT(model_of(merged) == expected);
  RC_ASSERT(outcome == counted);
  RC_ASSERT(model_of(differing(bars_of(stored), bars_of(incoming))) == changed);
  for (std::size_t i = 1; i < merged.runs.size(); ++i) {
    RC_ASSERT(merged.runs[i - 1].source != merged.runs[i].source);
  }
}

RC_GTEST_PROP(SourcedBars, AppendTakesAPartWithItsSources, ()) {
  const SourcedBars all = bars_of(some_rows());
  const auto from = *rc::gen::inRange<std::size_t>(0, all.size() + 1);
  const auto to = *rc::gen::inRange<std::size_t>(from, all.size() + 1);
  SourcedBars joined;
  joined.append(all, 0, from);
  joined.append(all, from, to);
  joined.append(all, to, all.size());
  RC_ASSERT(joined.bars == all.bars);
  RC_ASSERT(joined.runs == all.runs);
}

TEST(SourcedBars, RefusesWhatNoDatabaseShouldHold) {
  const auto refused = [](auto change) {
    BarColumns bars;
    for (int i = 0; i < 3; ++i) bars.push_back(bar_at(i, 10));
    change(bars);
    const auto checked = check_storable(bars);
    return !checked && checked.error().code() == ErrorCode::ValidationFailed;
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(refused([](BarColumns&) {}));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.time[2] = bars.time[1]; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.time[2] = -5; }));
  EXPECT_TRUE(
      refused([](BarColumns& bars) { bars.time[2] = std::numeric_limits<std::int64_t>::max(); }));
  EXPECT_TRUE(
      refused([](BarColumns& bars) { bars.time[0] = std::numeric_limits<std::int64_t>::min(); }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.high[1] = 9; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.close[1] = 0; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.open[1] = -1; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.low[1] = kNan; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.high[1] = kInfinity; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.volume[1] = -1; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.volume[1] = kNan; }));
  EXPECT_TRUE(refused([](BarColumns& bars) { bars.volume.pop_back(); }));
}

TEST(SourcedBars, SourcesHaveNamesThatFitAList) {
  for (const char* good : {"file", "sim", "polygon:v2", "a", "x_1.y-z"})
    EXPECT_TRUE(check_source(good));
  for (const char* bad : {"", "a,b", "File", "a b", "ä", "0123456789012345678901234567890123"}) {
    EXPECT_FALSE(check_source(bad)) << bad;
  }
}

}  // namespace
}  // namespace ziggy::store
