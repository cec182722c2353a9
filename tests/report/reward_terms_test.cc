#include "report/reward_terms.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hone {
namespace {

RewardSpec Term(const std::string& name, double weight) {
  RewardSpec term;
  term.name = name;
  term.weight = weight;
  return term;
}

// 5 steps of fine-tuning, 3 of reinforcement learning, 2 more with other terms.
Experiment ThreeStages() {
  Experiment experiment;
  experiment.stages.emplace_back().sft.emplace().steps = 5;
  GrpoStage& second = experiment.stages.emplace_back().grpo.emplace();
  second.steps = 3;
  second.reward = {Term("regex", 1), Term("length", -0.5), Term("regex", 2)};
  GrpoStage& third = experiment.stages.emplace_back().grpo.emplace();
  third.steps = 2;
  third.reward = {Term("math", 1)};
  return experiment;
}

RolloutRecord Record(int64_t step, double reward, std::vector<double> components) {
  RolloutRecord record;
  record.step = step;
  record.reward = reward;
  record.components = std::move(components);
  return record;
}

TEST(StageOfStep, CountsOverTheRun) {
  const Experiment experiment = ThreeStages();
  EXPECT_EQ(StageOfStep(experiment, 0), std::nullopt);
  EXPECT_EQ(StageOfStep(experiment, 1), 0u);
  EXPECT_EQ(StageOfStep(experiment, 5), 0u);
  EXPECT_EQ(StageOfStep(experiment, 6), 1u);
  EXPECT_EQ(StageOfStep(experiment, 8), 1u);
  EXPECT_EQ(StageOfStep(experiment, 10), 2u);
  EXPECT_EQ(StageOfStep(experiment, 11), std::nullopt);
}

TEST(DescribeReward, IsASumOfTheStagesTerms) {
  EXPECT_EQ(DescribeReward(ThreeStages(), Record(6, 1.75, {1, 0.5, 0.5})),
            "1.75 = regex 1 + −0.5 × length 0.5 + 2 × regex-2 0.5");
  EXPECT_EQ(DescribeReward(ThreeStages(), Record(10, 1, {1})), "1 = math 1");
}

TEST(DescribeReward, WithoutFittingTermsTheComponentsHaveNoNames) {
  EXPECT_EQ(DescribeReward(std::nullopt, Record(6, 1.5, {1, 0.5})), "1.5 of 1, 0.5");
  EXPECT_EQ(DescribeReward(ThreeStages(), Record(10, 1.5, {1, 0.5})), "1.5 of 1, 0.5");
  EXPECT_EQ(DescribeReward(ThreeStages(), Record(3, 1, {1})), "1 of 1");
  EXPECT_EQ(DescribeReward(ThreeStages(), Record(6, 0, {})), "0");
}

}  // namespace
}  // namespace hone
