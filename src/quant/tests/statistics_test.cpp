#include "ziggy/quant/statistics.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace ziggy::quant {
namespace {

using Values = std::vector<double>;

TEST(Statistics, MomentsByHand) {
  const Values values = {2, 4, 4, 4, 5, 5, 7, 9};
  EXPECT_EQ(sum(values), 40);
  EXPECT_EQ(mean(values), 5);
  EXPECT_EQ(variance(values, Freedom::Population), 4);
  EXPECT_NEAR(variance(values, Freedom::Sample), 32.0 / 7, 1e-15);
  EXPECT_EQ(standard_deviation(values, Freedom::Population), 2);
  EXPECT_NEAR(skewness(values), 0.65625, 1e-14);
  EXPECT_NEAR(excess_kurtosis(values), -0.21875, 1e-14);
  EXPECT_NEAR(covariance(values, Values{1, 2, 3, 4, 5, 6, 7, 8}, Freedom::Sample), 34.0 / 7, 1e-14);
}

TEST(Statistics, TooFewValuesGiveNothing) {
  EXPECT_TRUE(std::isnan(mean({})));
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
  EXPECT_TRUE(std::isnan(variance(Values{1}, Freedom::Sample)));
  EXPECT_EQ(variance(Values{1}, Freedom::Population), 0);
  EXPECT_TRUE(std::isnan(skewness(Values{3, 3, 3})));
}

TEST(Statistics, LargeOffsetsLoseNoDigits) {
  const Values values = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
  EXPECT_EQ(variance(values, Freedom::Sample), 30);
  EXPECT_EQ(sum(Values{1, 1e100, 1, -1e100}), 2);
}

TEST(Statistics, QuantilesAsNumpy) {
  const Values values = {3, 1, 4, 1, 5, 9, 2, 6};
  EXPECT_EQ(quantile(values, 0), 1);
  EXPECT_EQ(quantile(values, 1), 9);
  EXPECT_EQ(quantile(values, 0.5), 3.5);
  EXPECT_NEAR(quantile(values, 0.05), 1.0, 1e-15);
  EXPECT_NEAR(quantile(values, 0.9), 6.9, 1e-14);
}

TEST(Statistics, NormalDistribution) {
  EXPECT_EQ(normal_cdf(0), 0.5);
  EXPECT_NEAR(normal_cdf(1.959963984540054), 0.975, 1e-15);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-10), -6.361340902404056, 1e-12);
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_TRUE(std::isinf(normal_quantile(0)) && std::isinf(normal_quantile(1)));
  EXPECT_TRUE(std::isnan(normal_quantile(1.5)));
}

TEST(Statistics, QuantileInvertsTheDistribution) {
  EXPECT_TRUE(rc::check([] {
    const double p = *rc::gen::inRange(1, 1'000'000) / 1e6;
    RC_ASSERT(std::abs(normal_cdf(normal_quantile(p)) - p) < 1e-14);
  }));
}

TEST(Statistics, OrderDoesNotMatter) {
  EXPECT_TRUE(rc::check([] {
    const auto numbers = *rc::gen::nonEmpty<std::vector<int>>();
    Values values(numbers.begin(), numbers.end());
    const double forward = sum(values);
    std::reverse(values.begin(), values.end());
    RC_ASSERT(sum(values) == forward);
    const double middle = quantile(values, 0.5);
    RC_ASSERT(middle >= quantile(values, 0.0) && middle <= quantile(values, 1.0));
    RC_ASSERT(variance(values, Freedom::Population) >= 0);
  }));
}

}  // namespace
}  // namespace ziggy::quant
