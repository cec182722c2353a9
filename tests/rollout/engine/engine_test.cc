#include "rollout/engine/engine.h"

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/kernels/numbers.h"
#include "tests/rollout/engine/generate.h"
#include "tests/rollout/engine/models.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

TEST(EngineTest, ACompletionDependsOnNothingButItsRequest) {
  const Weights weights = SmallModel(true);
  const auto requests = MixedRequests();
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
  const Completions first = Generate(weights, {}, MixedRequests());
  ForEachWayToRun([&] { ExpectEqual(first, Generate(weights, {}, MixedRequests())); });
}

TEST(EngineTest, RequestsMayArriveWhileOthersRun) {
  const Weights weights = SmallModel(true);
  const auto requests = MixedRequests();
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
  for (const auto& [id, completions] : Generate(weights, {}, MixedRequests())) {
    const int limit = 20 + 7 * static_cast<int>(id - 100);
    for (const Completion& completion : completions) {
      seen.insert(completion.finish_reason);
      const int32_t last = completion.tokens.back();
      const bool stop = last == 3 || last == 11;
      EXPECT_EQ(completion.finish_reason, stop ? FinishReason::kStop : FinishReason::kLength);
      if (!stop) {
        EXPECT_EQ(static_cast<int>(completion.tokens.size()), limit);
      }
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
  // It was that request's error alone.
  longer.max_tokens = 63;
  ASSERT_TRUE(engine.Add({7, {1}, 2, longer}).ok());
  EXPECT_EQ(Drain(engine).at(7).size(), 2u);
}

TEST(EngineTest, SaysHowMuchFits) {
  const Engine engine(SmallConfig(true), {.max_sequences = 8, .kv_cache_tokens = 320});
  EXPECT_EQ(engine.SequencesThatFit(16), 8);
  EXPECT_EQ(engine.SequencesThatFit(65), 4);
  EXPECT_EQ(engine.SequencesThatFit(100000), 2);  // of the whole context, 160 tokens
  EXPECT_THAT(engine.DescribeCapacity(65),
              HasSubstr("320 tokens in 20 blocks (0 MiB): 4 sequences of 65 tokens fit"));
  EXPECT_EQ(engine.stats().kv_blocks, 20);
  EXPECT_EQ(engine.stats().kv_blocks_used, 0);
}

TEST(EngineTest, NewWeightsGiveNewCompletions) {
  Engine engine(SmallModel(true).config(), {});
  std::vector<std::vector<int32_t>> drawn;
  for (const uint64_t seed : {5, 6, 5}) {
    engine.SetWeights(SmallModel(true, seed));
    ASSERT_TRUE(engine.Add(MixedRequests()[3]).ok());
    drawn.push_back(Drain(engine).begin()->second[0].tokens);
  }
  EXPECT_NE(drawn[0], drawn[1]);
  EXPECT_EQ(drawn[0], drawn[2]);
}

// New weights between two steps: what was drawn before is as without them, and every token names
// the version that drew it.
TEST(EngineTest, NewWeightsTakeEffectBetweenTwoSteps) {
  const Weights old = SmallModel(true, 5), next = SmallModel(true, 6);
  GenerateRequest request;
  request.prompt_tokens = {1, 2, 3, 4, 5};
  request.num_samples = 6;
  request.sampling.max_tokens = 30;
  const std::vector<Completion> before = Generate(old, {}, {request}).at(0);
  // Two places: some samples fork from the prompt only after the change, from the old logits.
  Engine engine(old.config(), {.max_sequences = 2});
  engine.SetWeights(old, 7);
  ASSERT_TRUE(engine.Add(request).ok());
  std::vector<FinishedRequest> finished;
  for (int i = 0; i < 10; ++i) engine.Step(&finished);
  auto packed = PackWeights(next, {});
  EXPECT_NE(engine.SetWeights(packed, 8), nullptr);
  while (!engine.idle()) engine.Step(&finished);
  ASSERT_EQ(finished.size(), 1u);
  for (const Completion& completion : finished[0].completions) {
    ASSERT_EQ(completion.versions.size(), 2u);
    EXPECT_EQ(completion.versions[0].version, 7u);
    EXPECT_EQ(completion.versions[1].version, 8u);
    const int64_t drawn = completion.versions[0].tokens;
    EXPECT_EQ(drawn, completion.sample_index < 2 ? 10 : 1);
    EXPECT_EQ(drawn + completion.versions[1].tokens, 30);
    const std::vector<int32_t>& wanted = before[completion.sample_index].tokens;
    EXPECT_TRUE(
        std::equal(completion.tokens.begin(), completion.tokens.begin() + drawn, wanted.begin()));
    EXPECT_NE(completion.tokens, wanted);
  }
}

}  // namespace
}  // namespace hone
