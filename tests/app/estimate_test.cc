#include "app/estimate.h"

#include <string>

#include "config/load.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr char kText[] = R"(
name: small
model:
  init: {hidden_size: 64, num_layers: 2, num_heads: 2, num_kv_heads: 1, head_dim: 32,
         intermediate_size: 128, max_position_embeddings: 256}
stages:
  - sft: {task: countdown, steps: 10, batch_tokens: 1000,
          eval: {every_steps: 4, problems: 100, samples: 2, max_tokens: 50}}
  - grpo: {task: countdown, steps: 5, prompts_per_step: 4, samples_per_prompt: 8,
           sampling: {max_tokens: 100}, reward: [{name: countdown}],
           eval: {problems: 100, samples: 1, max_tokens: 50}}
resources: {rollout: {workers: 3, max_sequences: 16}}
)";

Experiment Parse(const std::vector<std::string>& overrides = {}) {
  const auto experiment = ParseExperiment(kText, "test", overrides);
  EXPECT_TRUE(experiment.ok()) << experiment.status();
  return *experiment;
}

RunEstimate Estimate(const Experiment& experiment) {
  const auto config = PlannedModel(experiment);
  EXPECT_TRUE(config.ok()) << config.status();
  const auto estimate = EstimateRun(experiment, *config);
  EXPECT_TRUE(estimate.ok()) << estimate.status();
  return *estimate;
}

int64_t Part(const RunEstimate& estimate, size_t role, const std::string& name) {
  for (const auto& [part, bytes] : estimate.roles.at(role).parts_bytes) {
    if (part == name) return bytes;
  }
  ADD_FAILURE() << "no part " << name;
  return 0;
}

TEST(EstimateTest, CountsParametersAndTheTrainersSixteenBytesEach) {
  const RunEstimate estimate = Estimate(Parse());
  // Vocabulary: 256 bytes, the end, and the task's tags.
  const int64_t vocab = PlannedModel(Parse())->vocab_size;
  const int64_t block = 64 * (64 + 2 * 32) + 64 * 64 + 3 * 64 * 128 + 2 * 64 + 2 * 32;
  EXPECT_GT(vocab, 257);
  EXPECT_EQ(estimate.parameters, vocab * 64 + 2 * block + 64);
  EXPECT_EQ(Part(estimate, 0, "weights, gradient, AdamW moments"), 16 * estimate.parameters);
}

TEST(EstimateTest, KvCacheHoldsTwoFloatsForEachLayerAndToken) {
  RunEstimate estimate = Estimate(Parse());
  EXPECT_EQ(estimate.roles[1].processes, 3);
  EXPECT_EQ(Part(estimate, 1, "KV cache"), 2 * 4 * 2 * 32 * 16 * (256 + 16));
  estimate = Estimate(Parse({"resources.rollout.kv_cache_tokens=1600"}));
  EXPECT_EQ(Part(estimate, 1, "KV cache"), 2 * 4 * 2 * 32 * 1600);
  // By default no more than 4 GiB.
  estimate = Estimate(Parse({"resources.rollout.max_sequences=1000000"}));
  EXPECT_LE(Part(estimate, 1, "KV cache"), int64_t{4} << 30);
  EXPECT_GT(Part(estimate, 1, "KV cache"), int64_t{3} << 30);
}

TEST(EstimateTest, RecomputationSavesActivations) {
  const std::string part = "activations of a micro-batch";
  EXPECT_LT(Part(Estimate(Parse({"resources.trainer.recompute=true"})), 0, part),
            Part(Estimate(Parse()), 0, part));
}

TEST(EstimateTest, CountsTokens) {
  const RunEstimate estimate = Estimate(Parse());
  const StageEstimate& sft = estimate.stages.at(0);
  EXPECT_EQ(sft.trained(), 10 * 1000);
  EXPECT_EQ(sft.evaluations, 4);  // before, after steps 4 and 8, at the end
  EXPECT_EQ(sft.generated(), 4 * 100 * 2 * 50);
  const StageEstimate& grpo = estimate.stages.at(1);
  EXPECT_EQ(grpo.sequences_per_step, 32);
  EXPECT_EQ(grpo.generated_per_step, 3200);
  EXPECT_GT(grpo.trained_per_step, 3200);
  EXPECT_EQ(grpo.evaluations, 2);
}

TEST(EstimateTest, SaysWhenTheMemoryIsNotThere) {
  const RunEstimate estimate = Estimate(Parse());
  EXPECT_THAT(FormatEstimate(estimate, 1 << 20), HasSubstr("more than the machine has"));
  EXPECT_THAT(FormatEstimate(estimate, int64_t{1} << 50),
              ::testing::Not(HasSubstr("more than the machine has")));
}

}  // namespace
}  // namespace hone
