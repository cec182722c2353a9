#include "trainer/batch.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A group whose samples have these outcomes; sample i has i + 1 tokens.
Group MakeGroup(const std::vector<Outcome>& outcomes) {
  Group group;
  group.prompt.tokens = {7, 8};
  for (size_t i = 0; i < outcomes.size(); ++i) {
    Completion completion;
    completion.sample_index = static_cast<int>(i);
    completion.tokens.assign(i + 1, static_cast<int32_t>(10 + i));
    completion.logprobs.assign(i + 1, -0.5f);
    group.completions.push_back(completion);
    Score score;
    score.outcome = outcomes[i];
    score.reward = outcomes[i] == Outcome::kCorrect ? 1 : 0;
    group.scores.push_back(score);
  }
  return group;
}

TEST(MakeTrainBatchTest, LeavesOutGroupsWithoutAdvantageButCountsTheirTokens) {
  const std::vector<Group> groups = {MakeGroup({Outcome::kCorrect, Outcome::kCorrect}),
                                     MakeGroup({Outcome::kCorrect, Outcome::kIncorrect})};
  const TrainBatch batch = MakeTrainBatch({}, groups);
  ASSERT_THAT(batch.sequences, SizeIs(2));
  EXPECT_THAT(batch.sequences[1].tokens, ElementsAre(7, 8, 11, 11));
  EXPECT_EQ(batch.sequences[1].prompt_size, 2);
  EXPECT_THAT(batch.old_logprobs[1], ElementsAre(-0.5f, -0.5f));
  EXPECT_GT(batch.advantages[0], 0);
  EXPECT_LT(batch.advantages[1], 0);
  EXPECT_THAT(batch.weights, Each(1.0 / 6));  // all six tokens of both groups
}

TEST(MakeTrainBatchTest, KeepsAllWhenTheLossHasATermForThem) {
  AlgorithmSpec algorithm;
  algorithm.kl_coefficient = 0.1;
  const std::vector<Group> groups = {MakeGroup({Outcome::kCorrect, Outcome::kCorrect})};
  EXPECT_THAT(MakeTrainBatch(algorithm, groups).sequences, SizeIs(2));
  EXPECT_THAT(MakeTrainBatch({}, groups).sequences, IsEmpty());
}

TEST(MakeTrainBatchTest, TheVerifiersFailuresNeverTrain) {
  const std::vector<Group> groups = {
      MakeGroup({Outcome::kCorrect, Outcome::kTimeout, Outcome::kUnparseable, Outcome::kError})};
  const TrainBatch batch = MakeTrainBatch({}, groups);
  ASSERT_THAT(batch.sequences, SizeIs(2));
  EXPECT_THAT(batch.sequences[1].tokens, ElementsAre(7, 8, 12, 12, 12));
  // As in a group of the two that were judged: (1 − 0.5)/0.7071.
  EXPECT_NEAR(batch.advantages[0], 0.70710, 1e-4);
  EXPECT_NEAR(batch.advantages[1], -0.70710, 1e-4);
  EXPECT_THAT(batch.weights, Each(0.25));
}

}  // namespace
}  // namespace hone
