#include "trainer/algorithm/advantage.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;

const std::vector<std::string> kAll = {"grpo", "mean_centered", "rloo", "reinforce_pp",
                                       "reinforce_pp_baseline"};

std::vector<double> Of(const std::string& name, const std::vector<double>& rewards,
                       const std::vector<int64_t>& groups, const std::vector<int64_t>& lengths) {
  AlgorithmSpec algorithm;
  algorithm.advantage = name;
  return Advantages(algorithm, rewards, groups, lengths);
}

auto Near(double value) { return DoubleNear(value, 1e-12); }

TEST(AdvantagesTest, GrpoUsesTheUnbiasedDeviation) {
  const double a = 0.5 / (std::sqrt(1.0 / 3) + 1e-6);  // mean 0.5, variance 1/3
  EXPECT_THAT(Of("grpo", {1, 0, 1, 0}, {5, 5, 5, 5}, {1, 1, 1, 1}),
              ElementsAre(Near(a), Near(-a), Near(a), Near(-a)));
}

TEST(AdvantagesTest, GroupsNeedNotStandTogether) {
  EXPECT_THAT(Of("mean_centered", {1, 10, 0, 30}, {2, 1, 2, 1}, {1, 1, 1, 1}),
              ElementsAre(0.5, -10, -0.5, 10));
}

TEST(AdvantagesTest, RlooComparesWithTheOthersMean) {
  EXPECT_THAT(Of("rloo", {1, 2, 6}, {0, 0, 0}, {1, 1, 1}),
              ElementsAre(Near(1 - 4), Near(2 - 3.5), Near(6 - 1.5)));
}

TEST(AdvantagesTest, ReinforcePpWhitensOverTokens) {
  // Tokens 2, 2, 2, 6: mean 3, unbiased variance 4.
  const double scale = 1 / std::sqrt(4 + 1e-8);
  EXPECT_THAT(Of("reinforce_pp", {2, 6}, {0, 1}, {3, 1}),
              ElementsAre(Near(-scale), Near(3 * scale)));
}

TEST(AdvantagesTest, TheBaselineComesBeforeWhitening) {
  // Centred −2, 2 in the first group and 0 alone; tokens −2, 2, 0, 0: variance 8/3.
  const double scale = 1 / std::sqrt(8.0 / 3 + 1e-8);
  EXPECT_THAT(Of("reinforce_pp_baseline", {2, 6, 9}, {0, 0, 1}, {1, 1, 2}),
              ElementsAre(Near(-2 * scale), Near(2 * scale), Near(0)));
}

TEST(AdvantagesTest, NothingToCompareIsZero) {
  for (const std::string& name : kAll) {
    EXPECT_THAT(Of(name, {}, {}, {}), ElementsAre()) << name;
    EXPECT_THAT(Of(name, {0.7}, {0}, {3}), ElementsAre(0.0)) << name;
    // 0.1·3 does not have an exact mean: still nothing.
    EXPECT_THAT(Of(name, {0.1, 0.1, 0.1}, {0, 0, 0}, {1, 2, 3}), Each(0.0)) << name;
  }
}

TEST(AdvantagesTest, RowsWithoutTokensHaveNoPartInWhitening) {
  EXPECT_THAT(Of("reinforce_pp", {2, 6, 100}, {0, 1, 2}, {3, 1, 0}),
              ElementsAre(Near(-1 / std::sqrt(4 + 1e-8)), Near(3 / std::sqrt(4 + 1e-8)), 0.0));
  EXPECT_THAT(Of("reinforce_pp", {2, 6}, {0, 1}, {5, 0}), Each(0.0));
}

}  // namespace
}  // namespace hone
