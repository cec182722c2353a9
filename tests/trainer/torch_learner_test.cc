// The learner on LibTorch's operators, on a GPU in the CUDA build and on the CPU in others, against
// the one on the kernels.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rollout/engine/models.h"
#include "tests/trainer/sequences.h"
#include "trainer/learner/learner.h"

namespace hone {
namespace {

using ::testing::ElementsAreArray;

#ifdef HONE_CUDA
constexpr char kDevice[] = "cuda:0";
#else
constexpr char kDevice[] = "cpu";
#endif

LearnerOptions OnTorch(LearnerOptions options = {}) {
  options.torch_device = kDevice;
  return options;
}

double Difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double difference = 0, norm = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    difference += std::pow(double{a[i]} - b[i], 2);
    norm += std::pow(double{b[i]}, 2);
  }
  return std::sqrt(difference / norm);
}

std::vector<float> Gradient(const Weights& weights, const LearnerOptions& options,
                            const std::vector<TrainSequence>& sequences) {
  Learner learner(weights, options);
  learner.AccumulateGradient(sequences, 0.7f, LikelihoodGradient);
  return learner.Gradient();
}

TEST(TorchLearnerTest, LogProbsAndGradientsAreThoseOfTheKernels) {
  const auto sequences = RandomSequences(9, 2);
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    const Weights weights = InitWeights(config, 0.05, 5);  // as tame as those of real models
    const auto wanted = Learner(weights, {}).LogProbs(sequences, 0.7f);
    const auto found = Learner(weights, OnTorch()).LogProbs(sequences, 0.7f);
    for (size_t i = 0; i < wanted.size(); ++i) {
      for (size_t t = 0; t < wanted[i].logprobs.size(); ++t) {
        ASSERT_NEAR(found[i].logprobs[t], wanted[i].logprobs[t], 1e-5) << i << ", " << t;
        ASSERT_NEAR(found[i].entropies[t], wanted[i].entropies[t], 1e-5) << i << ", " << t;
      }
    }
    const auto gradient = Gradient(weights, {}, sequences);
    EXPECT_LT(Difference(Gradient(weights, OnTorch(), sequences), gradient), 1e-5);
    const LearnerOptions small = {.micro_batch_tokens = 100, .recompute = true};
    EXPECT_LT(Difference(Gradient(weights, OnTorch(small), sequences), gradient), 1e-5);
  }
}

TEST(TorchLearnerTest, GradientsInBFloat16AreNearTheExactOnes) {
  const auto sequences = RandomSequences(9, 2);
  for (const auto& [name, config] : ModelVariants()) {
    SCOPED_TRACE(name);
    Weights weights = InitWeights(config, 0.05, 5);
    RoundWeights(Precision::kBFloat16, &weights);
    const auto exact = Gradient(weights, {}, sequences);
    const LearnerOptions half = {.precision = Precision::kBFloat16};
    const double difference = Difference(Gradient(weights, OnTorch(half), sequences), exact);
    EXPECT_LT(difference, 0.03);
    EXPECT_GT(difference, 1e-4) << "bfloat16 should show";
  }
}

TEST(TorchLearnerTest, UpdatesAndStateGoOnLikeTheKernels) {
  const Weights weights = InitWeights(SmallConfig(true), 0.05, 5);
  OptimizerSpec optimizer;
  optimizer.weight_decay = 0.1;
  optimizer.max_grad_norm = 0.05;
  Learner kernels(weights, {}), torch(weights, OnTorch()), restored(weights, OnTorch());
  const auto step = [&](Learner* learner, int i) {
    learner->AccumulateGradient(RandomSequences(4, 10 + i), 1.0f, LikelihoodGradient);
    return learner->Update(optimizer, 1e-3);
  };
  for (int i = 0; i < 3; ++i) {
    const double wanted = step(&kernels, i);
    EXPECT_NEAR(step(&torch, i), wanted, 1e-4 * wanted);
  }
  const auto flat = [](const Weights& of) {
    return std::vector<float>(of.flat().begin(), of.flat().end());
  };
  const auto start = flat(weights), wanted = flat(kernels.ExportWeights());
  EXPECT_GT(Difference(start, wanted), 1e-3) << "the weights should have moved";
  EXPECT_LT(Difference(flat(torch.ExportWeights()), wanted), 1e-4);

  // What is saved, and what workers get, is in the host's memory.
  Learner::ShardState state;
  torch.SaveShard(&state);
  EXPECT_THAT(flat(torch.ExportWeights()), ElementsAreArray(state.weights));
  for (const WeightsShard& shard : torch.Shards()) {
    EXPECT_THAT(shard.values,
                ElementsAreArray(state.weights.data() + shard.begin,
                                 state.weights.data() + shard.begin + shard.values.size()));
  }
  restored.RestoreShard(
      state.optimizer_step, [&](const std::string& tensor, int64_t begin, absl::Span<float> out) {
        const std::vector<float>& from = tensor == "weights"        ? state.weights
                                         : tensor == "first_moment" ? state.first_moment
                                                                    : state.second_moment;
        std::copy_n(from.begin() + begin, out.size(), out.begin());
      });
  step(&torch, 3);
  step(&restored, 3);
  EXPECT_LT(Difference(flat(restored.ExportWeights()), flat(torch.ExportWeights())), 1e-6);
  torch.CopyWeights(restored);
  EXPECT_THAT(flat(torch.ExportWeights()), ElementsAreArray(flat(restored.ExportWeights())));
}

}  // namespace
}  // namespace hone
