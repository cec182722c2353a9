#include "rollout/engine/engine.h"

#include <map>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"
#include "tests/rollout/engine/models.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

// Requests with prompts of 1 … 40 tokens (full blocks, part blocks, none), in groups of 1 … 5.
std::vector<GenerateRequest> Requests() {
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

using Completions = std::map<uint64_t, std::vector<Completion>>;

Completions Drain(Engine& engine) {
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

Completions Generate(const Weights& weights, const EngineOptions& options,
                     const std::vector<GenerateRequest>& requests) {
  Engine engine(weights.config(), options);
  engine.SetWeights(weights);
  for (const auto& request : requests) EXPECT_TRUE(engine.Add(request).ok());
  return Drain(engine);
}

void ExpectEqual(const Completions& a, const Completions& b) {
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

TEST(EngineTest, ACompletionDependsOnNothingButItsRequest) {
  const Weights weights = SmallModel(true);
  const auto requests = Requests();
  const Completions together = Generate(weights, {}, requests);
  ASSERT_EQ(together.size(), requests.size());

  // One at a time, in the opposite order.
  Completions alone;
  for (auto request = requests.rbegin(); request != requests.rend(); ++request) {
    alone.merge(Generate(weights, {}, {*request}));
  }
  ExpectEqual(together, alone);

  // Few places, and a cache that holds little more than one sequence.
  for (const EngineOptions options :
       {EngineOptions{1, 0}, EngineOptions{3, 0}, EngineOptions{256, 176}, EngineOptions{2, 256}}) {
    ExpectEqual(together, Generate(weights, options, requests));
  }

  // Each sample in a batch of its own size: the first sample of a larger group is the same.
  auto fewer = requests;
  for (auto& request : fewer) request.num_samples = 1;
  for (auto& [id, completions] : Generate(weights, {}, fewer)) {
    EXPECT_EQ(completions[0].tokens, together.at(id)[0].tokens);
  }
}

TEST(EngineTest, TheSameBitsOnEveryIsaAndThreadCount) {
  const Weights weights = SmallModel(false);
  const Completions first = Generate(weights, {}, Requests());
  ForEachWayToRun([&] { ExpectEqual(first, Generate(weights, {}, Requests())); });
}

TEST(EngineTest, RequestsMayArriveWhileOthersRun) {
  const Weights weights = SmallModel(true);
  const auto requests = Requests();
  Engine engine(weights.config(), {});
  engine.SetWeights(weights);
  std::vector<FinishedRequest> finished;
  Completions all;
  for (const auto& request : requests) {
    ASSERT_TRUE(engine.Add(request).ok());
    for (int i = 0; i < 5; ++i) engine.Step(&finished);
  }
  while (!engine.idle()) engine.Step(&finished);
  for (auto& request : finished) all[request.prompt_id] = std::move(request.completions);
  ExpectEqual(Generate(weights, {}, requests), all);
}

TEST(EngineTest, StopsAtStopTokensAndAtTheLimit) {
  const Weights weights = SmallModel(true);
  std::set<FinishReason> seen;
  for (const auto& [id, completions] : Generate(weights, {}, Requests())) {
    const int limit = 20 + 7 * static_cast<int>(id - 100);
    for (const Completion& completion : completions) {
      seen.insert(completion.finish_reason);
      const int32_t last = completion.tokens.back();
      const bool stop = last == 3 || last == 11;
      EXPECT_EQ(completion.finish_reason, stop ? FinishReason::kStop : FinishReason::kLength);
      if (!stop) EXPECT_EQ(static_cast<int>(completion.tokens.size()), limit);
      for (size_t i = 0; i + 1 < completion.tokens.size(); ++i) {
        EXPECT_TRUE(completion.tokens[i] != 3 && completion.tokens[i] != 11);
      }
    }
  }
  EXPECT_EQ(seen.size(), 2u) << "the case should show both ends";
}

TEST(EngineTest, TheContextBoundsTheCompletion) {
  const Weights weights = SmallModel(true);
  GenerateRequest request;
  request.prompt_tokens.assign(150, 1);
  request.sampling.max_tokens = 1000;
  const auto completions = Generate(weights, {}, {request});
  EXPECT_EQ(completions.at(0)[0].tokens.size(), 10u);
}

TEST(EngineTest, RefusesWhatItCannotDo) {
  const Weights weights = SmallModel(true);
  Engine engine(weights.config(), {4, 64});
  engine.SetWeights(weights);
  const auto message = [&](const GenerateRequest& request) {
    return std::string(engine.Add(request).message());
  };
  EXPECT_THAT(message({}), HasSubstr("no tokens"));
  EXPECT_THAT(message({0, {67}, 1, {}}), HasSubstr("token 67"));
  EXPECT_THAT(message({0, {-1}, 1, {}}), HasSubstr("token -1"));
  EXPECT_THAT(message({0, std::vector<int32_t>(160, 1), 1, {}}), HasSubstr("context"));
  EXPECT_THAT(message({0, {1}, 0, {}}), HasSubstr("at least 1"));
  SamplingParams longer;
  longer.max_tokens = 100;
  EXPECT_THAT(message({0, {1}, 1, longer}), HasSubstr("kv_cache_tokens"));
  EXPECT_TRUE(engine.idle());
}

TEST(EngineTest, NewWeightsGiveNewCompletions) {
  Engine engine(SmallModel(true).config(), {});
  std::vector<std::vector<int32_t>> drawn;
  for (const uint64_t seed : {5, 6, 5}) {
    engine.SetWeights(SmallModel(true, seed));
    ASSERT_TRUE(engine.Add(Requests()[3]).ok());
    drawn.push_back(Drain(engine).begin()->second[0].tokens);
  }
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_EQ(drawn[0], drawn[2]);
}

}  // namespace
}  // namespace hone
