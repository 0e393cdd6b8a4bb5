// Small cases that always run. The bars are made up; TA-Lib 0.4 computed the values that its
// functions cover (printed in full), the others follow by hand from the definitions, in rational
// arithmetic.
#include <gtest/gtest.h>

#include "ziggy/quant/bands.hpp"
#include "ziggy/quant/moving_averages.hpp"
#include "ziggy/quant/oscillators.hpp"
#include "ziggy/quant/trend.hpp"
#include "ziggy/quant/volatility.hpp"
#include "ziggy/quant/volume.hpp"

namespace ziggy::quant {
namespace {

using Column = std::vector<double>;

const BarColumns& bars() {
  static const BarColumns kBars = [] {
    BarColumns columns;
    columns.high = {10.5, 11.2, 11.0, 12.4, 12.9, 12.1, 11.7,
                    12.3, 13.6, 14.0, 13.2, 13.9, 15.1, 14.8};
    columns.low = {9.8,  10.1, 10.2, 10.9, 11.8, 11.0, 10.6,
                   11.1, 12.2, 12.9, 12.0, 12.5, 13.6, 13.9};
    columns.close = {10.1, 10.9, 10.4, 12.2, 12.0, 11.2, 11.5,
                     12.2, 13.4, 13.1, 12.3, 13.8, 14.2, 14.1};
    columns.volume = {900, 1200, 800,  1500, 1100, 1300, 700,
                      950, 1600, 1250, 1000, 1150, 1700, 1050};
    columns.open = columns.close;
    columns.time.resize(columns.close.size());
    return columns;
  }();
  return kBars;
}

Column column() { return Column(bars().size()); }

/// `expected` starts at bar `first`; before it there is nothing.
void expect_from(std::size_t first, const Column& expected, const Column& ours) {
  ASSERT_EQ(first + expected.size(), ours.size());
  for (std::size_t i = 0; i < first; ++i) EXPECT_TRUE(std::isnan(ours[i])) << i;
  for (std::size_t i = first; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i], expected[i - first], 1e-12 * std::max(1.0, std::abs(expected[i - first])))
        << i;
  }
}

TEST(MovingAverages, AsTalib) {
  Column ours = column();
  sma(bars().close, 4, ours);
  expect_from(3, {10.9, 11.375, 11.45, 11.725, 11.725, 12.075, 12.55, 12.75, 13.15, 13.35, 13.6},
              ours);
  ema(bars().close, 4, ours);
  expect_from(3,
              {10.9, 11.34, 11.284, 11.3704, 11.70224, 12.381344, 12.6688064, 12.52128384,
               13.032770304, 13.4996621824, 13.73979730944},
              ours);
  wma(bars().close, 4, ours);
  expect_from(3, {11.19, 11.63, 11.56, 11.58, 11.77, 12.44, 12.85, 12.75, 13.17, 13.59, 13.89},
              ours);
}

TEST(Sma, IsPandasRollingMeanToTheBit) {
  // Computed by pandas 1.5.3; sizes jump, signs change and a value repeats, so that every branch
  // counts.
  const Column values = {0.1, 0.2, 0.3, 1e8,  0.7,  -0.4, 0.1,   0.2,  0.3, 1.13, 1.12, 1.1,
                         1.1, 1.1, 1.1, 1e-9, -2.5, -2.5, -1e-9, -0.3, 7e5, 0.01, 0.02, 0.07};
  const Column three = {
      0x1.9999999999999p-3,  0x1.fca0558000000p+24, 0x1.fca055aaaaaabp+24, 0x1.fca0556eeeeefp+24,
      0x1.1111111111110p-3,  -0x1.1111111111111p-5, 0x1.999999999999bp-3,  0x1.162fc962fc963p-1,
      0x1.b333333333333p-1,  0x1.1dddddddddddfp+0,  0x1.1b4e81b4e81b5p+0,  0x1.199999999999ap+0,
      0x1.199999999999ap+0,  0x1.7777777a54798p-1,  -0x1.ddddddd823d9fp-2, -0x1.aaaaaaa93c29bp+0,
      -0x1.aaaaaaac192bbp+0, -0x1.dddddde0badfdp-1, 0x1.c7ba9ddddddd3p+17, 0x1.c7ba9e4b17e4cp+17,
      0x1.c7baabf258bf3p+17, 0x1.1111111111111p-5};
  const Column five = {
      0x1.312d00428f5c2p+24, 0x1.312d0028f5c29p+24, 0x1.312d0023d70a4p+24, 0x1.312d001eb851ep+24,
      0x1.70a3d70a3d70ap-3,  0x1.10624dd2f1a9fp-2,  0x1.23d70a3d70a3ep-1,  0x1.8a3d70a3d70a4p-1,
      0x1.e666666666666p-1,  0x1.1c28f5c28f5c3p+0,  0x1.1a9fbe76c8b44p+0,  0x1.c28f5c2aad90ap-1,
      0x1.47ae1481c07fdp-3,  -0x1.1eb851e9cd50bp-1, -0x1.8f5c28f5c28f6p-1, -0x1.0f5c28f5c28f6p+0,
      0x1.116f7851eb84bp+17, 0x1.116fb89374bc0p+17, 0x1.116ff916872aap+17, 0x1.116ffae147ae2p+17};
  for (const auto& [period, expected] : {std::pair{3u, three}, std::pair{5u, five}}) {
    Column ours(values.size());
    sma(values, period, ours);
    for (std::size_t i = period - 1; i < values.size(); ++i) {
      EXPECT_EQ(ours[i], expected[i + 1 - period]) << period << " " << i;
    }
  }
}

TEST(Ema, FirstValueSeedStartsAtTheFirstValue) {
  Ema average{3, EmaSeed::FirstValue};
  EXPECT_TRUE(std::isnan(average.push(1)));
  EXPECT_TRUE(std::isnan(average.push(2)));
  EXPECT_DOUBLE_EQ(average.push(3), 2.25);  // 1, 1.5, 2.25
}

TEST(Rsi, AsTalib) {
  Column ours = column();
  rsi(bars().close, 3, ours);
  expect_from(3,
              {83.87096774193549, 76.47058823529414, 50.0, 58.14889336016097, 73.35041639974375,
               86.22060284862538, 73.00007011147723, 45.247924905480005, 73.53971195900431,
               78.07201131295551, 73.35991553116527},
              ours);
  Rsi flat{2};
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(std::isnan(flat.push(5)));
  EXPECT_EQ(flat.push(5), 0.0);
}

TEST(Rsi, SimpleMethodTakesPlainMeans) {
  Rsi index{2, RsiMethod::Simple};
  index.push(10);
  index.push(12);
  EXPECT_DOUBLE_EQ(index.push(11), 100.0 * 2 / 3);  // gains 2, losses 1
  EXPECT_DOUBLE_EQ(index.push(12), 50.0);           // gains 1, losses 1
}

TEST(Macd, AsTalibWhereTheFastAverageStartsWithTheSlowOne) {
  Column line = column();
  Column signal = column();
  Column histogram = column();
  macd(bars().close, 3, 5, 3, {line, signal, histogram});
  expect_from(6,
              {0.26740740740740776, 0.2538888888888886, 0.3390123456790124, 0.35185699588477415,
               0.25131515775034374, 0.2778250743026988, 0.32464572854747853, 0.3199557557600476},
              signal);
  expect_from(
      6,
      {-0.09851851851851912, -0.013518518518519151, 0.08512345679012379, 0.012844650205761754,
       -0.1005418381344304, 0.026509916552355073, 0.04682065424477966, -0.0046899727874309405},
      histogram);
  EXPECT_NEAR(line[6], 0.16888888888888864, 1e-13);
  EXPECT_FALSE(std::isnan(line[4]));
  EXPECT_TRUE(std::isnan(line[3]));
}

TEST(Roc, AsTalib) {
  Column ours = column();
  roc(bars().close, 4, ours);
  expect_from(4,
              {18.811881188118807, 2.752293577981635, 10.576923076923084, 0.0, 11.66666666666667,
               16.964285714285722, 6.956521739130439, 13.11475409836067, 5.970149253731338,
               7.6335877862595325},
              ours);
}

TEST(Cci, AsTalib) {
  Column ours = column();
  cci(bars(), 4, ours);
  expect_from(3,
              {133.33333333333323, 85.71428571428567, -9.523809523809645, -82.92682926829258,
               31.746031746031584, 133.33333333333303, 77.55102040816334, -25.136612021857896,
               74.28571428571435, 130.95238095238096, 65.00000000000023},
              ours);
  Cci flat{2};
  flat.push(0.1, 0.1, 0.1);
  EXPECT_EQ(flat.push(0.1, 0.1, 0.1), 0.0);
}

TEST(Stochastic, ByHand) {
  Column k = column();
  Column d = column();
  stochastic(bars(), 4, 2, 3, {k, d});
  EXPECT_TRUE(std::isnan(k[3]) && std::isnan(d[5]));
  EXPECT_NEAR(k[4], 80.08241758241758, 1e-12);
  EXPECT_NEAR(k[8], 81.44927536231884, 1e-12);
  EXPECT_NEAR(k[13], 69.35483870967742, 1e-12);
  EXPECT_NEAR(d[6], 56.871081146443466, 1e-12);
  EXPECT_NEAR(d[13], 71.84278828327771, 1e-12);
}

TEST(Atr, AsTalib) {
  Column ours = column();
  atr(bars(), 3, ours);
  expect_from(3,
              {1.3, 1.2333333333333332, 1.1888888888888887, 1.159259259259259, 1.1728395061728396,
               1.2485596707818931, 1.199039780521262, 1.1993598536808412, 1.3329065691205606,
               1.3886043794137073, 1.2257362529424716},
              ours);
  atr(bars(), 3, ours, FirstRange::HighLow);
  EXPECT_TRUE(std::isnan(ours[1]));
  EXPECT_NEAR(ours[2], 0.8666666666666667, 1e-13);
}

TEST(Adx, AsTalib) {
  Column line = column();
  Column plus = column();
  Column minus = column();
  adx(bars(), 3, {line, plus, minus});
  expect_from(3,
              {57.14285714285714, 53.22033898305085, 35.40022547914318, 23.56472795497186,
               32.91292747999034, 55.82815192149223, 49.78244871083109, 33.006617074277315,
               37.33207705406778, 52.75667583483904, 39.80575274046521},
              plus);
  expect_from(3,
              {0.0, 0.0, 24.351747463359665, 28.3677298311445, 18.336162988115465,
               11.326691137912961, 7.808606509754313, 30.450954040010643, 18.190906719986106,
               11.61483227713649, 8.763576067473815},
              minus);
  expect_from(5,
              {72.83018867924527, 51.63631075726179, 43.90519786404612, 51.359112518061345,
               58.53359896248103, 40.36485169521496, 38.40134067043354, 46.90526935699888,
               52.57455514804244},
              line);
}

TEST(Bollinger, AsTalib) {
  Column upper = column();
  Column middle = column();
  Column lower = column();
  bollinger(bars().close, {.period = 4, .up = 2.0, .down = 1.5}, {upper, middle, lower});
  EXPECT_TRUE(std::isnan(upper[2]) && std::isnan(middle[2]) && std::isnan(lower[2]));
  EXPECT_NEAR(upper[3], 12.50623784042093, 1e-12);
  EXPECT_NEAR(upper[4], 12.874166435056512, 1e-12);
  EXPECT_NEAR(lower[3], 9.6953216196843, 1e-12);
  EXPECT_NEAR(lower[5], 10.381414486341882, 1e-12);
  EXPECT_NEAR(middle[5], 11.45, 1e-12);
}

TEST(Donchian, WithAndWithoutTheCurrentBar) {
  Column upper = column();
  Column middle = column();
  Column lower = column();
  donchian(bars(), 4, {upper, middle, lower});
  EXPECT_EQ(upper[6], 12.9);
  EXPECT_EQ(lower[6], 10.6);
  EXPECT_EQ(middle[6], 11.75);
  donchian(bars(), 4, {upper, middle, lower}, DonchianSpan::Previous);
  EXPECT_TRUE(std::isnan(upper[3]));
  EXPECT_EQ(upper[7], 12.9);
  EXPECT_EQ(lower[7], 10.6);
}

TEST(Keltner, ByHand) {
  Column upper = column();
  Column middle = column();
  Column lower = column();
  keltner(bars(), 5, 2.0, 3, {upper, middle, lower});
  EXPECT_TRUE(std::isnan(upper[3]));
  EXPECT_NEAR(upper[4], 13.586666666666666, 1e-12);
  EXPECT_NEAR(lower[4], 8.653333333333334, 1e-12);
  EXPECT_NEAR(upper[13], 16.033342139578995, 1e-12);
  EXPECT_NEAR(middle[13], 13.581869633694051, 1e-12);
}

TEST(Supertrend, TurnsWhenACloseBreaksTheBand) {
  Column line = column();
  Column direction = column();
  supertrend(bars(), 3, 0.5, {line, direction});
  expect_from(3,
              {11.0, 11.733333333333333, 12.144444444444444, 11.72962962962963, 11.11358024691358,
               12.275720164609053, 12.850480109739369, 13.199679926840421, 12.53354671543972,
               13.655697810293146, 13.737131873528764},
              line);
  expect_from(3, {1, 1, -1, -1, 1, 1, 1, -1, 1, 1, 1}, direction);
}

TEST(StandardDeviation, AndZScoreOfTheLastFour) {
  Column ours = column();
  standard_deviation(bars().close, 4, ours);
  EXPECT_NEAR(ours[3], 0.8031189202104657, 1e-12);  // TA-Lib's STDDEV
  EXPECT_NEAR(ours[13], 0.7648529270389177, 1e-12);
  z_score(bars().close, 4, ours);
  EXPECT_NEAR(ours[13], 0.6537204504606134, 1e-12);
  ZScore flat{3};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(std::isnan(flat.push(0.1)));
}

TEST(RealisedVolatility, ByHand) {
  Column ours = column();
  realised_volatility(bars().close, 4, 252, ours);
  EXPECT_TRUE(std::isnan(ours[3]));
  EXPECT_FALSE(std::isnan(ours[4]));
  EXPECT_NEAR(ours[13], 1.1852884757865982, 1e-12);
}

TEST(Obv, AsTalib) {
  Column ours = column();
  obv(bars(), ours);
  EXPECT_EQ(ours, (Column{900, 2100, 1300, 2800, 1700, 400, 1100, 2050, 3650, 2400, 1400, 2550,
                          4250, 3200}));
  obv(bars(), ours, ObvStart::Zero);
  EXPECT_EQ(ours[1], 1200);
}

TEST(Vwap, ByHand) {
  Column ours = column();
  vwap(bars(), ours);
  EXPECT_NEAR(ours[0], 10.133333333333333, 1e-12);
  EXPECT_NEAR(ours[1], 10.476190476190476, 1e-12);
  EXPECT_NEAR(ours[13], 12.372222222222222, 1e-12);
  rolling_vwap(bars(), 3, ours);
  EXPECT_TRUE(std::isnan(ours[1]));
  EXPECT_NEAR(ours[13], 14.025641025641026, 1e-12);
  Vwap session;
  EXPECT_TRUE(std::isnan(session.push({{}, 1, 1, 1, 1, 0})));
  session.push({{}, 4, 4, 4, 4, 10});
  session.reset();
  EXPECT_EQ(session.push({{}, 7, 7, 7, 7, 10}), 7.0);
}

}  // namespace
}  // namespace ziggy::quant
