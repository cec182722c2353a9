#include "app/sweep.h"

#include "config/load.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::ElementsAre;

constexpr char kText[] = R"(
name: compare
model: {init: {}}
stages: [{grpo: {reward: [countdown]}}]
sweep:
  - {key: stages.0.grpo.algorithm, values: [grpo, dapo]}
  - {key: seed, values: [7, 8]}
)";

TEST(SweepTest, RunsEachCombinationUnderItsName) {
  const auto experiment = ParseExperiment(kText, "test", {});
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const std::vector<SweepRun> runs = SweepRuns(*experiment);
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_EQ(runs[0].name, "grpo-7");
  EXPECT_EQ(runs[1].name, "grpo-8");
  EXPECT_EQ(runs[2].name, "dapo-7");
  EXPECT_THAT(runs[2].overrides, ElementsAre("sweep=[]", "stages.0.grpo.algorithm=dapo", "seed=7",
                                             "name=compare-dapo-7"));
  const auto run = ParseExperiment(kText, "test", runs[3].overrides);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->seed, 8u);
  EXPECT_EQ(run->name, "compare-dapo-8");
  EXPECT_TRUE(run->stages[0].grpo->algorithm.dynamic_sampling);
  EXPECT_TRUE(SweepRuns(*run).empty());
}

TEST(SweepTest, NamesAreFitForFolders) {
  const auto experiment = ParseExperiment(
      kText, "test", {"sweep.0.key=stages.0.grpo.optimizer.lr", "sweep.0.values=[1.0e-5, ../x]"});
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const std::vector<SweepRun> runs = SweepRuns(*experiment);
  EXPECT_EQ(runs[0].name, "1_0e_5-7");
  EXPECT_EQ(runs[2].name, "___x-7");
}

TEST(SweepTest, AValueThatDoesNotFitIsNamed) {
  const auto experiment = ParseExperiment(kText, "test", {"sweep.0.values=[grpo, dap]"});
  ASSERT_TRUE(experiment.ok()) << experiment.status();
  const auto run = ParseExperiment(kText, "test", SweepRuns(*experiment)[2].overrides);
  EXPECT_THAT(std::string(run.status().message()), ::testing::HasSubstr("`dapo`"));
}

}  // namespace
}  // namespace hone
