// The learner on several ranks against the learner on one.
#include <algorithm>
#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/parallel.h"
#include "tests/cluster/ranks.h"
#include "tests/rollout/engine/models.h"
#include "tests/trainer/sequences.h"
#include "trainer/learner/learner.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

class LearnerRanksTest : public testing::Test {
 protected:
  LearnerRanksTest() { SetNumThreads(1); }

  static Learner Sharded(const Weights& weights, const LearnerOptions& options,
                         const LearnerRanks& ranks = {&Everybody(), &Everybody(), nullptr}) {
    return Learner(weights, options, ranks);
  }
};

// What sums of fp32 in another order may differ by: 1e-6 over the whole gradient, and no element by
// more than 1e-5 of its tensor's largest.
void ExpectSameGradient(const Weights& weights, const std::vector<float>& found,
                        const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  double difference = 0, norm = 0;
  for (size_t tensor = 0; tensor < weights.specs().size(); ++tensor) {
    const int64_t begin = weights.offset(static_cast<int>(tensor));
    const int64_t end = begin + weights.specs()[tensor].size();
    double largest = 0;
    for (int64_t i = begin; i < end; ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
      difference += std::pow(static_cast<double>(found[i]) - expected[i], 2);
      norm += std::pow(static_cast<double>(expected[i]), 2);
    }
    for (int64_t i = begin; i < end; ++i) {
      ASSERT_NEAR(found[i], expected[i], 1e-5 * largest) << weights.specs()[tensor].name;
    }
  }
  EXPECT_LT(std::sqrt(difference / norm), 1e-6);
}

TEST_F(LearnerRanksTest, TheyFindTheGradientOfOne) {
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    const Weights weights = SmallModel(config);
    const auto sequences = RandomSequences(23, 5);
    Learner alone(weights, {300, false});
    alone.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
    const std::vector<float> expected = alone.Gradient();
    for (const bool recompute : {false, true}) {
      Learner learner = Sharded(weights, {300, recompute});
      int64_t seen = 0;
      learner.AccumulateGradient(
          sequences, 1.0f,
          [&](int64_t i, const TokenLogProbs& tokens, absl::Span<float> d, absl::Span<float> e) {
            seen += 1;
            LikelihoodGradient(i, tokens, d, e);
          });
      // Every sequence was somewhere, and nowhere twice.
      double all = static_cast<double>(seen);
      ASSERT_TRUE(Everybody().AllReduce("seen", &all, 1).Wait().ok());
      EXPECT_EQ(all, 23);
      ExpectSameGradient(weights, learner.Gradient(), expected);
    }
  }
}

// On LibTorch's operators, as on GPUs; in bfloat16 weights travel in half the bytes.
TEST_F(LearnerRanksTest, OnTorchTheyFindTheGradientOfOne) {
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    const Weights weights = InitWeights(config, 0.05, 5);
    for (const int count : {2, 23}) {  // with more ranks than sequences some have nothing to do
      const auto sequences = RandomSequences(count, 5);
      LearnerOptions options = {.micro_batch_tokens = 300, .torch_device = "cpu"};
      const auto gradient = [&](const LearnerRanks& ranks) {
        Learner learner(weights, options, ranks);
        learner.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
        return learner.Gradient();
      };
      const LearnerRanks all = {&Everybody(), &Everybody(), nullptr, &Everybody()};
      ExpectSameGradient(weights, gradient(all), gradient({}));
      options.precision = Precision::kBFloat16;
      const std::vector<float> expected = gradient({}), found = gradient(all);
      double difference = 0, norm = 0;
      for (size_t i = 0; i < expected.size(); ++i) {
        difference += std::pow(double{found[i]} - expected[i], 2);
        norm += std::pow(double{expected[i]}, 2);
      }
      EXPECT_LT(std::sqrt(difference / norm), 0.01);
    }
  }
}

TEST_F(LearnerRanksTest, EachFindsTheLogProbsOfAllToTheBit) {
  const Weights weights = SmallModel(true);
  const auto sequences = RandomSequences(11, 6);
  const auto expected = Learner(weights, {300, false}).LogProbs(sequences, 0.8f);
  Learner learner = Sharded(weights, {100, false});
  const auto found = learner.LogProbs(sequences, 0.8f);
  for (size_t i = 0; i < sequences.size(); ++i) {
    EXPECT_THAT(found[i].logprobs, ElementsAreArray(expected[i].logprobs));
    EXPECT_THAT(found[i].entropies, ElementsAreArray(expected[i].entropies));
  }
}

// Takes some steps and returns the weights.
std::vector<float> TrainedWeights(Learner& learner, int steps = 3) {
  OptimizerSpec spec;
  spec.weight_decay = 0.1;
  spec.max_grad_norm = 0.05;  // clips: so the norm, too, must have the same bits
  for (int step = 0; step < steps; ++step) {
    learner.AccumulateGradient(RandomSequences(14, 20 + step), 1.0f, LikelihoodGradient);
    learner.Update(spec, 1e-3);
  }
  const Weights weights = learner.ExportWeights();
  return {weights.flat().begin(), weights.flat().end()};
}

TEST_F(LearnerRanksTest, StepsAreTheSameBitsEveryTime) {
  const Weights weights = SmallModel(false);
  Learner first = Sharded(weights, {200, false}), second = Sharded(weights, {200, true});
  EXPECT_THAT(TrainedWeights(first), ElementsAreArray(TrainedWeights(second)));
}

TEST_F(LearnerRanksTest, WithVirtualShardsTheBitsAreThoseOfOneRank) {
  for (const auto& [name, config] : ModelVariants()) {
    for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
      SCOPED_TRACE(name);
      const Weights weights = SmallModel(config);
      const LearnerOptions options{200, false, precision, /*virtual_shards=*/8};
      Learner alone(weights, options);
      Learner learner = Sharded(weights, options);
      EXPECT_THAT(TrainedWeights(learner), ElementsAreArray(TrainedWeights(alone)));
    }
  }
}

TEST_F(LearnerRanksTest, FewerSequencesThanRanksAreNoTrouble) {
  const Weights weights = SmallModel(true);
  const auto sequences = RandomSequences(1, 7);
  Learner alone(weights, {});
  alone.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
  Learner learner = Sharded(weights, {});
  learner.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
  EXPECT_THAT(learner.Gradient(), ElementsAreArray(alone.Gradient()));
}

// Shards within pairs of ranks, each pair with a whole copy.
TEST_F(LearnerRanksTest, HybridShardingFindsTheSameGradient) {
  const int size = Everybody().world().size, rank = Everybody().world().rank;
  if (size % 2 != 0) GTEST_SKIP() << "pairs need an even number of ranks, there are " << size;
  const auto pair = TestWorld().Split(rank / 2, "a pair");
  const auto replicas = TestWorld().Split(rank % 2, "replicas");
  ASSERT_TRUE(pair.ok() && replicas.ok());
  const Weights weights = SmallModel(true);
  const auto sequences = RandomSequences(17, 8);
  Learner alone(weights, {300, false});
  alone.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
  const LearnerRanks ranks{&Everybody(), pair->get(), replicas->get()};
  Learner learner = Sharded(weights, {300, false}, ranks);
  learner.AccumulateGradient(sequences, 1.0f, LikelihoodGradient);
  ExpectSameGradient(weights, learner.Gradient(), alone.Gradient());
  Learner stepping = Sharded(weights, {300, false}, ranks);
  const std::vector<float> trained = TrainedWeights(stepping);
  std::vector<float> sums = trained;
  ASSERT_TRUE(SumOverRanks(&Everybody(), "weights", sums.data(), std::ssize(sums)).ok());
  for (size_t i = 0; i < sums.size(); ++i) {
    ASSERT_NEAR(sums[i], static_cast<float>(size) * trained[i], 1e-6) << "copies differ at " << i;
  }
}

TEST_F(LearnerRanksTest, ShardsTileTheWeights) {
  const Weights weights = SmallModel(true);
  Learner learner = Sharded(weights, {});
  std::vector<float> found(weights.flat().size());
  std::vector<float> covered(weights.flat().size());
  for (const WeightsShard& shard : learner.Shards()) {
    std::copy(shard.values.begin(), shard.values.end(), found.begin() + shard.begin);
    std::fill_n(covered.begin() + shard.begin, shard.values.size(), 1.0f);
  }
  ASSERT_TRUE(SumOverRanks(&Everybody(), "found", found.data(), std::ssize(found)).ok());
  ASSERT_TRUE(SumOverRanks(&Everybody(), "covered", covered.data(), std::ssize(covered)).ok());
  EXPECT_THAT(found, ElementsAreArray(weights.flat()));
  EXPECT_THAT(covered, testing::Each(1.0f));
}

}  // namespace
}  // namespace hone
