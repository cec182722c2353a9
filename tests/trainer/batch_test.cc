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

// All the groups as one minibatch.
TrainBatch MakeTrainBatch(const AlgorithmSpec& algorithm, const std::vector<Group>& groups) {
  TrainBatch step = MakeStepBatch(algorithm, groups, 10);
  SetAdvantages(algorithm, &step);
  return MakeMinibatch(algorithm, step, 0, static_cast<int64_t>(groups.size()), 10);
}

TEST(TrainBatchTest, LeavesOutGroupsWithoutAdvantageButCountsTheirTokens) {
  const std::vector<Group> groups = {MakeGroup({Outcome::kCorrect, Outcome::kCorrect}),
                                     MakeGroup({Outcome::kCorrect, Outcome::kIncorrect})};
  const TrainBatch batch = MakeTrainBatch({}, groups);
  ASSERT_THAT(batch.sequences, SizeIs(2));
  EXPECT_THAT(batch.sequences[1].tokens, ElementsAre(7, 8, 11, 11));
  EXPECT_EQ(batch.sequences[1].prompt_size, 2);
  EXPECT_THAT(batch.rollout_logprobs[1], ElementsAre(-0.5f, -0.5f));
  EXPECT_GT(batch.advantages[0], 0);
  EXPECT_LT(batch.advantages[1], 0);
  EXPECT_THAT(batch.weights, Each(1.0 / 6));  // all six tokens of both groups
}

TEST(TrainBatchTest, KeepsAllWhenTheLossHasATermForThem) {
  AlgorithmSpec algorithm;
  algorithm.kl_coefficient = 0.1;
  const std::vector<Group> groups = {MakeGroup({Outcome::kCorrect, Outcome::kCorrect})};
  EXPECT_THAT(MakeTrainBatch(algorithm, groups).sequences, SizeIs(2));
  EXPECT_THAT(MakeTrainBatch({}, groups).sequences, IsEmpty());
}

TEST(TrainBatchTest, TheVerifiersFailuresNeverTrain) {
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

TEST(TrainBatchTest, MinibatchesShareTheStepsAdvantagesAndHaveWeightsOfTheirOwn) {
  AlgorithmSpec algorithm;
  algorithm.advantage = "reinforce_pp";  // relative to all samples of the step
  const std::vector<Group> groups = {MakeGroup({Outcome::kCorrect, Outcome::kCorrect}),
                                     MakeGroup({Outcome::kIncorrect, Outcome::kIncorrect})};
  const TrainBatch all = MakeTrainBatch(algorithm, groups);
  TrainBatch step = MakeStepBatch(algorithm, groups, 10);
  SetAdvantages(algorithm, &step);
  const TrainBatch second = MakeMinibatch(algorithm, step, 1, 2, 10);
  ASSERT_THAT(second.sequences, SizeIs(2));
  EXPECT_EQ(second.advantages[0], all.advantages[2]);
  EXPECT_LT(second.advantages[0], 0);
  EXPECT_THAT(second.weights, Each(1.0 / 3));
  EXPECT_THAT(MakeMinibatch(algorithm, step, 2, 2, 10).sequences, IsEmpty());
}

TEST(TrainBatchTest, TheOverlongPenaltyAndTheKlAreTakenOffTheReward) {
  AlgorithmSpec algorithm;
  algorithm.advantage = "mean_centered";
  algorithm.overlong_buffer_tokens = 2;
  algorithm.kl_in = "reward";
  algorithm.kl_coefficient = 0.5;
  algorithm.kl_estimator = "k1";
  const std::vector<Group> groups = {MakeGroup({Outcome::kCorrect, Outcome::kCorrect})};
  TrainBatch step = MakeStepBatch(algorithm, groups, 2);
  EXPECT_THAT(step.rewards, ElementsAre(0.5, 0));  // 1 and 2 tokens of 2
  step.ref_logprobs = {{-1.5f}, {-0.5f, -0.5f}};   // k1 of the first: 1, of the others: 0
  SetAdvantages(algorithm, &step);
  EXPECT_THAT(step.advantages, Each(0.0));  // 0.5 − 0.5 against 0
  // The KL is in the reward already: nothing is left to train on.
  EXPECT_THAT(MakeMinibatch(algorithm, step, 0, 1, 2).sequences, IsEmpty());
}

TEST(TrainBatchTest, OldLogProbsAreTheRolloutsUnlessTheLearnerGaveItsOwn) {
  AlgorithmSpec algorithm;
  algorithm.correction = "truncate";
  const std::vector<Group> groups = {MakeGroup({Outcome::kCorrect, Outcome::kIncorrect})};
  TrainBatch batch = MakeTrainBatch(algorithm, groups);
  const TokenLogProbs now{{-0.25f}, {1.0f}};
  EXPECT_THAT(batch.Tokens(0, now).old_logprobs, ElementsAre(-0.5f));
  EXPECT_THAT(batch.Tokens(0, now).rollout_logprobs, IsEmpty());
  batch.old_logprobs = {{-0.75f}, {-0.75f, -0.75f}};
  EXPECT_THAT(batch.Tokens(0, now).old_logprobs, ElementsAre(-0.75f));
  EXPECT_THAT(batch.Tokens(0, now).rollout_logprobs, ElementsAre(-0.5f));
  EXPECT_THAT(batch.Tokens(0, now).ref_logprobs, IsEmpty());
}

}  // namespace
}  // namespace hone
