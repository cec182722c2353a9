#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kText[] = R"(name: countdown
seed: 11
model:
  init: {hidden_size: 64, head_dim: 16}
stages:
  - sft:
      steps: 30
  - grpo:
      prompts_per_step: 8
      sampling: {temperature: 0.5}
      reward: [{name: countdown}, {name: format, weight: 0.1}]
)";

StatusOr<Experiment> Parse(const std::string& text) { return ParseExperiment(text, "f.yaml", {}); }

std::string ErrorOf(const std::string& text) {
  const auto experiment = Parse(text);
  if (experiment.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(experiment.status())) << experiment.status();
  return std::string(experiment.status().message());
}

// kText with one piece replaced.
std::string With(const std::string& from, const std::string& to) {
  const std::string text = absl::StrReplaceAll(kText, {{from, to}});
  EXPECT_NE(text, kText) << from;
  return text;
}

TEST(ParseExperiment, ReadsWhatIsThereAndDefaultsTheRest) {
  const auto e = Parse(kText);
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->name, "countdown");
  EXPECT_EQ(e->seed, 11u);
  ASSERT_TRUE(e->model.init.has_value());
  EXPECT_EQ(e->model.init->hidden_size, 64);
  EXPECT_EQ(e->model.init->num_layers, ModelInit().num_layers);
  ASSERT_EQ(e->stages.size(), 2u);
  ASSERT_TRUE(e->stages[0].sft.has_value());
  EXPECT_FALSE(e->stages[0].grpo.has_value());
  EXPECT_EQ(e->stages[0].sft->steps, 30);
  ASSERT_TRUE(e->stages[1].grpo.has_value());
  const GrpoStage& grpo = *e->stages[1].grpo;
  EXPECT_EQ(grpo.prompts_per_step, 8);
  EXPECT_EQ(grpo.sampling.temperature, 0.5);
  EXPECT_EQ(grpo.sampling.max_tokens, SamplingSpec().max_tokens);
  ASSERT_EQ(grpo.reward.size(), 2u);
  EXPECT_EQ(grpo.reward[1].name, "format");
  EXPECT_EQ(grpo.reward[1].weight, 0.1);
  EXPECT_EQ(e->checkpoint, CheckpointSpec());
}

TEST(ParseExperiment, UnknownKeysNameTheNearest) {
  EXPECT_EQ(ErrorOf(With("prompts_per_step", "promts_per_step")),
            "f.yaml:9:7: unknown key `promts_per_step` in stages.1.grpo; did you mean "
            "`prompts_per_step`?");
  EXPECT_EQ(ErrorOf(With("seed", "sede")), "f.yaml:2:1: unknown key `sede`; did you mean `seed`?");
  EXPECT_EQ(ErrorOf(With("steps: 30", "lr: 1")),
            "f.yaml:7:7: unknown key `lr` in stages.0.sft; did you mean `optimizer.lr`?");
  EXPECT_EQ(ErrorOf(With("- sft", "- dpo")),
            "f.yaml:6:5: unknown key `dpo` in stages.0; valid are `sft`, `grpo`");
  EXPECT_THAT(ErrorOf(With("weight: 0.1", "wieght: 0.1")),
              HasSubstr("unknown key `wieght` in stages.1.grpo.reward.1; did you mean `weight`?"));
}

TEST(ParseExperiment, WrongTypesSayWhatWasFound) {
  EXPECT_EQ(ErrorOf(With("steps: 30", "steps: many")),
            "f.yaml:7:7: stages.0.sft.steps must be an integer, found `many`");
  EXPECT_THAT(ErrorOf(With("steps: 30", "steps: \"30\"")),
              HasSubstr("found the quoted string `30`"));
  EXPECT_THAT(ErrorOf(With("steps: 30", "steps: [30]")), HasSubstr("an integer, found a list"));
  EXPECT_THAT(ErrorOf(With("steps: 30", "steps:")), HasSubstr("an integer, found nothing"));
  EXPECT_THAT(ErrorOf(With("seed: 11", "seed: {}")), HasSubstr("an integer, found a map"));
  EXPECT_THAT(ErrorOf(With("name: countdown\n", "name:\n")), HasSubstr("a string, found nothing"));
  EXPECT_THAT(ErrorOf(With("temperature: 0.5", "temperature: hot")),
              HasSubstr("stages.1.grpo.sampling.temperature must be a number, found `hot`"));
  EXPECT_THAT(ErrorOf(With("hidden_size: 64", "tie_word_embeddings: yes")),
              HasSubstr("must be true or false, found `yes`"));
  EXPECT_THAT(ErrorOf(With("{temperature: 0.5}", "3")),
              StartsWith("f.yaml:10:7: stages.1.grpo.sampling must be a map"));
  EXPECT_THAT(ErrorOf("name: x\nstages: {sft: {}}\n"),
              HasSubstr("f.yaml:2:1: stages must be a list, found a map"));
  EXPECT_THAT(ErrorOf("- a\n"), HasSubstr("f.yaml:1:1: the experiment must be a map"));
  EXPECT_THAT(ErrorOf("hello"), HasSubstr("the experiment must be a map"));
}

TEST(ParseExperiment, IntegersMayBeWholeFloats) {
  const auto steps = [](const std::string& text) {
    const auto e = Parse(With("steps: 30", "steps: " + text));
    EXPECT_TRUE(e.ok()) << e.status();
    return e.ok() ? e->stages[0].sft->steps : -1;
  };
  EXPECT_EQ(steps("1e3"), 1000);
  EXPECT_EQ(steps("+20.0"), 20);
  EXPECT_EQ(steps("2147483647"), 2147483647);
  for (const char* text : {"1.5", "0x10", "1_000", "++3", "3x", ".nan", "nan"}) {
    EXPECT_THAT(ErrorOf(With("steps: 30", absl::StrCat("steps: ", text))),
                HasSubstr("must be an integer, found"))
        << text;
  }
  for (const char* text : {"2147483648", "99999999999999999999999", "1e30", "1e999", "inf"}) {
    EXPECT_THAT(ErrorOf(With("steps: 30", absl::StrCat("steps: ", text))),
                HasSubstr("must be an integer from -2147483648 to 2147483647"))
        << text;
  }
}

TEST(ParseExperiment, SeedsAreUnsigned64BitNumbers) {
  const auto e = Parse(With("seed: 11", "seed: 18446744073709551615"));
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->seed, std::numeric_limits<uint64_t>::max());
  for (const char* text : {"18446744073709551616", "-1", "1.8446744073709552e19"}) {
    EXPECT_THAT(ErrorOf(With("seed: 11", absl::StrCat("seed: ", text))),
                HasSubstr("an integer from 0 to 18446744073709551615"))
        << text;
  }
}

TEST(ParseExperiment, NumbersMustBeFinite) {
  for (const char* text : {".nan", "nan", ".inf", "-.INF", "inf", "-infinity"}) {
    EXPECT_THAT(ErrorOf(With("0.5", text)), HasSubstr("must be a finite number")) << text;
  }
  EXPECT_THAT(ErrorOf(With("0.5", "1e999")), HasSubstr("within a double's range"));
  EXPECT_THAT(ErrorOf(With("0.5", "1.0.0")), HasSubstr("must be a number, found `1.0.0`"));
}

TEST(ParseExperiment, BareNamesStandForBlocks) {
  const auto e = Parse(With("reward: [{name: countdown}, {name: format, weight: 0.1}]",
                            "reward: [countdown]\n      algorithm: grpo\n      task: countdown"));
  ASSERT_TRUE(e.ok()) << e.status();
  const GrpoStage& grpo = *e->stages[1].grpo;
  EXPECT_EQ(grpo.algorithm, AlgorithmSpec());
  EXPECT_EQ(grpo.source.task, TaskSpec());
  ASSERT_EQ(grpo.reward.size(), 1u);
  EXPECT_EQ(grpo.reward[0].name, "countdown");
  EXPECT_EQ(
      ErrorOf(With("sampling: {temperature: 0.5}", "algorithm: gropo")),
      "f.yaml:10:7: unknown preset `gropo` for stages.1.grpo.algorithm; did you mean `grpo`?");
}

TEST(ParseExperiment, PresetsStandForTheKeysOfTheirPapers) {
  const auto preset = [](const std::string& name) {
    const auto e = Parse(With("sampling: {temperature: 0.5}", "algorithm: " + name));
    EXPECT_TRUE(e.ok()) << e.status();
    const auto alone = ParseAlgorithm(name, "x");
    EXPECT_TRUE(alone.ok()) << alone.status();
    EXPECT_EQ(*alone, e->stages[1].grpo->algorithm) << name;
    return *alone;
  };
  EXPECT_EQ(preset("grpo"), AlgorithmSpec());
  AlgorithmSpec dr_grpo;
  dr_grpo.advantage = "mean_centered";
  dr_grpo.aggregation = "constant";
  EXPECT_EQ(preset("dr_grpo"), dr_grpo);
  AlgorithmSpec dapo;
  dapo.clip_high = 0.28;
  dapo.dynamic_sampling = true;
  EXPECT_EQ(preset("dapo"), dapo);
  AlgorithmSpec gspo;
  gspo.policy_loss = "gspo";
  gspo.clip_low = 3e-4;
  gspo.clip_high = 4e-4;
  gspo.aggregation = "sequence_mean";
  EXPECT_EQ(preset("gspo"), gspo);
  AlgorithmSpec cispo;
  cispo.policy_loss = "cispo";
  cispo.clip_low = 1;
  cispo.clip_high = 4;
  EXPECT_EQ(preset("cispo"), cispo);
  EXPECT_EQ(preset("rloo").advantage, "rloo");
  EXPECT_EQ(preset("reinforce_pp").advantage, "reinforce_pp");
}

TEST(ParseExperiment, AnOverrideMayChangeAPresetsKey) {
  const std::vector<std::string> overrides = {"stages.1.grpo.algorithm=dapo",
                                              "stages.1.grpo.algorithm.clip_high=0.3",
                                              "stages.1.grpo.algorithm.log_ratio_limit=null"};
  const auto e = ParseExperiment(kText, "f.yaml", overrides);
  ASSERT_TRUE(e.ok()) << e.status();
  const AlgorithmSpec& algorithm = e->stages[1].grpo->algorithm;
  EXPECT_TRUE(algorithm.dynamic_sampling);
  EXPECT_EQ(algorithm.clip_high, 0.3);
  EXPECT_EQ(algorithm.log_ratio_limit, std::nullopt);
}

TEST(ParseAlgorithm, ReadsJson) {
  const auto algorithm =
      ParseAlgorithm("{\"advantage\": \"rloo\", \"dual_clip\": 3, \"denominator\": null}", "f");
  ASSERT_TRUE(algorithm.ok()) << algorithm.status();
  EXPECT_EQ(algorithm->advantage, "rloo");
  EXPECT_EQ(algorithm->dual_clip, 3.0);
  EXPECT_EQ(ParseAlgorithm("{clip_lo: 1}", "f").status().message(),
            "f:1:2: unknown key `clip_lo` in algorithm; did you mean `clip_low`?");
}

TEST(ParseExperiment, AnEmptyBlockStandsForItsDefaults) {
  const auto e = Parse(With("{temperature: 0.5}", ""));
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->stages[1].grpo->sampling, SamplingSpec());
}

TEST(ParseExperiment, EmptyFilesAreAnError) {
  EXPECT_THAT(ErrorOf(""), StartsWith("f.yaml:1:1: empty"));
  EXPECT_THAT(ErrorOf("# nothing\n"), StartsWith("f.yaml:1:1: empty"));
  EXPECT_THAT(ErrorOf("{}"), StartsWith("f.yaml: name is missing"));
}

TEST(ParseExperiment, DuplicateKeysAreAnError) {
  EXPECT_EQ(ErrorOf(With("steps: 30", "steps: 30\n      steps: 31")),
            "f.yaml:8:7: the key `steps` is here twice, first in line 7");
}

TEST(LoadExperiment, ReadsAFile) {
  const std::string path = testing::TempDir() + "/hone_load_test.yaml";
  ASSERT_TRUE(WriteFileAtomically(path, kText).ok());
  const auto e = LoadExperiment(path, {});
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(*e, *Parse(kText));

  ASSERT_TRUE(WriteFileAtomically(path, With("seed", "sed")).ok());
  EXPECT_THAT(std::string(LoadExperiment(path, {}).status().message()),
              StartsWith(path + ":2:1: unknown key"));

  ASSERT_TRUE(WriteFileAtomically(path, std::string(2 << 20, ' ')).ok());
  const Status too_large = LoadExperiment(path, {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(too_large));
  EXPECT_THAT(std::string(too_large.message()), HasSubstr("larger than"));
}

TEST(LoadExperiment, AnUnreadableFileIsNotAConfigurationError) {
  const Status missing = LoadExperiment("/nowhere/x.yaml", {}).status();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(std::string(missing.message()), HasSubstr("/nowhere/x.yaml"));
  EXPECT_FALSE(LoadExperiment(testing::TempDir(), {}).ok());
}

}  // namespace
}  // namespace hone
