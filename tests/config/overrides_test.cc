#include "config/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/load.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kText[] = R"(name: x
model: {path: /m}
stages:
  - sft: {}
  - grpo:
      algorithm: grpo
      reward: [countdown, {name: format, weight: 0.5}]
)";

StatusOr<Experiment> Parse(const std::vector<std::string>& overrides) {
  return ParseExperiment(kText, "f.yaml", overrides);
}

std::string ErrorOf(const std::string& override_text) {
  const auto e = Parse({override_text});
  if (e.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(e.status())) << e.status();
  return std::string(e.status().message());
}

TEST(Overrides, SetValuesThatTheFileHasAndThoseItLacks) {
  const auto e = Parse({"name=y", "seed=9", "stages.1.grpo.optimizer.lr=1e-6",
                        "stages.0.sft.task.max_number=12", "resources.rollout.workers=2",
                        "stages.1.grpo.reward.1.weight=0.25"});
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->name, "y");
  EXPECT_EQ(e->seed, 9u);
  EXPECT_EQ(e->stages[1].grpo->optimizer.lr, 1e-6);
  EXPECT_EQ(e->stages[1].grpo->optimizer.beta1, OptimizerSpec().beta1);
  EXPECT_EQ(e->stages[0].sft->source.task->countdown.max_number, 12);
  EXPECT_EQ(e->resources.rollout.workers, 2);
  EXPECT_EQ(e->stages[1].grpo->reward[1].weight, 0.25);
  EXPECT_EQ(e->stages[1].grpo->reward[1].name, "format");
}

TEST(Overrides, RefineBareNames) {
  const auto e =
      Parse({"stages.1.grpo.algorithm.clip_high=0.28", "stages.1.grpo.reward.0.weight=2"});
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->stages[1].grpo->algorithm.clip_high, 0.28);
  EXPECT_EQ(e->stages[1].grpo->reward[0].name, "countdown");
  EXPECT_EQ(e->stages[1].grpo->reward[0].weight, 2.0);
}

TEST(Overrides, TakeAnyYamlAndTheLastOneWins) {
  const auto e = Parse({"stages.1.grpo.reward=[format]", "stages.1.grpo.task={num_numbers: 4}",
                        "stages.1.grpo.task.num_numbers=2", "model.path=a=b", "seed=1", "seed=2"});
  ASSERT_TRUE(e.ok()) << e.status();
  ASSERT_EQ(e->stages[1].grpo->reward.size(), 1u);
  EXPECT_EQ(e->stages[1].grpo->reward[0].name, "format");
  EXPECT_EQ(e->stages[1].grpo->source.task->countdown.num_numbers, 2);
  EXPECT_EQ(e->model.path, "a=b");
  EXPECT_EQ(e->seed, 2u);
}

TEST(Overrides, ReplaceAModelByAnother) {
  const auto e = Parse({"model.path=\"\"", "model.init.num_layers=2"});
  ASSERT_TRUE(e.ok()) << e.status();
  ASSERT_TRUE(e->model.init.has_value());
  EXPECT_EQ(e->model.init->num_layers, 2);
}

TEST(Overrides, ErrorsNameTheOverride) {
  EXPECT_EQ(ErrorOf("stages.1.grpo.promts_per_step=3"),
            "override `stages.1.grpo.promts_per_step=3`: unknown key `promts_per_step` in "
            "stages.1.grpo; did you mean `prompts_per_step`?");
  EXPECT_EQ(ErrorOf("stages.1.grpo.lr=1e-6"),
            "override `stages.1.grpo.lr=1e-6`: unknown key `lr` in stages.1.grpo; did you mean "
            "`optimizer.lr`?");
  EXPECT_EQ(ErrorOf("stages.2.grpo.steps=3"),
            "override `stages.2.grpo.steps=3`: no element `2` in stages; its elements are 0 to 1");
  EXPECT_THAT(ErrorOf("stages.-1.grpo.steps=3"), HasSubstr("its elements are 0 to 1"));
  EXPECT_THAT(ErrorOf("stages.grpo.steps=3"), HasSubstr("no element `grpo` in stages"));
  EXPECT_THAT(ErrorOf("stages..sft=3"), HasSubstr("no element `` in stages"));
  EXPECT_THAT(ErrorOf("stages.99999999999999999999.sft=3"), HasSubstr("0 to 1"));
  EXPECT_EQ(ErrorOf("seed.x=3"), "override `seed.x=3`: seed is a single value, it has no key `x`");
  EXPECT_EQ(ErrorOf("seed=abc"), "override `seed=abc`: seed must be an integer, found `abc`");
  EXPECT_EQ(ErrorOf("stages.1.grpo.sampling.top_p=2"),
            "override `stages.1.grpo.sampling.top_p=2`: stages.1.grpo.sampling.top_p must be above "
            "0 and at most 1, found 2.0");
  EXPECT_THAT(ErrorOf("stages.1.grpo.task={nmae: x}"),
              StartsWith("override `stages.1.grpo.task={nmae: x}`: unknown key `nmae`"));
  EXPECT_THAT(ErrorOf("seed=[1"), StartsWith("override `seed=[1`: "));
  EXPECT_THAT(ErrorOf("seed"), HasSubstr("not of the form key=value"));
  EXPECT_THAT(ErrorOf("=3"), HasSubstr("not of the form key=value"));
  EXPECT_THAT(ErrorOf("seed="), HasSubstr("seed must be an integer, found nothing"));
}

TEST(Overrides, AnEmptyListHasNoElements) {
  EXPECT_THAT(std::string(ParseExperiment("name: x", "f.yaml",
                                          std::vector<std::string>{"stages.0.sft.steps=1"})
                              .status()
                              .message()),
              HasSubstr("stages is empty, it has no element `0`"));
}

TEST(Overrides, MistakesOfTheFileOnTheWayAreTheFiles) {
  const auto e = ParseExperiment("name: x\nmodel: 3\n", "f.yaml",
                                 std::vector<std::string>{"model.init.num_layers=1"});
  EXPECT_EQ(e.status().message(), "f.yaml:2:1: model must be a map, found `3`");
}

}  // namespace
}  // namespace hone
