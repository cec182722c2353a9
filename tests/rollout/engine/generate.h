// Running requests through an engine, and comparing what comes out.
#ifndef HONE_TESTS_ROLLOUT_ENGINE_GENERATE_H_
#define HONE_TESTS_ROLLOUT_ENGINE_GENERATE_H_

#include <map>
#include <utility>
#include <vector>

#include "base/philox.h"
#include "gtest/gtest.h"
#include "rollout/engine/engine.h"

namespace hone {

// By prompt id, then sample index.
using Completions = std::map<uint64_t, std::vector<Completion>>;

// Requests with prompts of 1 … 40 tokens (full blocks, part blocks, none), in groups of 1 … 5.
inline std::vector<GenerateRequest> MixedRequests() {
  std::vector<GenerateRequest> requests;
  Random random(3, 3);
  const int sizes[] = {1, 15, 16, 17, 32, 40, 5, 31};
  for (int i = 0; i < 8; ++i) {
    GenerateRequest request;
    request.prompt_id = 100 + i;
    for (int t = 0; t < sizes[i]; ++t) {
      request.prompt_tokens.push_back(static_cast<int32_t>(random.Below(67)));
    }
    request.num_samples = 1 + i % 5;
    request.sampling.max_tokens = 20 + 7 * i;
    request.sampling.stop_tokens = {3, 11};
    request.sampling.seed = 42;
    request.sampling.temperature = i % 2 == 0 ? 1.0f : 0.7f;
    if (i == 6) request.sampling.top_p = 0.8f;
    if (i == 7) request.sampling.top_k = 5;
    requests.push_back(request);
  }
  return requests;
}

inline Completions Drain(Engine& engine) {
  Completions all;
  std::vector<FinishedRequest> finished;
  for (int steps = 0; !engine.idle(); ++steps) {
    if (steps > 100000) {
      ADD_FAILURE() << "the engine makes no progress";
      break;
    }
    engine.Step(&finished);
  }
  for (auto& request : finished) all[request.prompt_id] = std::move(request.completions);
  return all;
}

// `stats`, if any, gets the engine's at the end.
inline Completions Generate(const Weights& weights, const EngineOptions& options,
                            const std::vector<GenerateRequest>& requests,
                            EngineStats* stats = nullptr) {
  Engine engine(weights.config(), options);
  engine.SetWeights(weights);
  for (const auto& request : requests) EXPECT_TRUE(engine.Add(request).ok());
  Completions all = Drain(engine);
  if (stats != nullptr) *stats = engine.stats();
  return all;
}

// To the bit.
inline void ExpectEqual(const Completions& a, const Completions& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [id, completions] : a) {
    ASSERT_EQ(completions.size(), b.at(id).size());
    for (size_t i = 0; i < completions.size(); ++i) {
      EXPECT_EQ(completions[i].sample_index, static_cast<int>(i));
      EXPECT_EQ(completions[i].tokens, b.at(id)[i].tokens) << id << "/" << i;
      EXPECT_EQ(completions[i].logprobs, b.at(id)[i].logprobs) << id << "/" << i;
      EXPECT_EQ(completions[i].finish_reason, b.at(id)[i].finish_reason);
    }
  }
}

}  // namespace hone

#endif  // HONE_TESTS_ROLLOUT_ENGINE_GENERATE_H_
