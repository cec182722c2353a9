// The engine on a GPU, or on an emulation of one (tests/gpu/emulation), against the one on the CPU.
#include <algorithm>
#include <exception>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rollout/engine/engine.h"
#include "tests/rollout/engine/generate.h"
#include "tests/rollout/engine/models.h"
#ifndef HONE_CUDA
#include "cuda_runtime.h"
#endif

namespace hone {
namespace {

DecoderOptions Exact(Precision precision) {
  return {.precision = precision, .device = Device::kCuda, .exact = true};
}

TEST(CudaEngineTest, ExactItHasTheBitsOfTheCpu) {
  const std::vector<GenerateRequest> requests = MixedRequests();
  ForEachModel([&](const Weights& weights, Precision precision) {
    const Completions wanted = Generate(weights, {.decoder = {.precision = precision}}, requests);
    EngineOptions options = {.decoder = Exact(precision)};
    ExpectEqual(wanted, Generate(weights, options, requests));
    // A small cache, so that samples are preempted; guesses, so that several rows of a sample go
    // through together.
    options.max_sequences = 9;
    options.kv_cache_tokens = 112;
    options.speculation = Speculation::kAlways;
    EngineStats stats;
    ExpectEqual(wanted, Generate(weights, options, requests, &stats));
    EXPECT_GT(stats.drafted_tokens, 0);
  });
}

// cuBLAS and parts of contexts: other sums, so that a draw may differ; up to there the log-probs
// agree.
TEST(CudaEngineTest, FastItAgreesUpToRounding) {
  std::vector<GenerateRequest> requests = MixedRequests();
  ForEachModel([&](const Weights& weights, Precision precision) {
    const Completions wanted = Generate(weights, {.decoder = {.precision = precision}}, requests);
    DecoderOptions fast = Exact(precision);
    fast.exact = false;
    const Completions found = Generate(weights, {.decoder = fast}, requests);
    const double tolerance = precision == Precision::kFloat32 ? 2e-4 : 0.3;
    int64_t compared = 0;
    for (const auto& [id, completions] : wanted) {
      for (size_t s = 0; s < completions.size(); ++s) {
        const Completion &a = completions[s], &b = found.at(id)[s];
        for (size_t i = 0; i < std::min(a.tokens.size(), b.tokens.size()); ++i) {
          if (a.tokens[i] != b.tokens[i]) break;
          ASSERT_NEAR(a.logprobs[i], b.logprobs[i], tolerance) << id << "/" << s << "/" << i;
          ++compared;
        }
      }
    }
    EXPECT_GT(compared, precision == Precision::kFloat32 ? 400 : 100);
  });
}

// New weights take the place of the old ones, under the graphs that were recorded with them.
TEST(CudaEngineTest, NewWeightsBetweenTwoSteps) {
  const Weights old = SmallModel(true, 5), next = SmallModel(true, 6);
  const std::vector<GenerateRequest> requests = MixedRequests();
  Completions completions[2];
  for (const bool on_gpu : {false, true}) {
    EngineOptions options = {.max_sequences = 4};
    if (on_gpu) options.decoder = Exact(Precision::kFloat32);
    Engine engine(old.config(), options);
    engine.SetWeights(old, 1);
    for (const GenerateRequest& request : requests) ASSERT_TRUE(engine.Add(request).ok());
    std::vector<FinishedRequest> finished;
    for (int i = 0; i < 25; ++i) engine.Step(&finished);
    engine.SetWeights(PackWeights(next, options.decoder), 2);
    while (!engine.idle()) engine.Step(&finished);
    for (auto& request : finished) {
      completions[on_gpu][request.prompt_id] = std::move(request.completions);
    }
  }
  ExpectEqual(completions[0], completions[1]);
}

#ifndef HONE_CUDA  // on the emulation, which counts
TEST(CudaEngineTest, DecodesByGraphsAndGivesItsMemoryBack) {
  const int64_t before = emulation::NumDeviceBytes(), launched = emulation::NumKernelLaunches();
  const int64_t graphs = emulation::NumGraphLaunches();
  const Weights weights = SmallModel(true);
  EngineStats stats;
  Generate(weights, {.max_sequences = 4, .decoder = Exact(Precision::kFloat32)}, MixedRequests(),
           &stats);
  EXPECT_GT(emulation::NumGraphLaunches() - graphs, stats.steps / 2);
  // Beside the graphs: prompts, draws, and the first pass with each number of rows.
  EXPECT_LT(emulation::NumKernelLaunches() - launched, 15 * stats.steps);
  EXPECT_EQ(emulation::NumDeviceBytes(), before);
}

TEST(CudaEngineTest, SaysWhenTheGpuIsTooSmall) {
  const Weights weights = SmallModel(true);
  emulation::SetMemoryLimit(1 << 20);
  try {
    Engine engine(weights.config(), {.decoder = Exact(Precision::kFloat32)});
    ADD_FAILURE() << "the cache should not have fit";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("out of memory; fewer max_sequences or "
                                                 "kv_cache_tokens fit"));
  }
  emulation::SetMemoryLimit(int64_t{4} << 30);
}
#endif

}  // namespace
}  // namespace hone
