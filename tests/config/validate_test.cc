#include "config/validate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "config/load.h"

namespace hone {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kText[] = R"(name: x
model: {init: {}}
stages:
  - sft: {}
  - grpo: {reward: [countdown]}
)";

// The message after applying overrides, separated by spaces; "OK" if there is none.
std::string ErrorOf(const std::string& overrides) {
  const std::vector<std::string> list = absl::StrSplit(overrides, ' ', absl::SkipEmpty());
  const auto e = ParseExperiment(kText, "f.yaml", list);
  if (e.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(e.status())) << e.status();
  return std::string(e.status().message());
}

struct Case {
  const char* overrides;
  const char* message;
};

class Rejects : public testing::TestWithParam<Case> {};

TEST_P(Rejects, WithAMessage) {
  EXPECT_THAT(ErrorOf(GetParam().overrides), HasSubstr(GetParam().message)) << GetParam().overrides;
}

INSTANTIATE_TEST_SUITE_P(
    Model, Rejects,
    testing::Values(
        Case{"name=\"\"", "name is missing"}, Case{"name=a/b", "letters, digits"},
        Case{"name=..", "letters, digits"}, Case{"name=-a", "must not begin with -"},
        Case{"model.path=/m", "model.init excludes model.path"},
        Case{"model.init=null", "model needs a `path`"},
        Case{"model.init.architecture=qwn3", "unknown value `qwn3`; did you mean `qwen3`?"},
        Case{"model.init.hidden_size=0", "hidden_size must be from 16 to 1048576, found 0"},
        Case{"model.init.hidden_size=100", "hidden_size must be a multiple of 16, found 100"},
        Case{"model.init.head_dim=24", "head_dim must be a multiple of 16, found 24"},
        Case{"model.init.head_dim=2000000000", "head_dim must be from 16 to"},
        Case{"model.init.intermediate_size=-16", "intermediate_size must be from 16"},
        Case{"model.init.num_layers=0", "num_layers must be from 1"},
        Case{"model.init.num_heads=0", "num_heads must be from 1"},
        Case{"model.init.num_kv_heads=0", "num_kv_heads must be at least 1"},
        Case{"model.init.num_kv_heads=3", "num_kv_heads must divide num_heads, 4, found 3"},
        Case{"model.init.num_kv_heads=8", "num_kv_heads must divide num_heads, 4, found 8"},
        Case{"model.init.max_position_embeddings=256", "leaves no room for a prompt"},
        Case{"model.init.rope_theta=0", "rope_theta must be above 0, found 0.0"},
        Case{"model.init.rms_norm_eps=-1", "rms_norm_eps must be above 0"},
        Case{"model.init.initializer_range=0", "initializer_range must be above 0"},
        Case{"model.tokenizer.kind=bpee", "did you mean `bpe`?"},
        Case{"model.tokenizer.kind=bpe model.tokenizer.vocab_size=256",
             "vocab_size must be from"}));

INSTANTIATE_TEST_SUITE_P(
    Stages, Rejects,
    testing::Values(
        Case{"stages=[]", "stages needs at least one stage"},
        Case{"stages.0.sft=null", "stages.0 is empty"},
        Case{"stages.0.grpo.steps=1", "stages.0 is both sft and grpo"},
        Case{"stages.0.sft.steps=0", "stages.0.sft.steps must be at least 1, found 0"},
        Case{"stages.0.sft.demonstrations=0", "demonstrations must be at least 1"},
        Case{"stages.0.sft.batch_tokens=-5", "batch_tokens must be at least 1"},
        Case{"stages.0.sft.task.name=countdwn", "did you mean `countdown`?"},
        Case{"stages.0.sft.task.num_numbers=5", "num_numbers must be from 2 to 4"},
        Case{"stages.0.sft.task.max_number=0", "max_number must be from 1"},
        Case{"stages.0.sft.task.min_target=0", "min_target must be at least 1"},
        Case{"stages.0.sft.task.max_target=4",
             "max_target must be at least min_target, 5, found 4"},
        Case{"stages.0.sft.task.heldout=-1", "heldout must be at least 0"},
        Case{"stages.0.sft.task.heldout=10", "eval.problems must be at most task.heldout, 10"},
        Case{"stages.0.sft.task.prompt_template=r1", "did you mean `r1_zero`?"},
        Case{"stages.0.sft.eval.samples=0", "samples must be at least 1"},
        Case{"stages.0.sft.eval.max_tokens=0", "eval.max_tokens must be at least 1"},
        Case{"stages.0.sft.eval.max_tokens=1024", "eval.max_tokens leaves no room for a prompt"},
        Case{"stages.1.grpo.eval.max_tokens=1024", "eval.max_tokens leaves no room for a prompt"},
        Case{"stages.0.sft.eval.every_steps=-1", "every_steps must be at least 0"},
        Case{"stages.0.sft.optimizer.lr=-1e-4", "lr must be at least 0, found -1.0e-04"},
        Case{"stages.0.sft.optimizer.beta1=1", "beta1 must be at least 0 and below 1, found 1.0"},
        Case{"stages.0.sft.optimizer.beta2=-0.1", "beta2 must be at least 0 and below 1"},
        Case{"stages.0.sft.optimizer.eps=0", "eps must be above 0"},
        Case{"stages.0.sft.optimizer.weight_decay=-1", "weight_decay must be at least 0"},
        Case{"stages.0.sft.optimizer.max_grad_norm=-1", "max_grad_norm must be at least 0"},
        Case{"stages.0.sft.optimizer.schedule=cosin", "did you mean `cosine`?"},
        Case{"stages.0.sft.optimizer.final_lr_fraction=2", "final_lr_fraction must be from 0 to 1"},
        Case{"stages.0.sft.optimizer.warmup_steps=-1", "warmup_steps must be at least 0"},
        Case{"stages.0.sft.steps=10 stages.0.sft.optimizer.schedule=cosine",
             "must be below the stage's 10 optimiser steps, found 10"}));

INSTANTIATE_TEST_SUITE_P(
    Grpo, Rejects,
    testing::Values(
        Case{"stages.1.grpo.steps=0", "steps must be at least 1"},
        Case{"stages.1.grpo.prompts_per_step=0", "prompts_per_step must be at least 1"},
        Case{"stages.1.grpo.samples_per_prompt=0", "samples_per_prompt must be at least 1"},
        Case{"stages.1.grpo.samples_per_prompt=2147483647", "is more than 2147483647"},
        Case{"stages.1.grpo.minibatches=0", "minibatches must be at least 1"},
        Case{"stages.1.grpo.minibatches=33", "minibatches must be at most prompts_per_step, 32"},
        Case{"stages.1.grpo.max_staleness=-1", "max_staleness must be at least 0"},
        Case{"stages.1.grpo.partial_rollouts=-1", "partial_rollouts must be at least 0"},
        Case{"stages.1.grpo.partial_rollouts=8",
             "partial_rollouts needs max_staleness of at least 1"},
        Case{"stages.1.grpo.max_staleness=2 stages.1.grpo.partial_rollouts=33",
             "partial_rollouts must be at most prompts_per_step, 32, so that a step has room"},
        Case{"stages.1.grpo.max_staleness=2 stages.1.grpo.partial_rollouts=8 "
             "stages.1.grpo.algorithm.dynamic_sampling=true",
             "partial_rollouts does not go with algorithm.dynamic_sampling"},
        Case{"stages.1.grpo.sampling.temperature=-1", "temperature must be at least 0"},
        Case{"stages.1.grpo.sampling.top_p=0", "top_p must be above 0 and at most 1, found 0.0"},
        Case{"stages.1.grpo.sampling.top_p=1.01", "top_p must be above 0 and at most 1"},
        Case{"stages.1.grpo.sampling.top_k=-1", "top_k must be at least 0"},
        Case{"stages.1.grpo.sampling.max_tokens=0", "max_tokens must be at least 1"},
        Case{"stages.1.grpo.sampling.max_tokens=1024", "leaves no room for a prompt"},
        Case{"stages.1.grpo.algorithm.advantage=gae",
             "unknown value `gae`; valid are `grpo`, `mean_c"},
        Case{"stages.1.grpo.algorithm.std_epsilon=0", "std_epsilon must be above 0"},
        Case{"stages.1.grpo.algorithm.policy_loss=clipp", "did you mean `clip`?"},
        Case{"stages.1.grpo.algorithm.clip_low=1.5", "clip_low must be from 0 to 1"},
        Case{"stages.1.grpo.algorithm.clip_high=-0.1", "clip_high must be at least 0"},
        Case{"stages.1.grpo.algorithm.dual_clip=1", "dual_clip must be above 1 or null, found 1.0"},
        Case{"stages.1.grpo.algorithm.sapo_temperature_positive=0", "must be above 0"},
        Case{"stages.1.grpo.algorithm.sapo_temperature_negative=-1", "must be above 0"},
        Case{"stages.1.grpo.algorithm.log_ratio_limit=0", "log_ratio_limit must be above 0"},
        Case{"stages.1.grpo.algorithm.aggregation=token_men", "did you mean `token_mean`?"},
        Case{"stages.1.grpo.algorithm=dr_grpo stages.1.grpo.algorithm.denominator=0",
             "denominator must be above 0"},
        Case{"stages.1.grpo.algorithm.kl_coefficient=-1", "kl_coefficient must be at least 0"},
        Case{"stages.1.grpo.algorithm.kl_estimator=k4", "did you mean `k1`?"},
        Case{"stages.1.grpo.algorithm.kl_in=rewards", "did you mean `reward`?"},
        Case{"stages.1.grpo.algorithm.reference_every_steps=-1", "must be at least 0"},
        Case{"stages.1.grpo.algorithm.reference_every_steps=400",
             "the reference of the KL, which is off: set kl_coefficient"},
        Case{"stages.1.grpo.algorithm.correction=trunc", "did you mean `truncate`?"},
        Case{"stages.1.grpo.algorithm.correction_low=-1", "correction_low must be at least 0"},
        Case{"stages.1.grpo.algorithm.correction_high=0", "correction_high must be above 0"},
        Case{"stages.1.grpo.algorithm.correction_low=3",
             "correction_low must be at most correction_high, 2.0, found 3.0"},
        Case{"stages.1.grpo.algorithm.max_sampling_rounds=0", "must be at least 1"},
        Case{"stages.1.grpo.algorithm=dapo stages.1.grpo.samples_per_prompt=1",
             "dynamic_sampling would drop every group: samples_per_prompt is 1"},
        Case{"stages.1.grpo.algorithm.overlong_buffer_tokens=-1", "must be at least 0"},
        Case{"stages.1.grpo.algorithm.overlong_buffer_tokens=257",
             "overlong_buffer_tokens must be at most sampling.max_tokens, 256, found 257"},
        Case{"stages.1.grpo.algorithm.overlong_penalty=-1", "must be at least 0"},
        Case{"stages.1.grpo.algorithm.entropy_coefficient=-1", "must be at least 0"},
        Case{"stages.1.grpo.reward=[]", "reward needs at least one term"},
        Case{"stages.1.grpo.reward.0.name=format2", "did you mean `format`?"},
        Case{"stages.1.grpo.reward=[format,format]", "reward.1.name is a second term `format`"},
        Case{"stages.1.grpo.max_rollout_learner_gap=-1", "must be at least 0"},
        Case{"resources.rollout.device=cuda resources.rollout.exact=false",
             "max_rollout_learner_gap is 0, but resources.rollout.exact: false"},
        Case{"resources.trainer.device=cuda",
             "max_rollout_learner_gap is 0, but resources.trainer.device: cuda"},
        Case{"stages.1.grpo.max_verifier_failures=1.1", "must be from 0 to 1"}));

INSTANTIATE_TEST_SUITE_P(
    Resources, Rejects,
    testing::Values(
        Case{"checkpoint.every_steps=0", "checkpoint.every_steps must be at least 1"},
        Case{"checkpoint.keep_last=0", "keep_last must be at least 1"},
        Case{"resources.trainer.device=gpu", "must be cpu or cuda, found gpu"},
        Case{"resources.rollout.device=gpu", "must be cpu or cuda, found gpu"},
        Case{"resources.trainer.ranks=0", "ranks must be at least 1"},
        Case{"resources.trainer.threads=-1", "threads must be at least 0"},
        Case{"resources.trainer.micro_batch_tokens=0", "micro_batch_tokens must be at least 1"},
        Case{"resources.trainer.port=65536", "port must be from 0 to 65535, found 65536"},
        Case{"resources.rollout.workers=0", "workers must be at least 1"},
        Case{"resources.rollout.max_sequences=0", "max_sequences must be at least 1"},
        Case{"resources.rollout.kv_cache_tokens=-1", "kv_cache_tokens"},
        Case{"resources.rollout.kv_cache_tokens=256", "holds less than one sequence"},
        Case{"resources.rollout.kv_cache_tokens=300 stages.0.sft.eval.max_tokens=400",
             "must be above stages.0.sft.eval.max_tokens, 400"},
        Case{"resources.reward.workers=0", "workers must be at least 1"},
        Case{"resources.reward.judges=-1", "judges must be at least 0"},
        Case{"resources.metrics_port=65536", "metrics_port must be from 0 to 65535"},
        Case{"resources.reward.port=-1", "port must be from 0 to 65535"},
        Case{"resources.reward.port=65535 resources.reward.workers=2", "too few ports"},
        Case{"resources.reward.port=80 resources.reward.workers=2 resources.trainer.port=81",
             "overlaps resources.trainer.port, 81"}));

TEST(Validate, AcceptsTheEdges) {
  EXPECT_EQ(ErrorOf(""), "OK");
  EXPECT_EQ(ErrorOf("name=a-B_9 stages.1.grpo.minibatches=32 stages.1.grpo.sampling.top_p=1e-9 "
                    "stages.1.grpo.sampling.temperature=0 stages.1.grpo.algorithm.clip_low=1 "
                    "stages.1.grpo.samples_per_prompt=1 resources.trainer.port=65535 "
                    "stages.0.sft.optimizer.lr=0 stages.0.sft.optimizer.max_grad_norm=0 "
                    "model.tokenizer.vocab_size=1 stages.0.sft.steps=1"),
            "OK");
}

TEST(Validate, ErrorsNameTheLineOfTheKeyOrElseThePath) {
  const auto error = [](const std::string& text) {
    return std::string(ParseExperiment(text, "f.yaml", {}).status().message());
  };
  EXPECT_THAT(error("name: x\nmodel:\n  init:\n    head_dim: 24\n"),
              StartsWith("f.yaml:4:5: model.init.head_dim must be a multiple of 16"));
  EXPECT_THAT(error("name: x\nmodel: {path: m}\nstages:\n  - grpo:\n      reward: [{weight: 1}]\n"),
              StartsWith("f.yaml: stages.0.grpo.reward.0.name has the unknown value ``"));
  EXPECT_THAT(error("name: x\nmodel: {path: m}\nstages:\n  - grpo: {}\n"),
              StartsWith("f.yaml: stages.0.grpo.reward needs"));
  EXPECT_THAT(error("name: x\nmodel: {path: m}\nstages:\n  - {}\n"),
              StartsWith("f.yaml:4:5: stages.0 is empty"));
}

TEST(Validate, KeepsTheFirstError) {
  Experiment e;
  const Status status = Validate(e, [](absl::string_view path) { return std::string("here"); });
  EXPECT_EQ(status.message(), "here: name is missing; it names the run folder");
}

}  // namespace
}  // namespace hone
