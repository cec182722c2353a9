#include "trainer/algorithm/aggregation.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST(SequenceWeightsTest, FollowTheAggregation) {
  AlgorithmSpec algorithm;
  EXPECT_THAT(SequenceWeights(algorithm, {2, 6}, 10), Each(1.0 / 8));
  algorithm.aggregation = "sequence_mean";
  EXPECT_THAT(SequenceWeights(algorithm, {2, 6}, 10), ElementsAre(1.0 / 4, 1.0 / 12));
  algorithm.aggregation = "constant";
  EXPECT_THAT(SequenceWeights(algorithm, {2, 6}, 10), Each(1.0 / 20));
  algorithm.denominator = 7;
  EXPECT_THAT(SequenceWeights(algorithm, {2, 6}, 10), Each(1.0 / 7));
}

TEST(SequenceWeightsTest, SequencesWithoutTokensAreNotCounted) {
  for (const char* aggregation : {"token_mean", "sequence_mean", "constant"}) {
    AlgorithmSpec algorithm;
    algorithm.aggregation = aggregation;
    const auto without = SequenceWeights(algorithm, {2, 6}, 10);
    EXPECT_THAT(SequenceWeights(algorithm, {2, 0, 6}, 10), ElementsAre(without[0], 0, without[1]));
    EXPECT_THAT(SequenceWeights(algorithm, {0, 0}, 10), Each(0.0));
  }
}

}  // namespace
}  // namespace hone
