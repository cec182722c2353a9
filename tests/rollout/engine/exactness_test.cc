// A completion is a function of its request and the weights alone. For every architecture, in both
// precisions: whatever the batch, the prompts' lengths, the chunks in which they are computed, what
// is shared, what is preempted, the threads and the instruction set.
#include <vector>

#include "gtest/gtest.h"
#include "rollout/engine/engine.h"
#include "tests/kernels/numbers.h"
#include "tests/rollout/engine/generate.h"
#include "tests/rollout/engine/models.h"

namespace hone {
namespace {

// Each request by itself, each sample's forward pass free of all company but its siblings'.
Completions OneByOne(const Weights& weights, Precision precision,
                     const std::vector<GenerateRequest>& requests) {
  Completions alone;
  for (const GenerateRequest& request : requests) {
    alone.merge(
        Generate(weights, {.max_sequences = 1, .decoder = {.precision = precision}}, {request}));
  }
  return alone;
}

// Completions whose lengths differ much.
std::vector<GenerateRequest> UnevenRequests(int count) {
  std::vector<GenerateRequest> requests;
  Random random(8, 1);
  for (int i = 0; i < count; ++i) {
    GenerateRequest request;
    request.prompt_id = i;
    const int size = 1 + static_cast<int>(random.Below(50));
    for (int t = 0; t < size; ++t) {
      request.prompt_tokens.push_back(static_cast<int32_t>(random.Below(67)));
    }
    request.num_samples = 1 + static_cast<int>(random.Below(4));
    request.sampling.max_tokens = 100;
    request.sampling.seed = 1;
    request.sampling.stop_tokens = {0, 1};
    requests.push_back(request);
  }
  return requests;
}

TEST(ExactnessTest, EveryArchitectureInBothPrecisionsHoweverItRuns) {
  const std::vector<GenerateRequest> requests = MixedRequests();
  ForEachModel([&](const Weights& weights, Precision precision) {
    const Completions alone = OneByOne(weights, precision, requests);
    ForEachWayToRun([&] {
      for (const EngineOptions options : {EngineOptions{.max_sequences = 256},
                                          {.max_sequences = 5},
                                          {.max_sequences = 9, .kv_cache_tokens = 112}}) {
        EngineOptions with = options;
        with.decoder = {.precision = precision};
        ExpectEqual(alone, Generate(weights, with, requests));
      }
    });
  });
}

TEST(ExactnessTest, PreemptedSamplesGoOnWithTheSameBits) {
  const std::vector<GenerateRequest> requests = UnevenRequests(40);
  ForEachModel([&](const Weights& weights, Precision precision) {
    const Completions alone = OneByOne(weights, precision, requests);
    int64_t preemptions = 0;
    for (const int cache_tokens : {160, 208, 320}) {
      Engine engine(weights.config(), {.max_sequences = 24,
                                       .kv_cache_tokens = cache_tokens,
                                       .decoder = {.precision = precision}});
      engine.SetWeights(weights);
      // Short ones first, so that the plans for all others are much too low.
      SamplingParams two_tokens;
      two_tokens.max_tokens = 2;
      ASSERT_TRUE(engine.Add({1000, {1, 2, 3}, 10, two_tokens}).ok());
      Drain(engine);
      for (const GenerateRequest& request : requests) ASSERT_TRUE(engine.Add(request).ok());
      ExpectEqual(alone, Drain(engine));
      EXPECT_EQ(engine.stats().kv_blocks_used, 0);
      preemptions += engine.stats().preemptions;
    }
    EXPECT_GT(preemptions, 10) << "the case should show preemption";
  });
}

// Guessed tokens go through the model several at once, and wrong ones leave their traces in the
// cache; nothing of it is to be seen. Greedy draws repeat themselves, so that many guesses are
// right.
TEST(ExactnessTest, SpeculationChangesNothing) {
  std::vector<GenerateRequest> requests = UnevenRequests(24);
  int64_t steps_without = 0, steps_with = 0;
  for (GenerateRequest& request : requests) {
    const float temperatures[] = {0.0f, 0.2f, 1.0f};
    request.sampling.temperature = temperatures[request.prompt_id % 3];
    if (request.prompt_id % 4 == 3) request.sampling.top_k = 2;
    if (request.prompt_id % 5 == 4) request.sampling.top_p = 0.7f;
  }
  ForEachModel([&](const Weights& weights, Precision precision) {
    const EngineOptions off = {
        .max_sequences = 16, .decoder = {.precision = precision}, .speculation = Speculation::kOff};
    EngineStats stats;
    const Completions wanted = Generate(weights, off, requests, &stats);
    EXPECT_EQ(stats.drafted_tokens, 0);
    steps_without += stats.steps;
    for (const int cache_tokens : {0, 208}) {
      EngineOptions always = off;
      always.speculation = Speculation::kAlways;
      always.kv_cache_tokens = cache_tokens;
      ExpectEqual(wanted, Generate(weights, always, requests, &stats));
      EXPECT_GT(stats.accepted_tokens, 20) << "the case should show guesses that are right";
      EXPECT_GT(stats.drafted_tokens, stats.accepted_tokens) << "and such as are wrong";
      steps_with += cache_tokens == 0 ? stats.steps : 0;
    }
  });
  EXPECT_LT(steps_with, steps_without);
  const Weights weights = SmallModel(true);
  const Completions wanted = Generate(weights, {.speculation = Speculation::kOff}, requests);
  ForEachWayToRun([&] {
    for (const Speculation speculation : {Speculation::kAlways, Speculation::kMeasured}) {
      ExpectEqual(wanted, Generate(weights, {.speculation = speculation}, requests));
    }
  });
}

// More rows of prompts than go through at once, so that some are cut, at places that follow from
// what else is there.
TEST(ExactnessTest, PromptsInChunks) {
  std::vector<GenerateRequest> requests;
  for (int i = 0; i < 40; ++i) {
    std::vector<int32_t> prompt;
    for (int t = 0; t < 101 + i; ++t) prompt.push_back((7 * i + 3 * t) % 67);
    SamplingParams sampling;
    sampling.max_tokens = 6;
    requests.push_back({static_cast<uint64_t>(i), prompt, 2, sampling});
  }
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    const Weights weights = SmallModel(config);
    EngineStats stats;
    const Completions together = Generate(weights, {}, requests, &stats);
    EXPECT_GE(stats.prefilled_tokens, 2 * 2048);
    ExpectEqual(OneByOne(weights, Precision::kFloat32, requests), together);
  }
}

// Every length of a prompt around the borders of blocks, every sample of a group, every way to
// draw.
TEST(ExactnessTest, EveryPromptLengthAndWayToDraw) {
  const Weights weights = SmallModel(true);
  std::vector<GenerateRequest> requests;
  for (int size = 1; size <= 50; ++size) {
    GenerateRequest request;
    request.prompt_id = size;
    for (int t = 0; t < size; ++t) request.prompt_tokens.push_back((5 * size + t * t) % 67);
    request.num_samples = 1 + size % 3;
    request.sampling.max_tokens = 1 + size % 40;
    request.sampling.temperature = size % 5 == 0 ? 0.0f : 0.5f + 0.25f * (size % 4);
    if (size % 7 == 0) request.sampling.top_p = 0.9f;
    if (size % 6 == 0) request.sampling.top_k = 3;
    request.sampling.seed = size % 2;
    requests.push_back(request);
  }
  const Completions alone = OneByOne(weights, Precision::kFloat32, requests);
  ForEachWayToRun([&] {
    for (const EngineOptions options :
         {EngineOptions{.max_sequences = 128}, {.max_sequences = 7}, {.kv_cache_tokens = 96}}) {
      ExpectEqual(alone, Generate(weights, options, requests));
    }
  });
}

}  // namespace
}  // namespace hone
