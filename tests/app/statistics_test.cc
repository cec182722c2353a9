#include "app/statistics.h"

#include <cmath>
#include <vector>

#include "gtest/gtest.h"

namespace hone {
namespace {

// The definition: of all C(n, k) choices, how many hold a right sample.
double PassByCounting(int n, int correct, int k) {
  int64_t good = 0, all = 0;
  for (uint32_t choice = 0; choice < (1u << n); ++choice) {
    if (__builtin_popcount(choice) != k) continue;
    ++all;
    good += (choice & ((1u << correct) - 1)) != 0;  // the first `correct` samples are right
  }
  return static_cast<double>(good) / static_cast<double>(all);
}

TEST(PassAtKTest, IsTheShareOfChoicesWithARightSample) {
  for (int n = 1; n <= 10; ++n) {
    for (int correct = 0; correct <= n; ++correct) {
      for (int k = 1; k <= n; ++k) {
        EXPECT_NEAR(PassAtK(n, correct, k), PassByCounting(n, correct, k), 1e-12)
            << n << " " << correct << " " << k;
      }
    }
  }
}

TEST(PassAtKTest, OfManySamplesStaysExact) {
  EXPECT_NEAR(PassAtK(10000, 1, 1), 1e-4, 1e-12);
  EXPECT_NEAR(PassAtK(10000, 5000, 10), 1 - std::pow(0.5, 10), 1e-5);
  EXPECT_EQ(PassAtK(10000, 0, 10000), 0);
}

TEST(MajorityTest, TheMostFrequentAnswerDecides) {
  EXPECT_TRUE(MajorityIsCorrect({{"3*8", true}, {"3+8", false}, {"3*8", true}}));
  EXPECT_FALSE(MajorityIsCorrect({{"3*8", true}, {"3+8", false}, {"3+8", false}}));
}

TEST(MajorityTest, OfEquallyFrequentOnesTheFirst) {
  EXPECT_TRUE(MajorityIsCorrect({{"3*8", true}, {"3+8", false}}));
  EXPECT_FALSE(MajorityIsCorrect({{"3+8", false}, {"3*8", true}}));
}

TEST(MajorityTest, NoAnswerIsNoVote) {
  EXPECT_TRUE(MajorityIsCorrect({{"", false}, {"", false}, {"3*8", true}}));
  EXPECT_FALSE(MajorityIsCorrect({{"", false}}));
  EXPECT_FALSE(MajorityIsCorrect({}));
}

TEST(BootstrapTest, IntervalOfACoinIsThatOfTheNormalApproximation) {
  std::vector<double> values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i % 2 == 0;
  const Estimate estimate = MeanWithInterval(values, 7);
  const double half = 1.96 * std::sqrt(0.25 / 1000);
  EXPECT_EQ(estimate.value, 0.5);
  EXPECT_NEAR(estimate.low, 0.5 - half, 0.004);
  EXPECT_NEAR(estimate.high, 0.5 + half, 0.004);
}

TEST(BootstrapTest, EqualValuesLeaveNoDoubt) {
  const Estimate estimate = MeanWithInterval({1, 1, 1}, 7);
  EXPECT_EQ(estimate.low, 1);
  EXPECT_EQ(estimate.high, 1);
}

TEST(BootstrapTest, IsAFunctionOfItsArguments) {
  const std::vector<double> values = {0, 1, 0.5, 0.25, 0, 1, 1};
  EXPECT_EQ(MeanWithInterval(values, 7).low, MeanWithInterval(values, 7).low);
  EXPECT_EQ(MeanWithInterval(values, 7).high, MeanWithInterval(values, 7).high);
}

TEST(BootstrapTest, WithoutValuesThereIsNoNumber) {
  EXPECT_TRUE(std::isnan(MeanWithInterval({}, 7).value));
}

}  // namespace
}  // namespace hone
