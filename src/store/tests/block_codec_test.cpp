#include "block_codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>

namespace ziggy::store {
namespace {

BarColumns columns_of(const std::vector<std::int64_t>& times, const std::vector<double>& values) {
  BarColumns bars;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double value = values[i % values.size()];
    bars.push_back(
        {Timestamp{std::chrono::nanoseconds{times[i]}}, value, value, value, value, value});
  }
  return bars;
}

/// Packs, unpacks and compares; returns the packed size.
std::size_t round_trip(const BarColumns& bars) {
  const std::vector<std::string> names{"file", "sim"};
  const std::vector<SourceRun> runs{{0, "sim"}};
  const std::string payload = pack_block(bars, 0, bars.size(), runs, names);
  BarColumns back;
  std::vector<SourceRun> runs_back;
  const auto unpacked = unpack_block(payload, names, back, runs_back);
  EXPECT_TRUE(unpacked) << unpacked.error().detail();
  EXPECT_EQ(back, bars);
  EXPECT_EQ(runs_back, runs);
  return payload.size();
}

constexpr std::int64_t kDay = 86'400'000'000'000;

TEST(BlockCodec, PacksDailyPricesToLessThanHalf) {
  BarColumns bars;
  for (int i = 0; i < 2000; ++i) {
    const double cents = 10'000 + std::round(1000 * std::sin(i * 0.01));
    bars.push_back({Timestamp{std::chrono::nanoseconds{i * kDay}}, cents / 100, (cents + 125) / 100,
                    (cents - 75) / 100, (cents + 50) / 100, 1e6 + i * 977});
  }
  EXPECT_LT(round_trip(bars), 2000 * 20);
}

TEST(BlockCodec, KeepsWhatDoesNotFitADecimalScale) {
  const std::vector<std::int64_t> times{-7, 0, 1, 4'000'000'000'000'000'000};
  round_trip(columns_of(times, {0.1 + 0.2, 1.0 / 3, 1e-300, 5e-324}));
  round_trip(columns_of(times, {1e300, 1.7976931348623157e308, 2.0, 1e16 + 2}));
  round_trip(columns_of(times, {9007199254740993.0, 0.0000000001, 12345678.12345678}));
  round_trip(columns_of(times, {0.01, 2251799813685247.0}));
  round_trip(columns_of({42}, {98.0}));
}

TEST(BlockCodec, EveryWidthComesBack) {
  for (const std::int64_t span :
       {0LL, 255LL, 256LL, 65'535LL, 65'536LL, 4'294'967'295LL, 4'294'967'296LL}) {
    const auto most = static_cast<double>(span) + 7;
    round_trip(columns_of({0, 1, span + 2}, {7, most, 8}));
    round_trip(columns_of({0, kDay, kDay * (span / 100'000 + 2)}, {0.07, most / 100, 0.08}));
  }
}

RC_GTEST_PROP(BlockCodec, AnyDoublesComeBackEqual, ()) {
  const auto bits = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<std::uint64_t>>());
  std::vector<double> values;
  std::vector<std::int64_t> times;
  std::int64_t time = *rc::gen::arbitrary<std::int32_t>();
  for (const std::uint64_t pattern : bits) {
    double value = 0;
    std::memcpy(&value, &pattern, sizeof value);
    values.push_back(std::isfinite(value) ? value : 1.5);
    times.push_back(time);
    time += 1 + static_cast<std::int64_t>(pattern % 1'000'000'007);
  }
  round_trip(columns_of(times, values));
}

RC_GTEST_PROP(BlockCodec, AnyDecimalsComeBackEqual, ()) {
  const auto cents = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<std::int32_t>>());
  const double scale = std::pow(10, *rc::gen::inRange(0, 11));
  std::vector<double> values;
  std::vector<std::int64_t> times;
  for (const std::int32_t cent : cents) {
    values.push_back(std::abs(static_cast<double>(cent)) / scale);
    times.push_back(static_cast<std::int64_t>(times.size()) * kDay);
  }
  round_trip(columns_of(times, values));
}

TEST(BlockCodec, KeepsSourcesAndJoinsEqualNeighboursOfTwoBlocks) {
  const std::vector<std::string> names{"a", "b"};
  const BarColumns bars = columns_of({1, 2, 3, 4}, {5});
  const std::vector<SourceRun> first{{0, "a"}, {1, "b"}};
  const std::vector<SourceRun> second{{0, "b"}, {1, "a"}};
  BarColumns back;
  std::vector<SourceRun> runs;
  ASSERT_TRUE(unpack_block(pack_block(bars, 0, 2, first, names), names, back, runs));
  ASSERT_TRUE(unpack_block(pack_block(bars, 2, 4, second, names), names, back, runs));
  EXPECT_EQ(back, bars);
  EXPECT_EQ(runs, (std::vector<SourceRun>{{0, "a"}, {1, "b"}, {3, "a"}}));
}

// Whatever a broken disk makes of a block, reading it ends in a value or an error, and an error
// leaves what was read before as it was.
RC_GTEST_PROP(BlockCodec, DamagedBlocksAreRefusedOrReadSafely, ()) {
  const std::vector<std::string> names{"a", "b"};
  const BarColumns bars = columns_of({1, 20, 300, 4'000}, {5, 6.25, 7.125, 1.0 / 3});
  std::string payload = pack_block(bars, 0, 4, std::vector<SourceRun>{{0, "a"}, {2, "b"}}, names);
  const auto at = *rc::gen::inRange<std::size_t>(0, payload.size());
  payload[at] = static_cast<char>(*rc::gen::arbitrary<std::uint8_t>());
  payload.resize(*rc::gen::inRange<std::size_t>(0, payload.size() + 1));
  BarColumns back = bars;
  std::vector<SourceRun> runs{{0, "a"}};
  if (!unpack_block(payload, names, back, runs)) {
    RC_ASSERT(back == bars);
    RC_ASSERT(runs.size() == 1U);
  }
}

TEST(BlockCodec, RefusesWhatIsNoBlock) {
  const std::vector<std::string> names{"a"};
  BarColumns bars;
  std::vector<SourceRun> runs;
  const std::string good =
      pack_block(columns_of({1, 2}, {5}), 0, 2, std::vector<SourceRun>{{0, "a"}}, names);
  EXPECT_FALSE(unpack_block("", names, bars, runs));
  EXPECT_FALSE(unpack_block(std::string(200, '\0'), names, bars, runs));
  EXPECT_FALSE(unpack_block(good + "x", names, bars, runs));
  EXPECT_FALSE(unpack_block(good.substr(0, good.size() - 1), names, bars, runs));
  EXPECT_FALSE(unpack_block(good, {}, bars, runs));
  EXPECT_TRUE(unpack_block(good, names, bars, runs));
}

}  // namespace
}  // namespace ziggy::store
